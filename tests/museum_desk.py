"""What tests of `r2r paintings import` and `fetch` share: commands that know where the test's museum answers.

Import `museum` and `r2r` into a test module to have them as fixtures there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from r2r_shared.collections import met
from r2r_shared.fetching import patience
from r2r_shared.queries import profiles
from r2r_shared.settings import Settings
from r2r_workers.models import registry
from tests import museum_records as records
from tests import museum_server
from tests.in_process import R2R, Ended
from tests.museum_server import Museum, document

HERE = "the museum's server"
QUICK = ("--rate", "50", "--allow-host", HERE, "--detach", "--json")


@dataclass(frozen=True)
class AtMuseum(R2R):
    """Commands in which HERE is the museum's server, host and port."""

    netloc: str

    def __call__(self, *args: object) -> Ended:
        return super().__call__(*(self.netloc if one == HERE else one for one in args))


def commands(
    settings: Settings,
    conn: Connection[Any],
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    museum: Museum,
) -> AtMuseum:
    """Runs `r2r`, with a profile to measure under."""
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    # A tenth of a second between attempts instead of one: what is tested is that they are made, and how many.
    defaults = patience.Patience.__init__.__defaults__
    assert defaults is not None
    patch.setattr(patience.Patience.__init__, "__defaults__", (defaults[0], 0.1, defaults[2]))
    made = R2R.on(settings, patch, capsys)
    return AtMuseum(made.patch, made.capsys, museum.netloc)


@pytest.fixture
def museum() -> Iterator[Museum]:
    """A museum's server, of the test's own."""
    with museum_server.running() as server:
        yield server


@pytest.fixture
def r2r(
    settings: Settings,
    conn: Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    museum: Museum,
) -> AtMuseum:
    """`r2r` at that museum."""
    return commands(settings, conn, monkeypatch, capsys, museum)


def met_here(museum: Museum, patch: pytest.MonkeyPatch) -> Museum:
    """The Met's object API, at this museum."""
    patch.setattr(met, "API", f"{museum.url}/public/collection/v1/objects/")
    for number in (*(work.get("Object ID", "") for work in records.MET_WORKS), "438815"):
        if number.isdigit():
            museum.on(f"/public/collection/v1/objects/{number}", document(records.met_object(int(number), museum.url)))
    return museum


def rows(conn: Connection[Any], table: str) -> list[dict[str, Any]]:
    """All rows of a table as their columns, by file."""
    found = conn.execute(
        f"SELECT to_jsonb(t) - 'id' - 'created_at' FROM {table} AS t ORDER BY file"  # noqa: S608
    ).fetchall()
    conn.commit()
    return [row for (row,) in found]


def manifest(tmp_path: Path, lines: list[str]) -> Path:
    """A CSV of works: file, title, artist, year, licence, address of the picture."""
    path = tmp_path / "works.csv"
    text = "file,title,artist,year,licence,image_url\n" + "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8-sig")
    return path


def reasons(tallies: dict[str, Any]) -> dict[str, int]:
    """Reason → how many."""
    return {reason: tally["count"] for reason, tally in tallies.items()}
