"""The file at a film's path is replaced, moved or still being written: no film is shown another's shots."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.acceptance.cli import Cli


def test_a_file_that_was_replaced_after_it_was_queued_fails_the_job(fresh: Cli, material: Path, tmp_path: Path) -> None:
    place = tmp_path / "film.mp4"
    shutil.copyfile(material / "film.mp4", place)
    queued = fresh.json("ingest", place, "--detach")["films"][0]
    data = bytearray(place.read_bytes())
    place.write_bytes(bytes(data) + b"\0" * 64)  # another film, by content

    fresh.run("jobs", "watch", queued["job"]["id"], code=1)

    job = fresh.json("jobs", "show", queued["job"]["id"])
    assert job["state"] == "failed"
    assert "no longer the film" in job["error"]
    assert fresh.json("films", "list")[0]["shots"] == 0

    os.truncate(place, len(data))  # put back, and another time of change: its bytes decide
    assert fresh.json("jobs", "retry", queued["job"]["id"])["state"] == "done"
    assert fresh.json("films", "list")[0]["shots"] > 0


def test_a_film_that_moved_is_found_where_it_was_seen_last(fresh: Cli, material: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.mp4", tmp_path / "new.mp4"
    shutil.copyfile(material / "film.mp4", old)
    first = fresh.json("ingest", old, "--detach")["films"][0]
    old.rename(new)

    again = fresh.json("ingest", new)["films"][0]

    assert (again["film"], again["job"]["id"]) == (first["film"], first["job"]["id"])
    assert again["state"] == "ready"


def test_a_film_that_breaks_off_is_analysed_and_says_so(fresh: Cli, material: Path, tmp_path: Path) -> None:
    """An interrupted download: an mp4 whose index comes first, cut in half."""
    import av

    whole, half = tmp_path / "whole.mp4", tmp_path / "half.mp4"
    with (
        av.open(str(material / "film.mp4")) as source,
        av.open(str(whole), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = whole.read_bytes()
    half.write_bytes(data[: len(data) // 2])

    said = fresh.run("ingest", half)

    assert "breaks off" in said.stderr
    assert any("breaks off" in warning for warning in fresh.json("ingest", half)["films"][0]["warnings"])
    assert "breaks off" in fresh.run("films", "show", "1").stdout
