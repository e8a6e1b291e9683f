"""The timeline: what each shot resembles, why, and whose influence adds up; as documented, and always current."""

from __future__ import annotations

import copy
from dataclasses import replace

import jsonschema
import pytest

from r2r_shared import schemas
from r2r_shared.errors import NotFound
from r2r_shared.queries import influence, matches, ranges
from r2r_shared.queries.timeline import timeline
from r2r_shared.score import DEFAULT, Weights
from tests import synthetic
from tests.synthetic import Shot, World

DIM = 8


@pytest.fixture
def world():
    return World(dim=DIM)


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=DIM)


def valid(document):
    jsonschema.Draft202012Validator(schemas.timeline()).validate(document)
    return document


def best(document):
    return [[match["painting"]["id"] for match in shot["matches"]] for shot in document["shots"]]


def test_a_timeline_is_what_its_schema_says(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(80), years=[1700, None])
    shots = [Shot(4, world.draw(2)), Shot(2, [], blank="black"), Shot(9, world.draw(1))]
    film_id, _, _ = synthetic.add_film(conn, profile_id, shots, year=1927)
    ranges.refresh(conn, profile_id)

    found = valid(timeline(conn, film_id, profile_id, top_k=5).to_json())

    (sha256,) = conn.execute("SELECT sha256 FROM films WHERE id = %s", (film_id,)).fetchone()
    assert found["film"] == {
        "id": film_id, "title": "A film", "director": "", "year": 1927, "country": "", "path": "/films/a.mp4",
        "duration_s": 15.0, "fps": 25.0, "fps_num": 25, "fps_den": 1, "variable_rate": False, "start_s": 0.0,
        "media_offset_s": 0.0, "start_timecode": None, "base_rate": None, "sha256": sha256.hex(), "frames": 375,
        "width": 640, "height": 360, "detector": None,
    }  # fmt: skip
    assert [shot["number"] for shot in found["shots"]] == [1, 2, 3]
    assert [(shot["start_frame"], shot["end_frame"]) for shot in found["shots"]] == [(0, 100), (100, 150), (150, 375)]
    assert [len(shot["matches"]) for shot in found["shots"]] == [5, 0, 5]
    assert [len(shot["keyframes"]) for shot in found["shots"]] == [2, 0, 1]
    assert found["profile"]["weights"] == DEFAULT.named()
    assert found["profile"]["revision"] == 1


def test_the_schema_itself_is_sound():
    jsonschema.Draft202012Validator.check_schema(schemas.timeline())


BREAKAGES = {
    "no film": lambda t: t.pop("film"),
    "a film without a title": lambda t: t["film"].pop("title"),
    "an unknown transition": lambda t: t["shots"][0].update(transition="wipe"),
    "a shot from 0": lambda t: t["shots"][0].update(number=0),
    "a member of a shot that is not documented": lambda t: t["shots"][0].update(mood="sad"),
    "matches of a blank shot": lambda t: t["shots"][0].update(blank="black"),
    "a match without its painting's artist": lambda t: t["shots"][0]["matches"][0]["painting"].pop("artist"),
    "a metric missing": lambda t: t["shots"][0]["matches"][0]["metrics"].pop("dc"),
    "a metric beyond 1": lambda t: t["shots"][0]["matches"][0]["metrics"].update(dc=1.5),
    "a share missing": lambda t: t["shots"][0]["matches"][0]["shares"].pop("visual"),
    "a score above 1": lambda t: t["shots"][0]["matches"][0].update(score=1.2),
    "a year as text": lambda t: t["shots"][0]["matches"][0]["painting"].update(year_from="1503"),
    "a time as text": lambda t: t["shots"][0].update(start_s="0"),
    "influence by museum": lambda t: t["influence"][0].update(by="museum"),
    "influence without windows": lambda t: t["influence"][0].update(windows=[]),
    "a window without a share": lambda t: t["influence"][0]["windows"][0].pop("share"),
    "a painting's influence without its id": lambda t: t["influence"][-1].update(painting_id=None),
    "a p-value of 0": lambda t: t["shots"][0]["matches"][0].update(p_value=0),
    "a verdict as text": lambda t: t["shots"][0].update(convincing="yes"),
    "an interval below 0": lambda t: t["influence"][0].update(lift_low=-1),
    "a null without its size": lambda t: t["profile"]["null"].pop("pictures"),
    "weights of seven metrics": lambda t: t["profile"]["weights"].pop("shadow"),
}


