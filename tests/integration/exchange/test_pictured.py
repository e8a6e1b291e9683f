"""Which works have their pictures here: what `r2r import` says of them, and how they come to have them after all."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from psycopg import Connection

from r2r_shared.collections.detect import detect
from r2r_shared.importing import import_paintings
from r2r_shared.queries import features
from r2r_shared.queries.pictureless import LeftOut
from tests import data_sets
from tests.data_sets import Installation
from tests.integration.exchange.test_pictures_and_profiles import with_pictures
from tests.synthetic import World


def pictured(conn: Connection) -> tuple[list[bool], list[bool]]:
    """Of paintings and of keyframes, by id."""
    found = tuple(
        [value for (value,) in conn.execute(query).fetchall()]
        for query in ("SELECT pictured FROM paintings ORDER BY id", "SELECT pictured FROM keyframes ORDER BY id")
    )
    conn.commit()
    return found


def test_what_comes_without_a_picture_is_known_to_until_that_comes(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = with_pictures(here, paintings=5, films=1, shots=2)
    for what in ("none", "paintings", "all"):
        here.export(tmp_path / what, profile_id, pictures=what)

    bare = there.import_(tmp_path / "none")
    assert bare.without_picture == LeftOut(paintings=5, films=1, keyframes=5)
    assert pictured(there.conn) == ([False] * 5, [False] * 5)

    some = there.import_(tmp_path / "paintings")
    assert some.without_picture == LeftOut(paintings=0, films=1, keyframes=5)
    assert pictured(there.conn) == ([True] * 5, [False] * 5)

    assert not there.import_(tmp_path / "all").without_picture
    assert pictured(there.conn) == ([True] * 5, [True] * 5)
    assert not there.import_(tmp_path / "none").without_picture
    assert pictured(there.conn) == ([True] * 5, [True] * 5)


def test_one_that_comes_with_its_pictures_has_them(here: Installation, there: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=5, films=1, shots=2)
    here.store.delete_prefix("paintings/2.jpg")  # and is lost where it was
    here.export(tmp_path / "set", profile_id, pictures="all")

    done = there.import_(tmp_path / "set")

    assert done.without_picture == LeftOut(paintings=1, films=0, keyframes=0)
    assert pictured(there.conn) == ([True, False, True, True, True], [True] * 5)


def test_a_rehearsal_writes_nothing_of_it(here: Installation, there: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=5)
    here.export(tmp_path / "bare", profile_id)
    here.export(tmp_path / "full", profile_id, pictures="all")
    there.import_(tmp_path / "bare")

    there.import_(tmp_path / "full", dry_run=True)

    assert pictured(there.conn)[0] == [False] * 5


def test_the_works_themselves_bring_their_pictures_wherever_they_are_imported(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, paintings=1, films=0)
    source = tmp_path / "prints"
    source.mkdir()
    for shade in range(3):
        Image.new("RGB", (24, 16), (40 * shade, 90, 0)).save(source / f"{shade}.png")

    def imported(one: Installation, collection: str):
        one.conn.commit()
        records = detect(source).records()
        return import_paintings(one.conn, one.store, records, collection=collection, profile_id=profile_id)

    imported(here, "prints")
    ids = [number for (number,) in here.conn.execute("SELECT id FROM paintings WHERE file LIKE '%.png'").fetchall()]
    features.write_paintings(here.conn, profile_id=profile_id, rows=list(zip(ids, World().draw(3), strict=True)))
    here.export(tmp_path / "set", profile_id)
    there.import_(tmp_path / "set")
    assert pictured(there.conn)[0] == [False] * 4
    (source / "2.png").unlink()

    other = imported(there, "the same, elsewhere")

    assert other.added == 2
    assert pictured(there.conn)[0] == [False, True, True, False, True, True]
    there.store.delete_prefix("paintings")
    there.conn.execute("UPDATE paintings SET pictured = false")
    same = imported(there, "prints")
    assert (same.added, same.unchanged) == (0, 2)
    assert pictured(there.conn)[0] == [False, True, True, False, True, True]


def test_a_picture_that_another_collection_has_is_here(here: Installation, there: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=3, films=0)
    here.export(tmp_path / "full", profile_id, pictures="all")
    there.import_(tmp_path / "full")
    here.conn.execute("UPDATE collections SET name = 'another'")
    here.export(tmp_path / "bare", profile_id)

    done = there.import_(tmp_path / "bare")

    assert (done.paintings.added, done.without_picture) == (3, LeftOut(0, 0, 0))
    assert pictured(there.conn)[0] == [True] * 6
