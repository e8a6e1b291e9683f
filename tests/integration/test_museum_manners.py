"""How museums' servers are treated: bans, rates, walks that break off; and what is kept of what they said."""

from __future__ import annotations

import json

import pytest

from r2r_shared import importing
from r2r_shared.collections import met
from r2r_shared.fetching.addresses import Addresses
from tests import museum_records as records
from tests import museum_server
from tests.acceptance.cli import Cli
from tests.museum_desk import HERE, QUICK, manifest, museum, r2r, reasons, rows
from tests.museum_server import Answer, document, page

__all__ = ["museum", "r2r"]  # fixtures


def works(museum, number, licence="cc0"):
    return [f",Work {n},A,1899,{licence},{museum.picture(n)}" for n in range(number)]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"{}", status=403),
        Answer(b"{}", status=401),
        page("<!doctype html><title>Log in</title>"),
        Answer(page().body),  # a login page that calls itself a picture
    ],
    ids=["forbidden", "unauthorised", "page", "page in disguise"],
)
def test_a_server_that_bans_us_is_left_alone_and_nothing_is_given_up(r2r, museum, conn, tmp_path, answer):
    # Given eighty works, and a server that gives none of them
    for n in range(80):
        museum.on(f"/pictures/{n}.jpg", answer)
    source = manifest(tmp_path, works(museum, 80))
    r2r("paintings", "import", source, "--collection", "m", "--metadata-only", "--detach", "--json")

    # When they are fetched twice
    ended = r2r("paintings", "fetch", "m", "--rate", "20", *QUICK[2:])
    asked = len(museum.asked())
    again = r2r("paintings", "fetch", "m", "--rate", "20", *QUICK[2:])

    # Then it was left alone after twenty and those in flight, and all are still awaited
    assert ended.code == again.code == 1
    assert 20 <= asked < 60
    assert len(museum.asked()) == asked
    left = json.loads(ended.out)["left"]
    assert (left["fetchable"], left["given_up"], left["put_off"]) == (80, 0, 80)

    # And when it gives to us again, they come
    museum.paths.clear()
    assert json.loads(r2r("paintings", "fetch", "m", "--retry", *QUICK).out)["fetch"]["fetched"] == 80


def test_twenty_pictures_that_are_not_there_are_asked_for_again_and_the_rest_come(r2r, museum, tmp_path):
    for n in range(25):
        museum.on(f"/pictures/{n}.jpg", Answer(status=404))
    for n in range(25, 30):  # slow, so that they come after those
        museum.on(f"/pictures/{n}.jpg", Answer(museum_server.picture(f"{n}"), delay_s=1.5))
    source = manifest(tmp_path, works(museum, 30))

    said = json.loads(r2r("paintings", "import", source, "--collection", "m", "--rate", "30", *QUICK[2:]).out)

    assert said["fetch"]["fetched"] == 5
    assert (said["left"]["given_up"], said["left"]["fetchable"], said["left"]["put_off"]) == (0, 25, 0)


def test_a_few_pictures_that_are_not_there_are_given_up(r2r, museum, tmp_path):
    for n in range(19):
        museum.on(f"/pictures/{n}.jpg", Answer(status=403))
    source = manifest(tmp_path, works(museum, 20))
    said = json.loads(r2r("paintings", "import", source, "--collection", "m", *QUICK).out)
    assert (said["fetch"]["fetched"], said["left"]["given_up"], said["left"]["fetchable"]) == (1, 19, 0)


def test_where_everything_is_put_off_the_command_fails_and_says_until_when(r2r, museum, tmp_path):
    lines = works(museum, 3)
    for n in range(3):
        museum.on(f"/pictures/{n}.jpg", Answer(status=503, headers={"Retry-After": "31536000"}))

    first = r2r("paintings", "import", manifest(tmp_path, lines), "--collection", "m", *QUICK[:-1])
    second = r2r("paintings", "fetch", "m", *QUICK[:-1])

    assert first.code == second.code == 1
    assert "3 awaited (3 of them not before " in first.out
    assert "no picture to ask for before " in second.out