def test_the_schema_refuses_what_is_broken(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(10))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)
    whole = valid(timeline(conn, film_id, profile_id).to_json())

    for name, damage in BREAKAGES.items():
        broken = copy.deepcopy(whole)
        damage(broken)
        assert not jsonschema.Draft202012Validator(schemas.timeline()).is_valid(broken), name


def test_a_shots_matches_are_the_best_over_its_keyframes(conn, world, profile_id):
    # Given a shot whose two keyframes are two of the paintings, slightly off
    paintings = world.draw(60)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    frames = [replace(paintings[3], contrast=paintings[3].contrast + 1), paintings[8]]
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, frames)])
    ranges.refresh(conn, profile_id)

    (shot,) = timeline(conn, film_id, profile_id, top_k=6, hub_correction=False).shots

    widths = ranges.widths(ranges.of_profile(conn, profile_id))
    by_frame = [synthetic.scores(frame, synthetic.stack(paintings), widths, DEFAULT.named()) for frame in frames]
    expected = dict(zip(ids, [max(pair) for pair in zip(*by_frame, strict=True)], strict=True))
    assert [match.painting.id for match in shot.matches] == sorted(ids, key=lambda one: -expected[one])[:6]
    assert [match.painting.id for match in shot.matches][:2] == [ids[8], ids[3]]
    assert [match.score for match in shot.matches] == pytest.approx([expected[m.painting.id] for m in shot.matches])


def test_why_adds_up(conn, world, profile_id):
    paintings, (frame,) = world.draw(30), world.draw(1)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame])])
    ranges.refresh(conn, profile_id)
    widths = ranges.widths(ranges.of_profile(conn, profile_id))

    (shot,) = timeline(conn, film_id, profile_id, top_k=30).to_json()["shots"]

    for match in shot["matches"]:
        assert sum(match["shares"].values()) == pytest.approx(1, abs=1e-6)
        assert match["shares"]["visual"] == pytest.approx(0.5 * match["visual"] / match["score"])
        assert match["shares"]["dc"] == pytest.approx(0.5 * DEFAULT.dc * match["metrics"]["dc"] / match["score"])
        wanted = synthetic.similarities(frame, paintings[ids.index(match["painting"]["id"])], widths)
        assert match["metrics"] == pytest.approx(wanted, abs=1e-6)


def test_influence_is_the_same_to_the_last_digit_in_whatever_order_rows_come(conn, world, profile_id):
    """Another installation has other ids: sums follow the film, and not them."""
    synthetic.add_paintings(conn, profile_id, world.draw(30), artists=5)
    lengths = [1 + 0.04 * (7 * n % 97) for n in range(60)]
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(length, world.draw(1)) for length in lengths])
    ranges.refresh(conn, profile_id)
    shots = timeline(conn, film_id, profile_id).shots
    ids = [row[0] for row in conn.execute("SELECT id FROM shots ORDER BY start_frame")]
    top = {shot_id: [match.painting for match in shot.matches] for shot_id, shot in zip(ids, shots, strict=True)}

    def measured(order):
        return influence.measure(
            conn, {one: top[one] for one in order}, profile_id=profile_id, duration_s=sum(lengths), year=None
        )

    found = measured(ids)
    for order in (ids[::-1], ids[1::2] + ids[::2], ids[30:] + ids[:30]):
        assert measured(order) == found


def test_influence_is_duration_weighted_and_set_against_chance(conn, world, profile_id):
    # Given one Baroque painting among three of Cubism, and a film that is 30 s of the first, 10 s of a Cubist one
    paintings = world.draw(4)
    ids = synthetic.add_paintings(conn, profile_id, paintings, movements=["Baroque", *["Cubism"] * 3], artists=4)
    shots = [Shot(30, [paintings[0]]), Shot(60, [], blank="title"), Shot(10, [paintings[1]])]
    film_id, _, _ = synthetic.add_film(conn, profile_id, shots)
    ranges.refresh(conn, profile_id)

    found = timeline(conn, film_id, profile_id, top_k=1, window_s=20).influence

    movements = [one for one in found if one.by == "movement"]
    assert [(one.name, one.share, one.expected, one.lift) for one in movements] == [
        ("Baroque", 0.75, 0.25, 3.0),
        ("Cubism", 0.25, 0.75, pytest.approx(1 / 3)),
    ]
    # Then windows follow the film: 0-20, 20-40 (10 s of it matched), two of title card, 80-100
    assert [(window.start_s, window.end_s) for window in movements[0].windows] == [
        (0, 20), (20, 40), (40, 60), (60, 80), (80, 100)
    ]  # fmt: skip
    assert [window.share for window in movements[0].windows] == [1, 1, 0, 0, 0]
    assert [window.share for window in movements[1].windows] == [0, 0, 0, 0, 1]
    artists = {one.name: one.share for one in found if one.by == "artist"}
    assert artists == {"Artist 0": 0.75, "Artist 1": 0.25}  # the others, without a share, are not listed
    of_paintings = [(one.painting_id, one.name, one.share, one.expected) for one in found if one.by == "painting"]
    assert of_paintings == [(ids[0], f"No. {ids[0]}", 0.75, 0.25), (ids[1], f"No. {ids[1]}", 0.25, 0.25)]


