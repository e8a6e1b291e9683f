"""`r2r triplets form` and `r2r thresholds fit`: what they write, what they show, what they refuse."""

from __future__ import annotations

import csv
import io
import json

import pytest
from PIL import Image

from r2r_shared.queries import works
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.triplets.held_out import is_held_out
from r2r_shared.triplets.thresholds import PAPER
from tests import synthetic
from tests.in_process import R2R
from tests.synthetic import World
from tests.unit import triplet_works as by_hand

PAINTINGS = 200


@pytest.fixture
def profile_id(conn):
    made = synthetic.add_profile(conn)
    conn.commit()
    return made


@pytest.fixture
def r2r(settings, profile_id, monkeypatch, capsys):
    command = R2R.on(settings, monkeypatch, capsys)
    monkeypatch.setenv("R2R_PROFILE", "synthetic")
    return command


@pytest.fixture
def collection(conn, profile_id):
    """Paintings of 40 artists in three movements, one of which nobody has written down."""
    synthetic.add_paintings(conn, profile_id, World(clusters=20).draw(PAINTINGS))
    conn.commit()
    return works.load(conn, profile_id)


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


# triplets form


def test_triplets_are_written_with_their_sides_and_what_holds_in_them(r2r, collection, tmp_path):
    """Where the collection's own depth sets the depth thresholds; the other five are the paper's."""
    out = tmp_path / "triplets.jsonl"

    ended = r2r("triplets", "form", "--k-pos", 3, "--k-neg", 2, "--held-out", 0.4, "--out", out, "--json")

    assert ended.code == 0
    assert "depth of field at quantiles" in ended.err
    said, rows = json.loads(ended.out), rows_of(out)
    used = [row[f"{role}_id"] for row in rows for role in ("anchor", "positive", "negative")]
    assert len(used) == len(set(used))
    for side in ("train", "test"):
        mine = [row for row in rows if row["side"] == side]
        assert said[side]["triplets"] == len(mine) > 0
        assert said[side]["paintings"] == 3 * len(mine) + sum(said[side]["others"].values())
        for row in mine:
            for role in ("anchor", "positive", "negative"):
                assert is_held_out(row[f"{role}_artist"], share=0.4) == (side == "test")
    assert said["train"]["paintings"] + said["test"]["paintings"] == PAINTINGS
    assert said["train"]["artists"] + said["test"]["artists"] == 27  # 13 of 40 have no movement
    assert said["rule"]["thresholds"]["positive"]["saturation"] == PAPER.positive["saturation"]

    place = {number: row for row, number in enumerate(collection.ids.tolist())}
    for row in rows:
        assert row["anchor_artist"] == row["positive_artist"] != row["negative_artist"]
        assert row["anchor_movement"] == row["positive_movement"] != row["negative_movement"]
        pairs = (("positive", "positive_met", float.__le__, 3), ("negative", "negative_met", float.__ge__, 2))
        for role, name, holds, k in pairs:
            limits = said["rule"]["thresholds"][role]
            ends = place[row["anchor_id"]], place[row[f"{role}_id"]]
            met = [m for m in limits if holds(float(by_hand.difference(collection, m, *ends)), limits[m])]
            assert row[name] == met
            assert len(met) >= k


@pytest.mark.usefixtures("collection")
def test_csv_and_json_lines_say_the_same(r2r, tmp_path):
    for name in ("t.csv", "t.jsonl"):
        assert r2r("triplets", "form", "--out", tmp_path / name).code == 0

    written = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))
    lines = rows_of(tmp_path / "t.jsonl")
    assert lines
    assert written == [
        {key: " ".join(value) if isinstance(value, list) else str(value) for key, value in row.items()} for row in lines
    ]


