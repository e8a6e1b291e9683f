"""What decord misreads, PyAV reads: every frame under its own number and time, in every container that is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from av.error import InvalidDataError

from r2r_shared.film.index import FilmIndex
from r2r_shared.film.packets import Passed, unbroken
from r2r_shared.film.probe import scan
from tests.unit.media_films import coded_film, numbers

CLOSED = {"g": "30", "preset": "ultrafast", "bf": "2", "b_strategy": "0"}
OPEN_X265 = {"x265-params": "log-level=none:open-gop=1:keyint=20:min-keyint=20:bframes=3", "preset": "ultrafast"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "30", "lag-in-frames": "0"}
MPEG = {"g": "12", "bf": "2", "b": "3000000"}
OPEN_X264 = {"x264-params": "open-gop=1:keyint=20:bframes=3", "preset": "veryfast"}
PAL = {"codec": "dvvideo", "width": 720, "height": 576}

PYAV_CASES = {
    "open groups of pictures": ("a.mp4", {"codec": "libx265", "options": OPEN_X265}),
    "open groups, h264": ("a.mkv", {"options": OPEN_X264}),
    "transport stream": ("a.ts", {"options": CLOSED}),
    "avi, MPEG-4": ("a.avi", {"codec": "mpeg4", "options": {"bf": "0", "g": "12", "b": "3000000"}}),
    "avi, MPEG-4, B-frames": ("a.avi", {"codec": "mpeg4", "options": {"bf": "2", "g": "12", "b": "3000000"}}),
    "avi, h264, B-frames": ("a.avi", {"options": CLOSED}),
    "avi, h264, open groups": ("a.avi", {"options": OPEN_X264}),
    "avi, MJPEG": ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "options": {"q": "2"}}),
    "avi, MS-MPEG-4": ("a.avi", {"codec": "msmpeg4", "options": {"g": "12", "b": "3000000"}}),
    "avi, DV": ("a.avi", PAL),
    "mov, DV": ("a.mov", PAL),
    "mov, ProRes": ("a.mov", {"codec": "prores", "pix_fmt": "yuv422p10le"}),
    "asf, h264, B-frames": ("a.asf", {"options": CLOSED}),
    "asf, WMV": ("a.asf", {"codec": "wmv2", "options": {"g": "12", "b": "3000000"}}),
    "flv, h264": ("a.flv", {"options": CLOSED}),
    "flv, Sorenson": ("a.flv", {"codec": "flv", "options": {"g": "12", "b": "3000000"}}),
    "MPEG-1": ("a.mpg", {"codec": "mpeg1video", "options": MPEG}),
    "MPEG-2": ("a.mpg", {"codec": "mpeg2video", "options": MPEG}),
    "MPEG-2 of a DVD": ("a.vob", {"codec": "mpeg2video", "options": MPEG}),
    "h264 in a program stream": ("a.mpg", {"options": CLOSED}),
    "MPEG-2 in a transport stream": ("a.ts", {"codec": "mpeg2video", "options": MPEG}),
    "MPEG-2 in mxf": ("a.mxf", {"codec": "mpeg2video", "options": MPEG}),
    "10-bit h264": ("a.mp4", {"options": CLOSED, "pix_fmt": "yuv420p10le"}),
    "av1": ("a.mkv", {"codec": "libsvtav1", "options": {"preset": "7", "crf": "4", "g": "30"}}),
    "vp8": ("a.webm", {"codec": "libvpx", "options": VP9}),
}


@pytest.mark.parametrize("case", PYAV_CASES)
def test_what_decord_misreads_is_read_by_pyav(case: str, tmp_path: Path) -> None:
    name, how = PYAV_CASES[case]
    path = coded_film(tmp_path / name, **how)
    film = scan(path)
    index = FilmIndex.from_bytes(film.index)
    assert film.reader == "pyav"
    assert film.reader_reason
    assert not film.variable_rate
    assert film.fps == 25
    assert [index.time_s(n) for n in range(90)] == pytest.approx([n / 25 for n in range(90)], abs=0.001)

    for start in (0, 31, 59, 75, 89):
        assert numbers(film, path, "pyav", start) == [(n, n) for n in range(start, 90)]


HOUR = 25 * 3600


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
@pytest.mark.parametrize("suffix", ["ts", "mpg"])
@pytest.mark.parametrize("clocks", [(0, 0, 0), (0, HOUR, 50), (HOUR, 0, HOUR)])
def test_joined_files_are_read_one_after_the_other(
    codec: str, suffix: str, clocks: tuple[int, ...], tmp_path: Path
) -> None:
    """As `cat a.ts b.ts` and DVDs do it: each part brings a clock of its own."""
    how = {"codec": codec, "options": CLOSED if codec == "libx264" else MPEG}
    parts = [coded_film(tmp_path / f"{n}.{suffix}", 60, first_pts=clock, **how) for n, clock in enumerate(clocks)]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    film = scan(path)
    index = FilmIndex.from_bytes(film.index)

    assert film.frames == 180
    assert film.duration_s == pytest.approx(180 / 25, abs=0.01)
    assert [index.time_s(n) for n in range(180)] == pytest.approx([n / 25 for n in range(180)], abs=0.001)
    assert "the clock starts again at 0:00:02, 0:00:04: joined files?" in film.warnings
    for start in (0, 31, 59, 60, 101, 179):
        assert numbers(film, path, "pyav", start) == [(n, n % 60) for n in range(start, 180)]


def test_a_hole_in_a_recording_is_no_other_clock(tmp_path: Path) -> None:
    times = [*range(0, 1800, 40), *range(31000, 32800, 40)]
    film = scan(coded_film(tmp_path / "a.ts", 90, options=CLOSED, times=times))
    index = FilmIndex.from_bytes(film.index)

    assert not index.clocks
    assert index.time_s(45) == pytest.approx(31, abs=0.001)


@pytest.mark.parametrize("how", [{"options": CLOSED}, {"codec": "mpeg4", "options": MPEG}])
def test_lost_packets_shift_no_frame_of_another_group(how: dict[str, Any], tmp_path: Path) -> None:
    path = coded_film(tmp_path / "a.avi", **how)
    film = scan(path)
    with av.open(str(path)) as container:
        packets = [(packet.pos, bytes(packet)) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for around, lost in packets[40:42]:
        at = data.index(lost, around)
        data[at + 4 : at + len(lost)] = bytes(len(lost) - 4)
    path.write_bytes(bytes(data))

    got = numbers(film, path, "pyav", 0)

    assert len(got) < 90
    assert [n for n, _ in got if not 36 <= n < 60] == [*range(36), *range(60, 90)]
    assert all(number == shown for number, shown in got if not 36 <= number < 60)


def test_packed_b_frames_as_divx_wrote_them(tmp_path: Path) -> None:
    """A B-frame rides in the packet of the frame it leans on; an empty packet follows in its place."""
    loose = coded_film(tmp_path / "loose.avi", codec="mpeg4", options={**MPEG, "bf": "1"})
    path = tmp_path / "a.avi"
    start, empty = b"\0\0\1\xb6", b"\0\0\1\xb6\x52\xc4\x7f"
    with av.open(str(loose)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        coded = [(bytes(packet), packet.is_keyframe) for packet in source.demux(video=0) if packet.size]
        packets: list[tuple[bytes, bool]] = []
        for data, key in coded:
            if data[data.index(start) + 4] >> 6 == 2:  # a B-frame
                packets[-1] = (packets[-1][0] + data, packets[-1][1])
                packets.append((empty, False))
            else:
                packets.append((data.replace(start, b"\0\0\1\xb2DivX503b1393p" + start) if key else data, key))
        for n, (data, key) in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, source.streams.video[0].time_base, key
            packet.pts = packet.dts = n
            target.mux(packet)
    assert empty in [data for data, _ in packets]
    film = scan(path)

    for at in (0, 31, 59, 75):
        assert numbers(film, path, "pyav", at) == [(n, n) for n in range(at, 90)]


def test_reading_goes_on_behind_what_cannot_be_read() -> None:
    class Container:
        """Packets are numbers here; an exception is what PyAV raises, and its generator ends with it."""

        def __init__(self, *found: int | Exception) -> None:
            self._found = iter(found)

        def demux(self) -> Iterator[SimpleNamespace]:
            for item in self._found:
                if isinstance(item, Exception):
                    raise item
                yield SimpleNamespace(size=item)

    passed = Passed()
    broken = InvalidDataError(1, "damaged")

    assert [packet.size for packet in unbroken(Container(1, broken, broken, 0, 2), passed=passed)] == [1, 2]
    assert passed.broken == 2
    assert list(unbroken(Container(*[broken] * 2000))) == []
