"""The demo's film: as long as it says, cut where it says, and its steps as a person runs them."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("cv2", reason="the demo's film needs the worker extra")

import itertools

import av
import cv2  # noqa: TID253

from r2r_workers.demo import __main__ as command
from r2r_workers.demo import film
from r2r_workers.demo.painter import COLUMNS


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Twenty small pictures, each a colour and a texture of its own, with a manifest like the painter's."""
    folder = tmp_path_factory.mktemp("collection")
    rng = np.random.default_rng(5)
    lines = [",".join(COLUMNS)]
    for k in range(20):
        coarse = rng.integers(0, 255, (5, 7, 3), dtype=np.uint8)
        cv2.imwrite(
            str(folder / f"work{k:02d}.jpg"),
            cv2.resize(coarse, (420, 300) if k % 3 else (300, 420), interpolation=cv2.INTER_CUBIC),
        )
        lines.append(f"work{k:02d}.jpg,T{k},A{k},1700,M{k % 5},oil,none")
    (folder / "paintings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def rendered(collection, tmp_path_factory):
    out = tmp_path_factory.mktemp("film") / "demo.mp4"
    return out, film.render_film(collection, out, seed=3, seconds=20)


@pytest.fixture(scope="module")
def frames(rendered):
    """Every frame, decoded once, at a quarter of its size."""
    with av.open(str(rendered[0])) as container:
        small = {"width": 160, "height": 90, "format": "rgb24", "interpolation": "AREA"}
        return [frame.to_ndarray(**small) for frame in container.decode(video=0)]


def test_the_film_has_the_frames_that_its_truth_says(rendered, frames):
    out, truth = rendered

    assert len(frames) == truth.frames == 20 * 24
    assert json.loads(out.with_suffix(".truth.json").read_text()) == json.loads(truth.to_json())
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 640, 360)
        assert stream.average_rate == 24


def test_shots_follow_each_other_without_gap_and_no_work_is_used_twice(rendered):
    _, truth = rendered
    shots = truth.shots
    names = [shot.painting for shot in shots if shot.painting is not None]

    assert shots[0].start == 0
    assert shots[-1].end == truth.frames
    assert all(a.end == b.start for a, b in itertools.pairwise(shots))
    assert len(set(names)) == len(names) >= 5
    assert {shot.transition for shot in shots} == {"cut", "dissolve", "fade"}
    assert all(shot.end - shot.start >= 48 for shot in shots[2:])


def test_every_cut_is_where_the_truth_says_and_nowhere_else(rendered, frames):
    _, truth = rendered
    small = [cv2.resize(frame, (32, 18), interpolation=cv2.INTER_AREA).astype(float) for frame in frames]
    jump = np.array([0.0] + [np.abs(b - a).mean() for a, b in itertools.pairwise(small)])
    cuts = {shot.start for shot in truth.shots if shot.transition == "cut" and shot.start}

    assert set(np.flatnonzero(jump > 14).tolist()) == cuts


def test_it_opens_on_black_and_shows_a_title(rendered, frames):
    _, truth = rendered

    assert frames[4].mean() < 4
    assert frames[truth.shots[1].end - 2].max() > 150
    assert frames[truth.shots[1].end - 2].mean() < 40


def test_the_fifth_shot_is_letterboxed(rendered, frames):
    _, truth = rendered
    middle = frames[(truth.shots[4].start + truth.shots[4].end) // 2]

    assert middle[:10].mean() < 6
    assert middle[-10:].mean() < 6
    assert middle[15:-15].mean() > 25


def test_the_same_seed_renders_the_same_film(collection, tmp_path):
    for name in "ab":
        film.render_film(collection, tmp_path / f"{name}.mp4", seed=9, seconds=6)

    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_an_encoder_that_is_missing_is_replaced_aloud(monkeypatch):
    missing = ("no_such_encoder", {})
    monkeypatch.setattr(film, "ENCODERS", (missing, *film.ENCODERS[1:]))
    notes: list[str] = []

    assert film._encoder(notes.append)[0] == "mpeg4"
    assert "no_such_encoder" in notes[0]
    assert "mpeg4" in notes[0]


def test_the_command_tells_its_progress_in_json(collection, tmp_path, capsys):
    out = tmp_path / "short.mp4"

    assert command.main(["film", str(collection), str(out), "--seconds", "6", "--json"]) == 0

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[0] == {"event": "progress", "stage": "filming", "done": 24, "total": 144}
    assert events[-1]["event"] == "done"
    assert events[-1]["frames"] == 144


def test_the_command_checks_a_timeline(tmp_path, capsys):
    truth = {"shots": [{"start": 0, "end": 48, "painting": "a", "transition": "cut", "transition_frames": 0}]}
    matches = [{"rank": 1, "painting": {"file": "a.jpg"}}]
    shot = {"number": 1, "start_frame": 0, "end_frame": 48, "transition": "cut", "matches": matches}
    (tmp_path / "timeline.json").write_text(json.dumps({"shots": [shot]}))
    (tmp_path / "truth.json").write_text(json.dumps(truth))

    assert command.main(["check", str(tmp_path / "timeline.json"), str(tmp_path / "truth.json")]) == 0
    assert "painting first 1/1" in capsys.readouterr().out


@pytest.mark.parametrize(("seconds", "problem"), [("3", "no room for a shot"), ("6", "paintings.csv")])
def test_the_command_says_what_is_wrong_in_one_line(collection, tmp_path, capsys, seconds, problem):
    source = collection if seconds == "3" else tmp_path

    assert command.main(["film", str(source), str(tmp_path / "x.mp4"), "--seconds", seconds]) == 1
    line = capsys.readouterr().out
    assert line.startswith("error: ")
    assert problem in line
    assert line.count("\n") == 1
    assert not (tmp_path / "x.mp4").exists()
