"""The catalogue: shares, chance, lift and intervals by hand; who is left out; films alike, echoes and hubs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from r2r_shared.errors import NotFound
from r2r_shared.queries import catalogue, matches, ranges, unrelated
from r2r_shared.queries.catalogue_echoes import echoes
from r2r_shared.queries.catalogue_hubs import hubs
from r2r_shared.queries.catalogue_influence import influence
from r2r_shared.queries.catalogue_similar import similar, why_none
from r2r_shared.queries.timeline import timeline
from tests import synthetic
from tests.synthetic import Shot, World

DIM = 8


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=DIM)


class Catalogue:
    """Six paintings, two Baroque, three of Cubism, the last of them from 1960, one of none; and films made of them."""

    def __init__(self, conn, profile_id):
        self.conn, self.profile_id = conn, profile_id
        self.paintings = World(dim=DIM).draw(6)
        self.ids = synthetic.add_paintings(
            conn, profile_id, self.paintings, artists=6, years=[1650, 1660, 1910, 1920, 1960, None]
        )
        movements = ["Baroque", "Baroque", "Cubism", "Cubism", "Cubism", ""]
        for painting_id, movement in zip(self.ids, movements, strict=True):
            conn.execute("UPDATE paintings SET movement = %s WHERE id = %s", (movement, painting_id))
        ranges.refresh(conn, profile_id)

    def add(self, title, *shots, director="", year=None, country="", match=True):
        """A film of shots (painting's number, seconds); its id."""
        rows = [Shot(seconds, [self.paintings[number]]) for number, seconds in shots]
        film_id, _, _ = synthetic.add_film(self.conn, self.profile_id, rows, year=year)
        self.conn.execute(
            "UPDATE films SET title = %s, director = %s, country = %s WHERE id = %s",
            (title, director, country, film_id),
        )
        if match:
            matches.match_film(self.conn, film_id, self.profile_id)
        return film_id

    def influence(self, **options):
        return influence(self.conn, self.profile_id, **options)


@pytest.fixture
def films(conn, profile_id):
    return Catalogue(conn, profile_id)


def cells(group):
    return {cell.name: (cell.seconds, cell.share, cell.expected, cell.lift) for cell in group.cells}


def approx(*numbers):
    return tuple(map(pytest.approx, numbers))


def test_a_directors_films_are_added_up_and_set_against_chance(films):
    films.add("One", (0, 30), (2, 10), director="Dreyer", year=1990)
    films.add("Two", (1, 20), director="Dreyer", year=1930)  # after which the Cubist work of 1960 was made
    films.add("Three", (3, 12), director="Vertov", year=1990)

    dreyer, vertov = films.influence(by="director", of="movement").groups

    assert (dreyer.name, dreyer.films, dreyer.seconds, dreyer.shots, dreyer.few) == ("Dreyer", 2, 60, 3, True)
    by_chance = 40 * 2 / 6 + 20 * 2 / 5
    assert cells(dreyer)["Baroque"] == approx(50, 5 / 6, by_chance / 60, 50 / by_chance)
    by_chance = 40 * 3 / 6 + 20 * 2 / 5
    assert cells(dreyer)["Cubism"] == approx(10, 1 / 6, by_chance / 60, 10 / by_chance)
    assert cells(vertov) == {"Cubism": approx(12, 1, 0.5, 2), "Baroque": approx(0, 0, 2 / 6, 0)}
    assert [cell.lift_low for group in (dreyer, vertov) for cell in group.cells] == [None] * 4


def test_groups_are_directors_decades_countries_or_films(films):
    one = films.add("One", (0, 30), director="Dreyer", year=1928, country="Denmark")
    two = films.add("Two", (1, 20), director="Dreyer", year=1943, country="Denmark")
    three = films.add("Three", (2, 40), director="Vertov", year=1929, country="USSR")
    films.add("Four", (2, 5))

    def groups(by):
        return [
            (group.name, group.film_id, group.films, group.seconds)
            for group in films.influence(by=by, of="artist").groups
        ]

    assert groups("director") == [("Dreyer", None, 2, 50), ("Vertov", None, 1, 40), ("", None, 1, 5)]
    assert groups("decade") == [("1920s", None, 2, 70), ("1940s", None, 1, 20), ("", None, 1, 5)]
    assert groups("country") == [("Denmark", None, 2, 50), ("USSR", None, 1, 40), ("", None, 1, 5)]
    assert [row[:2] for row in groups("film")][:3] == [("Three", three), ("One", one), ("Two", two)]
    only = films.influence(by="film", of="artist", only=str(two))
    assert [group.name for group in only.groups] == ["Two"]
    assert films.influence(by="director", of="artist", only="Nobody").groups == ()
    assert [group.name for group in films.influence(by="director", of="artist", only="dreyer").groups] == ["Dreyer"]


def test_a_painting_is_expected_as_one_of_those_that_may_be_matched(films):
    films.add("One", (0, 30), (2, 10), year=1955)

    (group,) = films.influence(by="film", of="painting").groups

    found = {cell.painting_id: (cell.name, cell.share, cell.expected) for cell in group.cells}
    assert found == {
        films.ids[0]: (f"No. {films.ids[0]}", pytest.approx(0.75), pytest.approx(0.2)),
        films.ids[2]: (f"No. {films.ids[2]}", pytest.approx(0.25), pytest.approx(0.2)),
    }


def test_a_heat_maps_columns_are_the_same_for_all_and_a_list_has_each_ones_own(films):
    films.add("One", (0, 30), (1, 5), director="Dreyer")
    films.add("Two", (2, 20), (3, 4), director="Vertov")

    together = films.influence(by="director", of="artist", names=2)
    apart = films.influence(by="director", of="artist", names=1, each=True)

    assert together.columns == ("Artist 0", "Artist 2")
    assert [set(cells(group)) for group in together.groups] == [{"Artist 0", "Artist 2"}] * 2
    assert apart.columns == ()
    assert [list(cells(group)) for group in apart.groups] == [["Artist 0"], ["Artist 2"]]


def test_groups_beyond_those_asked_for_are_counted(films):
    for number in range(4):
        films.add(f"Film {number}", (0, 10 + number), director=f"Director {number}")

    found = films.influence(by="director", of="movement", groups=3)

    assert [group.name for group in found.groups] == ["Director 3", "Director 2", "Director 1"]
    assert found.groups_left_out == 1


def test_the_interval_is_over_the_films_of_a_group(films):
    # Given six films that are half Baroque, each of them, and six of which every second is Baroque alone
    for number in range(6):
        films.add(f"Even {number}", (0, 10), (2, 10), director="Even")
        films.add(f"Odd {number}", (0 if number % 2 else 2, 20), director="Odd")

    even, odd = sorted(films.influence(by="director", of="movement").groups, key=lambda group: group.name)

    (baroque,) = [cell for cell in even.cells if cell.name == "Baroque"]
    assert (baroque.lift, baroque.lift_low, baroque.lift_high) == approx(1.5, 1.5, 1.5)
    (baroque,) = [cell for cell in odd.cells if cell.name == "Baroque"]
    assert baroque.lift == pytest.approx(1.5)
    assert baroque.lift_low == pytest.approx(1 / 6 * 3)  # one of six, the 2.5 % quantile of Binomial(6, .5)
    assert baroque.lift_high == pytest.approx(5 / 6 * 3)
    assert not odd.few


def test_what_no_film_of_a_group_resembles_has_an_interval_over_its_films(films):
    # Given six films without anything Cubist, the collection's half, and another director's so that it is a column
    for number in range(6):
        films.add(f"Without {number}", (0, 20), director="Without")
    films.add("With", (2, 90), director="With")

    found = {group.name: group for group in films.influence(by="director", of="movement").groups}

    (cubism,) = [cell for cell in found["Without"].cells if cell.name == "Cubism"]
    assert (cubism.seconds, cubism.lift, cubism.lift_low) == (0, 0, 0)
    assert cubism.lift_high == pytest.approx(0.4593 * 2, abs=0.001)  # Clopper and Pearson's 0 in 6
    assert {(cell.lift_low, cell.lift_high) for cell in found["With"].cells} == {(None, None)}


def test_convincing_matches_can_be_counted_alone(conn, films):
    world = World(dim=DIM, seed=4)
    synthetic.add_paintings(conn, films.profile_id, world.draw(60), movements=["Other"], artists=60, collection="more")
    ranges.refresh(conn, films.profile_id)
    unrelated.refresh(conn, films.profile_id)
    far = replace(
        films.paintings[2], embedding=tuple(-x for x in films.paintings[2].embedding), contrast=0, saturation=0
    )
    film_id, _, _ = synthetic.add_film(conn, films.profile_id, [Shot(10, [films.paintings[0]]), Shot(30, [far])])
    matches.match_film(conn, film_id, films.profile_id)
    assert [shot.convincing for shot in timeline(conn, film_id, films.profile_id).shots] == [True, False]

    (every,) = films.influence(by="film", of="movement").groups
    (convincing,) = films.influence(by="film", of="movement", convincing=True).groups

    assert (every.seconds, convincing.seconds, convincing.convincing_shots) == (40, 10, 1)
    assert cells(convincing) == {"Baroque": (10, 1, pytest.approx(2 / 66), pytest.approx(33))}
    seen = catalogue.coverage(conn, films.profile_id)
    assert (seen.judged, seen.shots, seen.judged_shots, seen.convincing_shots) == (1, 2, 2, 1)

    # Until another artist makes it unknown again what unrelated pictures reach
    conn.execute("UPDATE paintings SET artist = 'Somebody' WHERE id = %s", (films.ids[4],))
    ranges.refresh(conn, films.profile_id)
    for pictures in (None, 66):
        assert films.influence(by="film", of="movement", convincing=True).groups == ()
        assert [group.convincing_shots for group in films.influence(by="film", of="movement").groups] == [0]
        seen = catalogue.coverage(conn, films.profile_id)
        assert (seen.counted, seen.judged, seen.judged_shots, seen.convincing_shots) == (1, 0, 0, 0)
        assert seen.pictures == pictures
        unrelated.refresh(conn, films.profile_id)  # it is known, and the film has not been counted by it yet


def test_films_whose_matches_are_of_yesterday_are_left_out_and_counted(conn, films):
    films.add("One", (0, 30), director="Dreyer")
    films.add("Two", (0, 30), director="Vertov", match=False)
    assert [group.name for group in films.influence(by="director", of="movement").groups] == ["Dreyer"]
    seen = catalogue.coverage(conn, films.profile_id)
    assert (seen.films, seen.counted, seen.seconds, seen.shots) == (2, 1, 30, 1)

    synthetic.add_paintings(conn, films.profile_id, World(dim=DIM).draw(1), collection="more")
    ranges.refresh(conn, films.profile_id)
    assert films.influence(by="director", of="movement").groups == ()
    assert catalogue.coverage(conn, films.profile_id).counted == 0


def test_another_profiles_matches_are_not_mixed_in(conn, films):
    films.add("One", (0, 30))
    other = synthetic.add_profile(conn, dim=DIM, name="other")

    assert influence(conn, other, by="film", of="movement").groups == ()
    assert hubs(conn, other) == []
    assert catalogue.coverage(conn, other).counted == 0


def test_films_are_alike_that_share_painters_in_the_same_measure(conn, films):
    one = films.add("One", (0, 30), (2, 10))
    half = films.add("Half", (0, 20), (3, 20))
    same = films.add("Same", (0, 60), (2, 20))
    films.add("Nothing in common", (1, 10))

    found = similar(conn, films.profile_id, one)

    assert [(film.film_id, film.likeness) for film in found] == [
        (same, pytest.approx(1)),
        (half, pytest.approx((0.75 * 0.5) ** 0.5)),
    ]
    assert [(common.artist, common.share, common.share_there) for common in found[0].common] == [
        ("Artist 0", pytest.approx(0.75), pytest.approx(0.75)),
        ("Artist 2", pytest.approx(0.25), pytest.approx(0.25)),
    ]
    assert len(similar(conn, films.profile_id, one, limit=1)) == 1
    with pytest.raises(NotFound):
        similar(conn, films.profile_id, 10_000)


def test_two_unknown_painters_are_not_one(conn, films):
    conn.execute("UPDATE paintings SET artist = '' WHERE id = ANY(%s)", (films.ids[:2],))
    ranges.refresh(conn, films.profile_id)
    one = films.add("One", (0, 30))
    films.add("Two", (1, 30))

    assert similar(conn, films.profile_id, one) == []
    assert why_none(conn, films.profile_id, one) == "painters not known"


def test_the_echoes_of_a_painting_are_shots_nearest_first(conn, films):
    films.add("One", (2, 10), (0, 30), director="Dreyer", year=1990)
    near = replace(films.paintings[0], contrast=films.paintings[0].contrast + 20)
    two, _, _ = synthetic.add_film(conn, films.profile_id, [Shot(4, [near])])
    matches.match_film(conn, two, films.profile_id)

    found = echoes(conn, films.profile_id, films.ids[0])

    assert (found.painting.id, found.shots, found.films) == (films.ids[0], 3, 2)
    assert [(echo.title, echo.shot, echo.rank) for echo in found.echoes][:2] == [("One", 2, 1), ("A film", 1, 1)]
    first = found.echoes[0]
    assert (first.director, first.year, first.start_s, first.end_s) == ("Dreyer", 1990, 10, 40)
    assert first.score == pytest.approx(1)
    assert [echo.score for echo in found.echoes] == sorted((echo.score for echo in found.echoes), reverse=True)
    assert len(echoes(conn, films.profile_id, films.ids[0], top=1).echoes) == 2
    few = echoes(conn, films.profile_id, films.ids[0], limit=1)
    assert (few.shots, len(few.echoes)) == (3, 1)
    assert echoes(conn, films.profile_id, films.ids[0], convincing=True).echoes == ()  # of 6 paintings none can be
    with pytest.raises(NotFound):
        echoes(conn, films.profile_id, 10_000)


def test_echoes_follow_the_analysis_that_is_shown_and_matches_that_are_current(conn, films):
    film_id = films.add("One", (0, 30))
    job_id, _ = synthetic.add_analysis(conn, film_id, films.profile_id, [Shot(1, [films.paintings[0]])] * 3)
    matches.match_film(conn, film_id, films.profile_id, job_id=job_id)
    assert echoes(conn, films.profile_id, films.ids[0]).shots == 1
    conn.execute("UPDATE films SET analysis_id = %s", (job_id,))
    assert echoes(conn, films.profile_id, films.ids[0]).shots == 3

    conn.execute("UPDATE films SET year = 1600")  # before any of the paintings
    assert echoes(conn, films.profile_id, films.ids[0]).shots == 0


def test_hubs_are_the_paintings_that_most_time_is_nearest_to(conn, films):
    films.add("One", (0, 30), (2, 10))
    films.add("Two", (0, 20))

    first, second = hubs(conn, films.profile_id)

    assert (first.painting.id, first.shots, first.films) == (films.ids[0], 2, 2)
    assert (first.share, first.expected, first.lift) == approx(50 / 60, 1 / 6, 5)
    assert (second.painting.id, second.shots, second.films) == (films.ids[2], 1, 1)
    assert first.excess is None
    unrelated.refresh(conn, films.profile_id)
    null = unrelated.known(conn, films.profile_id)
    first, *_ = hubs(conn, films.profile_id, limit=1)
    assert first.painting.id == films.ids[0]
    assert first.excess == pytest.approx(unrelated.excess(conn, films.profile_id, films.ids, null)[films.ids[0]])
    assert first.nearness == pytest.approx(null.nearness + first.excess / unrelated.FACTOR)


def test_a_hub_is_expected_as_one_of_what_each_film_may_be_matched_with(films):
    films.add("Old", (0, 30), year=1700)  # the two of the Baroque, and the one without a year
    films.add("Late", (2, 10), (0, 20), year=1990)

    found = hubs(films.conn, films.profile_id)

    expected = {films.ids[0]: (30 / 3 + 30 / 6) / 60, films.ids[2]: (30 / 6) / 60}
    assert {hub.painting.id: hub.expected for hub in found} == pytest.approx(expected)
    assert [hub.lift for hub in found] == [pytest.approx(hub.share / hub.expected) for hub in found]
    # As influence over all films has it
    cells = [cell for group in films.influence(by="film", of="painting").groups for cell in group.cells]
    first = [cell for cell in cells if cell.painting_id == films.ids[0]]
    assert sum(cell.expected * 30 for cell in first) / 60 == pytest.approx(expected[films.ids[0]])


def test_why_no_film_is_similar(conn, films):
    alone = films.add("Alone", (0, 30))
    early = films.add("Early", (0, 30), year=1200)
    later = films.add("Not counted", (0, 30), match=False)
    conn.execute("UPDATE paintings SET year_from = 1300 WHERE year_from IS NULL")
    ranges.refresh(conn, films.profile_id)
    for one in (alone, early):
        matches.match_film(conn, one, films.profile_id)

    found = {one: why_none(conn, films.profile_id, one) for one in (alone, early, later)}

    assert found == {alone: "nothing in common", early: "nothing matched", later: "not counted"}


@pytest.mark.parametrize(("artists", "pictures"), [(6, 6), (1, 0)])
def test_it_is_known_how_many_pictures_can_be_compared(conn, profile_id, artists, pictures):
    assert catalogue.coverage(conn, profile_id).pictures == 0
    synthetic.add_paintings(conn, profile_id, World(dim=DIM).draw(6), artists=artists)
    ranges.refresh(conn, profile_id)
    assert catalogue.coverage(conn, profile_id).pictures is None

    unrelated.refresh(conn, profile_id)

    assert catalogue.coverage(conn, profile_id).pictures == pictures
