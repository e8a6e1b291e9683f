"""One look into a film with PyAV: its picture's stream, first frame, bars. Runs inside the probe's own process.

Nothing here trusts the file: the container format must be on a list, only local bytes can be opened, and
pictures are bounded in size before any is decoded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import FilmRefused
from r2r_shared.film.index import FilmIndex
from r2r_shared.film.packets import LONGEST_DECLARED, TIMELESS
from r2r_shared.records import Box

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg,mxf"
"""libavformat's names of the formats that hold their own frames; playlists and image lists are not among them."""

OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS, "fflags": "genpts"}
"""`genpts`: program streams give times to some packets only; the demuxer works out the others."""

CODECS = frozenset(
    {"h264", "hevc", "vp9", "vp8", "av1", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores", "dnxhd", "vc1"}
    | {"wmv3", "wmv2", "wmv1", "theora", "h263", "flv1", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "dvvideo", "ffv1"}
    | {"huffyuv", "ffvhuff", "utvideo", "rawvideo", "jpeg2000", "cinepak", "svq3"}
)

DECORD_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
DECORD_CODECS = frozenset({"h264", "hevc", "vp9"})

MAX_SIDE_PX = 16384
MAX_PIXELS = 8192 * 8192
BAR_SAMPLES = 24
BAR_LEVEL = 24  # full range; black bars of real films lie below 20 with their noise
_TIMECODE = re.compile(r"(\d\d:\d\d:\d\d)([:;.,])(\d\d)", re.ASCII)
LONGEST_GOP = 300  # frames: decord is handed whole groups of pictures, and holds all of one


def open_film(path: Path) -> Any:
    """Open `path` with PyAV under the format and protocol lists.

    Raises:
        FilmRefused: not a container on the list, or broken beyond opening.
    """
    import av  # libav stays out of every process that only wants the constants
    import av.logging
    from av.error import FFmpegError

    av.logging.set_level(av.logging.PANIC)
    try:
        return av.open(f"file:{path}", options=dict(OPEN_OPTIONS), metadata_errors="replace")
    except (FFmpegError, ValueError, OSError) as exc:
        raise FilmRefused(*_why_unopened(path, exc)) from exc


def _why_unopened(path: Path, exc: Exception) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(4096)
    if _is_text(head):
        kind = "a playlist" if head.lstrip().startswith((b"#EXTM3U", b"ffconcat", b"[playlist]", b"<")) else "text"
        return f"{path.name} is {kind}, not a film", "name the film file itself"
    if head[4:8] == b"ftyp" and not _has_moov(path):
        return (
            f"{path.name} has no index (moov): its recording or download was cut short",
            "download it again, or rebuild the index with a repair tool such as untrunc",
        )
    return (
        f"{path.name} is no film container that r2r reads ({exc.__class__.__name__})",
        "use mp4, mov, mkv, webm, avi, ts, mpg, wmv, flv or ogv",
    )


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        text = head[: len(head) - 4 if len(head) == 4096 else None].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\r\n\t\ufeff" for c in text)


def _has_moov(path: Path) -> bool:
    """Walk the top-level boxes of an ISO media file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if head[4:8] == b"moov":
                return at + (length or size - at) <= size
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < 8:
                break
            at += length
    return False


def choose_stream(container: Any, name: str) -> Any:
    """The stream that holds the film's picture.

    Raises:
        FilmRefused: there is none, or its codec, size or encryption rules it out.
    """
    from av.stream import Disposition

    streams = list(container.streams.video)
    if not streams:
        kinds = sorted({str(s.type) for s in container.streams}) or ["nothing"]
        raise FilmRefused(
            f"{name} holds no video ({', '.join(kinds)} in a {container.format.name.split(',')[0]} container)",
            "r2r needs the film itself",
        )
    cover = Disposition.attached_pic
    films = [s for s in streams if not s.disposition & cover]
    if not films:
        raise FilmRefused(f"{name} holds no video but a cover picture", "r2r needs the film itself")
    stream = max(films, key=lambda s: (bool(s.disposition & Disposition.default), -s.index))
    context = stream.codec_context
    codec = codec_name(stream) if context else "unknown"
    if codec not in CODECS:
        raise FilmRefused(f"{name} is coded as {codec}, which r2r does not read", "convert it to H.264 in mp4")
    if codec == "hevc" and container.format.name in TIMELESS:
        raise FilmRefused(
            f"{name} is HEVC in {container.format.name}, which does not tell in what order frames are shown",
            "convert it to H.264 in mp4",
        )
    width, height = int(context.width), int(context.height)
    if width < 16 or height < 16 or max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise FilmRefused(f"{name} claims pictures of {width}×{height} pixels", f"16 to {MAX_SIDE_PX} a side are read")
    return stream


def codec_name(stream: Any) -> str:
    """The codec, not the decoder: libdav1d decodes av1, and "flv" is what libavcodec calls its decoder of flv1."""
    return str(stream.codec_context.codec.canonical_name)


def declared_s(container: Any, stream: Any) -> float | None:
    """How long the container's header says the picture lasts, or the longest stream (LONGEST_DECLARED).

    Returns:
        Seconds; None where the header does not say, or libavformat answers with what it found in the file.
    """
    name = container.format.name
    if name == "avi":  # its duration is corrected by what is there, its count is not
        return float(stream.frames / stream.average_rate) if stream.frames and stream.average_rate else None
    if name in {"mov,mp4,m4a,3gp,3g2,mj2", "mxf"}:
        return float(stream.duration * stream.time_base) if stream.duration else None
    if name in LONGEST_DECLARED:
        return container.duration / 1_000_000 if container.duration else None
    return None


def base_rate(stream: Any) -> str | None:
    """The rate that a film's frames are multiples of, as a fraction, where its container states one or lets it be seen.

    libavformat's r_frame_rate: of a film of 24 frames a second with a hole it is 24, where the average is less.
    """
    rate = stream.base_rate
    return f"{rate.numerator}/{rate.denominator}" if rate else None


def start_timecode(container: Any, stream: Any) -> str | None:
    """The timecode of the first frame, as the picture's stream states it, or a timecode track, or the container.

    libavformat has it under `timecode`, of a QuickTime `tmcd` track with the track (mov.c) and of a Matroska file
    with the case of its tag. Where `.` or `,` stands before the frames, it is drop-frame as `;` is.
    """
    for holder in (stream, *container.streams.data, *container.streams.video, container):
        for name, text in holder.metadata.items():
            if name.lower() == "timecode" and (found := _TIMECODE.fullmatch(text.strip())):
                drop = "" if found[2] == ":" else ";"
                return f"{found[1]}{drop or ':'}{found[3]}"
    return None


def first_picture(container: Any, stream: Any, name: str) -> Any:
    """The first frame that decodes.

    Raises:
        FilmRefused: none of the first 500 packets yields one.
    """
    from av.error import FFmpegError

    container.seek(0)
    packets = container.demux(stream)
    for _ in range(500):
        try:
            packet = next(packets)
            if packet.has_sidedata("encryption_info"):
                raise FilmRefused(f"{name} is encrypted", "r2r reads unprotected files: export one without protection")
            frames = packet.decode()
        except StopIteration:
            break
        except FFmpegError:
            continue
        for frame in frames:
            return frame
    raise FilmRefused(f"{name} holds no picture that can be decoded", "the file is damaged or protected; get it anew")


def sample_pictures(container: Any, stream: Any, index: FilmIndex, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """The brightest channel of up to 24 I-frames spread over the film, (h, w) each at `size`, as coded (unrotated)."""
    from av.error import FFmpegError

    count = min(BAR_SAMPLES, len(index.iframes))
    wanted = [
        int(index.iframes[i]) for i in np.unique(np.linspace(0, len(index.iframes) - 1, count).round().astype(int))
    ]
    look = _key_picture
    if len(wanted) < 8:  # few I-frames: the film is short or one long group, so look at plain times
        wanted = sorted({*wanted, *(int(n) for n in np.linspace(0, index.frames - 1, 8))})
        look = _picture_at
    pictures: list[NDArray[np.uint8]] = []
    for frame_number in wanted:
        try:
            # In a joined file a seek may land in any part, which will do: bars are the whole film's.
            time = int(index.pts[frame_number]) - index.clock_ticks(frame_number)
            container.seek(time, stream=stream, backward=True)
            frame = look(container, stream, time)
        except (FFmpegError, StopIteration):
            continue
        if frame is not None:
            rgb = frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
            pictures.append(np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]))
    return pictures


def _key_picture(container: Any, stream: Any, time: int) -> Any:
    """The I-frame at `time`, or one soon after. It is decoded alone: left to itself, a decoder that reorders gives
    it only when the next few have been read."""
    passed = 0
    for packet in container.demux(stream):
        if not packet.size:
            return None
        early = packet.pts is not None and packet.pts < time and passed < 8
        passed += packet.is_keyframe
        if packet.is_keyframe and not early:
            context = stream.codec_context
            frames = [*context.decode(packet), *context.decode(None)]
            context.flush_buffers()  # it thinks the film has ended
            return frames[0] if frames else None
    return None


def _picture_at(container: Any, stream: Any, time: int) -> Any:
    """The frame shown at `time`, or one soon after."""
    for tries, frame in enumerate(container.decode(stream)):
        if tries > 8 or frame.pts is None or frame.pts >= time:
            return frame
    return None


def active_box(pictures: list[NDArray[np.uint8]]) -> Box:
    """The picture without the letter- or pillarbox bars that all of `pictures` share.

    A row or column belongs to a bar while the brightest 2 % of it stay under 24 in every picture. Bars come in
    pairs: where the two sides differ, the smaller is cut from both, which loses nothing that was ever lit.
    A film too dark to tell keeps its whole frame.
    """
    height, width = pictures[0].shape
    rows = np.max([np.percentile(p[:, ::4], 98, axis=1) for p in pictures], axis=0)
    columns = np.max([np.percentile(p[::4], 98, axis=0) for p in pictures], axis=0)
    top, bottom = _dark_ends(rows)
    left, right = _dark_ends(columns)
    if top + bottom >= 0.6 * height or left + right >= 0.6 * width:
        return Box(0, 0, width, height)
    top, bottom = _pair(top, bottom, height)
    left, right = _pair(left, right, width)
    return Box(left, top, width - left - right, height - top - bottom)


def _dark_ends(profile: NDArray[np.float64]) -> tuple[int, int]:
    lit = np.flatnonzero(profile > BAR_LEVEL)
    if len(lit) == 0:
        return len(profile), len(profile)
    return int(lit[0]), int(len(profile) - 1 - lit[-1])


def _pair(one: int, other: int, length: int) -> tuple[int, int]:
    if abs(one - other) > max(4, 0.02 * length):
        one = other = min(one, other)
    if one + other < 0.01 * length:
        return 0, 0
    return one, other
