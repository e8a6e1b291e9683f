"""The site's pages over rows of known content: what they show is what the queries say, for one reader or for fifty."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from html import unescape

import pytest

from r2r_cli.web.routes.catalogue import is_sure, rows, shade
from r2r_cli.web.site import CONNECTIONS, Site
from r2r_cli.web.words import percent
from r2r_shared import db
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import catalogue_echoes, catalogue_influence, jobs, profiles, ranges, timeline
from r2r_shared.queries.catalogue_influence import Cell
from r2r_shared.queries.shot_matches import shot_matches, to_json
from r2r_shared.score import Weights
from tests import synthetic
from tests.synthetic import Shot, World
from tests.web_client import Visitor, cluster, served

FILMS, MATCHED = 60, 12
READERS = 50


@pytest.fixture(scope="module")
def stocked(
    postgres: LocalPostgres, redis_server: LocalRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Visitor, Site]]:
    """Sixty films of two directors, each of a few shots, and ninety paintings."""
    world = World()
    with cluster(postgres, redis_server, tmp_path_factory.mktemp("home"), "web_pages") as settings:
        assert settings.database_url is not None
        with db.connect(settings.database_url) as conn:
            profile_id = synthetic.add_profile(conn)
            profiles.activate(conn, profile_id)
            synthetic.add_paintings(conn, profile_id, world.draw(90), years=(1850, 1900))
            ranges.refresh(conn, profile_id)
            for number in range(FILMS):
                shots = [Shot(4.0, [one]) for one in world.draw(4)]
                film_id, _, _ = synthetic.add_film(conn, profile_id, shots, year=1920 + number)
                conn.execute(
                    "UPDATE films SET title = %s, director = %s WHERE id = %s",
                    (f"Film No. {number:02d}", f"Director {number % 2}", film_id),
                )
                if number < MATCHED:
                    timeline.timeline(conn, film_id, profile_id, top_k=5)
            conn.execute("UPDATE jobs SET state = 'failed', error = 'a worker died' WHERE film_id = 60")
            conn.execute("UPDATE films SET analysis_id = NULL WHERE id = 60")
        with served(settings) as site:
            yield site


def titles(page: str) -> list[str]:
    return re.findall(r'<span class="title">([^<]*)</span>', page)


def test_films_come_by_the_page_in_the_order_that_was_asked_for(stocked: tuple[Visitor, Site]) -> None:
    visitor, _ = stocked
    first, second = visitor.get("/").text, visitor.get("/?page=2").text

    assert titles(first) + titles(second) == [f"Film No. {number:02d}" for number in range(FILMS)]
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert titles(visitor.get("/?sort=newest").text)[0] == "Film No. 59"
    assert titles(visitor.get("/?sort=year").text)[0] == "Film No. 00"


def test_every_word_has_to_occur_in_title_director_or_year(stocked: tuple[Visitor, Site]) -> None:
    visitor, _ = stocked

    assert titles(visitor.get("/?words=director+1+1925").text) == ["Film No. 05"]
    assert titles(visitor.get("/?words=no.+07").text) == ["Film No. 07"]
    assert "No film answers to these words" in visitor.get("/?words=%25").text


@pytest.mark.parametrize("address", ["/?page=0", "/?page=-1", "/?page=x", "/?page=99999999999", "/?sort=director",
                                     "/catalogue?by=x", "/api/films/1/matches?shot=1&visual=2",
                                     "/api/films/1/matches?visual=nan", "/api/films/1/matches?weights=dc=-1",
                                     "/api/films/1/matches?shot=0",
                                     "/films/99999999999999999999", "/paintings/99999999999999999999",
                                     "/api/films/1/shots/99999999999999999999/matches",
                                     "/catalogue/similar?film=99999999999"])  # fmt: skip
def test_an_address_that_makes_no_sense_is_said_to_and_does_nothing(
    stocked: tuple[Visitor, Site], address: str
) -> None:
    visitor, _ = stocked
    answer = visitor.get(address)

    assert answer.status == (404 if re.fullmatch(r"/\w+/9{20}", address) else 400)
    assert "Traceback" not in answer.text


def test_a_film_that_failed_says_why_and_can_be_tried_again(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked

    assert "a worker died" in visitor.get("/films/60").text
    assert "a worker died" in visitor.get("/?page=2").text

    assert visitor.post("/jobs/60/retry").status == 303
    with site.connection() as conn:
        assert jobs.get(conn, 60).state == "queued"
    assert 'data-key="job-60"' in visitor.get("/work").text
    assert 'data-key="job-60"' in visitor.get("/work?film=60").text
    assert visitor.get("/work?film=1").text.strip() == ""

    assert visitor.post("/jobs/60/cancel").status == 303
    with site.connection() as conn:
        assert jobs.get(conn, 60).state == "cancelled"
    again = visitor.post("/jobs/60/cancel", Accept="application/json")
    assert again.status == 400
    assert again.json()["error"] == "job 60 is cancelled already"


def test_a_films_page_is_made_once_and_anew_when_its_film_is_described_anew(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    first = visitor.get("/films/3", Accept_Encoding="gzip")
    tag = first.headers["etag"]

    assert first.headers["content-encoding"] == "gzip"
    assert visitor.get("/films/3", If_None_Match=tag).status == 304
    assert visitor.get("/films/3").text.count("Film No. 02") >= 1

    with site.connection() as conn:
        conn.execute("UPDATE films SET title = 'Renamed' WHERE id = 3")
    anew = visitor.get("/films/3", If_None_Match=tag)
    with site.connection() as conn:
        conn.execute("UPDATE films SET title = 'Film No. 02' WHERE id = 3")
    assert anew.status == 200
    assert "Renamed" in anew.text


def test_the_document_behind_a_film_is_the_command_lines(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked

    found = visitor.get("/api/films/5/timeline.json?top=7").json()

    with site.connection() as conn:
        expected = timeline.timeline(conn, 5, site.profile(conn).id, top_k=7).to_json()
    assert expected["film"]["path"] == "/films/a.mp4"
    assert found == expected | {"film": expected["film"] | {"path": "a.mp4"}}  # where it lies is for its owner to know


def test_no_address_has_a_films_matches_stored_anew(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    visitor.get("/films/6")
    stored = "SELECT top_k, matched_at FROM film_matches WHERE film_id = 6"
    with site.connection() as conn:
        before = conn.execute(stored).fetchone()

    too_many = visitor.get("/api/films/6/timeline.json?top=100")
    most = visitor.get(f"/api/films/6/timeline.json?top={site.settings.top_k}")

    assert (too_many.status, most.status) == (400, 200)
    with site.connection() as conn:
        assert conn.execute(stored).fetchone() == before
    assert before is not None


def test_the_page_of_a_film_with_later_paintings_asks_for_them_too(stocked: tuple[Visitor, Site]) -> None:
    visitor, _ = stocked

    assert '"exact":"/api/films/5/matches?all_dates=1"' in visitor.get("/films/5?all_dates=1").text
    assert '"exact":"/api/films/5/matches"' in visitor.get("/films/5").text


@pytest.mark.parametrize("path", ["/films/{}", "/paintings/{}", "/api/films/1/shots/{}/matches"])
def test_a_number_of_thousands_of_digits_is_no_address(stocked: tuple[Visitor, Site], path: str) -> None:
    visitor, _ = stocked

    assert visitor.get(path.format("9" * 21)).status == 404
    assert visitor.get(path.format("9" * 5000)).status == 404


def test_a_page_past_the_end_says_so_and_leads_to_the_first(stocked: tuple[Visitor, Site]) -> None:
    visitor, _ = stocked

    films = visitor.get("/?page=99&words=film&sort=year").text
    paintings = visitor.get("/paintings?page=99&movement=Cubism").text

    assert 'There is no page 99 of them. <a href="/?words=film&amp;sort=year">Go to page 1</a>' in films
    assert 'There is no page 99 of them. <a href="/paintings?words=&amp;movement=Cubism">Go to page 1</a>' in paintings


def test_one_shot_is_ranked_exactly_under_any_weights(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    query = "weights=dc=.5,others=.1&visual=.25&top=9&all_dates=1"

    found = visitor.get(f"/api/films/5/shots/2/matches?{query}").json()

    weights = Weights.parse("dc=.5,others=.1")
    with site.connection() as conn:
        best = shot_matches(conn, 5, 1, 2, k=9, weights=weights, visual_share=0.25, all_dates=True)
    assert found["matches"] == [to_json(match, visual_share=0.25) for match in best]
    assert visitor.get(f"/api/films/5/matches?shot=2&{query}").json() == found
    missing = visitor.get("/api/films/5/shots/9/matches")
    assert (missing.status, missing.json()["error"]) == (404, "film 5 has no shot 9")


def test_paintings_are_found_by_artist_title_and_movement(stocked: tuple[Visitor, Site]) -> None:
    visitor, _ = stocked

    assert titles(visitor.get("/paintings?words=artist+7+no.+48").text) == ["No. 48"]
    assert len(titles(visitor.get("/paintings").text)) == 60
    assert len(titles(visitor.get("/paintings?page=2").text)) == 30
    cubist = titles(visitor.get("/paintings?movement=Cubism").text)
    assert 0 < len(cubist) < 60
    assert "No painting answers to that" in visitor.get("/paintings?movement=Dada").text


def test_a_paintings_page_has_its_numbers_and_each_shot_that_echoes_it(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    with site.connection() as conn:
        row = conn.execute("SELECT painting_id FROM matches GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchone()
        assert row is not None
        echoed = catalogue_echoes.echoes(conn, 1, row[0])

    page = visitor.get(f"/paintings/{row[0]}?limit=200").text

    assert len(echoed.echoes) > 1
    assert re.findall(r'href="/films/(\d+)#shot=(\d+)&amp;painting=(\d+)"', page) == [
        (str(echo.film_id), str(echo.shot), str(row[0])) for echo in echoed.echoes
    ]
    assert page.count("<rect") == 3 + 9
    assert "Saturation" in page


def test_the_heat_map_has_the_numbers_of_the_query_under_its_columns(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    with site.connection() as conn:
        found = catalogue_influence.influence(conn, 1, by="director", of="movement")
    page = visitor.get("/catalogue?by=director&of=movement").text

    for row in rows(found):
        assert [None if cell is None else cell.name for cell in row.cells] == [
            name if any(cell.name == name for cell in row.group.cells) else None for name in found.columns
        ]
        line = page[page.index(f">{row.group.name}<") :].partition("</tr>")[0]
        lifts = [cell.lift for cell in row.cells if cell is not None and cell.lift is not None]
        assert re.findall(r"× ([\d.]+)", line) == [f"{lift:.{1 if lift >= 0.95 else 2}f}" for lift in lifts]
        said = [f"{percent(cell.share)} of the time, by chance {percent(cell.expected)}" for cell in row.cells if cell]
        assert re.findall(r'<span class="vh">([^<;]+ of the time, by chance [^<;]+)', line) == said
    assert visitor.get("/catalogue?by=film&of=painting").status == 200
    assert visitor.get("/catalogue?by=decade&of=artist&convincing=1").status == 200


def test_groups_that_are_left_out_are_one_link_away(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    with site.connection() as conn:
        conn.execute("UPDATE films SET country = 'Country ' || id %% 4 WHERE id <= %s", (MATCHED,))

    page = visitor.get("/catalogue?by=country&of=movement&groups=1").text

    said = re.search(r'3 further countries have .* are left out: <a href="([^"]+)">show more</a>', page)
    assert said is not None
    more = visitor.get(unescape(said[1])).text
    assert more.count("× ") > page.count("× ")
    assert "left out" not in more.partition("Paintings made after")[0]


def cell(lift: float | None, low: float | None = None, high: float | None = None) -> Cell:
    return Cell("Cubism", None, 1.0, 0.1, 0.1, lift, low, high)


def test_a_shade_is_darker_the_further_from_chance_and_says_where_it_is_not_told_from_it() -> None:
    steps = [shade(lift) for lift in (0.0, 0.4, 0.7, 1.0, 1.5, 2.0, 4.0, 9.0)]

    assert steps == ["l-3", "l-2", "l-1", "l0", "l1", "l2", "l3", "l4"]
    assert shade(None) == "none"
    assert is_sure(cell(2.0, 1.1, 3.0))
    assert is_sure(cell(0.5, 0.2, 0.9))
    assert not is_sure(cell(2.0, 0.9, 3.0))
    assert not is_sure(cell(2.0)), "without an interval nothing is sure"


def test_films_like_a_film_are_found_by_its_words(stocked: tuple[Visitor, Site]) -> None:
    visitor, _ = stocked

    assert "Which of these?" not in visitor.get("/catalogue/similar").text
    assert "films match; the first are" in visitor.get("/catalogue/similar?words=director+1").text
    one = visitor.get("/catalogue/similar?words=no.+07").text
    assert 'resemble the same painters as <a href="/films/8">Film No. 07</a>' in one
    assert len(re.findall(r'<th scope="row"><a href="/films/', one)) > 1
    assert visitor.get("/catalogue/similar?film=999").status == 404


def test_fifty_readers_at_once_are_all_answered_over_a_few_connections(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    addresses = ["/", "/films/4", "/paintings", "/catalogue", "/api/films/4/shots/1/matches", "/paintings/2"]
    start, failures = threading.Barrier(READERS), list[str]()

    def read(number: int) -> None:
        start.wait(30)
        for step in range(3):
            path = addresses[(number + step) % len(addresses)]
            answer = Visitor(visitor.port).get(path)
            if answer.status != 200:
                failures.append(f"{path}: {answer.status} {answer.text[:200]}")

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert failures == []
    assert site.pool.get_stats()["pool_size"] <= CONNECTIONS


def test_readers_do_not_notice_that_the_database_was_started_anew(stocked: tuple[Visitor, Site]) -> None:
    visitor, site = stocked
    with site.connection() as conn:
        assert conn.execute("SELECT count(*) FROM films").fetchone() == (FILMS,)
    with db.connect(site.stack.database_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert visitor.get("/").status == 200
