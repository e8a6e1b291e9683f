"""The site's downloads: the files that the command writes, of the film that is shown, and readers change nothing."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html import unescape

import opentimelineio as otio
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from r2r_shared import db, exports
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import profiles, ranges
from tests import synthetic
from tests.synthetic import Shot, World
from tests.web_client import Visitor, cluster, served

TITLE = 'A "film"; filename=x\r\n<b>'


@pytest.fixture(scope="module")
def url_and_visitor(
    postgres: LocalPostgres, redis_server: LocalRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Visitor]]:
    """Two films, the second without an analysis; paintings before and after the first."""
    world = World()
    with cluster(postgres, redis_server, tmp_path_factory.mktemp("home"), "web_exports") as settings:
        assert settings.database_url is not None
        with db.connect(settings.database_url) as conn:
            profile_id = synthetic.add_profile(conn)
            profiles.activate(conn, profile_id)
            synthetic.add_paintings(conn, profile_id, world.draw(40), years=(1850, 1990))
            ranges.refresh(conn, profile_id)
            shots = [Shot(2, world.draw(1)), Shot(1, [], blank="white"), Shot(3, world.draw(2))]
            synthetic.add_film(conn, profile_id, shots, year=1950)
            synthetic.add_film(conn, profile_id, shots, shown=False)
            conn.execute("UPDATE films SET title = %s, path = %s WHERE id = 1", (TITLE, "/films/Ein “Film”; 1.mp4"))
        with served(settings) as (visitor, _):
            yield settings.database_url, visitor


@pytest.fixture
def visitor(url_and_visitor: tuple[str, Visitor]) -> Visitor:
    return url_and_visitor[1]


@pytest.mark.parametrize("name", exports.FORMATS)
def test_a_format_comes_as_a_file_of_its_kind(visitor: Visitor, name: str) -> None:
    one = exports.FORMATS[name]
    visitor.get("/films/1")  # matches are brought up to date by whoever comes first

    answer = visitor.get(f"/films/1/export/{name}")

    assert answer.status == 200
    assert answer.headers["content-type"] == one.media_type
    stem = "Ein%20%E2%80%9CFilm%E2%80%9D%3B%201"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{stem}{one.ending}"
    assert answer.body
    # And asked again, by whoever has it, it is not sent
    again = visitor.get(f"/films/1/export/{name}", If_None_Match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_they_say_what_the_document_says(visitor: Visitor) -> None:
    for query in ("", "?all_dates=1"):
        found = visitor.get(f"/api/films/1/timeline.json{query}").json()
        rows = sum(max(1, len(shot["matches"])) for shot in found["shots"])

        whole = visitor.get(f"/films/1/export/json{query}").json()
        whole_citation = whole.pop("citation")
        assert whole_citation["profile"]["name"] == "synthetic"
        assert whole == found
        assert found["film"]["path"] == "Ein “Film”; 1.mp4"
        assert ("all dates" in whole_citation["text"]) == bool(query)
        assert pq.read_table(io.BytesIO(visitor.get(f"/films/1/export/parquet{query}").body)).num_rows == rows
        clips = otio.adapters.read_from_string(visitor.get(f"/films/1/export/otio{query}").text, "otio_json")
        assert len(list(clips.find_clips())) == len(found["shots"])


def test_a_manifest_is_where_it_says_it_is(visitor: Visitor) -> None:
    manifest = visitor.get("/films/1/export/iiif").json()

    assert manifest["id"] == f"http://{visitor.host}/films/1/export/iiif"
    assert visitor.get(manifest["id"].removeprefix(f"http://{visitor.host}")).json() == manifest
    links = set(re.findall(r"http://[\d.:]+(/paintings/\d+)", json.dumps(manifest)))
    assert links
    assert {visitor.get(link).status for link in links} == {200}


def test_the_films_page_offers_all_of_them(visitor: Visitor) -> None:
    for query in ("", "?all_dates=1"):
        page = visitor.get(f"/films/1{query}").text
        offered = re.findall(r'<li><a href="([^"]+)" download>([^<]+)</a> ([^<]+)</li>', page)

        assert [ending for _, ending, _ in offered] == [one.ending for one in exports.FORMATS.values()]
        assert {visitor.get(unescape(address)).status for address, _, _ in offered} == {200}
        assert all(address.endswith(query) for address, _, _ in offered)
        assert "The addresses in .annotations.json and .iiif.json lead to this server" in page
        # And where on this machine the film lies is for its owner to know
        assert "Ein “Film”; 1.mp4" in unescape(page)
        assert "/films/Ein" not in unescape(page)


def test_timecode_is_the_readers_to_choose(visitor: Visitor) -> None:
    assert "01:00:00:00 01:00:02:00" in visitor.get("/films/1/export/edl?start_timecode=01:00:00:00").text
    assert "00:00:00:00 00:00:02:00" in visitor.get("/films/1/export/edl").text

    assert "* RATE 24\r\n" in visitor.get("/films/1/export/edl?rate=24").text

    for query in ("start_timecode=noon", "start_timecode=01:00:00;00", "drop_frame=1", "rate=16"):
        answer = visitor.get(f"/films/1/export/edl?{query}")
        assert answer.status == 400, answer.text
        # And a format without timecode has nothing that could be chosen
        assert visitor.get(f"/films/1/export/vtt?{query}").status == 400


def test_what_would_change_nothing_is_refused_and_not_passed_over(visitor: Visitor) -> None:
    """Who asks for weights must not take the default ones for them."""
    for query in ("weights=dc=1,others=0", "visual=.3", "garbage=1", "all_dates=maybe", "top=3", "all_dates=1&x=1"):
        answer = visitor.get(f"/films/1/export/edl?{query}")
        assert answer.status == 400, query
        assert "--weights" in answer.text or "all_dates=1" in answer.text
    assert visitor.get("/api/films/1/timeline.json?weights=dc=1").status == 400
    assert "Files are under the default weights" in visitor.get("/films/1").text


def test_what_is_not_there_is_not_found(visitor: Visitor) -> None:
    for path in ("/films/1/export/docx", "/films/2/export/csv", "/films/99/export/csv", "/films/1/export/"):
        assert visitor.get(path).status == 404, path


def test_a_reader_who_takes_files_along_stores_nothing(url_and_visitor: tuple[str, Visitor]) -> None:
    """The page's own visit may bring matches up to date; downloads after it leave every row as it is."""
    url, visitor = url_and_visitor
    visitor.get("/films/1")

    def rows() -> list[tuple[object, ...]]:
        with db.connect(url) as conn:
            return [
                row
                for table in ("matches", "film_matches", "profiles", "painting_nearness", "films")
                for row in conn.execute(
                    sql.SQL("SELECT ctid, xmin FROM {} ORDER BY ctid").format(sql.Identifier(table))
                )
            ]

    before = rows()
    assert before
    for name in exports.FORMATS:
        assert visitor.get(f"/films/1/export/{name}").status == 200
        assert visitor.get(f"/films/1/export/{name}?all_dates=1").status == 200
    assert rows() == before