def manifests(museum, number):
    """A collection of so many manifests, and the command that imports it."""
    named = []
    for n in range(number):
        named.append(f"{museum.url}/iiif/{n}/manifest")
        museum.on(f"/iiif/{n}/manifest", document(records.manifest_2(named[-1], f"{museum.url}/image/{n}")))
        museum.on(f"/image/{n}/full/!1024,1024/0/default.jpg", Answer(museum_server.picture(f"image {n}")))
    museum.on("/iiif/all", document(records.collection_2(f"{museum.url}/iiif/all", named)))
    return ("paintings", "import", f"{museum.url}/iiif/all", "--format", "iiif", "--collection", "iiif")


def test_a_manifest_that_cannot_be_had_this_time_is_asked_for_again_and_the_others_are_not(r2r, museum, conn):
    command = manifests(museum, 6)
    museum.paths["/iiif/3/manifest"], whole = lambda nth: Answer(status=503), museum.paths["/iiif/3/manifest"]

    # When one of six manifests cannot be had
    broken = r2r(*command, "--metadata-only", *QUICK)

    # Then the command says so and fails
    said = json.loads(broken.out)
    assert broken.code == 1
    assert said["awaited"]["added"] == 5
    assert reasons(said["refused"]) == {"its server was too busy": 1}
    assert "1 of 7 addresses cannot be read this time" in said["broken_off"]

    # And the same command asks for that one alone
    museum.forget()
    museum.paths["/iiif/3/manifest"] = whole
    again = json.loads(r2r(*command, "--metadata-only", *QUICK).out)
    assert [one.path for one in museum.asked()] == ["/iiif/3/manifest"]
    assert (again["awaited"]["added"], again["awaited"]["unchanged"], again["broken_off"]) == (1, 5, "")

    # And when the walk is done, another asks for everything anew
    museum.forget()
    r2r(*command, "--metadata-only", *QUICK)
    assert len(museum.asked("/iiif/")) == 7


def test_a_fetch_beside_a_walk_brings_the_pictures_that_are_described_already(r2r, museum, monkeypatch, settings):
    # Given a collection of forty manifests, and a person who fetches its pictures when the walk is at the thirtieth
    command = manifests(museum, 40)
    monkeypatch.setattr(importing, "DESCRIBED_S", 0.1)
    beside = Cli(settings.home, {"R2R_DATABASE_URL": settings.database_url, "R2R_BROKER_URL": settings.broker_url})
    fetched = []
    thirtieth = museum.paths["/iiif/30/manifest"]

    def fetch(nth):
        said = beside.json("paintings", "fetch", "iiif", "--rate", "50", "--allow-host", museum.netloc, "--detach")
        fetched.append(said["fetch"]["fetched"])
        return thirtieth(nth)

    museum.on("/iiif/30/manifest", fetch)

    # When the walk comes to its end
    walk = r2r(*command, "--rate", "20", *QUICK[2:])

    # Then many pictures had come by then, and it has brought the rest
    said = json.loads(walk.out)
    assert walk.code == 0
    assert said["awaited"]["added"] == 40
    assert fetched[0] >= 10
    assert said["fetch"]["fetched"] == 40 - fetched[0]
    assert len(museum.asked("/image/")) == 40


