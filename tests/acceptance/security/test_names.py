"""Names and titles come from strangers: they are shown as letters, and nothing else, wherever they are shown."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from psycopg.types.json import Jsonb

from r2r_shared import db
from r2r_shared.film.probe import probe_to_json, scan
from r2r_shared.queries import films, paintings, ranges
from tests import synthetic
from tests.acceptance.test_page_browser import CHROMIUM, FLAGS
from tests.in_process import R2R
from tests.unit.media_films import coded_film

NAMES = [
    "\x1b[2J\x1b]0;owned\x07red",
    "\x9b31mred",
    "line\nline\r\ttab\u2028end",
    "gnp.\u202efdp",
    "<script>document.title='ran'</script>",
    '"><img src=x onerror="document.title=\'ran\'">',
    "</style></script><svg onload=document.title='ran'>",
    "javascript:document.title='ran'//",
    "'; DROP TABLE films; --",
    "$(touch canary) `touch canary` & ; | > canary",
    "--force",
    "%s %(x)s {0} {x!r} %n",
    "[red]red[/red] [link=http://x]x[/]",
    '=HYPERLINK("http://x","y")',
    "@SUM(1+1)",
    "+1+1",
    "-2+3",
    "é" * 127,
]
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def world(r2r: R2R, conn: db.Connection, tmp_path: Path) -> R2R:
    """A film, a job and a painting of each name, with numbers to match them by."""
    looked = probe_to_json(scan(coded_film(tmp_path / "looked.mp4", 5)), with_index=False)
    del looked["index"]
    profile_id = conn.execute("SELECT id FROM profiles").fetchone()[0]  # type: ignore[index]
    dim = conn.execute("SELECT dim FROM profiles").fetchone()[0]  # type: ignore[index]
    drawn = synthetic.World(dim=dim)
    synthetic.add_paintings(conn, profile_id, drawn.draw(len(NAMES)))
    ranges.refresh(conn, profile_id)
    for number, name in enumerate(NAMES, 1):
        film_id, job_id, _ = synthetic.add_film(conn, profile_id, [synthetic.Shot(4, drawn.draw(1))])
        conn.execute(
            "UPDATE films SET title = %s, director = %s, country = %s, path = %s, probe = %s WHERE id = %s",
            (name, name, name, f"/films/{name}/{number}", Jsonb(looked), film_id),
        )
        conn.execute("UPDATE jobs SET error = %s WHERE id = %s", (name, job_id))
        conn.execute("UPDATE segments SET error = %s, worker = %s WHERE job_id = %s", (name, name, job_id))
        conn.execute(
            """UPDATE paintings SET title = %s, artist = %s, movement = %s, museum = %s, file = %s, year = %s
                WHERE id = %s""",
            (name, name, name, name, f"{name}/{number}", name, number),
        )
    conn.execute("UPDATE collections SET name = %s", (NAMES[0] + NAMES[4],))
    conn.commit()
    return r2r


def test_nothing_that_is_printed_steers_a_terminal(world: R2R, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lists = [("films", "list"), ("jobs", "list"), ("paintings", "list"), ("paintings", "list", "--search", "red")]
    for number in range(1, len(NAMES) + 1):
        lists += [("films", "show", number), ("timeline", number, "--by", "artist"), ("jobs", "show", number)]
        lists += [("paintings", "show", number)] if number < 4 else []
    for words in lists:
        for form in ((), ("--json",)):
            ended = world(*words, *form)
            assert ended.code == 0, ended
            assert not STEERING.findall(ended.out + ended.err), words
            if form:
                json.loads(ended.out)
    whole = json.loads(world("films", "list", "--json").out)
    assert {film["title"] for film in whole} == set(NAMES), "JSON says what they are, letter by letter"
    assert not (tmp_path / "canary").exists()


def test_a_film_is_found_by_each_name_and_no_other_goes_with_it(world: R2R, conn: db.Connection) -> None:
    left = len(NAMES)
    for name in NAMES[::3]:
        ended = world("films", "show", "--json", "--", name)
        assert json.loads(ended.out)["title"] == name, ended
        assert world("films", "remove", "--yes", "--", name).code == 0
        left -= 1
        conn.rollback()
        assert len(films.listed(conn)) == left


def test_wrong_calls_and_refusals_do_not_steer_either(world: R2R) -> None:
    for name in (NAMES[0], NAMES[1], NAMES[3]):
        for words in (
            *(("films", "show", "x", name), ("films", "show", f"--{name}"), (name,), ("films", name)),
            *(("jobs", "show", name), ("timeline", "1", "--by", name), (f"--{name}",), ("match", name)),
            *(("paintings", "import", name), ("ingest", name), ("ingest", name, "--json"), ("doctor", name)),
            *(("films", "show", f"no {name}"), ("films", "show", f"no {name}", "--json"), ("timeline", f"no {name}")),
        ):
            ended = world(*words)
            assert ended.code in {1, 2}, (words, ended)
            assert not STEERING.findall(ended.out + ended.err), (words, ended)


def test_a_spreadsheet_gets_text_and_no_formulas(world: R2R, tmp_path: Path) -> None:
    for number in range(1, len(NAMES) + 1):
        file = tmp_path / f"{number}.csv"
        assert world("timeline", number, "--top", "20", "--csv", file).code == 0
        rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
        assert len(rows) == 1 + len(NAMES)
        cells = {cell for row in rows[1:] for cell in row if not re.fullmatch(r"-?[\d.e-]*", cell)}
        assert len(cells) > len(NAMES)
        assert not [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "-", "@"}]


class Page(HTMLParser):
    """What a browser would make of a page, by kind."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.targets: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.attributes |= found.keys()
        self.targets += [found[name] or "" for name in ("href", "src", "action") if name in found]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""


