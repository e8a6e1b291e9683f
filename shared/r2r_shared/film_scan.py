"""One look through a film with PyAV: frame times, entries, bars. Runs inside the probe's own process.

Nothing here trusts the file: the container format must be on a list, only local bytes can be opened, and
pictures are bounded in size before any is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import FilmRefused
from r2r_shared.film_index import FilmIndex
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
LONGEST_GOP = 1200  # frames: decord is handed whole groups of pictures, and holds all of one


@dataclass(frozen=True, slots=True)
class PacketTable:
    """What one pass over the packets of the video stream tells, (packets,) each, in decoding order."""

    pts: NDArray[np.int64]
    key: NDArray[np.bool_]
    duration: NDArray[np.int64]
    from_dts: bool  # the container has no presentation times (AVI): decoding times stand in
    hidden: int  # packets that an edit list hides
    skipped: int  # packets without any time, or broken ones


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
    codec = context.name if context else "unknown"
    base = {"libdav1d": "av1", "libvpx-vp9": "vp9", "libvpx": "vp8"}.get(codec, codec)
    if base not in CODECS:
        raise FilmRefused(f"{name} is coded as {codec}, which r2r does not read", "convert it to H.264 in mp4")
    width, height = int(context.width), int(context.height)
    if width < 16 or height < 16 or max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise FilmRefused(f"{name} claims pictures of {width}×{height} pixels", f"16 to {MAX_SIDE_PX} a side are read")
    return stream


def codec_name(stream: Any) -> str:
    """The codec, not the library that decodes it."""
    name = str(stream.codec_context.name)
    return {"libdav1d": "av1", "libvpx-vp9": "vp9", "libvpx": "vp8"}.get(name, name)


def read_packets(container: Any, stream: Any) -> PacketTable:
    """Read every packet of `stream` once, decoding nothing. Damaged packets are stepped over."""
    from av.error import FFmpegError

    pts: list[int | None] = []
    dts: list[int | None] = []
    key: list[bool] = []
    duration: list[int] = []
    hidden = skipped = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except FFmpegError:
            skipped += 1
            if skipped > 1000:  # the demuxer stands still
                break
            continue
        if packet.size == 0:
            continue
        if packet.is_discard:
            hidden += 1
            continue
        if packet.pts is None and packet.dts is None:
            skipped += 1
            continue
        pts.append(packet.pts)
        dts.append(packet.dts)
        key.append(bool(packet.is_keyframe))
        duration.append(int(packet.duration or 0))
    # AVI and its like know decoding times alone; the decoder's frames then carry those.
    from_dts = sum(p is None for p in pts) * 2 > len(pts)
    times = [d if (from_dts or p is None) else p for p, d in zip(pts, dts, strict=True)]
    whole = [i for i, t in enumerate(times) if t is not None]
    return PacketTable(
        pts=np.array([times[i] for i in whole], np.int64),
        key=np.array([key[i] for i in whole], np.bool_),
        duration=np.array([duration[i] for i in whole], np.int64),
        from_dts=from_dts,
        hidden=hidden,
        skipped=skipped + len(times) - len(whole),
    )


def build_index(table: PacketTable, time_base: Fraction, rate: Fraction | None) -> FilmIndex:
    """Sort packets into presentation order and find where decoding may start.

    An I-frame is a clean entry when nothing shown before it is decoded after it and the reverse: then it and all
    that follows stand without what came before.
    """
    order = np.argsort(table.pts, kind="stable")
    pts = table.pts[order]
    number = np.empty(len(pts), np.int64)
    number[order] = np.arange(len(pts))
    latest_before = np.maximum.accumulate(np.concatenate([[np.iinfo(np.int64).min], table.pts[:-1]]))
    earliest_from = np.minimum.accumulate(table.pts[::-1])[::-1]
    clean = table.key & (latest_before < table.pts) & (earliest_from >= table.pts)
    open_gop = bool((table.key & ~clean).any()) and not table.from_dts
    starts = np.sort(number[table.key if open_gop or table.from_dts else clean])
    if len(starts) == 0 or starts[0] != 0:
        starts = np.concatenate([[0], starts])
    if table.duration[order[-1]] > 0:
        last = int(table.duration[order[-1]])
    elif rate:
        last = round(1 / (rate * time_base))
    else:
        last = int(np.median(np.diff(pts))) if len(pts) > 1 else 1
    return FilmIndex(pts, time_base, starts.astype(np.int32), int(pts[-1]) + max(1, last), open_gop)


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
    if len(wanted) < 8:  # few I-frames: the film is short or one long group, so look at plain times
        wanted = sorted({*wanted, *(int(n) for n in np.linspace(0, index.frames - 1, 8))})
    stream.codec_context.skip_frame = "NONKEY" if len(index.iframes) >= 8 else "DEFAULT"
    pictures: list[NDArray[np.uint8]] = []
    for frame_number in wanted:
        try:
            container.seek(int(index.pts[frame_number]), stream=stream, backward=True)
            for tries, frame in enumerate(container.decode(stream)):
                if tries > 8 or frame.pts is None or frame.pts >= index.pts[frame_number]:
                    rgb = frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
                    pictures.append(np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]))
                    break
        except (FFmpegError, StopIteration):
            continue
    stream.codec_context.skip_frame = "DEFAULT"
    return pictures


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