def test_a_walk_ends_where_manifest_after_manifest_cannot_be_had_and_goes_on_behind_them(r2r, museum):
    # Given twenty manifests of sixty that are not given to everyone, and twenty that are not there
    command = manifests(museum, 60)
    for n in range(10, 50):
        museum.on(f"/iiif/{n}/manifest", Answer(b"{}", status=403 if n < 30 else 404))

    # When the walk comes to the first of them, it ends
    ended = r2r(*command, "--metadata-only", *QUICK)
    assert ended.code == 1
    assert "20 in a row cannot be read" in json.loads(ended.out)["broken_off"]

    # When it is begun again, it leaves them out, and says so
    ended = r2r(*command, "--metadata-only", *QUICK)
    said = json.loads(ended.out)
    assert ended.code == 1
    assert said["awaited"]["added"] + said["awaited"]["unchanged"] == 20
    assert sum(reasons(said["refused"]).values()) == 40
    assert len(museum.asked("/iiif/20/")) == 1

    # When they are given the third time, all are there that can be
    manifests(museum, 30)
    museum.on("/iiif/all", Answer(status=500))  # which is not asked for again
    ended = r2r(*command, "--metadata-only", *QUICK)
    assert ended.code == 0
    assert json.loads(ended.out)["awaited"]["added"] == 20


def test_the_rate_that_is_said_is_that_of_the_pictures(r2r, museum):
    said = json.loads(r2r(*manifests(museum, 8), "--rate", "10", *QUICK[2:]).out)["fetch"]
    pictures = len(museum.asked("/image/"))
    assert said["requests"] == pictures < len(museum.asked())


