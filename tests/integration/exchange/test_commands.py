"""r2r export and r2r import as a person uses them, and the data set as other tools open it."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from r2r_shared import db
from r2r_shared.exchange.format import METRICS_VERSIONS, TABLES
from r2r_shared.queries import matches, ranges
from r2r_shared.settings import Settings
from r2r_workers.metrics import METRICS_VERSION
from tests import data_sets
from tests.in_process import R2R
from tests.web_client import served

At = Callable[[str], R2R]


@pytest.fixture
def r2r(
    settings: Settings, second_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> At:
    """Commands at one installation or the other: "here", which has an analysis, or "there"."""
    assert settings.database_url is not None
    with db.connect(settings.database_url) as conn:
        data_sets.fill(conn, paintings=12, films=2, shots=3)
    homes = {"here": settings}
    homes["there"] = dataclasses.replace(settings, home=settings.home / "there", database_url=second_database_url)

    def at(name: str) -> R2R:
        return R2R.on(homes[name], monkeypatch, capsys)

    return at


def test_an_analysis_goes_from_one_installation_to_another(r2r: At, tmp_path: Path):
    sent = r2r("here")("export", tmp_path / "set.zip", "--all", "--json")
    document = json.loads(sent.out)

    assert sent.code == 0
    assert (document["rows"]["films"], document["rows"]["paintings"], document["whole"]) == (2, 12, True)
    assert "profile synthetic" in document["citation"]["text"]
    ours = json.loads(r2r("here")("timeline", "Film 0.1", "--json").out)

    there = r2r("there")
    tried = json.loads(there("import", tmp_path / "set.zip", "--dry-run", "--json").out)
    said = there("import", tmp_path / "set.zip")
    again = there("import", tmp_path / "set.zip")

    assert (tried["dry_run"], tried["films"]["added"]) == (True, 2)
    assert said.code == 0
    for line in (
        "profile synthetic (new here)",
        "paintings: 12 added",
        "films: 2 added",
        "8 shots, 14 keyframes",
        "numbers of 12 paintings and 12 keyframes",
        "matches of 2 films",
    ):
        assert line in said.out
    assert "to be cited as: Reel to Real" in said.err
    assert "the models of its profile are not here: r2r models import FILE --name synthetic" in said.err
    assert "12 paintings and 2 films (14 keyframes) came without pictures" in said.err
    assert "nothing is new" in again.out
    theirs = json.loads(there("timeline", "Film 0.1", "--json").out)
    assert data_sets.without_ids(theirs) == data_sets.without_ids(ours)


def test_a_film_that_came_without_its_file_is_shown_like_any_other(r2r: At, tmp_path: Path):
    r2r("here")("export", tmp_path / "set", "--film", "Film 0.0")
    there = r2r("there")
    there("import", tmp_path / "set")

    shown = there("films", "show", "Film 0.0")
    page = there("timeline", "1", "--html", tmp_path / "page.html", "--csv", tmp_path / "rows.csv")

    assert "Film 0.0.mp4" in shown.out
    assert "data set “set” " in shown.out
    assert "made by Reel to Real" in shown.out
    assert json.loads(there("films", "show", "1", "--json").out)["imported"]["name"] == "set"
    assert "detector adaptive" in shown.out
    assert "3 frames" in shown.out
    assert (page.code, (tmp_path / "page.html").stat().st_size > 10_000) == (0, True)
    assert "pictures missing from the media store" in page.err
    assert json.loads(there("jobs", "show", "1", "--json").out)["state"] == "done"
    assert there("catalogue", "influence", "--by", "film").code == 0
    assert there("paintings", "list", "--json").code == 0
    assert there("films", "remove", "1", "--yes").code == 0


def test_its_pages_are_served_without_its_pictures(
    r2r: At, settings: Settings, second_database_url: str, tmp_path: Path
):
    r2r("here")("export", tmp_path / "set", "--all")
    r2r("there")("import", tmp_path / "set")
    there = dataclasses.replace(settings, home=settings.home / "there", database_url=second_database_url)

    with served(there) as (visitor, _):
        for address in (
            *("/", "/films/1", "/api/films/1/timeline.json", "/paintings", "/paintings/1", "/catalogue"),
            *("/catalogue/similar?film=1", "/catalogue/hubs", "/search", "/work"),
        ):
            answer = visitor.get(address)
            assert answer.status == 200, (address, answer.text[:500])
        keyframe = json.loads(visitor.get("/api/films/1/timeline.json").text)["shots"][0]["keyframes"][0]["image"]
        assert visitor.get(f"/media/{keyframe}").status == 404


def test_numbers_that_contradict_ours_are_no_news_and_are_said(r2r: At, settings: Settings, tmp_path: Path):
    r2r("here")("export", tmp_path / "one", "--film", "Film 0.0")
    with db.connect(settings.database_url) as conn:
        conn.execute("UPDATE painting_features SET saturation = saturation / 2")
        conn.execute("UPDATE keyframe_features SET saturation = 1 WHERE keyframe_id = 1")
        ranges.refresh(conn, 1)
    r2r("here")("timeline", "Film 0.0", "--json")
    r2r("here")("export", tmp_path / "two", "--film", "Film 0.0")

    there = r2r("there")
    first, second = there("import", tmp_path / "one"), there("import", tmp_path / "two")

    assert "matches of 1 film\n" in first.out
    assert "nothing is new, but numbers differ" in second.out
    assert "12 paintings have other numbers here: kept ours" in second.err
    assert "1 keyframe has other numbers here: kept ours" in second.err
    assert "to be matched" not in second.err


def test_what_new_paintings_do_to_scores_is_said(r2r: At, second_database_url: str, tmp_path: Path):
    with db.connect(second_database_url) as conn:
        data_sets.fill(conn, seed=9, paintings=12, films=1, collection="Ours")
        conn.execute("UPDATE painting_features SET min_dof = 500 + painting_id")
        ranges.refresh(conn, 1)
        matches.match_film(conn, 1, 1)
    r2r("here")("export", tmp_path / "set", "--collection", "synthetic")

    said = r2r("there")("import", tmp_path / "set")

    assert "the ranges that differences are divided by grew (" in said.err
    assert "min_dof" in said.err
    assert "new collection synthetic: 12 paintings" in said.out
    named = re.search(r"before you go by them: r2r (paintings list --data-set \w+)", said.err)
    assert named is not None
    listed = json.loads(r2r("there")(*named[1].split(), "--json").out)
    assert {one["collection"] for one in listed} == {"synthetic"}
    assert len(listed) == 12
    removed = r2r("there")("paintings", "remove", "--data-set", "set", "--yes")
    assert "removed what data set “set” brought: 12 paintings" in removed.out
    assert "no painting matches" in r2r("there")(*named[1].split()).err
    assert "1 film of before is to be matched with the new paintings, too: r2r catalogue refresh" in said.err


def test_another_collection_of_the_same_name_is_kept_apart_or_grows(r2r: At, second_database_url: str, tmp_path: Path):
    with db.connect(second_database_url) as conn:
        data_sets.fill(conn, seed=9, paintings=5, films=0)
        conn.execute("UPDATE paintings SET sha256 = sha256(file::bytea), file = 'ours/' || file")
    r2r("here")("export", tmp_path / "set", "--collection", "synthetic")
    there = r2r("there")

    refused = there("import", tmp_path / "set")
    tried = there("import", tmp_path / "set", "--merge", "--dry-run")
    apart = there("import", tmp_path / "set", "--rename", "synthetic=Lab A")

    assert refused.code == 1
    assert refused.is_one_complaint()
    assert "12 into your collection synthetic (5 works), which has 0 of them" in refused.err
    assert "12 paintings would go into your collection synthetic (5 works)" in tried.err
    assert "12 paintings into your collection synthetic: 17 works instead of 5" in tried.out
    assert "new collection Lab A (synthetic in the data set): 12 paintings" in apart.out


def test_what_is_said_otherwise_here_is_named(r2r: At, second_database_url: str, tmp_path: Path):
    r2r("here")("export", tmp_path / "set", "--all")
    there = r2r("there")
    there("import", tmp_path / "set")
    with db.connect(second_database_url) as conn:
        conn.execute("UPDATE paintings SET sha256 = sha256('a') WHERE file = '3.jpg'")
        conn.execute("UPDATE paintings SET title = 'Ours' WHERE file = '5.jpg'")
        conn.execute("UPDATE films SET year = NULL WHERE title = 'Film 0.1'")

    said = there("import", tmp_path / "set")
    document = json.loads(there("import", tmp_path / "set", "--json").out)

    for line in (
        "1 painting is left out: of that file name there is another picture here, which stays\n    synthetic/3.jpg: ",
        "1 painting described otherwise here: kept ours\n    synthetic/5.jpg: title “No. 5” there, “Ours” here\n",
        "1 film is described otherwise here: kept ours\n    “Film 0.1”: year 1955 there, none here\n",
        "r2r ingest FILE --year 1955 takes the data set's; the year decides which paintings are compared",
    ):
        assert line in said.err
    assert document["differences"]["beyond"] == 0
    assert [one["kind"] for one in document["differences"]["first"]] == ["painting", "painting", "film"]


def test_why_works_and_pictures_stay_behind(r2r: At, settings: Settings, tmp_path: Path):
    with db.connect(settings.database_url) as conn:
        conn.execute("UPDATE paintings SET licence = CASE WHEN id < 4 THEN 'cc-by-4.0' ELSE '' END")
        conn.execute("DELETE FROM painting_features WHERE painting_id = 12")

    ended = r2r("here")(
        *("export", tmp_path / "set", "--collection", "synthetic"),
        *("--pictures", "paintings", "--licence", "public-domain"),
    )

    assert "0 pictures went along" in ended.out
    assert (
        "11 pictures are not under the licence public-domain: 8 of which nobody says it, 3 under cc-by-4.0" in ended.err
    )
    assert "1 painting is left out, for it has no numbers under this profile" in ended.err
    assert json.loads((tmp_path / "set" / "manifest.json").read_text())["unmeasured"] == 1


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("set",), 2, "name films, or collections, or --all"),
        (("set", "--all", "--film", "1"), 2, "name films, or collections, or --all"),
        (("set", "--all", "--format", "xml"), 2, "use parquet"),
        (("set", "--all", "--pictures", "some"), 2, "use none, paintings or all"),
        (("set", "--all", "--licence", "cc0"), 2, "add --pictures paintings"),
        (("set", "--all", "--pictures", "all", "--licence", "free"), 2, "“free” is none; there are public-domain"),
        (("set", "--collection", "synthetic", "--matched-only"), 2, "is about films"),
        (("set", "--film", "Nothing"), 1, "no film answers to “Nothing”"),
        (("set", "--collection", "Nothing"), 1, "there is no collection Nothing"),
        (("no/where/set", "--all"), 1, "is no folder"),
        (("set.csv", "--all"), 1, "would be a folder, and its name ends like a file's"),
    ],
)
def test_a_wrong_call_of_export(r2r: At, tmp_path: Path, call: tuple[str, ...], code: int, said: str):
    ended = r2r("here")("export", tmp_path / call[0], *call[1:])

    assert ended.code == code
    assert said in " ".join(ended.err.replace("│", " ").split())
    assert not list(tmp_path.glob("set*"))


def test_where_there_is_nothing_an_export_says_so_and_makes_no_profile(
    r2r: At, second_database_url: str, tmp_path: Path
):
    ended = r2r("there")("export", tmp_path / "set", "--all")

    assert ended.code == 1
    assert ended.is_one_complaint()
    assert "there is nothing to export yet" in ended.err
    with db.connect(second_database_url) as conn:
        assert conn.execute("SELECT count(*) FROM profiles").fetchone() == (0,)


def test_a_refusal_is_one_line_and_a_hint(r2r: At, tmp_path: Path):
    r2r("here")("export", tmp_path / "set", "--all")
    path = tmp_path / "set" / "matches.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    ended = r2r("there")("import", tmp_path / "set")

    assert ended.code == 1
    assert ended.is_one_complaint()
    assert "matches.parquet is not the file that was exported: its SHA-256 differs" in ended.err


def test_without_pyarrow_the_remedy_is_named(r2r: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    for call in (("export", tmp_path / "set", "--all"), ("import", tmp_path / "set")):
        ended = r2r("here")(*call)
        assert ended.code == 1
        assert "pip install 'reel-to-real[exchange]'" in ended.err


def test_other_tools_open_it_and_it_says_itself_what_it_is(r2r: At, tmp_path: Path):
    """Each table documents itself: what a column means, in which unit."""
    r2r("here")("export", tmp_path / "set", "--all")
    timeline = json.loads(r2r("here")("timeline", "Film 0.0", "--json").out)

    for table in TABLES:
        found = pq.read_table(tmp_path / "set" / table.file)
        assert found.schema.metadata[b"table"].decode() == table.name
        assert b"Likeness by stated measures" in found.schema.metadata[b"citation"]
        for column, field in zip(table.columns, found.schema, strict=True):
            assert field.metadata[b"about"].decode() == column.about
            assert field.metadata.get(b"unit", b"").decode() == column.unit
            assert field.nullable == column.nullable
        assert len(pd.read_parquet(tmp_path / "set" / table.file)) == found.num_rows
        assert pl.read_parquet(tmp_path / "set" / table.file).height == found.num_rows

    best = {match["score"] for shot in timeline["shots"] for match in shot["matches"]}
    frames = pl.read_parquet(tmp_path / "set" / "matches.parquet")
    joined = (
        frames.join(pl.read_parquet(tmp_path / "set" / "keyframes.parquet"), left_on="keyframe_id", right_on="id")
        .join(pl.read_parquet(tmp_path / "set" / "shots.parquet"), left_on="shot_id", right_on="id")
        .join(pl.read_parquet(tmp_path / "set" / "films.parquet"), left_on="film_id", right_on="id")
        .filter(pl.col("title") == "Film 0.0")
    )
    assert best <= set(joined["score"].to_list())
    embedding = pd.read_parquet(tmp_path / "set" / "painting_features.parquet")["embedding"]
    assert abs(sum(value * value for value in embedding[0]) - 1) < 1e-6


def test_every_definition_of_the_metrics_that_we_make_can_be_imported():
    assert METRICS_VERSION in METRICS_VERSIONS
