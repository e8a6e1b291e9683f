"""Planted truth: a film made mostly of one movement's paintings shows that movement, and footage resembles little.

Frames are rendered from real paintings as a shot of them would be, cropped, moved and graded; only encoding and the
cutting into shots are left out. `python -m tests.benchmarks.planted` is the same, larger, and through every step.
"""

from __future__ import annotations

import io
import statistics

import av
import pytest
from PIL import Image

from r2r_shared import pictures
from r2r_shared.queries import profiles, ranges, unrelated
from r2r_shared.queries.timeline import timeline
from r2r_workers.measure import measure
from r2r_workers.models import load, registry
from tests import synthetic
from tests.synthetic import Shot

PLANTED = "Japanese Ukiyo-e"  # 7 of 72 paintings
FRAMES_OF_EACH = 3
OF_OTHERS = 5


@pytest.fixture(scope="module")
def models():
    return load("starter")


@pytest.fixture
def works(shared_dir):
    from tests.benchmarks import kept_out

    assert shared_dir.is_dir()
    return kept_out.paintings()


@pytest.fixture
def profile_id(conn, works, models):
    """The 72 paintings, measured, and what unrelated pictures reach among them."""
    profile = profiles.ensure(conn, registry.describe("starter"))
    features = measure([pictures.intake(work.path).jpeg for work in works], models)
    ids = synthetic.add_paintings(conn, profile.id, features)
    for painting_id, work in zip(ids, works, strict=True):
        conn.execute(
            "UPDATE paintings SET artist = %s, movement = %s, title = %s WHERE id = %s",
            (work.artist, work.movement, work.title, painting_id),
        )
    ranges.refresh(conn, profile.id)
    unrelated.refresh(conn, profile.id)
    return profile.id


def rendered(works):
    """Frames of shots of one movement's paintings, and of a few others."""
    from tests.benchmarks import frames

    mine = [work for work in works if work.movement == PLANTED]
    others = [work for work in works if work.movement != PLANTED][:: len(works) // OF_OTHERS][:OF_OTHERS]
    shown = [(work, number) for work in mine for number in range(FRAMES_OF_EACH)] + [(work, 0) for work in others]
    return [frames.frame(work.path, 0.5, 900 + seed) for seed, (work, _) in enumerate(shown)]


def footage(clips):
    """A frame of every third second of clips that show no painting, without the black before and after."""
    found = []
    for clip in clips:
        with av.open(str(clip)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number % 75 == 0 and 150 <= number < 1150:
                    found.append(jpeg(frame.to_image()))
    return found


def jpeg(image: Image.Image) -> bytes:
    image.thumbnail((512, 512))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def film_of(conn, profile_id, jpegs, models):
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(3, [one]) for one in measure(jpegs, models)])
    return timeline(conn, film_id, profile_id)


def convincing(found):
    return sum(shot.convincing for shot in found.shots) / len(found.shots)


def test_a_film_of_one_movement_shows_it_and_footage_shows_little(conn, profile_id, works, models, shared_dir):
    planted = film_of(conn, profile_id, rendered(works), models)
    plain = film_of(conn, profile_id, footage(sorted((shared_dir / "media").glob("*.mp4"))), models)

    (movement,) = [row for row in planted.influence if row.by == "movement" and row.name == PLANTED]
    assert movement.share == max(row.share for row in planted.influence if row.by == "movement")
    assert movement.lift_high > movement.lift > movement.lift_low > 1
    assert convincing(planted) > 3 * convincing(plain)
    of_p = [statistics.median(shot.matches[0].p_value for shot in film.shots) for film in (planted, plain)]
    assert of_p[0] < of_p[1] / 2