def test_a_picture_that_was_cut_and_of_which_nobody_said_how_long_it_is_is_asked_for_again(r2r, museum, tmp_path):
    big = museum_server.picture("big", width=1600, height=1200)
    for name, cuts in (("once", 1), ("always", 99)):
        for cut in (len(big) // 2, 12):
            museum.on(
                f"/{name}-{cut}.jpg",
                lambda nth, cut=cut, cuts=cuts: Answer(
                    big[:cut] if nth <= cuts else big + bytes([cut % 9]), unsized=True
                ),
            )
    half = len(big) // 2
    source = manifest(
        tmp_path,
        [
            f",{name}-{cut},A,1899,cc0,{museum.url}/{name}-{cut}.jpg"
            for name in ("once", "always")
            for cut in (half, 12)
        ],
    )

    said = json.loads(r2r("paintings", "import", source, "--collection", "m", *QUICK).out)

    assert said["fetch"]["fetched"] == 2
    assert reasons(said["fetch"]["refused"]) == {"cut off": 2}
    assert (said["left"]["given_up"], said["left"]["fetchable"]) == (0, 2)
    assert len(museum.asked("/always-")) == 8


def test_a_directory_that_was_named_for_the_cache_stays_as_it_was(r2r, museum, tmp_path):
    mine = tmp_path / "downloads"
    mine.mkdir(mode=0o755)
    for name in ("ubuntu.iso.part", "my.state"):
        (mine / name).write_bytes(b"x")
    source = manifest(tmp_path, works(museum, 2))

    said = json.loads(r2r("paintings", "import", source, "--collection", "m", "--cache", mine, *QUICK).out)

    assert said["fetch"]["fetched"] == 2
    assert sorted(path.name for path in mine.iterdir()) == ["my.state", "r2r-fetched", "ubuntu.iso.part"]
    assert mine.stat().st_mode & 0o777 == 0o755
    assert list((mine / "r2r-fetched").iterdir()) == []


def test_a_licence_that_the_source_no_longer_says_is_gone(r2r, museum, conn, tmp_path):
    # Given two works under CC0, one of them a painting already
    command = ("paintings", "import", "--collection", "m")
    source = manifest(tmp_path, works(museum, 2))
    r2r(*command, source, "--limit", "1", *QUICK)
    assert len(rows(conn, "paintings")) == len(rows(conn, "awaited_works")) == 1

    # When the source says no licence any more
    source = manifest(tmp_path, works(museum, 2, licence=""))
    said = json.loads(r2r(*command, source, "--metadata-only", *QUICK).out)

    # Then neither has one, and nothing free is left to fetch
    assert (said["updated"], said["awaited"]["updated"]) == (1, 1)
    assert [row["licence"] for table in ("paintings", "awaited_works") for row in rows(conn, table)] == ["", ""]
    fetched = json.loads(r2r("paintings", "fetch", "m", "--licence", "public-domain", *QUICK).out)
    assert fetched["fetch"]["fetched"] == 0


def test_what_the_museums_record_says_of_a_licence_counts_until_the_source_says_otherwise(
    r2r, museum, conn, monkeypatch, tmp_path
):
    # Given three free works by the Met's list; by its records one is not free, and one says nothing of it
    monkeypatch.setattr(met, "API", f"{museum.url}/objects/")
    listed = [records.MET_WORKS[0] | {"Object ID": str(n), "Is Public Domain": "True"} for n in (1, 2, 3)]
    for n, free in ((1, True), (2, False), (3, None)):
        answer = records.met_object(n, museum.url) | {
            "isPublicDomain": free,
            "primaryImage": museum.picture(n),
            "primaryImageSmall": museum.picture(n),
        }
        if free is None:
            del answer["isPublicDomain"]
        museum.on(f"/objects/{n}", document(answer))
    source = tmp_path / "MetObjects.csv"
    source.write_text(records.met_text(listed, dirt=False), encoding="utf-8")

    # When they are fetched, those alone that are free
    said = json.loads(r2r("paintings", "import", source, "--licence", "public-domain", *QUICK).out)

    # Then the one that is not free is not taken, and not asked for again
    assert said["fetch"]["fetched"] == 2
    assert [row["file"] for row in rows(conn, "awaited_works")] == ["met/2"]
    museum.forget()
    r2r("paintings", "fetch", "met", "--licence", "public-domain", *QUICK)
    assert museum.asked() == []

    # And the same list again changes nothing
    again = json.loads(r2r("paintings", "import", source, "--metadata-only", *QUICK).out)
    assert (again["updated"], again["awaited"]["updated"], again["unchanged"]) == (0, 0, 2)

    # And without a filter its picture comes as what its record says
    r2r("paintings", "fetch", "met", *QUICK)
    assert {row["file"]: row["licence"] for row in rows(conn, "paintings")} == {
        **{"met/1": "cc0", "met/2": "", "met/3": "cc0"}
    }

    # And when the list says of none that it is free, none is
    closed = [work | {"Is Public Domain": "False"} for work in listed]
    source.write_text(records.met_text(closed, dirt=False), encoding="utf-8")
    json.loads(r2r("paintings", "import", source, "--metadata-only", *QUICK).out)
    assert {row["licence"] for row in rows(conn, "paintings")} == {""}


def test_works_without_pictures_are_listed_and_removed_one_by_one_or_together(r2r, museum, conn, tmp_path):
    # Given a collection of four works, none of them a painting
    lines = [*works(museum, 3), ",Evening Sun,P.S. Krøyer,1899,cc-by-4.0,"]
    lines[3] += museum.picture("sun")
    r2r("paintings", "import", manifest(tmp_path, lines), "--collection", "m", "--metadata-only", "--detach")

    # When it is looked at
    empty = r2r("paintings", "list", "--collection", "m")
    listed = r2r("paintings", "list", "--collection", "m", "--awaited")

    # Then what is there is shown, and where to look for it is said
    assert "r2r paintings list --awaited --collection m" in empty.err
    assert "Evening Sun" in listed.out
    assert "not fetched" in listed.out
    found = json.loads(r2r("paintings", "list", "--awaited", "--artist", "krøyer", "--json").out)
    assert [one["title"] for one in found] == ["Evening Sun"]
    found = json.loads(r2r("paintings", "list", "--awaited", "--licence", "public-domain", "--json").out)
    assert [one["title"] for one in found] == ["Work 0", "Work 1", "Work 2"]
    assert "no work without a picture" in r2r("paintings", "list", "--awaited", "--search", "nothing").err

    # And one of them can be removed, and the rest with the collection
    assert "removed work" in (gone := r2r("paintings", "remove", "--painting", "evening sun", "--yes")).out
    assert "1 work without a picture" in gone.out
    assert len(rows(conn, "awaited_works")) == 3
    assert "“m”: 3 works without a picture" in r2r("paintings", "remove", "m", "--yes").out
    assert rows(conn, "awaited_works") == []


@pytest.mark.parametrize("server", ["http://a", "a:b", ":80", ""])
def test_what_is_no_server_cannot_be_allowed(r2r, server):
    ended = r2r("paintings", "fetch", "m", "--allow-host", server)
    assert ended.code == 2
    assert "HOST:PORT" in ended.err


def test_the_server_that_was_named_as_the_source_is_asked_at_its_own_port_alone(r2r, museum):
    with museum_server.running() as other:
        command = manifests(museum, 1)
        address = f"{museum.url}/iiif/0/manifest"
        museum.on("/iiif/0/manifest", document(records.manifest_2(address, f"{other.url}/image/0")))
        said = json.loads(r2r(*command, "--rate", "50", "--detach", "--json").out)
        assert reasons(said["fetch"]["refused"]) == {"an address that is not on the public internet": 1}
        assert other.asked() == []
        r2r("paintings", "fetch", "iiif", "--allow-host", HERE, *QUICK[4:])
        assert other.asked() == []


def test_chicago_is_told_who_asks_in_the_header_it_wants_and_nobody_else_is(r2r, museum, monkeypatch, tmp_path):
    # Given museums whose names lead to this server, one of them sending on to another
    monkeypatch.setitem(Addresses.__init__.__kwdefaults__, "resolver", lambda host, port: ["127.0.0.1"])
    port = museum.netloc.partition(":")[2]
    hosts = ("api.artic.edu", "www.artic.edu", "notartic.edu", "iip.smk.dk")
    museum.on("/2.jpg", Answer(status=302, headers={"Location": f"http://iip.smk.dk:{port}/elsewhere.jpg"}))
    lines = [f",Work {n},A,1899,cc0,http://{host}:{port}/{n}.jpg" for n, host in enumerate((*hosts[:2], *hosts), 1)]
    allowed = [word for host in hosts for word in ("--allow-host", f"{host}:{port}")]

    # When their pictures are fetched
    command = ("paintings", "import", manifest(tmp_path, lines), "--collection", "m", "--contact", "me@museum.example")
    said = json.loads(r2r(*command, *allowed, "--rate", "50", "--detach", "--json").out)

    # Then those in Chicago were told twice who asks, the others once
    assert said["fetch"]["fetched"] == 6
    asked = museum.asked()
    assert len(asked) == 7
    for one in asked:
        chicago = one.headers["Host"].split(":")[0].endswith(".artic.edu")
        name = one.headers["User-Agent"]
        assert name.endswith("(+me@museum.example)")
        assert one.headers.get("AIC-User-Agent") == (name if chicago else None)
    assert sum("AIC-User-Agent" in one.headers for one in asked) == 4


def test_one_manifest_of_a_hundred_that_is_away_costs_itself_alone_and_is_named(r2r, museum):
    # Given a collection of a hundred manifests, one of which is answered 503 to the end
    command = manifests(museum, 100)
    museum.paths["/iiif/41/manifest"], whole = lambda nth: Answer(status=503), museum.paths["/iiif/41/manifest"]

    # When it is imported with its pictures
    ended = r2r(*command, "--rate", "100", "--allow-host", HERE, "--detach")

    # Then the others are there; the one is named with the reason; and the command fails
    away = f"{museum.url}/iiif/41/manifest"
    assert ended.code == 1
    assert "99 described" in ended.out
    assert "99 pictures fetched" in ended.out
    assert f"1 refused: its server was too busy\n    {away} (HTTP 503, asked 4 times)" in ended.out
    assert f"broken off: 1 of 101 addresses cannot be read this time ({away})" in ended.out
    assert "the same command reads on" in ended.out

    # And the same command brings it
    museum.paths["/iiif/41/manifest"] = whole
    again = json.loads(r2r(*command, "--rate", "100", "--allow-host", HERE, "--detach", "--json").out)
    assert (again["awaited"]["added"], again["fetch"]["fetched"], again["broken_off"]) == (1, 1, "")
