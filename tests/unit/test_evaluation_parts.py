"""The parts of an evaluation that meet pictures: likeness, film frames, what is held out, the depth panel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from r2r_shared.errors import Cancelled, NotFound, PermanentError
from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT
from r2r_shared.triplets import held_out
from r2r_shared.triplets.works import SHAPES, Works
from r2r_workers.evaluation import depth_panel, film_test, renditions, subject
from r2r_workers.evaluation.colours import VIRIDIS, coloured
from r2r_workers.evaluation.likeness import HOWS, Measured, distances, similarities
from r2r_workers.evaluation.subject import HeldOut, Subject
from r2r_workers.evaluation.watch import Watch
from r2r_workers.metrics.depth_of_field import depth_of_field
from r2r_workers.models.registry import depth_estimator
from tests import synthetic
from tests.synthetic import World, stack

RANGES = dict(zip(METRICS, (600.0, 900.0, 2000.0, 500.0, 200.0, 50.0, 400.0, 150.0), strict=True))


def measured(features):
    return Measured(film_test.as_columns(features), stack(features)["embedding"].astype(np.float32))


def scene(width, height):
    """A gradient with a bright disc off its centre, as JPEG."""
    y, x = np.mgrid[:height, :width]
    image = np.stack([255 * x / width, 255 * y / height, np.full((height, width), 90.0)], axis=-1)
    image[(x - width / 3) ** 2 + (y - height / 2) ** 2 < (height / 6) ** 2] = (250, 240, 60)
    out = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(out, "JPEG", quality=95)
    return out.getvalue()


# likeness


def test_the_score_is_the_one_that_films_are_matched_by():
    """DESIGN 4.2 by the letter, pair by pair."""
    a, b = World(seed=1).draw(40), World(seed=2).draw(35)

    matrix = similarities("score", measured(a), measured(b), RANGES)

    expected = [[synthetic.score(x, y, RANGES, DEFAULT.named()) for y in b] for x in a]
    assert matrix == pytest.approx(np.array(expected), abs=1e-5)
    along = distances("score", measured(a[:35]), measured(b), RANGES)
    assert along == pytest.approx(1 - np.diagonal(np.array(expected)), abs=1e-6)


@pytest.mark.parametrize("how", HOWS)
def test_similarity_and_distance_put_pictures_in_the_same_order(how):
    drawn = measured(World(seed=3).draw(30))
    one = drawn.take(np.zeros(30, np.int64))

    order = np.argsort(-similarities(how, one, drawn, RANGES)[0], kind="stable")
    away = distances(how, one, drawn, RANGES)

    assert order[0] == 0
    assert (np.diff(away[order]) >= -1e-5).all()


def test_a_frame_that_is_its_painting_is_found_first_and_a_strangers_at_random():
    gallery = measured(World(seed=4).draw(200))
    rows = np.arange(0, 200, 2)
    strangers = measured(World(seed=5).draw(100))

    same = film_test.found_again(gallery.take(rows), rows, gallery, RANGES, seed=1)
    other = film_test.found_again(strangers, rows, gallery, RANGES, seed=1)

    for one in same:
        assert one["recall"]["1"] == {"share": 1.0, "low": 1.0, "high": 1.0, "chance": 1 / 200}
    for one in other:
        assert one["recall"]["10"]["low"] <= 0.05 <= one["recall"]["10"]["high"]
        assert 70 < one["median_rank"] < 130


# film frames


def test_film_frames_are_drawn_by_their_seed_and_have_a_films_shape():
    pictures = {"wide": scene(300, 200), "tall": scene(180, 320)}
    make = lambda seed: renditions.make(  # noqa: E731
        list(pictures), pictures.__getitem__, Watch(), strength=0.5, seed=seed
    )

    first, again, other = make(1), make(1), make(2)

    assert first == again
    assert first != other
    for jpeg in first:
        with Image.open(io.BytesIO(jpeg)) as frame:
            assert max(frame.size) == renditions.SIDE_PX
            assert min(abs(frame.width / frame.height - shape) for shape in (16 / 9, 1.85, 2.39, 1.37)) < 0.02


def test_a_gentle_frame_is_nearer_to_its_painting_than_a_hard_one():
    def apart(strength):
        picture = scene(320, 180)
        frames = [
            renditions.make(["a"], lambda _: picture, Watch(), strength=strength, seed=seed)[0] for seed in range(5)
        ]
        small = [np.asarray(Image.open(io.BytesIO(jpeg)).resize((24, 14)), float) for jpeg in (picture, *frames)]
        return np.mean([np.abs(frame - small[0]).mean() for frame in small[1:]])

    assert apart(0.0) < apart(1.0)


def test_rendering_stops_when_it_is_to_end_and_names_a_lost_picture():
    picture = scene(64, 64)

    with pytest.raises(Cancelled):
        renditions.make(["a"], lambda _: picture, Watch(should_stop=lambda: True), strength=1, seed=1)
    with pytest.raises(PermanentError, match="gone"):
        renditions.make(["gone"], _missing, Watch(), strength=1, seed=1)


def _missing(key):
    raise FileNotFoundError(key)


# what is tested on


def works(count, artists):
    metrics = {metric: np.zeros((count, *SHAPES[metric])) for metric in METRICS}
    return Works(np.arange(count), [f"A{i % artists}" for i in range(count)], [""] * count, [""] * count, metrics)


def of(some, share, **options):
    return Subject(some, RANGES, HeldOut(share, "", "option"), depth_estimator("defocus", "cpu"), _missing, **options)


def test_only_held_out_artists_are_tested_on():
    some = works(90, 30)

    rows = of(some, 0.3).kept_out()

    assert {some.artists[row] for row in rows} == {
        f"A{i}" for i in range(30) if held_out.is_held_out(f"A{i}", share=0.3)
    }


@pytest.mark.parametrize(
    ("share", "salt", "knows_none"), [(0.25, "", True), (0.4, "", True), (0.2, "", False), (0.9, "other", False)]
)
def test_a_model_knows_none_of_the_tested_artists_if_its_own_share_was_no_smaller(share, salt, knows_none):
    tested = HeldOut(0.25, "", "option")

    assert HeldOut(share, salt, "lineage").covers(tested) == knows_none
    if knows_none:
        names = [f"Artist {number}" for number in range(300)]
        mine, theirs = (held_out.mask(names, share=s) for s in (share, 0.25))
        assert (mine | ~theirs).all()


def test_too_few_works_are_an_error_that_says_what_to_do():
    with pytest.raises(PermanentError, match="--held-out"):
        of(works(90, 30), 1e-9).kept_out()


def test_of_very_many_works_some_are_drawn(monkeypatch):
    monkeypatch.setattr(subject, "MOST_WORKS", 20)
    every = np.arange(50)

    drawn = of(works(50, 5), 1.0, seed=3).rows(every)

    assert len(set(drawn.tolist())) == 20
    assert (np.diff(drawn) > 0).all()
    assert (drawn == of(works(50, 5), 1.0, seed=3).rows(every)).all()
    assert (drawn != of(works(50, 5), 1.0, seed=4).rows(every)).any()


def test_the_watch_tells_how_far_it_is():
    told: list[tuple[float, str]] = []
    watch = Watch(on_progress=lambda share, stage: told.append((share, stage)))
    watch.total = 4

    watch.enter("embed")
    watch.step(1)
    watch.enter("compare")
    watch.step(3)

    assert told == [(0.0, "embed"), (0.25, "embed"), (0.25, "compare"), (1.0, "compare")]


# depth


def test_the_colours_of_a_scale_meet_their_stations_and_grow_lighter():
    shown = coloured(np.linspace(0, 1, 9).astype(np.float32))

    assert [tuple(colour) for colour in shown.tolist()] == list(VIRIDIS)
    light = coloured(np.linspace(0, 1, 200).astype(np.float32)) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) >= -0.5).all()


@pytest.mark.parametrize(("width", "height"), [(512, 288), (40, 400), (60, 20)])
def test_a_panel_shows_the_map_in_its_colours_beside_the_picture(width, height):
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    depth = np.tile(np.linspace(100, 300, width, dtype=np.float32), (height, 1))

    panel = np.asarray(depth_panel.draw(picture, depth, depth_of_field(depth), name="defocus"))

    assert (panel[28 : 28 + height, 28 : 28 + width] == picture).all()
    shown = panel[28 : 28 + height, 28 + width + 24 : 28 + 2 * width + 24]
    assert tuple(shown[0, 0]) == VIRIDIS[0]
    assert tuple(shown[-1, -1]) == VIRIDIS[-1]


def test_a_map_without_relief_is_one_colour():
    flat = np.full((80, 80), 7.0, np.float32)

    panel = depth_panel.draw(np.zeros((80, 80, 3), np.uint8), flat, depth_of_field(flat), name="defocus")

    assert tuple(np.asarray(panel)[60, 28 + 80 + 24 + 40]) == VIRIDIS[0]


def test_an_unknown_estimator_is_named():
    with pytest.raises(NotFound, match="nothing"):
        depth_estimator("nothing", "cpu")
