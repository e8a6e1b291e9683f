"""Pictures from a museum's server, by real processes that are killed, stopped and run again."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests import museum_records as records
from tests import museum_server
from tests.museum_server import Answer, document

WORKS = 40
RATE = 10.0


@pytest.fixture
def museum():
    with museum_server.running() as server:
        yield server


@pytest.fixture
def source(museum, tmp_path):
    """A manifest of forty addresses; the last two works have one picture."""
    big = museum_server.picture("big", width=1600, height=1200)
    museum.on(
        "/pictures/7.jpg", lambda nth: Answer(big, cut_after=len(big) // 2 if nth == 1 else None, validator='"7"')
    )
    lines = [f"work {n},Anna Ancher,18{50 + n},cc0,{museum.picture(n)}" for n in range(WORKS - 1)]
    lines.append(f"a copy,Anna Ancher,1899,cc0,{museum.picture(WORKS - 2)}?again")
    path = tmp_path / "works.csv"
    path.write_text("title,artist,year,licence,image_url\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def options(museum):
    return ("--collection", "m", "--rate", RATE, "--allow-host", museum.netloc)


def wait_until(true, process):
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_import_that_was_killed_goes_on_and_adds_nothing_twice(fresh, museum, source):
    # Given an import that is killed when it has asked for half of the pictures
    killed = fresh.start("paintings", "import", source, *options(museum), "--json")
    wait_until(lambda: len(museum.asked()) >= WORKS // 2, killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    asked = len(museum.asked())
    half = fresh.json("paintings", "list")[0]
    assert half["paintings"] + half["awaited"] == WORKS
    assert half["awaited"] > 0

    # When the collection is fetched without its source
    said = fresh.json("paintings", "fetch", "m", "--rate", RATE, "--allow-host", museum.netloc)

    # Then everything is there once, and measured
    assert said["fetch"]["duplicates"]["the same picture under another name"]["count"] == 1
    assert said["job"]["state"] == "done"
    whole = fresh.json("paintings", "list")[0]
    assert (whole["paintings"], whole["measured"], whole["awaited"]) == (WORKS - 1, WORKS - 1, 1)
    listed = fresh.json("paintings", "list", "--collection", "m", "--limit", 100)
    assert len({one["sha256"] for one in listed}) == len({one["file"] for one in listed}) == WORKS - 1
    # What had come was not asked for again: only what was in flight, and the one that was cut off.
    assert len(museum.asked()) <= WORKS + 1 + asked - half["paintings"]
    assert list((fresh.home / "fetched").iterdir()) == []

    # And the rate that was set was kept to, by the server's own clock
    for requests in (museum.asked()[:asked], museum.asked()[asked:]):
        assert museum_server.most_in(requests, 1.0) <= 1.01 * RATE + 2

    # And the same import again finds nothing to do
    museum.forget()
    again = fresh.json("paintings", "import", source, *options(museum))
    assert (again["unchanged"], again["awaited"]["unchanged"], again["added"]) == (WORKS - 1, 1, 0)
    assert museum.asked() == []


def test_ctrl_c_ends_a_fetch_at_once_and_keeps_what_came(fresh, museum, source):
    museum.on("/pictures/9.jpg", Answer(museum_server.picture("9"), drip_s=0.5))  # whoever waits for it waits long
    fetching = fresh.start("paintings", "import", source, *options(museum), "--detach")
    wait_until(lambda: len(museum.asked()) >= WORKS // 2, fetching)

    began = time.monotonic()
    fetching.send_signal(signal.SIGINT)
    _, err = fetching.communicate(timeout=20)

    assert fetching.returncode == 130
    assert time.monotonic() - began < 5
    assert "nothing is lost" in err
    assert "Traceback" not in err
    (held,) = fresh.json("paintings", "list")
    assert held["paintings"] >= 10
    assert held["paintings"] + held["awaited"] == WORKS


def test_a_walk_that_was_killed_asks_only_for_what_it_has_no_answer_to(fresh, museum):
    # Given a collection of forty manifests, and an import that is killed half way through them
    named = [f"{museum.url}/iiif/{n}/manifest" for n in range(WORKS)]
    for n, address in enumerate(named):
        museum.on(f"/iiif/{n}/manifest", document(records.manifest_2(address, f"{museum.url}/image/{n}")))
    museum.on("/iiif/all", document(records.collection_2(f"{museum.url}/iiif/all", named)))
    command = ("paintings", "import", f"{museum.url}/iiif/all", "--format", "iiif", "--collection", "m")
    killed = fresh.start(*command, "--metadata-only", "--rate", RATE, "--json")
    wait_until(lambda: len(museum.asked()) >= WORKS // 2, killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()

    # When the same command is given again
    said = fresh.json(*command, "--metadata-only", "--rate", RATE)

    # Then all works are there, and no more was asked for again than was in flight
    assert said["awaited"]["added"] + said["awaited"]["unchanged"] == WORKS
    assert len(museum.asked()) <= WORKS + 1 + museum.most_at_once
    assert list((fresh.home / "fetched").iterdir()) == []
