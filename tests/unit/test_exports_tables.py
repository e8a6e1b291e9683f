"""CSV, JSON, JSON Lines and Parquet say what `timeline --json` says, to readers that are not ours."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace

import jsonschema
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from r2r_shared import exports, schemas
from r2r_shared.errors import UserError
from r2r_shared.records import METRICS
from tests.unit.export_samples import CASES, CITATION, timeline

EVERY = pytest.mark.parametrize("found", CASES.values(), ids=CASES)
CITED = {
    "r2r_version": "9.8.7",
    "profile": "starter",
    "encoder_digest": "a" * 64,
    "depth_digest": "b" * 64,
    "metrics_version": 1,
    "collection_revision": 7,
    "collections": "Städel & <Söhne>, “A–Z” (1234); =cmd (2)",
    "choices": "weights dc=0.5 contrast=0.5, all dates",
    "made_at": "2026-11-26T09:30:15+00:00",
    "collection_state": "0123456789ab" + "d" * 52,
    "film_year": 1927,
    "detector": "adaptive",
}


def write(name, found):
    return exports.write(exports.FORMATS[name], found, CITATION)


def expected(found):
    """A row for each shot and painting, made from the document by its schema's names."""
    rows = []
    for shot in found["shots"]:
        of_shot = {"shot": shot["number"]}
        of_shot |= {
            name: shot[name] for name in ("start_s", "end_s", "start_frame", "end_frame", "transition", "blank")
        }
        for match in shot["matches"] or [None]:
            row = dict(of_shot)
            names = ("score", "corrected", "p_value", "convincing", "visual", "semantic")
            row |= {"rank": match and match["rank"]} | {name: match and match[name] for name in names}
            about = ("file", "title", "artist", "movement", "year_from", "year_to")
            row |= {"painting_id": match and match["painting"]["id"]}
            row |= {name: match and match["painting"][name] for name in about}
            row |= {metric: match and match["metrics"][metric] for metric in METRICS}
            museum = ("year", "museum", "licence", "page", "collection")
            row |= {name: match and match["painting"][name] for name in museum} | {"film_sha256": "c" * 64}
            last = {"painting_sha256": match and match["painting"]["sha256"]}
            rows.append(row | {"film": found["film"]["title"]} | CITED | last)
    return rows


def known(found):
    """What other people get to know: of the film's path, the name of its file."""
    return found | {"film": found["film"] | {"path": found["film"]["path"].rpartition("/")[2]}}


@EVERY
def test_csv_says_the_same(found):
    rows = list(csv.DictReader(io.StringIO(write("csv", found).decode(), newline="")))

    told = expected(found)
    assert len(rows) == len(told)
    for row, one in zip(rows, told, strict=True):
        assert row.keys() == one.keys()
        for name, value in one.items():
            if isinstance(value, str):
                assert row[name] in (value, f"'{value}"), name
                assert row[name][:1] not in ("=", "+", "-", "@", "\t", "\r")
            elif value is None:
                assert row[name] == ""
            elif isinstance(value, bool):
                assert row[name] == str(value)
            else:
                assert float(row[name]) == value, name


def test_csv_keeps_the_columns_it_always_had_where_they_were():
    head = write("csv", CASES["25"]).decode().splitlines()[0].split(",")

    assert head[:14] == [
        "shot", "start_s", "end_s", "start_frame", "end_frame", "transition", "blank", "rank", "painting_id", "file",
        "title", "artist", "movement", "year_from",
    ]  # fmt: skip
    assert head[14:29] == [
        "year_to", "score", "corrected", "p_value", "convincing", "visual", "semantic", *METRICS,
    ]  # fmt: skip
    assert head[29:35] == ["year", "museum", "licence", "page", "collection", "film_sha256"]
    assert head[35:] == ["film", *CITED, "painting_sha256"]


def test_csv_is_read_by_pandas():
    found = CASES["awkward titles"]
    table = pd.read_csv(io.BytesIO(write("csv", found)), keep_default_na=False)

    assert list(table["start_frame"]) == [row["start_frame"] for row in expected(found)]
    assert list(table["score"]) == [row["score"] for row in expected(found)]


@EVERY
def test_json_is_the_document_and_its_citation(found):
    read = json.loads(write("json", found))

    jsonschema.Draft202012Validator(schemas.timeline()).validate(read)
    cited = read.pop("citation")
    assert read == known(found)
    assert cited == CITATION.to_json()


@EVERY
def test_json_lines_are_a_line_for_each_shot(found):
    data = write("jsonl", found)
    lines = [json.loads(line) for line in data.decode().splitlines()]

    assert lines[0] == {
        "kind": "timeline", "citation": CITATION.to_json(), "film": known(found)["film"], "profile": found["profile"]
    }  # fmt: skip
    assert [line for line in lines if line["kind"] == "shot"] == [{"kind": "shot"} | one for one in found["shots"]]
    assert [line for line in lines if line["kind"] == "influence"] == [
        {"kind": "influence"} | one for one in found["influence"]
    ]
    assert len(lines) == 1 + len(found["shots"]) + len(found["influence"])
    frame = pd.read_json(io.BytesIO(data), lines=True)
    assert list(frame["kind"]) == [line["kind"] for line in lines]


@EVERY
def test_parquet_says_the_same_with_types(found):
    data = write("parquet", found)
    table = pq.read_table(io.BytesIO(data))

    assert table.to_pylist() == expected(found)
    about = json.loads(table.schema.metadata[b"r2r"])
    assert about == {"citation": CITATION.to_json(), "film": known(found)["film"], "profile": found["profile"]}
    # And another reader, which shares no code with the writer, has the same
    assert pl.read_parquet(io.BytesIO(data), use_pyarrow=False).to_dicts() == expected(found)


