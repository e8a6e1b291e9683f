"""Small files that claim to be enormous end in one line, within bounded time and memory."""

from __future__ import annotations

import functools
import io
import struct
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from r2r_shared.errors import FilmRefused
from r2r_shared.film import probe as probing
from r2r_shared.film.index import FilmIndex, plan_spans
from r2r_shared.film.probe import child_environment, probe
from r2r_shared.records import FilmProbe
from tests.unit.media_films import coded_film
from tests.unit.test_pictures import header_of_a_huge_png

PICTURE_MB, FILM_MB = 500, 600
"""Peak memory of a process that looks at one: Python, Pillow or PyAV and numpy take 80 to 150 MB of it."""


@dataclass(frozen=True)
class Ended:
    said: str
    peak_mb: int
    took_s: float


LAUNCHER = """
import os, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
sys.stdout.buffer.write(done.stdout + done.stderr)
print("PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measured(*command: str) -> Ended:
    """Run a command to its end; the peak memory of its largest process.

    By way of a small process of its own: what is forked counts its parent's memory as its own, once.
    """
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    said, _, peak = done.stdout.rpartition("PEAK ")
    return Ended(said, int(peak) >> 10, time.monotonic() - began)


# pictures


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(kind: bytes, data: bytes, *, times: int = 1) -> bytes:
    """A small picture with one more chunk, or more of it."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 30, 30)).save(out, "PNG")
    whole = out.getvalue()
    return whole[:33] + png_chunk(kind, data) * times + whole[33:]


def gif_frames(count: int) -> bytes:
    """A GIF whose first frame is repeated by reference to itself, as often as one likes."""
    out = io.BytesIO()
    Image.new("P", (2000, 2000), 3).save(out, "GIF")
    whole = out.getvalue()
    start = whole.index(b"\x2c")  # the image descriptor
    return whole[:start] + whole[start:-1] * count + b"\x3b"


def tiff_of(width: int, height: int) -> bytes:
    """A TIFF of one LZW strip that says it is as large as that."""
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 5), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    entries += [(278, 4, height), (279, 4, 4)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 12) + b"\x80\x0b\x60\x50" + struct.pack("<H", len(entries)) + body + bytes(4)


def jpeg_of(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG")
    whole = bytearray(out.getvalue())
    at = whole.index(b"\xff\xc0")
    struct.pack_into(">HH", whole, at + 5, height, width)
    return bytes(whole)


def webp_of(width: int, height: int) -> bytes:
    head = struct.pack("<I", width - 1 | (height - 1) << 14)
    body = b"VP8L" + struct.pack("<I", 5 + 8) + b"\x2f" + head + bytes(8) + b"\0"
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@functools.cache
def pictures() -> dict[str, bytes]:
    zeros = zlib.compress(bytes(300 << 20), 9)  # 300 kB that unpack to 300 MB
    icc = zlib.compress(bytes(128 << 20), 9)
    return {
        "huge.png": header_of_a_huge_png(50_000, 50_000),
        "huge-jpeg.jpg": jpeg_of(65_500, 65_500),
        "huge-tiff.tif": tiff_of(100_000, 100_000),
        "huge-webp.webp": webp_of(16_384, 16_384),
        "huge-bmp.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60_000, 60_000, 1, 24, *[0] * 6),
        "huge-gif.gif": b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + b"\xf0\0\0" + bytes(6) + b";",
        "ztxt.png": png_with(b"zTXt", b"Comment\0\0" + zeros),
        "itxt.png": png_with(b"iTXt", b"Comment\0\1\0\0\0" + zeros),
        "iccp.png": png_with(b"iCCP", b"icc\0\0" + icc),
        "many-texts.png": png_with(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 20), 9), times=200),
        "exif.png": png_with(b"eXIf", b"II*\0" + struct.pack("<I", 8) + b"\xff\xff" + b"\xff" * 4096),
        "frames.gif": gif_frames(500),
    }


def test_pictures_end_in_one_line_in_bounded_memory(tmp_path: Path) -> None:
    """All of them as paintings, by the code that takes paintings in, in a process that is measured."""
    for name, data in pictures().items():
        (tmp_path / name).write_bytes(data)
        assert len(data) < 4 << 20
    code = (
        "import sys, pathlib\nfrom r2r_shared import pictures\nfrom r2r_shared.errors import PictureRefused\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try:\n        pictures.intake(path)\n"
        "    except PictureRefused as refused:\n        print(path.name, '|', refused.reason, '|', refused.detail)\n"
        "    else:\n        print(path.name, '| taken |')\n"
    )

    ended = measured(sys.executable, "-c", code, str(tmp_path))

    lines = [line.split(" | ") for line in ended.said.splitlines()]
    assert [line[0] for line in lines] == sorted(pictures()), ended.said
    refused = {line[0]: line[1] for line in lines if not line[1].startswith("taken")}
    assert {name for name in refused if name.startswith("huge")} == {n for n in pictures() if n.startswith("huge")}
    assert set(refused.values()) <= {"huge", "damaged", "not a picture that can be read"}
    assert ended.peak_mb < PICTURE_MB
    assert ended.took_s < 60


def test_a_bomb_to_match_is_one_complaint(r2r, tmp_path: Path) -> None:
    for name in ("huge.png", "ztxt.png", "huge-webp.webp"):
        (tmp_path / name).write_bytes(pictures()[name])
        ended = r2r("match", tmp_path / name)
        assert ended.code == 1
        assert ended.is_one_complaint(), ended


