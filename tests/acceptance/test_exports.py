"""What a scholar takes along of a film that was really ingested: every format, and each opens in its own tool."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import iiif_prezi3
import opentimelineio as otio
import pyarrow.parquet as pq
import pympi
import webvtt
from pyld import jsonld

from r2r_shared import exports
from tests.acceptance.cli import Cli
from tests.unit.annotation_context import loader

AS, OA = "http://www.w3.org/ns/activitystreams#", "http://www.w3.org/ns/oa#"


def test_a_film_is_taken_along_in_every_format(ingested: Cli, material: Path, tmp_path: Path) -> None:
    # Given the film's timeline as it is printed
    found = ingested.json("timeline", "The Film")
    frames = [(shot["start_frame"], shot["end_frame"]) for shot in found["shots"]]
    names = {one.name: tmp_path / f"film{one.ending}" for one in exports.FORMATS.values()}

    # When it is written in all formats by one command
    ingested.run("timeline", "The Film", *(word for path in names.values() for word in ("--export", path)))

    # Then each says the same to a reader of its own
    whole = json.loads(names["json"].read_text(encoding="utf-8"))
    printed = found | {"film": found["film"] | {"path": "film.mp4"}}  # this machine's folders stay here
    assert {key: value for key, value in whole.items() if key != "citation"} == printed
    lines = [json.loads(line) for line in names["jsonl"].read_text(encoding="utf-8").splitlines()]
    assert [line["start_frame"] for line in lines if line["kind"] == "shot"] == [start for start, _ in frames]
    with names["csv"].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(io.BytesIO(names["parquet"].read_bytes())).to_pylist()
    spans = sorted({(row["start_frame"], row["end_frame"]) for row in table})
    assert spans == sorted({(int(row["start_frame"]), int(row["end_frame"])) for row in rows}) == sorted(frames)
    paintings = [match["painting"]["id"] for shot in found["shots"] for match in shot["matches"]]
    assert [row["painting_id"] for row in table if row["painting_id"]] == paintings
    assert [row["file"] for row in rows if row["painting_id"]] == [
        match["painting"]["file"] for shot in found["shots"] for match in shot["matches"]
    ]
    eaf = pympi.Eaf(str(names["eaf"]))
    slots = [(round(1000 * shot["start_s"]), round(1000 * shot["end_s"])) for shot in found["shots"]]
    assert sorted((start, end) for start, end, _ in eaf.get_annotation_data_for_tier("shots")) == slots
    rate = found["film"]["fps"]
    for timeline in (
        otio.adapters.read_from_file(str(names["otio"])),
        otio.adapters.read_from_file(str(names["edl"]), rate=rate),
    ):
        clips = [clip.source_range for clip in timeline.find_clips()]
        assert [(one.start_time.to_frames(), one.end_time_exclusive().to_frames()) for one in clips] == frames
    assert [cue.identifier for cue in webvtt.read(str(names["vtt"]))] == [str(s["number"]) for s in found["shots"]]
    document = json.loads(names["annotations"].read_text(encoding="utf-8"))
    (collection,) = jsonld.expand(document, {"documentLoader": loader})
    items = collection[f"{AS}first"][0][f"{AS}items"][0]["@list"]
    assert {item[f"{OA}hasTarget"][0][f"{OA}hasSource"][0]["@id"].rpartition("/")[2] for item in items} == {"film.mp4"}
    manifest = iiif_prezi3.Manifest(**json.loads(names["iiif"].read_text(encoding="utf-8")))
    assert len(manifest.items[0].annotations[0].items) == len(frames)
    # And each names the profile, the collection's revision and the day
    assert whole["citation"]["profile"]["name"] == found["profile"]["name"]
    assert whole["citation"]["collection_revision"] == found["profile"]["revision"]
    for name, path in names.items():
        if name != "parquet":
            assert whole["citation"]["made_at"][:10] in path.read_text(encoding="utf-8"), name
    assert material.name not in names["otio"].read_text(encoding="utf-8"), "no folder of this machine"
