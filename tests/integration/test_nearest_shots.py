"""The shots a picture is nearest to, and one shot's paintings under any weights: against scores by the letter."""

from __future__ import annotations

import numpy as np
import pytest

from r2r_shared.db import Connection
from r2r_shared.errors import NotFound, Unavailable
from r2r_shared.queries import nearest_shots, ranges, timeline
from r2r_shared.queries.shot_matches import shot_matches, to_json
from r2r_shared.score import DEFAULT, Weights
from tests import synthetic
from tests.synthetic import Shot, World

TILTED = Weights.parse("dc=.5,balance=0,contrast=.3")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def profile_id(conn: Connection, world: World) -> int:
    """A profile with forty paintings, every second of 1900 and the others of 1990."""
    made = synthetic.add_profile(conn)
    synthetic.add_paintings(conn, made, world.draw(40), years=(1900, 1990))
    ranges.refresh(conn, made)
    return made


def widths(conn: Connection, profile_id: int) -> dict[str, float]:
    return ranges.widths(ranges.of_profile(conn, profile_id))


def test_each_shot_counts_once_by_its_nearest_keyframe(conn: Connection, world: World, profile_id: int) -> None:
    films = [[Shot(4.0, world.draw(count)) for count in (1, 3, 2, 1)] for _ in range(3)]
    made = [synthetic.add_film(conn, profile_id, shots) for shots in films]
    probe = world.draw(1)[0]
    known = widths(conn, profile_id)
    expected = sorted(
        (
            (max(synthetic.score(probe, one, known, TILTED.named()) for one in shot.keyframes), film_id, number)
            for (film_id, _, _), shots in zip(made, films, strict=True)
            for number, shot in enumerate(shots, start=1)
        ),
        reverse=True,
    )

    found = nearest_shots.nearest_shots(conn, probe, profile_id, k=5, weights=TILTED)

    assert found.exact
    assert found.keyframes == 21
    assert [(shot.film_id, shot.number) for shot in found.shots] == [(film, number) for _, film, number in expected[:5]]
    assert [shot.score for shot in found.shots] == pytest.approx([score for score, _, _ in expected[:5]], abs=1e-6)
    for shot in found.shots:
        assert shot.score == pytest.approx(0.5 * shot.visual + 0.5 * shot.semantic)
        assert shot.image == f"films/{shot.film_id}/{round(shot.time_s * 25)}.jpg"


def test_blank_shots_and_old_analyses_are_not_found(conn: Connection, world: World, profile_id: int) -> None:
    probe = world.draw(1)[0]
    shots = [Shot(4.0, [probe], blank="black"), Shot(4.0, world.draw(1))]
    film_id, _, _ = synthetic.add_film(conn, profile_id, shots)
    synthetic.add_analysis(conn, film_id, profile_id, [Shot(4.0, [probe])])

    found = nearest_shots.nearest_shots(conn, probe, profile_id)

    assert [(shot.film_id, shot.number) for shot in found.shots] == [(film_id, 2)]


def test_of_many_keyframes_those_nearest_by_embedding_are_scored_and_that_is_said(
    conn: Connection, world: World, profile_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = world.draw(12)
    synthetic.add_film(conn, profile_id, [Shot(4.0, [one]) for one in features])
    probe = world.draw(1)[0]
    monkeypatch.setattr(nearest_shots, "CANDIDATES", 4)
    away = [np.linalg.norm(np.subtract(one.embedding, probe.embedding)) for one in features]

    found = nearest_shots.nearest_shots(conn, probe, profile_id, scanned=11)

    assert not found.exact
    assert {shot.number for shot in found.shots} == {int(place) + 1 for place in np.argsort(away)[:4]}


def test_a_search_that_takes_too_long_is_broken_off(conn: Connection, world: World, profile_id: int) -> None:
    synthetic.add_film(conn, profile_id, [Shot(1.0, [one]) for one in world.draw(500)])

    with pytest.raises(Unavailable, match="could not be searched"):
        nearest_shots.nearest_shots(conn, world.draw(1)[0], profile_id, limit_s=0.001)

    assert conn.execute("SELECT 1").fetchone() == (1,)


def test_without_paintings_there_are_no_ranges_and_nothing_is_found(conn: Connection, world: World) -> None:
    empty = synthetic.add_profile(conn, name="empty")
    synthetic.add_film(conn, empty, [Shot(4.0, world.draw(1))])

    assert nearest_shots.nearest_shots(conn, world.draw(1)[0], empty).shots == []


@pytest.mark.parametrize("visual_share", [0.0, 0.3, 0.5, 1.0])
def test_a_shot_is_ranked_by_any_weights_as_the_letter_says(
    conn: Connection, world: World, profile_id: int, visual_share: float
) -> None:
    paintings = synthetic.add_paintings(conn, profile_id, world.draw(30), collection="more")
    ranges.refresh(conn, profile_id)
    keyframes = world.draw(3)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4.0, world.draw(1)), Shot(4.0, keyframes)])

    found = shot_matches(conn, film_id, profile_id, 2, k=70, weights=TILTED, visual_share=visual_share)

    assert len(found) == 70
    assert {match.painting.id for match in found} > set(paintings)
    assert [match.rank for match in found] == list(range(1, 71))
    scores = [match.score for match in found]
    assert scores == sorted(scores, reverse=True)
    for match in found:
        assert match.score == pytest.approx(visual_share * match.visual + (1 - visual_share) * match.semantic)
        shares = to_json(match, visual_share=visual_share)["shares"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        weighted = sum(w * one for w, one in zip(TILTED.values(), match.similarities, strict=True))
        assert match.semantic == pytest.approx(weighted, abs=1e-5)


def test_a_shot_under_the_usual_weights_is_as_the_timeline_has_it(
    conn: Connection, world: World, profile_id: int
) -> None:
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4.0, world.draw(2)) for _ in range(3)], year=1950)

    for all_dates in (False, True):
        shown = timeline.timeline(conn, film_id, profile_id, top_k=10, all_dates=all_dates, exact=True)
        for shot in shown.shots:
            found = shot_matches(conn, film_id, profile_id, shot.number, k=40, weights=DEFAULT, all_dates=all_dates)
            scores = {match.painting.id: match.score for match in found}

            assert len(scores) == (40 if all_dates else 20)
            for match in shot.matches:
                assert scores[match.painting.id] == pytest.approx(match.score)


def test_a_shot_that_is_not_there_is_said_so_and_a_blank_one_has_none(
    conn: Connection, world: World, profile_id: int
) -> None:
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4.0, world.draw(1), blank="title")])

    assert shot_matches(conn, film_id, profile_id, 1, weights=DEFAULT) == []
    with pytest.raises(NotFound, match="no shot 2"):
        shot_matches(conn, film_id, profile_id, 2, weights=DEFAULT)
    with pytest.raises(NotFound, match="no film"):
        shot_matches(conn, film_id + 1, profile_id, 1, weights=DEFAULT)