# films


@pytest.fixture(scope="module")
def claimed(film: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of films that claim too much."""
    folder = tmp_path_factory.mktemp("claims")
    for name, data in claims(tmp_path_factory.mktemp("parts"), film).items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = coded_film(tmp_path_factory.mktemp("film") / "a.mp4", 30, options={"preset": "ultrafast"})
    return path.read_bytes()


def with_numbers(film: bytes, **boxes: tuple[int, str, tuple[int, ...]]) -> bytes:
    """An mp4 with other numbers in some of its boxes: where in the box, how, which."""
    data = bytearray(film)
    for kind, (offset, form, values) in boxes.items():
        struct.pack_into(form, data, data.index(kind.encode()) + 4 + offset, *values)
    return bytes(data)


def nested(film: bytes, depth: int) -> bytes:
    kinds = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta")
    head = film[: film.index(b"ftyp") - 4 + struct.unpack_from(">I", film, film.index(b"ftyp") - 4)[0]]
    return head + b"".join(struct.pack(">I", 8 * (depth - n)) + kinds[n % 6] for n in range(depth))


def titled(folder: Path, film: bytes, title: str) -> bytes:
    (folder / "plain.mp4").write_bytes(film)
    with av.open(str(folder / "plain.mp4")) as source, av.open(str(folder / "titled.mkv"), "w") as target:
        target.metadata["title"] = title
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return (folder / "titled.mkv").read_bytes()


def claims(folder: Path, film: bytes) -> dict[str, bytes]:
    """Films of a few kilobytes (the title's apart) and what they say of themselves."""
    many = 100_000_000
    return {
        "sizes.mp4": with_numbers(film, stsz=(4, ">II", (0, 1 << 28))),
        "times.mp4": with_numbers(film, stts=(4, ">I", (1 << 28,))),
        "chunks.mp4": with_numbers(film, stco=(4, ">I", (1 << 28,))),
        "frames.mp4": with_numbers(film, stsz=(4, ">II", (1, many))),
        "durations.mp4": with_numbers(film, stts=(8, ">II", (0xFFFFFFF0, 0x7FFFFFFF))),
        "centuries.mp4": with_numbers(film, mdhd=(12, ">II", (1, 0xFFFFFFFF))),
        "instants.mp4": with_numbers(film, mdhd=(12, ">II", (0xFFFFFFFF, 1))),
        "no-clock.mp4": with_numbers(film, mdhd=(12, ">II", (0, 0))),
        "wide.mp4": with_numbers(film, avc1=(24, ">HH", (65_535, 65_535))),
        "nested.mp4": nested(film, 20_000),
        "title.mkv": titled(folder, film, "t" * 20_000_000),
    }


def test_films_end_in_one_answer_in_bounded_memory(claimed: Path) -> None:
    peaks: dict[str, int] = {}
    for path in claimed.iterdir():
        ended = measured(sys.executable, "-m", "r2r_shared.film.probe", str(path))
        assert ended.said.count("\n") == 1, (path.name, ended.said)
        assert ended.said.startswith("{"), (path.name, ended.said)
        peaks[path.name] = ended.peak_mb
    assert len(peaks) > 10
    assert max(peaks.values()) < FILM_MB, peaks


def test_the_films_among_them_that_are_taken_are_cut_into_no_more_spans_than_they_have_frames(claimed: Path) -> None:
    """A film that claims to last a century is no reason for a million rows."""
    taken: list[FilmProbe] = []
    for name in ("centuries.mp4", "instants.mp4", "durations.mp4", "wide.mp4", "title.mkv"):
        with suppress(FilmRefused):
            taken.append(probe(claimed / name))
    assert taken
    for looked in taken:
        assert Fraction(looked.fps_num, looked.fps_den) > 0
        assert len(plan_spans(FilmIndex.from_bytes(looked.index), 1.0)) <= looked.frames <= 30
        assert len("".join(looked.warnings)) < 1000


def test_frames_without_end_in_two_kilobytes_cost_the_time_of_a_small_file(
    film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each claimed frame takes the demuxer a moment: the limit is by what there is to read."""
    path = tmp_path / "a.mp4"
    many = 3_000_000
    path.write_bytes(
        with_numbers(film, stsz=(4, ">II", (1, many)), stts=(8, ">II", (many, 1)), stsc=(8, ">II", (1, many)))
    )
    monkeypatch.setattr(probing, "SMALL_LIMIT_S", 3.0)
    began = time.monotonic()

    with pytest.raises(FilmRefused) as refused:
        probe(path)

    assert "within 3 s" in refused.value.message
    assert time.monotonic() - began < 15


def test_a_film_of_enormous_pictures_costs_the_decoder_a_bounded_amount(tmp_path: Path) -> None:
    """The container says 144 × 112; the stream inside, which the decoder believes, says 16,000 × 16,000."""
    path = tmp_path / "inside.avi"
    coded_film(path, 3, codec="mjpeg", pix_fmt="yuvj420p")
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xc0")
    while at >= 0:
        struct.pack_into(">HH", data, at + 5, 16_000, 16_000)
        at = data.find(b"\xff\xc0", at + 2)
    path.write_bytes(bytes(data))

    ended = measured(sys.executable, "-m", "r2r_shared.film.probe", str(path))

    assert ended.said.count("\n") == 1, ended.said
    assert ended.peak_mb < 2_000, "a frame of that size has 400 MB"