def test_shares_and_expectations_sum_to_one(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(90), movements=["A", "B", "C", ""], artists=30)
    shots = [Shot(1 + number % 7, world.draw(1)) for number in range(50)]
    film_id, _, _ = synthetic.add_film(conn, profile_id, shots)
    ranges.refresh(conn, profile_id)

    found = timeline(conn, film_id, profile_id, top_k=5).influence

    for by in ("movement", "artist"):
        rows = [one for one in found if one.by == by]
        assert sum(one.share for one in rows) == pytest.approx(1)
        assert rows == sorted(rows, key=lambda one: -one.share)
        for column in zip(*(one.windows for one in rows), strict=True):
            assert sum(window.share for window in column) == pytest.approx(1)
    assert sum(one.expected for one in found if one.by == "movement") == pytest.approx(1)


def test_a_movement_that_nothing_echoes_is_listed_with_nothing(conn, world, profile_id):
    paintings = world.draw(4)
    synthetic.add_paintings(conn, profile_id, paintings, movements=["Baroque", "Baroque", "Baroque", "Cubism"])
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(30, [paintings[0]])])
    ranges.refresh(conn, profile_id)

    found = valid(timeline(conn, film_id, profile_id, top_k=1).to_json())["influence"]

    assert [(one["name"], one["share"], one["lift"]) for one in found if one["by"] == "movement"] == [
        ("Baroque", 1.0, pytest.approx(4 / 3)),
        ("Cubism", 0.0, 0.0),
    ]
    assert len([one for one in found if one["by"] == "painting"]) == 1


def test_chronology_holds_for_matches_and_for_what_chance_expects(conn, world, profile_id):
    paintings = world.draw(40)
    ids = synthetic.add_paintings(
        conn, profile_id, paintings, movements=["Old", "Young"], years=[1650, 1960]
    )  # every painting of Young is from 1960
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [paintings[1]])], year=1927)
    ranges.refresh(conn, profile_id)

    then = timeline(conn, film_id, profile_id, top_k=3)
    whenever = timeline(conn, film_id, profile_id, top_k=3, all_dates=True)

    assert ids[1] not in best(then.to_json())[0]
    assert [(one.name, one.expected) for one in then.influence if one.by == "movement"] == [("Old", 1.0)]
    assert best(whenever.to_json())[0][0] == ids[1]
    assert {one.name: one.expected for one in whenever.influence if one.by == "movement"} == {"Old": 0.5, "Young": 0.5}
    assert valid(whenever.to_json())["profile"]["all_dates"]
    # And looking at all dates leaves what is stored as it was
    assert matches.current(conn, film_id, profile_id, k=20)
    assert timeline(conn, film_id, profile_id, top_k=3) == then


def test_weights_change_the_order_and_are_not_stored(conn, world, profile_id):
    paintings, (frame,) = world.draw(60), world.draw(1)
    synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame])])
    ranges.refresh(conn, profile_id)
    plain = timeline(conn, film_id, profile_id)

    weights = Weights.parse("balance=1,others=0")
    tilted = timeline(conn, film_id, profile_id, weights=weights)
    assert valid(tilted.to_json())["profile"]["null"] is None  # that of the default weights says nothing here

    live = matches.live(conn, frame, profile_id, k=5, weights=weights)
    assert [match.painting.id for match in tilted.shots[0].matches] == [match.painting.id for match in live]
    assert best(tilted.to_json()) != best(plain.to_json())
    assert valid(tilted.to_json())["profile"]["weights"]["balance"] == 1
    assert timeline(conn, film_id, profile_id) == plain


