"""What a file holds, stream by stream, for a person who wonders why it was refused.

`streams()` asks a process of its own (`python -m r2r_shared.film.streams FILE`), as the probe does: nothing of
an untrusted file is read in the caller.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from r2r_shared.errors import FilmRefused
from r2r_shared.film.probe import PROBE_MEMORY_BYTES, child_environment, limit_child, resolve_film

LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a container: its number, "video", "audio", …, its codec and what describes it."""

    number: int
    kind: str
    codec: str
    detail: str


@dataclass(frozen=True, slots=True)
class Container:
    """A file as libavformat sees it; duration_s is what its header says, None where it says nothing."""

    format: str
    duration_s: float | None
    streams: tuple[Stream, ...]


def streams(path: Path, *, limit_s: float = LIMIT_S) -> Container:
    """The streams of `path`.

    Raises:
        FilmRefused: it is no file, no container that r2r reads, or does not answer in time.
    """
    real = resolve_film(path)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "r2r_shared.film.streams", str(real)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=limit_s,
            env=child_environment(),
        )
    except subprocess.TimeoutExpired:
        raise FilmRefused(
            f"{path.name} could not be opened within {limit_s:.0f} s", "copy it to a faster disk, or get it anew"
        ) from None
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise FilmRefused(
            f"{path.name} made the decoder fail (exit status {done.returncode})",
            "the file is damaged or malicious; get it anew",
        ) from None
    if "message" in said:
        raise FilmRefused(said["message"], said["hint"])
    return Container(said["format"], said["duration_s"], tuple(Stream(**stream) for stream in said["streams"]))


def look(path: Path) -> Container:
    """Do the looking, in this process. Only `streams` should call it on files of unknown origin."""
    from r2r_shared.film import scan as film_scan

    with film_scan.open_film(path) as container:
        found = tuple(
            Stream(stream.index, str(stream.type), _codec(stream), _describe(stream)) for stream in container.streams
        )
        duration = None if container.duration is None else container.duration / 1_000_000
        return Container(str(container.format.name), duration, found)


def _codec(stream: object) -> str:
    context = getattr(stream, "codec_context", None)
    return str(context.name) if context is not None else "unknown"


def _describe(stream: object) -> str:
    context = getattr(stream, "codec_context", None)
    if context is None:
        return "no decoder"
    kind = getattr(stream, "type", "")
    if kind == "video":
        rate = getattr(stream, "average_rate", None)
        shown = f"{context.width}×{context.height}"
        return f"{shown}, {float(rate):.3f} fps" if rate else shown
    if kind == "audio":
        return f"{context.sample_rate} Hz, {context.channels} channels"
    return ""


def _main(argument: str) -> int:
    limit_child(PROBE_MEMORY_BYTES)
    try:
        said = asdict(look(Path(argument)))
    except FilmRefused as refused:
        said = {"message": refused.message, "hint": refused.hint}
    sys.stdout.write(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