def test_the_page_of_such_a_film_runs_nothing(world: R2R, tmp_path: Path) -> None:
    """Each film's page names all paintings; the browser opens one that has them all."""
    for number in range(1, len(NAMES) + 1):
        file = tmp_path / f"{number}.html"
        assert world("timeline", number, "--top", "20", "--html", file).code == 0
        page = Page(file.read_text(encoding="utf-8"))
        assert "default-src 'none'" in page.policy
        assert "unsafe" not in page.policy
        assert not [name for name in page.attributes if name.startswith("on") or name in {"style", "srcdoc"}]
        assert not page.tags & {"iframe", "object", "embed", "base"}
        assert all(target.startswith(("#", "data:")) for target in page.targets)

    if CHROMIUM is None:
        pytest.skip("no Chromium here: the page was not tried in a browser")
    # Without the policy as well: what keeps a title from running must not be the policy alone.
    naked = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", file.read_text(encoding="utf-8"))
    (tmp_path / "naked.html").write_text(naked, encoding="utf-8")
    (tmp_path / "control.html").write_text(f"<title>x</title>{NAMES[4]}", encoding="utf-8")
    assert "<title>ran" in _dom(tmp_path / "control.html", tmp_path), "the names do nothing: the rest proves nothing"
    for name in (file.name, "naked.html"):
        dom = _dom(tmp_path / name, tmp_path)
        assert "<title>ran" not in dom
        assert '<form class="filter" aria-label' in dom, "the page's own script did not run"


def _dom(file: Path, folder: Path) -> str:
    profile = folder / "profile"
    command = [CHROMIUM or "", *FLAGS, f"--user-data-dir={profile}", "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout


def test_files_of_such_names_are_taken_in_under_them(r2r: R2R, tmp_path: Path, conn: db.Connection) -> None:
    films_folder, pictures = tmp_path / "films", tmp_path / "pictures"
    films_folder.mkdir()
    pictures.mkdir()
    possible = [name.replace("/", "∕")[:120] for name in NAMES]
    for number, name in enumerate(possible):
        coded_film(films_folder / "made.mp4", 5 + number, width=64, height=64).rename(films_folder / f"{name}.mp4")
        Image.new("RGB", (32, 32), (10 * number, 90, 30)).save(pictures / "made.png")
        (pictures / "made.png").rename(pictures / f"{name}.png")

    ended = r2r("ingest", "--recursive", films_folder, "--detach")
    imported = r2r("paintings", "import", pictures, "--detach")

    assert (ended.code, imported.code) == (0, 0), (ended, imported)
    assert not STEERING.findall(ended.out + ended.err + imported.out + imported.err)
    conn.rollback()
    assert {Path(film.path).stem for film in films.listed(conn)} == set(possible)
    assert len(paintings.search(conn, limit=100)) == len(possible)
    assert not list(tmp_path.rglob("canary"))
