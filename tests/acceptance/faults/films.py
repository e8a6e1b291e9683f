"""Films that are other films to r2r and the same to look at: remuxes with another comment inside."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import av

from tests.acceptance.faults.tables import Tables


def remux(film: Path, out: Path, comment: str, *, seconds: float | None = None) -> Path:
    """The film, or its beginning, packet by packet, with a comment that makes its bytes and its SHA-256 its own."""
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        video = source.streams.video[0]
        copy = target.add_stream_from_template(video)
        target.metadata["comment"] = comment
        for packet in source.demux(video):
            if packet.dts is None or (seconds is not None and packet.dts * video.time_base > seconds):
                continue
            packet.stream = copy
            target.mux(packet)
    return out


def of_film(found: Tables, film: Path, *, under: Path) -> Tables:
    """One film's rows among those of several, as if it had the bytes of `under` and its name."""
    mine, other = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (film, under))
    size = under.stat().st_size
    told: Tables = {}
    for name, rows in found.items():
        own = [row.replace(f"{mine[:2]}/{mine}", f"{other[:2]}/{other}") for row in rows if mine in row]  # in the store
        own = [row.replace(mine, other) for row in own]
        if name == "films":
            own = [json.dumps(json.loads(row) | {"title": under.stem, "size_bytes": size}) for row in own]
        told[name] = sorted(own)
    return told


def assert_like(found: Tables, calm: Tables) -> None:
    """One film's rows against those of another that nobody disturbed, both by `of_film`; they are short films."""
    for name, rows in calm.items():
        extra = [row for row in found[name] if row not in rows]
        assert found[name] == rows, f"{name}: {len(found[name])} rows, {len(rows)} undisturbed; {extra[:2]}"
    assert calm["keyframes"], "an undisturbed run finds something"
    assert calm["matches"]


def copied(film: Path, out: Path) -> Path:
    """The same bytes at another path."""
    shutil.copyfile(film, out)
    return out