def test_a_changed_collection_is_matched_again(conn, world, profile_id):
    paintings, (frame,) = world.draw(20), world.draw(1)
    synthetic.add_paintings(conn, profile_id, paintings)
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame])])
    ranges.refresh(conn, profile_id)
    first = timeline(conn, film_id, profile_id)

    (new,) = synthetic.add_paintings(conn, profile_id, [frame], collection="more")
    ranges.refresh(conn, profile_id)
    second = timeline(conn, film_id, profile_id)

    assert best(first.to_json())[0][0] != new
    assert best(second.to_json())[0][0] == new
    assert second.profile.revision == first.profile.revision + 1


def test_more_matches_than_are_stored_are_fetched(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(40))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)
    matches.match_film(conn, film_id, profile_id, k=5)

    assert len(timeline(conn, film_id, profile_id, top_k=30).shots[0].matches) == 30


def test_only_the_shown_analysis_is_seen(conn, world, profile_id):
    synthetic.add_paintings(conn, profile_id, world.draw(10))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    ranges.refresh(conn, profile_id)
    synthetic.add_analysis(conn, film_id, profile_id, [Shot(1, world.draw(1))] * 4)

    assert [shot.end_frame for shot in timeline(conn, film_id, profile_id).shots] == [100]


def test_a_film_without_paintings_or_without_an_analysis_has_an_empty_timeline(conn, world, profile_id):
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))])
    unseen, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, world.draw(1))], shown=False)

    without_paintings = valid(timeline(conn, film_id, profile_id).to_json())
    assert (best(without_paintings), without_paintings["influence"]) == ([[]], [])
    assert without_paintings["profile"]["ranges"] == {}
    assert valid(timeline(conn, unseen, profile_id).to_json())["shots"] == []
    assert valid(timeline(conn, film_id, profile_id, all_dates=True, weights=Weights.parse("dc=1")).to_json())


def test_a_film_that_does_not_exist(conn, profile_id):
    with pytest.raises(NotFound):
        timeline(conn, 77, profile_id)


def test_windows_are_24_but_none_shorter_than_ten_seconds():
    assert influence.windows(7200) == 24
    assert influence.windows(60) == 6
    assert influence.windows(24) == 2
    assert influence.windows(239) == 23
    assert influence.windows(3) == 1
    assert influence.windows(100, 20) == 5
    assert influence.windows(101, 20) == 6


def test_the_interval_of_a_lift_is_over_the_shots(conn, world, profile_id):
    # Given four paintings, one of them Baroque, and ten shots of one length of which six are that one
    paintings = world.draw(4)
    synthetic.add_paintings(conn, profile_id, paintings, movements=["Baroque", *["Cubism"] * 3], artists=4)
    shots = [Shot(3, [paintings[0 if number < 6 else 1]]) for number in range(10)]
    film_id, _, _ = synthetic.add_film(conn, profile_id, shots)
    few, _, _ = synthetic.add_film(conn, profile_id, shots[:4])
    ranges.refresh(conn, profile_id)

    found = valid(timeline(conn, film_id, profile_id, top_k=1, hub_correction=False).to_json())["influence"]

    (baroque,) = [row for row in found if row["name"] == "Baroque"]
    assert baroque["lift"] == pytest.approx(0.6 / 0.25)
    # Then its ends are those of Binomial(10, .6): 3 and 9 of ten
    assert (baroque["lift_low"], baroque["lift_high"]) == (pytest.approx(0.3 / 0.25), pytest.approx(0.9 / 0.25))
    # And of what none of them resembles it is known that they are ten, no more: Clopper and Pearson's 0 in 10
    third = synthetic.add_paintings(conn, profile_id, world.draw(1), movements=["Rococo"], collection="more")
    conn.execute("UPDATE paintings SET artist = 'Another' WHERE id = ANY(%s)", (third,))
    ranges.refresh(conn, profile_id)
    found = valid(timeline(conn, film_id, profile_id, top_k=1, hub_correction=False).to_json())["influence"]
    (rococo,) = [row for row in found if row["name"] == "Rococo"]
    assert (rococo["share"], rococo["lift"], rococo["lift_low"]) == (0, 0, 0)
    assert rococo["lift_high"] == pytest.approx(0.3085 * 5, abs=0.001)
    of_few = valid(timeline(conn, few, profile_id, top_k=1).to_json())["influence"]
    assert {(row["lift_low"], row["lift_high"]) for row in of_few} == {(None, None)}