@pytest.mark.parametrize("one", exports.FORMATS.values(), ids=exports.FORMATS)
def test_no_file_says_in_which_folder_of_this_machine_the_film_lies(one):
    found = CASES["25"] | {"film": CASES["25"]["film"] | {"path": "/home/a reader/secret films/a.mp4"}}
    data = exports.write(one, found, CITATION, exports.Choices(address="https://example.org/films/a"))

    assert b"secret" not in data
    assert b"/home" not in data
    if one.name == "parquet":  # pages are compressed, but not the schema
        assert "secret" not in str(pq.read_table(io.BytesIO(data)).to_pylist())
    # And what was handed in is as it was
    assert found["film"]["path"] == "/home/a reader/secret films/a.mp4"


@pytest.mark.parametrize("one", exports.FORMATS.values(), ids=exports.FORMATS)
def test_every_file_says_what_was_chosen(one):
    data = exports.write(one, CASES["25"], CITATION)

    said = pq.read_schema(io.BytesIO(data)).metadata[b"r2r"] if one.name == "parquet" else data
    assert b"weights dc=0.5 contrast=0.5" in said
    assert b"all dates" in said


@pytest.mark.parametrize("one", exports.FORMATS.values(), ids=exports.FORMATS)
@pytest.mark.parametrize(("year", "words"), [(1927, b"1927"), (None, b"year unknown")])
def test_every_file_says_which_film_of_which_year_cut_by_what(one, year, words):
    """The year decides which paintings are left out; a title is another film's, too."""
    found = timeline([40, 100], year=year)
    cited = replace(CITATION, film=replace(CITATION.film, year=year))
    data = exports.write(one, found, cited)

    said = pq.read_schema(io.BytesIO(data)).metadata[b"r2r"] if one.name == "parquet" else data
    assert b"c" * 12 in said
    assert b"adaptive" in said
    if one.name == "csv":  # a column that is empty
        assert ([str(year or "")] * len(found["shots"])) == pd.read_csv(
            io.BytesIO(data), dtype=str, keep_default_na=False
        ).drop_duplicates("shot")["film_year"].tolist()
        return
    assert words in said


@pytest.mark.parametrize("one", exports.FORMATS.values(), ids=exports.FORMATS)
def test_every_file_says_which_paintings_are_meant_in_any_installation(one):
    """Titles and artists repeat, and ids are this machine's."""
    found = timeline([40, 100], matches=1)
    data = exports.write(one, found, CITATION)

    said = str(pq.read_table(io.BytesIO(data)).to_pylist()).encode() if one.name == "parquet" else data
    for shot in found["shots"]:
        painting = shot["matches"][0]["painting"]
        assert painting["file"][:4].encode() in said  # “7 – ”: the rest is escaped in one way or another
        if one.name != "edl":
            assert painting["sha256"].encode() in said


def test_a_citation_says_its_state_and_not_how_often_this_installation_changed():
    assert "collections state 0123456789ab: " in CITATION.text()
    assert replace(CITATION, revision=1).text() == CITATION.text()
    assert replace(CITATION, state="f" * 64).text() != CITATION.text()


def test_a_files_ending_says_its_format():
    for name in ("csv", "json", "jsonl", "parquet", "eaf", "otio", "edl", "vtt"):
        assert exports.of_file(f"my.film.{name}").name == name
        assert exports.of_file(f"MY FILM.{name.upper()}").name == name
    assert exports.of_file("film.annotations.json").name == "annotations"
    assert exports.of_file("film.iiif.json").name == "iiif"
    assert exports.of_file(".json").name == "json"


@pytest.mark.parametrize("name", ["film.xml", "film", "csv", "film.csv.gz", "film.mp4"])
def test_an_ending_that_nobody_knows_is_told_all_that_are_known(name):
    with pytest.raises(UserError) as caught:
        exports.of_file(name)

    for one in exports.FORMATS.values():
        assert one.ending in caught.value.hint


def test_packages_can_be_imported_before_somebody_waits(tmp_path):
    """In an interpreter of its own: this one has them."""
    code = (
        "import sys\nfrom r2r_shared import exports\n"
        "known = lambda: sorted({'pyarrow', 'opentimelineio'} & set(sys.modules))\n"
        "print(known())\nexports.warm()\nprint(known())\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)

    assert said.stdout.splitlines() == ["[]", "['opentimelineio', 'pyarrow']"]


def test_without_the_extra_its_formats_say_how_to_get_it(tmp_path):
    """In an interpreter of its own, where the two packages cannot be found."""
    code = (
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "gone = ('pyarrow', 'opentimelineio')\n"
        "importlib.util.find_spec = lambda name, *a: None if name in gone else find(name, *a)\n"
        "from pathlib import Path\n"
        "from r2r_cli import exporting\n"
        "from r2r_shared import exports\n"
        "from r2r_shared.errors import UserError\n"
        "print([one.name for one in exports.FORMATS.values() if not one.there])\n"
        "for ending in ('.parquet', '.otio'):\n"
        "    try:\n        exporting.wanted([Path('a' + ending)], None)\n"
        "    except UserError as error:\n        print(error.message, '|', error.hint)\n"
        "print(sorted({'pyarrow', 'opentimelineio', 'pandas', 'polars'} & set(sys.modules)))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)

    assert said.stdout.splitlines() == [
        "['parquet', 'otio']",
        ".parquet needs the package pyarrow | pip install 'reel-to-real[exchange]'",
        ".otio needs the package opentimelineio | pip install 'reel-to-real[exchange]'",
        "[]",
    ]
