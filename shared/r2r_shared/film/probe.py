"""Probe: what a film file is, or one clear line on why it is not one.

`probe()` first refuses what is no regular file, then hands the path to a process of its own
(`python -m r2r_shared.film.probe FILE`), which is killed at its limit and bounded in memory: a file made to hang or
fill a demuxer costs that process, not the caller. Where many files are probed, `probe_server` makes those processes.
"""

from __future__ import annotations

import base64
import errno
import itertools
import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import FilmRefused
from r2r_shared.film import probe_server
from r2r_shared.records import Box, FilmProbe

if TYPE_CHECKING:
    from r2r_shared.film.index import FilmIndex
    from r2r_shared.film.packets import PacketTable

PROBE_LIMIT_S = 300.0
SMALL_LIMIT_S, SLOWEST_BYTES_S = 30.0, 1 << 20
"""A file that a slow disk reads in a moment is not worth 300 s: two kilobytes can claim a hundred million frames."""
PROBE_MEMORY_BYTES = 6 << 30
SHORT_S, SHORT_SHARE = 1.0, 0.005
"""A film this much shorter than its header says is cut off: headers round, and count a last frame this way or that."""
_REFUSED = 3  # the child's exit status when its JSON says why


def resolve_film(path: Path) -> Path:
    """The regular, non-empty file that `path` leads to.

    Raises:
        FilmRefused: it leads nowhere, in a circle, or to something that is no file.
    """
    try:
        real = path.expanduser().resolve(strict=True)
        mode = real.stat()
    except FileNotFoundError:
        raise FilmRefused(f"{path} does not exist", "check the path; a link may point to nothing") from None
    except PermissionError:
        raise FilmRefused(f"{path} may not be looked at", "give yourself permission to enter its folders") from None
    except NotADirectoryError:
        raise FilmRefused(f"{path} leads through a file as if it were a folder", "check the path") from None
    except (OSError, RuntimeError) as exc:
        if isinstance(exc, RuntimeError) or exc.errno == errno.ELOOP:  # which of them is up to Python's version
            raise FilmRefused(
                f"{path} cannot be reached: it leads in a circle", "a link that leads to itself?"
            ) from None
        raise FilmRefused(f"{path} cannot be reached: {exc.strerror}", "check the path and its disk") from None
    if not stat.S_ISREG(mode.st_mode):
        kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        kind = kinds.get(stat.S_IFMT(mode.st_mode), "a device")
        raise FilmRefused(f"{path} is {kind}, not a film file", "name a film, or a folder with --recursive")
    if mode.st_size == 0:
        raise FilmRefused(f"{path} is empty (0 bytes)", "download or copy it again")
    if not os.access(real, os.R_OK):
        raise FilmRefused(f"{path} may not be read", "give yourself permission to read it")
    return real


def probe(path: Path, *, limit_s: float = PROBE_LIMIT_S) -> FilmProbe:
    """Look at a film's container, its frame times and a few of its pictures.

    Reads the whole file once without decoding it, so the time it takes is the disk's.

    Raises:
        FilmRefused: not a film that can be analysed; the message says what and why, the hint what to do.
    """
    real = resolve_film(path)
    limit_s = min(limit_s, SMALL_LIMIT_S + real.stat().st_size / SLOWEST_BYTES_S)
    server = probe_server.of_this_thread()
    out, status = _ask_a_process(real, limit_s) if server is None else server.ask(real, limit_s)
    if status == probe_server.TIMED_OUT:
        raise FilmRefused(
            f"{path.name} could not be looked through within {limit_s:.0f} s",
            "copy it to a faster disk; if it is there already, the file is damaged",
        )
    try:
        answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise FilmRefused(
            f"{path.name} made the decoder fail (exit status {status})",
            "the file is damaged or malicious; get it anew",
        ) from None
    if status == _REFUSED:
        raise FilmRefused(answer["message"], answer["hint"])
    return probe_from_json(answer)


