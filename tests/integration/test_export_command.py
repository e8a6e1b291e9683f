"""`r2r timeline --export` over rows of known content: every format at once, and every way to ask for what cannot be."""

from __future__ import annotations

import csv
import io
import json

import pytest

from r2r_shared import exports
from r2r_shared.queries import profiles, ranges
from tests import synthetic
from tests.in_process import R2R
from tests.synthetic import Shot, World

ENDINGS = [one.ending for one in exports.FORMATS.values()]


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys, tmp_path):
    world = World(dim=256)
    profile_id = synthetic.add_profile(conn, dim=256)
    profiles.activate(conn, profile_id)
    synthetic.add_paintings(conn, profile_id, world.draw(30))
    conn.execute("UPDATE paintings SET page = 'https://museum.example/' || id, licence = 'public-domain' WHERE id < 16")
    synthetic.add_film(conn, profile_id, [Shot(2, world.draw(1)), Shot(1, [], blank="black"), Shot(3, world.draw(2))])
    ranges.refresh(conn, profile_id)
    conn.commit()
    monkeypatch.chdir(tmp_path)
    return R2R.on(settings, monkeypatch, capsys)


def document(r2r):
    return json.loads(r2r("timeline", 1, "--json").out)


def test_all_formats_are_written_from_one_timeline(r2r, tmp_path):
    ended = r2r("timeline", 1, *(word for ending in ENDINGS for word in ("--export", f"film{ending}")))

    assert ended.code == 0, ended
    assert ended.out == ""
    assert [line for line in ended.err.splitlines() if line.startswith("wrote")] == [
        f"wrote film{ending}" for ending in ENDINGS
    ]
    assert "--base-url names the public place" in ended.err
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {f"film{ending}" for ending in ENDINGS}
    whole = json.loads((tmp_path / "film.json").read_text(encoding="utf-8"))
    assert whole.pop("citation")["collection_revision"] == 1
    printed = document(r2r)
    assert printed["film"]["path"] == "/films/a.mp4"
    assert len(printed["film"]["sha256"]) == 64
    assert whole == printed | {"film": printed["film"] | {"path": "a.mp4"}}
    # And each says which profile its numbers are of, and which state of the collections
    for ending in ENDINGS:
        if ending != ".parquet":
            text = (tmp_path / f"film{ending}").read_text(encoding="utf-8")
            assert "synthetic" in text
            assert printed["profile"]["state"][:12] in text


def test_json_may_be_asked_for_beside_files(r2r, tmp_path):
    ended = r2r("timeline", 1, "--export", "film.vtt", "--json")

    assert json.loads(ended.out) == document(r2r)
    assert (tmp_path / "film.vtt").exists()


def test_csv_by_its_old_option_is_the_same_file(r2r, tmp_path):
    assert r2r("timeline", 1, "--csv", "old", "--export", "new.csv").code == 0

    old, new = (
        list(csv.DictReader(io.StringIO((tmp_path / name).read_text(encoding="utf-8")))) for name in ("old", "new.csv")
    )
    assert old == new
    assert {row["made_at"] for row in old} == {new[0]["made_at"]}


def test_the_options_of_a_timeline_are_those_of_its_files(r2r, tmp_path):
    assert r2r("timeline", 1, "--top", "2", "--weights", "dc=1,others=0", "--export", "film.json").code == 0

    found = json.loads((tmp_path / "film.json").read_text(encoding="utf-8"))
    assert found["profile"]["weights"]["dc"] == 1
    assert max(len(shot["matches"]) for shot in found["shots"]) == 2


