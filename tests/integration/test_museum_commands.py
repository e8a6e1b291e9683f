"""`r2r paintings import` and `fetch` against a museum's server: what comes, what does not and why, and again."""

from __future__ import annotations

import json
import socket

import pytest

from r2r_shared import db
from r2r_shared.fetching import run
from r2r_shared.queries import awaited, paintings
from tests import museum_desk, museum_server
from tests import museum_records as records
from tests.museum_desk import HERE, QUICK, manifest, museum, r2r, reasons, rows
from tests.museum_server import Answer, document, page

__all__ = ["museum", "r2r"]  # fixtures


@pytest.fixture
def local(museum, monkeypatch):
    return museum_desk.met_here(museum, monkeypatch)


def test_each_way_in_which_a_picture_does_not_come_is_counted_by_its_name(r2r, museum, conn, tmp_path):
    big = museum_server.picture("big", width=1600, height=1200)
    hundred = len(big) // 10
    museum.on("/page.jpg", page())
    museum.on("/page-in-disguise.jpg", Answer(page().body))
    museum.on("/large.jpg", Answer(b"x", declared=200 << 20))
    museum.on("/endless.jpg", Answer(endless=True))
    museum.on("/private.jpg", Answer(status=302, headers={"Location": "http://10.0.0.1/secret.jpg"}))
    museum.on("/metadata.jpg", Answer(status=301, headers={"Location": "http://169.254.169.254/latest/meta-data/"}))
    museum.on("/round.jpg", Answer(status=302, headers={"Location": "/round.jpg"}))
    museum.on("/moved.jpg", Answer(status=302, headers={"Location": museum.picture("moved")}))
    museum.on("/busy.jpg", lambda nth: Answer(status=429, headers={"Retry-After": "1"}) if nth == 1 else Answer(big))
    museum.on("/ill.jpg", lambda nth: Answer(status=503) if nth < 3 else Answer(museum_server.picture("ill")))
    museum.on("/always-ill.jpg", Answer(status=503))
    museum.on("/damaged.jpg", Answer(big[: len(big) // 2]))
    museum.on("/cut.jpg", lambda nth: Answer(big[hundred:] + big, cut_after=hundred))
    museum.on("/closed.jpg", Answer(status=403))
    museum.on("/gone.jpg", Answer(status=410))
    museum.on("/same.jpg", Answer(museum_server.picture("one")))
    museum.on("/one.jpg", Answer(museum_server.picture("one")))
    names = (
        *("one", "same", "page", "page-in-disguise", "large", "endless", "private", "metadata", "round", "moved"),
        *("busy", "ill", "always-ill", "damaged", "cut", "closed", "gone", "nowhere"),
    )
    lines = [f",{name},Anna Ancher,1891,cc0,{museum.url}/{name}.jpg" for name in names]
    museum.on("/nowhere.jpg", Answer(status=404))
    source = manifest(tmp_path, [*lines, lines[0], ",none,,,cc0,"])

    ended = r2r("paintings", "import", source, "--collection", "m", *QUICK)

    said = json.loads(ended.out)
    fetched = said["fetch"]
    assert ended.code == 0
    assert said["awaited"] == {"added": 18, "updated": 0, "unchanged": 0}
    assert reasons(said["duplicates"]) == {"named more than once in the source": 1}
    assert sum(reasons(said["refused"]).values()) == 1  # no address and no file
    assert fetched["fetched"] == 4
    assert {row["title"] for row in rows(conn, "paintings")} == {"one", "moved", "busy", "ill"}
    assert reasons(fetched["duplicates"]) == {"the same picture under another name": 1}
    assert reasons(fetched["refused"]) == {
        "a web page instead of a picture": 1,
        "not a picture that can be read": 1,
        "too large": 2,
        "an address that is not on the public internet": 2,
        "redirected too often": 1,
        "its server was too busy": 1,
        "damaged": 1,
        "cut off": 1,
        "its server does not give it to everyone": 1,
        "not found": 2,
    }
    assert len(museum.asked("/large.jpg")) == len(museum.asked("/endless.jpg")) == 1
    assert len(museum.asked("/cut.jpg")) == len(museum.asked("/always-ill.jpg")) == 4
    assert (said["left"]["given_up"], said["left"]["fetchable"]) == (10, 4)


def test_what_came_is_a_painting_like_any_other_and_the_second_run_asks_for_nothing(r2r, museum, conn, tmp_path):
    source = manifest(
        tmp_path,
        [
            f",Evening Sun,P.S. Krøyer,1899,CC0,{museum.picture('sun')}",
            f",Høstarbejdere,L.A. Ring,1885,In copyright,{museum.picture('harvest')}",
        ],
    )
    first = json.loads(r2r("paintings", "import", source, "--collection", "m", *QUICK).out)
    before = rows(conn, "paintings")
    museum.forget()
    again = json.loads(r2r("paintings", "import", source, "--collection", "m", *QUICK).out)

    assert (first["fetch"]["fetched"], first["job"]["state"]) == (2, "queued")
    assert (again["added"], again["unchanged"], again["fetch"]) == (0, 2, None)
    assert museum.asked() == []
    assert rows(conn, "paintings") == before
    assert rows(conn, "awaited_works") == []
    sun = json.loads(r2r("paintings", "show", "evening sun", "--json").out)
    assert (sun["artist"], sun["year_from"], sun["licence"], sun["width"]) == ("P.S. Krøyer", 1899, "cc0", 320)
    assert sun["extra"]["fetched"]["address"] == museum.picture("sun")
    listed = json.loads(r2r("paintings", "list", "--licence", "public-domain", "--json").out)
    assert [one["title"] for one in listed] == ["Evening Sun"]


def test_a_description_that_changed_reaches_the_painting_and_keeps_its_picture(r2r, museum, conn, tmp_path):
    address = museum.picture("sun")
    r2r("paintings", "import", manifest(tmp_path, [f",Sun,Krøyer,1899,,{address}"]), "--collection", "m", *QUICK)
    (before,) = rows(conn, "paintings")

    changed = manifest(tmp_path, [f",Evening Sun,P.S. Krøyer,1900,cc0,{address}"])
    said = json.loads(r2r("paintings", "import", changed, "--collection", "m", *QUICK).out)

    (after,) = rows(conn, "paintings")
    assert (said["updated"], said["unchanged"], said["awaited"]["added"]) == (1, 0, 0)
    assert (after["title"], after["artist"], after["year_from"], after["licence"]) == (
        *("Evening Sun", "P.S. Krøyer", 1900),
        "cc0",
    )
    assert (after["sha256"], after["image"], after["extra"]) == (before["sha256"], before["image"], before["extra"])


def test_metadata_alone_says_what_is_missing_and_the_pictures_come_later(r2r, local, conn, tmp_path):
    source = tmp_path / "MetObjects.csv"
    source.write_text(records.met_text(), encoding="utf-8")

    said = json.loads(r2r("paintings", "import", source, "--metadata-only", "--detach", "--json").out)

    works = rows(conn, "awaited_works")
    assert said["awaited"]["added"] == len(works) > 5
    assert local.asked() == []
    assert said["missing"]["picture"] == said["left"]["without_picture"] > 0
    assert said["missing"]["date"] > 0
    assert said["noted"]
    assert reasons(said["duplicates"]) == {"named more than once in the source": 1}
    told = r2r("paintings", "import", source, "--metadata-only")
    assert f"{len(works)} described as before (unchanged)" in told.out
    assert "not known of the works taken:" in told.out
    (listed,) = json.loads(r2r("paintings", "list", "--json").out)
    assert (listed["name"], listed["paintings"], listed["awaited"]) == ("met", 0, len(works))
    shown = r2r("paintings", "show", "met/436535")
    assert "its picture has not been fetched: r2r paintings fetch met" in shown.out

    fetched = json.loads(r2r("paintings", "fetch", "met", *QUICK).out)

    assert fetched["fetch"]["fetched"] == len(works) - said["left"]["without_picture"]
    wheat = json.loads(r2r("paintings", "show", "met/436535", "--json").out)
    assert (wheat["artist"], wheat["licence"]) == ("Vincent van Gogh", "cc0")
    assert wheat["extra"]["fetched"]["address"].endswith("web-large/DT436535.jpg")
    assert "no picture to ask for now" in r2r("paintings", "fetch", "met", "--detach").out


def test_the_licence_that_was_asked_for_decides_what_is_taken(r2r, museum, conn, tmp_path):
    source = manifest(
        tmp_path,
        [
            f",Free,A,1899,Public domain,{museum.picture('free')}",
            f",Zero,A,1899,CC0,{museum.picture('zero')}",
            f",By,A,1899,CC BY 4.0,{museum.picture('by')}",
            f",Closed,A,1899,© the artist,{museum.picture('closed')}",
            f",Unsaid,A,1899,,{museum.picture('unsaid')}",
        ],
    )
    said = json.loads(r2r("paintings", "import", source, "--collection", "m", "--licence", "public-domain", *QUICK).out)
    assert {row["title"] for row in rows(conn, "paintings")} == {"Free", "Zero"}
    assert reasons(said["dropped"]) == {"not under a licence that was asked for": 3}

    r2r("paintings", "import", source, "--collection", "m", "--metadata-only", "--detach", "--json")
    open_ones = json.loads(r2r("paintings", "fetch", "m", "--licence", "open", *QUICK).out)
    assert open_ones["fetch"]["fetched"] == 1
    assert {row["title"] for row in rows(conn, "paintings")} == {"Free", "Zero", "By"}


def test_a_museum_that_asks_to_be_left_alone_is(r2r, museum, conn, tmp_path):
    museum.on("/first.jpg", Answer(status=429, headers={"Retry-After": "7200"}))
    lines = [f",Work {n},A,1899,cc0,{museum.picture(n)}" for n in range(60)]
    source = manifest(tmp_path, [f",First,A,1899,cc0,{museum.url}/first.jpg", *lines])

    said = json.loads(r2r("paintings", "import", source, "--collection", "m", *QUICK).out)

    asked = len(museum.asked())
    assert asked <= run.MOST_THREADS  # what was in flight; a few, unless the machine is busy
    assert said["left"]["put_off"] == said["left"]["fetchable"] == 61 - said["fetch"]["fetched"]
    assert sum(tally["count"] for tally in said["fetch"]["put_off"].values()) > 0
    later = r2r("paintings", "fetch", "m", "--detach", "--allow-host", HERE)
    assert "not before" in later.out
    assert len(museum.asked()) == asked

    museum.on("/first.jpg", Answer(museum_server.picture("first")))
    retried = json.loads(r2r("paintings", "fetch", "m", "--retry", *QUICK).out)
    assert retried["fetch"]["fetched"] + said["fetch"]["fetched"] == 61


def test_a_limit_bounds_one_run_and_the_next_goes_on(r2r, museum, conn, tmp_path):
    source = manifest(tmp_path, [f",Work {n},A,1899,cc0,{museum.picture(n)}" for n in range(7)])
    first = json.loads(r2r("paintings", "import", source, "--collection", "m", "--limit", "3", *QUICK).out)
    second = json.loads(r2r("paintings", "fetch", "m", *QUICK).out)

    assert (first["fetch"]["fetched"], first["left"]["fetchable"]) == (3, 4)
    assert (second["fetch"]["fetched"], second["left"]["fetchable"]) == (4, 0)
    assert len(museum.asked()) == 7


def test_nothing_on_a_private_network_is_asked_unless_a_person_names_it(r2r, museum, conn, tmp_path):
    source = manifest(tmp_path, [f",Work,A,1899,cc0,{museum.picture('work')}"])

    ended = r2r("paintings", "import", source, "--collection", "m", "--detach", "--json")

    said = json.loads(ended.out)
    assert ended.code == 1
    assert reasons(said["fetch"]["refused"]) == {"an address that is not on the public internet": 1}
    assert museum.asked() == []
    shown = r2r("paintings", "show", "Work").out
    assert "an address that is not on the public internet" in shown


def test_smk_is_walked_page_by_page(r2r, museum, conn):
    items = [records.smk_item(f"KMS{n}", museum.url) for n in range(1, 6)]

    def listing(nth):
        (asked,) = museum.asked("/api/v1/art/search/")[-1:]
        offset = int(asked.path.partition("offset=")[2].partition("&")[0])
        if offset == 2 and nth == 1:
            return Answer(status=503)
        return document(records.smk_answer(items[offset : offset + 2], offset=offset, rows=2, found=5))

    museum.on("/api/v1/art/search/", listing)
    address = f"{museum.url}/api/v1/art/search/?keys=*&offset=0&rows=2"

    said = json.loads(r2r("paintings", "import", address, "--format", "smk", "--collection", "smk", *QUICK).out)

    assert said["awaited"]["added"] == 5
    assert said["fetch"]["fetched"] == 5
    assert len(museum.asked("/api/v1/art/search/")) == 4  # three pages, one of them twice
    assert {row["file"] for row in rows(conn, "paintings")} == {f"smk/KMS{n}" for n in range(1, 6)}


def test_a_collection_of_manifests_is_read_by_its_address(r2r, museum, conn):
    two, three = f"{museum.url}/iiif/2/manifest", f"{museum.url}/iiif/3/manifest"
    museum.on("/iiif/2/manifest", document(records.manifest_2(two, f"{museum.url}/image/2")))
    museum.on("/iiif/3/manifest", document(records.manifest_3(three, f"{museum.url}/image/3")))
    lost = f"{museum.url}/iiif/lost/manifest"
    museum.on("/iiif/all", document(records.collection_2(f"{museum.url}/iiif/all", [two, lost, three])))

    said = json.loads(r2r("paintings", "import", f"{museum.url}/iiif/all", "--format", "iiif", *QUICK).out)

    assert said["collection"] == "127.0.0.1"
    assert said["fetch"]["fetched"] == 2
    assert reasons(said["refused"]) == {"not found": 1}
    works = {row["title"]: row for row in rows(conn, "paintings")}
    assert (works["Starry Night"]["artist"], works["Starry Night"]["licence"]) == ("Edvard Munch", "cc0")
    assert works["Dance Music"]["licence"] == "cc-by-sa-4.0"


def test_removing_a_collection_forgets_what_it_waits_for(r2r, museum, conn, tmp_path):
    source = manifest(tmp_path, [f",Work {n},A,1899,cc0,{museum.picture(n)}" for n in range(3)])
    r2r("paintings", "import", source, "--collection", "m", "--metadata-only", "--detach", "--json")
    r2r("paintings", "remove", "m", "--yes")
    assert rows(conn, "awaited_works") == []


def test_a_server_that_answers_nobody_is_left_alone_for_a_while(r2r, museum, conn, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    lines = [f",Away {n},A,1899,cc0,http://127.0.0.1:{port}/{n}.jpg" for n in range(200)]
    source = manifest(tmp_path, [*lines, f",Here,A,1899,cc0,{museum.picture('here')}"])

    said = json.loads(
        r2r(
            *("paintings", "import", source, "--collection", "m", "--rate", "100"),
            *("--allow-host", HERE, "--allow-host", f"127.0.0.1:{port}", "--detach", "--json"),
        ).out
    )

    assert said["fetch"]["fetched"] == 1
    assert said["fetch"]["refused"]["its server does not answer"]["count"] < 100
    assert said["left"]["put_off"] > 100


def test_two_commands_do_not_fetch_one_collection_at_once(r2r, museum, conn, tmp_path, settings):
    r2r.patch.setitem(awaited.hold_fetching.__kwdefaults__, "wait_s", 0.2)
    source = manifest(tmp_path, [f",Work,A,1899,cc0,{museum.picture('work')}"])
    r2r("paintings", "import", source, "--collection", "m", "--metadata-only", "--detach", "--json")
    collection_id = paintings.collection_named(conn, "m")
    with db.connect(settings.database_url, autocommit=True) as other:
        assert awaited.hold_fetching(other, collection_id)
        refused = r2r("paintings", "fetch", "m", *QUICK[:-1])
        imported = r2r("paintings", "import", source, "--collection", "m", *QUICK[:-1])
    # An import says what became of its works, and leaves the pictures to the other
    assert imported.code == 0
    assert "another command is fetching" in imported.err
    assert "1 described as before" in imported.out
    assert museum.asked() == []
    assert refused.is_one_complaint()
    assert "another command is fetching" in refused.err
    assert r2r("paintings", "fetch", "m", *QUICK[:-1]).code == 0


def test_a_walk_that_breaks_off_keeps_what_it_read_and_says_so(r2r, museum, conn):
    items = [records.smk_item(f"KMS{n}", museum.url) for n in range(1, 5)]
    first = museum.on("/page?offset=0&rows=2", document(records.smk_answer(items[:2], offset=0, rows=2, found=4)))
    museum.on("/page?offset=2&rows=2", Answer(status=500))
    command = ("paintings", "import", first, "--format", "smk", "--collection", "smk", "--metadata-only", "--detach")

    broken = r2r(*command, "--rate", "50", "--json")
    said = json.loads(broken.out)
    assert broken.code == 1
    assert said["awaited"]["added"] == 2
    assert "offset=2" in said["broken_off"]

    museum.on("/page?offset=2&rows=2", document(records.smk_answer(items[2:], offset=2, rows=2, found=4)))
    whole = json.loads(r2r(*command, "--rate", "50", "--json").out)
    assert (whole["awaited"]["unchanged"], whole["awaited"]["added"], whole["broken_off"]) == (2, 2, "")

    away = r2r("paintings", "import", f"{museum.url}/nowhere", "--format", "smk", "--collection", "new", "--rate", "50")
    assert away.is_one_complaint()
    assert "cannot be read: not found" in away.err


def test_what_a_record_says_may_be_anything_and_breaks_nothing(r2r, local, conn, tmp_path):
    local.on("/public/collection/v1/objects/436535", document({"message": "\u0000\ud800 not today", "objectID": None}))
    local.on("/public/collection/v1/objects/438815", document([1, 2]))
    source = tmp_path / "MetObjects.csv"
    source.write_text(records.met_text(), encoding="utf-8")

    said = json.loads(r2r("paintings", "import", source, *QUICK).out)

    works = said["awaited"]["added"] - said["left"]["without_picture"]
    assert said["fetch"]["fetched"] == works - 2
    assert sum(tally["count"] for tally in said["fetch"]["refused"].values()) == 2
    # The same work twice in the source, and again on the second day: once in the database
    files = [row["file"] for table in ("paintings", "awaited_works") for row in rows(conn, table)]
    assert len(files) == len(set(files)) == said["awaited"]["added"]


def test_a_work_that_is_awaited_is_found_by_its_words(r2r, museum, tmp_path):
    lines = [f",Evening Sun,P.S. Krøyer,1899,cc0,{museum.picture('sun')}", ",Evening Rain,A,1899,cc0,"]
    lines[1] = f",Evening Rain,Anna Ancher,1899,cc0,{museum.picture('rain')}"
    r2r("paintings", "import", manifest(tmp_path, lines), "--collection", "my m", "--metadata-only", "--detach")

    assert 'r2r paintings fetch "my m"' in r2r("paintings", "show", "kroyer evening").err + (
        r2r("paintings", "show", "krøyer evening").out
    )
    several = r2r("paintings", "show", "evening")
    assert several.is_one_complaint()
    assert "several awaited works" in several.err
    shown = json.loads(r2r("paintings", "show", "evening rain", "--json").out)
    assert (shown["awaited"], shown["artist"], shown["picture_url"]) == (True, "Anna Ancher", museum.picture("rain"))
    assert r2r("paintings", "show", "no such work").code == 1


def test_a_record_is_asked_for_once_though_its_picture_comes_later(r2r, local, conn, tmp_path):
    local.on("/CRDImages/ep/web-large/DT436535.jpg", Answer(status=500))
    source = tmp_path / "MetObjects.csv"
    source.write_text(records.met_text(records.MET_WORKS[:1], dirt=False), encoding="utf-8")
    first = json.loads(r2r("paintings", "import", source, *QUICK).out)
    local.on("/CRDImages/ep/web-large/DT436535.jpg", Answer(museum_server.picture("wheat")))
    second = json.loads(r2r("paintings", "fetch", "met", *QUICK).out)

    assert (first["fetch"]["fetched"], second["fetch"]["fetched"]) == (0, 1)
    assert len(local.asked("/public/collection/")) == 1


def test_a_local_picture_takes_the_place_of_one_that_is_awaited(r2r, museum, conn, tmp_path):
    path = tmp_path / "works.csv"
    path.write_text(f"file,title,image_url\nsun.jpg,Sun,{museum.picture('sun')}\n", encoding="utf-8")
    command = ("paintings", "import", path, "--collection", "m", "--detach", "--json")
    first = json.loads(r2r(*command, "--metadata-only").out)
    (tmp_path / "sun.jpg").write_bytes(museum_server.picture("mine"))
    second = json.loads(r2r(*command).out)

    assert (first["awaited"]["added"], second["added"]) == (1, 1)
    assert rows(conn, "awaited_works") == []
    assert museum.asked() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rate", "0"), "Invalid value"),
        (("--licence", "nice"), "nice is none"),
        (("--contact", "a\nb"), "plain letters"),
        (("--limit", "0"), "Invalid value"),
    ],
)
def test_options_that_make_no_sense_are_wrong_calls(r2r, words, said):
    ended = r2r("paintings", "fetch", "m", *words)
    assert ended.code == 2
    assert said in ended.err
