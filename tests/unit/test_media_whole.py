"""Whether a film is whole: its header against what is there, in every container whose header says it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from r2r_shared.film.probe import scan
from tests.unit.media_films import coded_film, coded_picture

X264 = {"preset": "ultrafast", "g": "12", "bf": "2", "b_strategy": "0"}
MPEG = {"g": "12", "bf": "2", "b": "3000000"}

DECLARING = {
    "mp4": ("a.mp4", {"options": X264}),
    "mov": ("a.mov", {"options": X264}),
    "mkv": ("a.mkv", {"options": X264}),
    "webm": ("a.webm", {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8", "g": "30"}}),
    "avi": ("a.avi", {"options": X264}),
    "flv": ("a.flv", {"options": X264}),
    "mxf": ("a.mxf", {"codec": "mpeg2video", "options": MPEG}),
}
HEALTHY = DECLARING | {
    "a few frames": ("a.mp4", {"frames": 2, "options": X264}),
    "a late start": ("a.mkv", {"options": X264, "first_pts": 250}),
    "variable rate": ("a.mp4", {"options": X264, "times": [n * 40 + 9000 * (n > 100) for n in range(300)]}),
    "ts": ("a.ts", {"options": X264}),
    "asf": ("a.asf", {"options": X264}),
    "mpg": ("a.mpg", {"codec": "mpeg2video", "options": MPEG}),
}


def film(folder: Path, case: tuple[str, dict[str, Any]]) -> Path:
    """300 frames; of mp4 and mov with the index in front, so that a file cut short can be opened."""
    name, how = case
    path = coded_film(folder / name, **{"frames": 300, **how})
    if path.suffix not in {".mp4", ".mov"}:
        return path
    moved = folder / f"moved-{name}"
    with av.open(str(path)) as source, av.open(str(moved), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    return moved


def breaks_off(path: Path) -> list[str]:
    return [warning for warning in scan(path).warnings if "breaks off" in warning]


@pytest.mark.parametrize("case", HEALTHY)
def test_a_whole_film_is_not_called_cut_off(case: str, tmp_path: Path) -> None:
    assert not breaks_off(film(tmp_path, HEALTHY[case]))


@pytest.mark.parametrize("case", DECLARING)
def test_a_film_cut_off_says_how_much_is_there(case: str, tmp_path: Path) -> None:
    path = film(tmp_path, DECLARING[case])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    (warning,) = breaks_off(path)

    found = re.fullmatch(r"the file breaks off: about (\d+) of (\d+) frames are there", warning)
    assert found
    assert int(found[1]) == scan(path).frames < 240
    assert int(found[2]) == pytest.approx(300, abs=2)  # FLV counts from 0 to the end, the late first frame included


def test_sound_may_outlast_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options=X264)
        video.width, video.height, video.pix_fmt = 144, 112, "yuv420p"
        sound = container.add_stream("aac", rate=44100, layout="mono")
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(coded_picture(n, 144, 112), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for n in range(400):
            heard = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 44100, n * 1024
            container.mux(sound.encode(heard))
        container.mux(sound.encode())

    assert not breaks_off(path)
