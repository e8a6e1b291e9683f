"""Reading results from Python: the script of the README, and the same numbers as the command line's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import r2r_shared as r2r
from r2r_shared.errors import NotFound, UserError
from r2r_shared.reading.library import Library
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def library(ingested: Cli) -> Iterator[Library]:
    with r2r.library(settings=Settings(home=ingested.home)) as opened:
        yield opened


def run(script: str, cli: Cli, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=cli.env(), cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_script_of_the_readme_prints_what_the_command_line_knows(ingested: Cli, material: Path, tmp_path: Path):
    # Given a film under another name in another folder
    os.link(material / "film.mp4", tmp_path / "movie.mp4")
    [script] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)

    ended = run(script, ingested, tmp_path)

    assert (ended.returncode, ended.stderr) == (0, "")
    known = ingested.json("timeline", "The Film")
    assert f"The Film {len(known['shots'])} shots" in ended.stdout
    artists = [row for row in known["influence"] if row["by"] == "artist"]
    assert artists[0]["name"] in ended.stdout
    assert f"collections state {known['profile']['state'][:12]}: painted (" in ended.stdout


def test_a_timeline_is_cited_with_its_film_and_what_was_chosen(library: Library, ingested: Cli):
    known = ingested.json("timeline", "The Film")
    film = known["film"]

    cited = library.cite(library.timeline("The Film", weights={"dc": 1, "others": 0}, all_dates=True))

    assert cited.film is not None
    assert (cited.film.sha256, cited.film.detector) == (film["sha256"], "adaptive")
    assert f"“The Film” ({film['year'] or 'year unknown'}; sha256 {film['sha256'][:12]}; shots found by adaptive)" in (
        cited.text()
    )
    assert "weights dc=1 " in cited.text()
    assert "all dates" in cited.text()
    # And without one it is of all that is measured
    assert library.cite().film is None
    assert library.cite().state == cited.state == known["profile"]["state"]
    assert library.cite(library.timeline("The Film")).choices == ()
    with pytest.raises(UserError, match="cite takes a timeline"):
        library.cite("The Film")  # type: ignore[arg-type]


def test_a_timeline_is_the_one_of_the_command_line(library: Library, ingested: Cli):
    found = library.timeline("The Film")

    assert json.loads(json.dumps(found.to_json())) == ingested.json("timeline", "The Film")


def test_matches_are_the_timelines_row_by_row(library: Library):
    found = library.timeline("The Film", top_k=3)

    rows = library.matches(found)

    assert [(row.shot, row.rank, row.painting_id, row.score) for row in rows] == [
        (shot.number, match.rank, match.painting.id, match.score) for shot in found.shots for match in shot.matches
    ]
    frame = rows.to_pandas()
    assert frame["score"].tolist() == [row.score for row in rows]
    first = next(shot for shot in found.shots if shot.matches).matches[0]
    assert (rows[0].dc, rows[0].contrast) == (first.similarities[0], first.similarities[-1])


def test_a_timeline_at_hand_answers_what_it_can_and_refuses_what_it_cannot(library: Library):
    found = library.timeline("The Film", top_k=2)

    assert {row.rank for row in library.matches(found)} == {1, 2}
    assert {row.rank for row in library.matches(found, top_k=1)} == {1}
    with pytest.raises(UserError, match="top_k=3, of a timeline that has 2"):
        library.matches(found, top_k=3)
    with pytest.raises(UserError, match="has its windows"):
        library.windows(found, window_s=5)
    with pytest.raises(TypeError):
        found.film["title"] = "another"  # type: ignore[index]


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ("matches", {"top_k": 10**9}),
        ("matches", {"top_k": 0}),
        ("windows", {"window_s": 0}),
        ("windows", {"window_s": float("nan")}),
        ("timeline", {"window_s": 1e-9}),
        ("similar", {"limit": 0}),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(library: Library, asked: str, options: dict[str, Any]):
    before = library.conn.execute("SELECT top_k, matched_at FROM film_matches").fetchall()

    with pytest.raises(UserError, match="is no "):
        getattr(library, asked)("The Film", **options)

    assert library.conn.execute("SELECT top_k, matched_at FROM film_matches").fetchall() == before


def test_matches_of_one_artist_are_those_alone(library: Library):
    everyone = library.matches("The Film")
    artist = everyone[0].artist

    assert set(library.matches("The Film", artist=artist[2:].upper())) == {
        row for row in everyone if artist[2:].lower() in row.artist.lower()
    }


def test_shots_influence_and_windows_add_up(library: Library):
    film = library.film("The Film")
    shots = library.shots(film)
    influence = library.influence(film, of="movement")
    windows = library.windows(film, of="movement", window_s=12)

    assert [shot.shot for shot in shots] == list(range(1, len(shots) + 1))
    assert sum(row.share for row in influence) == pytest.approx(1)
    assert {row.name for row in windows} == {row.name for row in influence}
    first, second = sorted({(row.start_s, row.end_s) for row in windows})
    assert (first, second) == ((0.0, 12.0), (12.0, pytest.approx(film.duration_s, abs=0.1)))


def test_other_weights_are_taken_as_a_mapping_and_judge_nothing(library: Library):
    found = library.timeline("The Film", weights={"dc": 1, "others": 0})

    assert found.weights.dc == 1
    assert {row.p_value for row in library.matches(found)} == {None}


def test_echoes_of_a_painting_are_the_shots_that_name_it(library: Library):
    first = library.matches("The Film", top_k=1)[0]

    echoes = library.echoes(first.painting_id)

    assert first.shot in {echo.shot for echo in echoes}
    assert echoes.to_polars()["score"].is_sorted(descending=True)


def test_the_catalogue_is_asked_by_groups(library: Library):
    rows = library.catalogue_influence(by="film", of="artist")

    assert {row.group for row in rows} == {"The Film"}
    assert all(row.seconds <= row.group_seconds for row in rows)
    with pytest.raises(UserError, match="by='nation'"):
        library.catalogue_influence(by="nation")  # type: ignore[arg-type]


def test_pictures_of_paintings_and_keyframes_are_jpegs(library: Library):
    shot = next(shot for shot in library.timeline("The Film").shots if shot.matches)

    for image in (shot.keyframes[0].image, shot.matches[0].painting.image):
        assert library.picture(image).startswith(b"\xff\xd8")
    with pytest.raises(NotFound):
        library.picture("paintings/00/none.jpg")
    with pytest.raises(NotFound):
        library.picture("../../etc/passwd")
    with pytest.raises(UserError, match="limit=-1"):
        library.paintings(limit=-1)


def test_lists_are_those_of_the_commands(library: Library, ingested: Cli):
    assert [film.title for film in library.films()] == ["The Film"]
    [collection] = library.painting_collections()
    listed = ingested.json("paintings", "list", "--collection", "painted", "--limit", 1000)
    assert collection.paintings == len(listed) == len(library.paintings(collection="painted"))
    with pytest.raises(NotFound, match="there is no collection nowhere"):
        library.paintings(collection="nowhere")


def test_a_film_that_is_not_there_is_named_with_a_remedy_below(ingested: Cli, tmp_path: Path):
    ended = run("import r2r_shared as r2r; r2r.timeline('Nosferatu')", ingested, tmp_path)

    assert ended.returncode == 1
    said = "NotFound: no film answers to “Nosferatu”\nhint: `r2r films list` shows what is there\n"
    assert ended.stderr.endswith(said)


def test_an_empty_installation_says_what_to_do(fresh: Cli, tmp_path: Path):
    ended = run("import r2r_shared as r2r; r2r.films()", fresh, tmp_path)

    assert "nothing has been measured here yet\nhint: r2r paintings import" in ended.stderr


def test_threads_may_ask_at_once_and_a_lost_connection_is_opened_again(ingested: Cli, monkeypatch: pytest.MonkeyPatch):
    from r2r_shared.reading import notebook

    monkeypatch.setenv("R2R_HOME", str(ingested.home))
    titles: list[str] = []
    try:
        threads = [threading.Thread(target=lambda: titles.extend(f.title for f in r2r.films())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        notebook.current().conn.close()  # as when a server was restarted
        again = r2r.films()
    finally:
        r2r.close()

    assert titles == ["The Film"] * 4
    assert [film.title for film in again] == ["The Film"]


def test_importing_costs_no_library_until_something_is_asked(tmp_path: Path):
    heavy = "('psycopg', 'pandas', 'polars', 'pyarrow')"
    script = f"import sys, r2r_shared as r2r; dir(r2r); print([name for name in {heavy} if name in sys.modules])"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert ended.stdout == "[]\n"


def test_the_functions_have_the_librarys_help():
    import inspect

    assert str(inspect.signature(r2r.influence)).startswith("(film: 'NamedFilm | Timeline', *, of: 'Of'")
    assert inspect.getdoc(r2r.matches) == inspect.getdoc(Library.matches)
    with pytest.raises(AttributeError):
        r2r.nothing_of_that_name  # noqa: B018