@pytest.mark.usefixtures("collection")
def test_a_seed_decides_what_is_formed(r2r, tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        r2r("triplets", "form", "--policy", "naive", "--seed", seed, "--out", tmp_path / f"{name}.csv")

    one, again, other = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert one == again
    assert one != other


@pytest.mark.usefixtures("collection")
def test_the_table_says_how_many_and_why_not_more(r2r):
    ended = r2r("triplets", "form", "--policy", "naive", "--held-out", 0)

    assert ended.code == 0
    shown = dict(line.rsplit(maxsplit=2)[:2] for line in ended.out.splitlines()[1:])
    assert shown["paintings"] == str(PAINTINGS)
    assert shown["  not: the movement is not known"] == "65"  # 13 artists of 5 works
    assert int(shown["paintings in a triplet"]) == 3 * int(shown["triplets"])


@pytest.mark.usefixtures("collection")
def test_no_triplet_at_all_is_a_failure_that_says_why(r2r):
    ended = r2r("triplets", "form", "--k-pos", "all", "--k-neg", "all", "--json")

    assert ended.code == 1
    assert json.loads(ended.out)["train"]["others"]["no work of its artist and movement near enough"] > 0
    assert "no triplet: a smaller k takes more" in ended.err


# the contact sheet


def test_the_sheet_shows_each_triplets_pictures_in_a_row(r2r, conn, collection, settings, tmp_path):
    """Every picture is one plain colour, told apart by its number; a piece of two of them is missing from the store."""
    store = MediaStore(settings.media_root)
    for number, key in zip(collection.ids.tolist(), collection.images, strict=True):
        picture = io.BytesIO()
        Image.new("RGB", (330, 250), colour_of(number)).save(picture, "JPEG", quality=95)
        store.put(key, picture.getvalue())
    conn.execute("UPDATE paintings SET title = E'\\x1b[31m' || repeat('Wanderer ', 40), year = 'c. 1818'")
    conn.commit()
    out, sheet = tmp_path / "t.jsonl", tmp_path / "sheet.jpg"

    ended = r2r("triplets", "form", "--k-pos", 2, "--k-neg", 1, "--out", out, "--show", 5, "--sheet", sheet)

    assert ended.code == 0
    assert "missing" not in ended.err
    with Image.open(sheet) as shown:
        pixels = shown.convert("RGB")
    rows = rows_of(out)[:5]
    assert pixels.height > 5 * 250
    row_px = (pixels.height - 52) // 5
    for place, row in enumerate(rows):
        for column, role in enumerate(("anchor", "positive", "negative")):
            seen = pixels.getpixel((18 + column * 348 + 165, 52 + place * row_px + 125))
            assert seen == pytest.approx(colour_of(row[f"{role}_id"]), abs=6)

    store.delete_prefix(f"paintings/{rows[0]['anchor_id']}.jpg")
    store.delete_prefix(f"paintings/{rows[4]['negative_id']}.jpg")
    again = r2r("triplets", "form", "--k-pos", 2, "--k-neg", 1, "--sheet", sheet)  # six are shown where nobody says
    assert again.code == 0
    assert again.err.splitlines()[-1].endswith(": 2")


def colour_of(number: int) -> tuple[int, int, int]:
    return (number * 37 % 200, number * 91 % 200, number * 53 % 200)


# thresholds fit


@pytest.mark.usefixtures("collection")
def test_fitted_thresholds_are_shown_beside_the_papers_and_used_from_their_file(r2r, tmp_path):
    out = tmp_path / "thresholds.json"

    table = r2r("thresholds", "fit", "--positive-quantile", 0.5, "--out", out)
    said = json.loads(r2r("thresholds", "fit", "--positive-quantile", 0.5, "--json").out)
    formed = json.loads(r2r("triplets", "form", "--thresholds", out, "--k-pos", 3, "--k-neg", 2, "--json").out)
    quantile = r2r(
        "triplets", "form", "--thresholds", "quantile", "--positive-quantile", 0.5, "--held-out", 0, "--json"
    )

    assert table.code == 0
    assert "since noise has units of its own" in table.out
    assert said["depth"] == "noise"
    for shown in said["fitted"]["met"]["positive"].values():
        assert shown == pytest.approx(0.5, abs=0.02)
    for shown in said["fitted"]["met"]["negative"].values():
        assert shown == pytest.approx(0.25, abs=0.02)
    assert said["paper"]["positive"]["dc"] == PAPER.positive["dc"]
    assert formed["rule"]["thresholds"] == json.loads(out.read_text())
    assert formed["rule"]["thresholds"]["positive"] == said["fitted"]["positive"]
    assert json.loads(quantile.out)["rule"]["thresholds"]["positive"] == said["fitted"]["positive"]


@pytest.mark.usefixtures("collection")
def test_what_is_kept_for_the_test_has_no_say_in_the_thresholds(r2r):
    """Fitted on the side that is trained on, whichever artists those are."""
    by_salt = [
        json.loads(r2r("triplets", "form", "--thresholds", "quantile", "--salt", salt, "--json").out) for salt in "ab"
    ]

    assert by_salt[0]["rule"]["thresholds"]["positive"] != by_salt[1]["rule"]["thresholds"]["positive"]


# refusals


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("triplets", "form", "--out", "t.txt"), "neither .csv nor .jsonl"),
        (("triplets", "form", "--out", "none/t.csv"), "cannot be written"),
        (("triplets", "form", "--thresholds", "papre"), "papre cannot be read"),
        (("triplets", "form", "--collection", "Louvre"), "no collection Louvre"),
        (("thresholds", "fit", "--collection", "Louvre"), "no collection Louvre"),
        (("thresholds", "fit", "--out", "none/t.json"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_complaint(r2r, words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    ended = r2r(*words)

    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert said in ended.err
    assert not list(tmp_path.glob("*.txt"))


@pytest.mark.parametrize(
    "words",
    [
        ("--policy", "best"),
        ("--k-pos", "0"),
        ("--k-neg", "9"),
        ("--k-neg", "some"),
        ("--k-neg", "²"),
        ("--held-out", "1"),
        ("--held-out", "nan"),
        ("--positive-quantile", "2"),
        ("--show", "1000"),
    ],
)
def test_wrong_calls_are_refused_before_any_server_is_asked(r2r, words):
    ended = r2r("triplets", "form", *words)

    assert ended.code == 2
    assert words[0] in ended.err


@pytest.mark.parametrize("words", [("triplets", "form"), ("thresholds", "fit")])
def test_where_nothing_has_been_measured_the_remedy_is_an_import(r2r, words):
    ended = r2r(*words)

    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert "no painting has been measured under the profile “synthetic”" in ended.err
    assert "r2r paintings import" in ended.err


def test_a_collection_without_movements_says_what_is_missing(r2r, conn, profile_id):
    synthetic.add_paintings(conn, profile_id, World().draw(12), movements=[""])
    conn.commit()

    ended = r2r("triplets", "form")

    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert "no two paintings are of the same artist and movement" in ended.err
