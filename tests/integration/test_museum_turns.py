"""Several commands at one museum's server: together they keep its rate, and the pauses that it asks for."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing

from r2r_cli.collecting.turns import Turns
from r2r_shared.fetching.pace import Pace
from r2r_shared.queries import asked_hosts
from tests import museum_server
from tests.acceptance.cli import Cli
from tests.museum_desk import QUICK, manifest, museum, r2r
from tests.museum_server import Answer

__all__ = ["museum", "r2r"]  # fixtures


def test_two_commands_ask_a_server_no_more_often_than_one(conn, database_url, museum):
    times = []
    seen = threading.Lock()

    def ask(rate):
        with closing(Turns(database_url)) as turns:
            pace = Pace(rate, shared=turns)
            for _ in range(12):
                pace.wait("museum.example")
                with seen:
                    times.append(museum_server.Request("/", time.monotonic(), {}, ("", 0)))

    threads = [threading.Thread(target=ask, args=(20,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(times) == 24
    assert max(one.at for one in times) - min(one.at for one in times) >= 23 / 20 - 0.03
    assert museum_server.most_in(times, 0.5) <= 0.52 * 20 + 2
    asked_hosts.forget(conn)
    assert conn.execute("SELECT host FROM asked_hosts").fetchall() == [("museum.example",)]
    conn.execute("UPDATE asked_hosts SET next = now() - interval '2 hours'")
    asked_hosts.forget(conn)
    assert conn.execute("SELECT host FROM asked_hosts").fetchall() == []


def busy_once(museum, path, seconds):
    """A picture that comes the second time it is asked for; the first time the server wants to be left alone."""
    busy = Answer(status=429, headers={"Retry-After": str(seconds)})
    return museum.on(path, lambda nth: busy if nth == 1 else Answer(museum_server.picture(path)))


def test_a_server_that_asks_one_command_to_wait_is_left_alone_by_another_that_runs_beside_it(
    r2r, museum, settings, tmp_path
):
    # Given two collections at one server, which wants a pause of three seconds when it is first asked
    for name, address in (("a", busy_once(museum, "/a.jpg", 3)), ("b", museum.picture("b"))):
        source = manifest(tmp_path, [f",Work,A,1899,cc0,{address}"])
        r2r("paintings", "import", source, "--collection", name, "--metadata-only", "--detach", "--json")
    env = {"R2R_DATABASE_URL": settings.database_url, "R2R_BROKER_URL": settings.broker_url}
    beside = Cli(settings.home, env)

    # When one command has been told so, and another begins
    told = beside.start("paintings", "fetch", "a", "--rate", "50", "--allow-host", museum.netloc, "--detach", "--json")
    try:
        while not museum.asked("/a.jpg"):
            assert told.poll() is None, told.communicate()
            time.sleep(0.01)
        time.sleep(0.3)
        said = json.loads(r2r("paintings", "fetch", "b", *QUICK).out)
        out, _ = told.communicate(timeout=30)
    finally:
        beside.end()

    # Then neither asks before the pause is over, and both get what they came for
    assert said["fetch"]["fetched"] == json.loads(out)["fetch"]["fetched"] == 1
    first, *others = sorted(one.at for one in museum.asked())
    assert len(others) == 2
    assert min(others) - first >= 3.0


def test_a_turn_that_was_taken_before_a_server_asked_for_a_pause_is_given_up(museum, database_url):
    # Given a command that asks once a second, and waits for its turn
    with closing(Turns(database_url)) as turns, closing(Turns(database_url)) as others:
        slow = Pace(1, shared=turns)
        slow.wait("museum.example")
        went = []
        waiting = threading.Thread(target=lambda: went.append((slow.wait("museum.example"), time.monotonic())))
        waiting.start()

        # When another is told to wait for two
        time.sleep(0.2)
        began = time.monotonic()
        Pace(1, shared=others).hold("museum.example", 2)
        waiting.join(20)

    # Then the turn comes after that
    assert went[0][1] - began >= 2.0


def test_a_server_that_wants_hours_is_not_asked_for_another_collection_unless_a_person_says_so(r2r, museum, tmp_path):
    # Given a server that wants to be left alone for two hours, as the fetch of one collection was told
    address = busy_once(museum, "/a.jpg", 7200)
    r2r("paintings", "import", manifest(tmp_path, [f",Work,A,1899,cc0,{address}"]), "--collection", "a", *QUICK)
    assert len(museum.asked()) == 1

    # When another collection's pictures lie there, or a walk begins there
    source = manifest(tmp_path, [f",Work {n},A,1899,cc0,{museum.picture(n)}" for n in range(3)])
    ended = r2r("paintings", "import", source, "--collection", "b", *QUICK)
    walk = r2r("paintings", "import", f"{museum.url}/iiif/all", "--format", "iiif", "--rate", "50")

    # Then it is not asked, and that is said
    said = json.loads(ended.out)
    assert ended.code == 1
    assert (said["fetch"]["fetched"], said["left"]["put_off"]) == (0, 3)
    assert walk.is_one_complaint()
    assert f"{museum.netloc} asked to be left alone until" in walk.err
    assert len(museum.asked()) == 1

    # And a person can have it asked all the same
    assert json.loads(r2r("paintings", "fetch", "b", "--retry", *QUICK).out)["fetch"]["fetched"] == 3


def test_a_pause_is_no_longer_than_a_day_and_no_shorter_than_the_longest_that_was_asked_for(conn):
    for seconds in (60, 10, 7 * 86400, 30):
        asked_hosts.hold(conn, "museum.example", seconds)
        if seconds == 10:
            assert 59 < asked_hosts.rest(conn, "museum.example") <= 60
    assert 86399 < asked_hosts.rest(conn, "museum.example") <= 86400
    assert asked_hosts.rest(conn, "other.example") == 0
    asked_hosts.forget(conn)
    assert asked_hosts.rest(conn, "museum.example") > 86399  # though nobody has taken a turn since
    asked_hosts.lift(conn, "museum.example")
    assert asked_hosts.rest(conn, "museum.example") == 0
