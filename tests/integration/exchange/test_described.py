"""What a data set says otherwise of works and films that are here: which, what there and what here."""

from __future__ import annotations

from pathlib import Path

import pytest

from r2r_shared.queries import exchange_described
from tests import data_sets
from tests.data_sets import Installation


@pytest.fixture
def differing(here: Installation, there: Installation, tmp_path: Path) -> Path:
    """A data set of which one painting is another picture there, one and the film are described otherwise."""
    profile_id = data_sets.fill(here.conn, paintings=6, films=1)
    here.export(tmp_path / "set", profile_id)
    there.import_(tmp_path / "set")
    there.conn.execute("UPDATE paintings SET sha256 = sha256('another') WHERE file = '3.jpg'")
    there.conn.execute("UPDATE paintings SET title = 'Ours', year_from = NULL WHERE file = '5.jpg'")
    there.conn.execute("UPDATE films SET year = NULL, director = 'Ours'")
    return tmp_path / "set"


def test_each_is_named_with_what_is_said_there_and_here(there: Installation, differing: Path):
    found = there.import_(differing).differences

    assert (found.paintings, found.left_out, found.films, found.beyond) == (1, 1, 1, 0)
    other, described, film = (one.to_json() for one in found.first)
    assert (other["collection"], other["file"], other["left_out"]) == ("synthetic", "3.jpg", True)
    assert other["fields"]["sha256"]["there"] == (3).to_bytes(32).hex()
    assert (described["file"], described["left_out"]) == ("5.jpg", False)
    assert described["fields"] == {
        "title": {"there": "No. 5", "here": "Ours"},
        "year_from": {"there": 1650, "here": None},
    }
    assert film["title"] == "Film 0.0"
    assert film["fields"] == {"director": {"there": "Jane Doe", "here": "Ours"}, "year": {"there": 1955, "here": None}}


def test_beyond_a_number_they_are_counted(there: Installation, differing: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange_described, "MOST", 1)

    found = there.import_(differing).differences

    assert (len(found.first), found.beyond) == (1, 2)