def test_a_files_format_may_be_said(r2r, tmp_path):
    assert r2r("timeline", 1, "--export", "chapters.txt", "--as", "vtt").code == 0
    assert r2r("timeline", 1, "--export", "manifest.json", "--as", "iiif").code == 0

    assert (tmp_path / "chapters.txt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["type"] == "Manifest"


def test_addresses_are_those_of_the_place_that_was_named(r2r, tmp_path):
    base = ("--base-url", "https://lab.example/r2r/")
    ended = r2r("timeline", 1, "--export", "my film.iiif.json", "--export", "a.annotations.json", *base)

    assert ended.code == 0
    assert "--base-url" not in ended.err
    manifest = json.loads((tmp_path / "my film.iiif.json").read_text(encoding="utf-8"))
    assert manifest["id"] == "https://lab.example/r2r/my%20film.iiif.json"
    body = manifest["items"][0]["items"][0]["items"][0]["body"]
    assert body["id"] == "https://lab.example/r2r/a.mp4"
    text = (tmp_path / "a.annotations.json").read_text(encoding="utf-8")
    assert "127.0.0.1" not in text
    assert "https://museum.example/" in text

    r2r("timeline", 1, "--export", "b.iiif.json", *base, "--film-url", "https://archive.example/a.mp4")
    manifest = json.loads((tmp_path / "b.iiif.json").read_text(encoding="utf-8"))
    assert manifest["items"][0]["items"][0]["items"][0]["body"]["id"] == "https://archive.example/a.mp4"


def test_the_start_may_be_said(r2r, tmp_path):
    assert r2r("timeline", 1, "--export", "film.edl", "--start-timecode", "01:00:00:00").code == 0

    assert "00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00" in (tmp_path / "film.edl").read_text(encoding="utf-8")


def test_json_and_a_file_do_not_go_to_one_place(r2r, tmp_path):
    """The film's document and its table in one stream are neither."""
    for words in (("--export", "/dev/stdout", "--as", "csv"), ("--csv", "/dev/fd/1"), ("--html", "/proc/self/fd/1")):
        ended = r2r("timeline", 1, "--json", *words)

        assert ended.code == 1, words
        assert ended.is_one_complaint(), ended.err
        assert "is where --json prints" in ended.err
        assert json.loads(ended.out).keys() == {"error", "hint"}


def test_drop_frame_lists_say_that_some_programs_find_no_markers_in_them(r2r, conn):
    conn.execute("UPDATE films SET fps_num = 30000, fps_den = 1001")
    conn.commit()

    said = "programs that are built on OpenTimelineIO find no markers: an .otio has them"
    assert said in " ".join(r2r("timeline", 1, "--export", "a.edl", "--drop-frame").err.split())
    assert said not in " ".join(r2r("timeline", 1, "--export", "a.edl").err.split())
    assert said not in " ".join(r2r("timeline", 1, "--export", "a.otio", "--drop-frame").err.split())


def test_files_of_two_installations_cite_alike_where_their_collections_are_alike(r2r, conn, tmp_path):
    """The revision counts what happened here; what is here is what others can have, too."""

    def cited(name):
        assert r2r("timeline", 1, "--export", name).code == 0
        return json.loads((tmp_path / name).read_text(encoding="utf-8"))["citation"]

    first = cited("first.json")
    assert first["film"] == {
        "title": "A film", "sha256": document(r2r)["film"]["sha256"], "year": None, "detector": None
    }  # fmt: skip
    assert f"“A film” (year unknown; sha256 {first['film']['sha256'][:12]}; shot detector unknown)" in first["text"]
    assert f"collections state {first['collection_state'][:12]}: synthetic (30 paintings)" in first["text"]
    # When a date is mended and put back
    for year in ("1700", None):
        conn.execute("UPDATE paintings SET year_from = %s WHERE id = 1", (year,))
        ranges.refresh(conn, 1)
        conn.commit()
    conn.execute("""UPDATE jobs SET options = '{"detector": {"kind": "adaptive"}}' WHERE kind = 'ingest'""")
    conn.commit()
    again = cited("again.json")

    assert again["collection_revision"] == first["collection_revision"] + 2
    assert again["collection_state"] == first["collection_state"] == document(r2r)["profile"]["state"]
    assert again["film"]["detector"] == document(r2r)["film"]["detector"] == "adaptive"
    assert again["text"] == first["text"].replace("shot detector unknown", "shots found by adaptive")


def test_the_rate_may_be_said(r2r, tmp_path):
    """The film has 25 frames a second; of 24 its first two seconds are 48."""
    assert r2r("timeline", 1, "--export", "film.edl", "--rate", "24").code == 0

    text = (tmp_path / "film.edl").read_text(encoding="utf-8")
    assert "* RATE 24\n" in text
    assert " 00:00:00:00 00:00:02:00 " in text
    assert "* SHOT 1 FRAMES 0-49 " in text


def test_files_of_other_choices_can_be_told_apart_by_their_citations(r2r, tmp_path):
    words = {
        "plain": (),
        "colours": ("--weights", "dc=1,others=0"),
        "contrast": ("--weights", "contrast=1,others=0"),
        "dates": ("--all-dates",),
        "as they are": ("--no-hub-correction",),
        "two": ("--top", "2"),
    }
    for name, chosen in words.items():
        assert r2r("timeline", 1, *chosen, "--csv", f"{name}.csv", "--export", f"{name}.vtt").code == 0

    tables = {
        name: csv.DictReader(io.StringIO((tmp_path / f"{name}.csv").read_text(encoding="utf-8"))) for name in words
    }
    cited = {name: {row["choices"] for row in rows} for name, rows in tables.items()}
    assert all(len(one) == 1 for one in cited.values())
    said = {name: one.pop() for name, one in cited.items()}
    assert len(set(said.values())) == len(words)
    assert "weights dc=1 " in said["colours"]
    assert "all dates" in said["dates"]
    assert "no hub correction" in said["as they are"]
    assert "top 2" in said["two"]
    assert not said["plain"]
    for name, one in said.items():
        assert one in (tmp_path / f"{name}.vtt").read_text(encoding="utf-8")


def test_a_film_is_not_written_over(r2r, conn, tmp_path):
    """By whatever name, and before any other file is written."""
    film = tmp_path / "a film"
    film.write_bytes(b"frames")
    (tmp_path / "link.csv").symlink_to(film)
    conn.execute("UPDATE films SET path = %s WHERE id = 1", (str(film),))
    conn.commit()

    for words in (
        ("--csv", "a film"),
        ("--csv", "link.csv"),
        ("--html", "a film"),
        ("--export", "link.csv"),
        ("--export", "a film", "--as", "edl"),
    ):
        ended = (
            r2r("timeline", 1, "--export", "good.vtt", *words) if "--as" not in words else r2r("timeline", 1, *words)
        )
        assert ended.code == 1, words
        assert ended.is_one_complaint(), ended.err
        assert "the film itself" in ended.err
        assert film.read_bytes() == b"frames"
        assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"a film", "link.csv"}