def _ask_a_process(real: Path, limit_s: float) -> tuple[bytes, int]:
    """What a process of its own prints of a file, and its exit status; past the limit it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "r2r_shared.film.probe", str(real)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
        start_new_session=True,
    )
    try:
        return child.communicate(timeout=limit_s)[0], child.returncode
    except subprocess.TimeoutExpired:
        return b"", probe_server.TIMED_OUT
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()


def child_environment() -> dict[str, str]:
    """What a child that touches untrusted bytes gets to see: where programs are, no secrets."""
    keep = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "CUDA_VISIBLE_DEVICES")
    return {name: os.environ[name] for name in keep if name in os.environ}


def probe_to_json(film: FilmProbe, *, with_index: bool = True) -> dict[str, Any]:
    """`film` as plain JSON values; the index as base64, or left out."""
    data = asdict(film)
    data["index"] = base64.b64encode(film.index).decode() if with_index else ""
    data["warnings"] = list(film.warnings)
    return data


def probe_from_json(data: dict[str, Any]) -> FilmProbe:
    """What `probe_to_json` wrote; the index is empty if it was left out."""
    values: dict[str, Any] = {
        **data,
        "active": Box(**data["active"]),
        "warnings": tuple(data["warnings"]),
        "index": base64.b64decode(data["index"]),
    }
    return FilmProbe(**values)


def limit_child(memory_bytes: int) -> None:
    """Bound this process: no core files, and no more than `memory_bytes` of memory of its own.

    On Linux RLIMIT_DATA counts what is written to; address space that CUDA or a thread merely reserves is free.
    """
    try:
        import resource  # absent on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def scan(path: Path) -> FilmProbe:
    """Do the looking, in this process. Only `probe` should call it on files of unknown origin."""
    from r2r_shared.film import scan as film_scan
    from r2r_shared.film.packets import build_index, read_packets

    name = path.name
    with film_scan.open_film(path) as container:
        stream = film_scan.choose_stream(container, name)
        container_name, codec = str(container.format.name), film_scan.codec_name(stream)
        time_base, rate = Fraction(stream.time_base), stream.average_rate
        declared_s = film_scan.declared_s(container, stream)
        timecode = film_scan.start_timecode(container, stream)
        base_rate = film_scan.base_rate(stream)
        table = read_packets(container, stream)
    if len(table.pts) == 0:
        raise FilmRefused(
            f"{name} has a video track without a single frame", "the recording never started; get it anew"
        )
    index = build_index(table, time_base, rate)
    with film_scan.open_film(path) as container:  # anew: a demuxer that has met the end need not go back
        stream = film_scan.choose_stream(container, name)
        stream.codec_context.thread_count = 2
        first = film_scan.first_picture(container, stream, name)
        coded_width, coded_height = int(first.width), int(first.height)
        rotation = -round(float(first.rotation) / 90) * 90 % 360
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        aspect = aspect if Fraction(1, 8) <= aspect <= 8 else Fraction(1)
        flat_size = (max(1, round(coded_width * aspect)), coded_height)
        bits = _bit_depth(first)
        pictures = film_scan.sample_pictures(container, stream, index, flat_size)
    turns = rotation // 90
    shown = flat_size if turns % 2 == 0 else flat_size[::-1]
    if pictures:
        import numpy as np

        active = film_scan.active_box([np.rot90(p, -turns) for p in pictures])
    else:
        active = Box(0, 0, *shown)
    gaps = index.pts[1:] - index.pts[:-1]
    variable = bool(len(gaps) > 1 and int(gaps.max() - gaps.min()) * index.time_base > Fraction(1, 500))
    span = (index.end_pts - int(index.pts[0])) * index.time_base
    fps = (Fraction(index.frames) / span).limit_denominator(100_000)
    if rate and abs(float(rate) - float(fps)) < 0.01 * float(fps) and not variable:
        fps = Fraction(rate)
    film = FilmProbe(
        container=container_name,
        codec=codec,
        width=shown[0],
        height=shown[1],
        coded_width=coded_width,
        coded_height=coded_height,
        rotation=rotation,
        fps_num=fps.numerator,
        fps_den=fps.denominator,
        frames=index.frames,
        duration_s=index.duration_s,
        start_s=float(index.pts[0] * index.time_base),
        variable_rate=variable,
        active=active,
        reader="decord",
        reader_reason="",
        warnings=_oddities(table, index, declared_s, rate, variable=variable),
        index=index.to_bytes(),
        start_timecode=timecode,
        base_rate=base_rate,
    )
    reader, reason = _choose_reader(film, bits, hidden=table.hidden, skipped=table.skipped)
    return replace(film, reader=reader, reader_reason=reason)


def _oddities(
    table: PacketTable, index: FilmIndex, declared_s: float | None, rate: Fraction | None, *, variable: bool
) -> tuple[str, ...]:
    """What a person should know about a film's file, one line each, the gravest first.

    Args:
        declared_s: how long its header says it lasts, None where it does not say.
        rate: frames a second, likewise.
    """
    from r2r_shared.film.packets import LONGEST_DECLARED

    lines: list[str] = []
    there_s = table.end_s if table.container in LONGEST_DECLARED else index.duration_s
    if declared_s and declared_s - there_s > max(SHORT_S, SHORT_SHARE * declared_s):
        whole = round(declared_s * float(rate or index.fps))
        lines.append(f"the file breaks off: about {index.frames} of {whole} frames are there")
    if index.clocks:
        at_s = [index.time_s(min(place, index.frames - 1)) for place, _ in index.clocks]
        parts = ", ".join(f"{int(s) // 3600}:{int(s) // 60 % 60:02}:{int(s) % 60:02}" for s in at_s[:3])
        lines.append(f"the clock starts again at {parts}{', …' if len(at_s) > 3 else ''}: joined files?")
    if table.skipped:
        lines.append(f"{table.skipped} packets are damaged or carry no time")
    if table.hidden:
        lines.append(f"an edit list hides {table.hidden} frames")
    if variable:
        lines.append("frames are not evenly spaced (variable rate)")
    if int(index.pts[0]) != 0:
        lines.append(f"the first frame is shown at {float(index.pts[0] * index.time_base):.3f} s")
    return tuple(lines)


def _bit_depth(frame: Any) -> int:
    components = frame.format.components
    return max((int(c.bits) for c in components), default=8)


def _choose_reader(film: FilmProbe, bits: int, *, hidden: int, skipped: int) -> tuple[str, str]:
    """decord where it was measured to be right, PyAV elsewhere; and why."""
    from r2r_shared.film.index import FilmIndex
    from r2r_shared.film.scan import DECORD_CODECS, DECORD_CONTAINERS, LONGEST_GOP

    index = FilmIndex.from_bytes(film.index)
    starts = [*index.iframes.tolist(), index.frames]
    longest = max(b - a for a, b in itertools.pairwise(starts))
    reasons = (
        (film.container not in DECORD_CONTAINERS, f"decord misreads {film.container.split(',')[0]} files"),
        (film.codec not in DECORD_CODECS, f"decord is not proven on {film.codec}"),
        (bits > 8 and film.codec == "h264", f"decord is not proven on {bits}-bit {film.codec}"),
        (index.open_gop, "open groups of pictures: decord is wrong after a seek"),
        (hidden > 0, "an edit list hides frames that decord would count"),
        (skipped > 0, "the file is damaged: decord stops where PyAV reads on"),
        (longest > LONGEST_GOP, "I-frames are too far apart for decord's unbounded prefetch"),
    )
    for holds, reason in reasons:
        if holds:
            return "pyav", reason
    return "decord", f"{film.codec} in {film.container.split(',')[0]}, closed groups of pictures"


def main(argument: str) -> int:
    """Print what is in a file as one line of JSON, or why it is refused; the exit status."""
    limit_child(PROBE_MEMORY_BYTES)
    try:
        answer, status = probe_to_json(scan(Path(argument))), 0
    except FilmRefused as exc:
        answer, status = {"message": exc.message, "hint": exc.hint}, _REFUSED
    except MemoryError:
        answer = {"message": f"{Path(argument).name} needs more memory than a probe may have", "hint": "it is damaged"}
        status = _REFUSED
    sys.stdout.write(json.dumps(answer) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