def test_another_film_is_not_written_over_either(r2r, tmp_path):
    (tmp_path / "other.mov").write_bytes(b"frames")

    ended = r2r("timeline", 1, "--csv", "other.mov")

    assert ended.is_one_complaint(), ended.err
    assert "name another file" in ended.err
    assert (tmp_path / "other.mov").read_bytes() == b"frames"


REFUSED = {
    "an ending that no format has": (("film.xyz",), (), ".annotations.json"),
    "no ending": (("film",), (), "--as FORMAT"),
    "a format that is none": (("film.x",), ("--as", "docx"), "use csv, json"),
    "one format for two files": (("a.csv", "b.csv"), ("--as", "csv"), "give each file its ending"),
    "a format without a file": ((), ("--as", "csv"), "name one --export"),
    "one name twice": (("a.csv", "a.csv"), (), "a name of its own"),
    "one name twice, by an old option": (("a.csv",), ("--csv", "./a.csv"), "a name of its own"),
    "standard output by its sign": (("-",), ("--as", "csv"), "/dev/stdout is standard output"),
    "a rate that is none": (("a.edl",), ("--rate", "16"), "--rate 23.976, 24, 25"),
    "a rate of what has none": (("a.vtt",), ("--rate", "24"), "--export film.edl"),
    "a folder that is not there": (("gone/a.csv",), (), "in a directory that exists"),
    "a start that is no timecode": (("a.edl",), ("--start-timecode", "noon"), "HH:MM:SS:FF"),
    "a start of another rate": (("a.otio",), ("--start-timecode", "01:00:00:25"), "from 00 to 24"),
    "drop-frame at 25": (("a.edl",), ("--drop-frame",), "no --drop-frame"),
    "a start of what has none": (("a.vtt",), ("--start-timecode", "01:00:00:00"), "--export film.edl"),
    "an address for what has none": (("a.vtt",), ("--base-url", "https://x.example"), "--export film.iiif.json"),
    "an address that is none": (("a.iiif.json",), ("--base-url", "lab.example"), "https://example.org"),
    "a file's address": (("a.iiif.json",), ("--base-url", "file:///etc"), "https://example.org"),
    "an address with a fragment": (("a.iiif.json",), ("--base-url", "https://x.example/#a"), "https://example.org"),
    "an address that is broken": (("a.iiif.json",), ("--film-url", "https://[x"), "https://example.org"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_one_complaint_and_no_file(r2r, tmp_path, case):
    names, words, hint = REFUSED[case]
    good = () if "--as" in words else ("--export", "good.eaf")

    ended = r2r("timeline", 1, *good, *(word for name in names for word in ("--export", name)), *words)

    assert ended.code == 1, ended
    assert ended.is_one_complaint(), ended.err
    assert hint in ended.err
    assert not [path for path in tmp_path.iterdir() if path.is_file()], "whole files or none"
