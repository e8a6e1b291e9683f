"""A data set's collections and those of the same names here: what grows, what is kept apart, what is undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from r2r_shared import citation
from r2r_shared.errors import UserError
from r2r_shared.exchange import naming
from r2r_shared.queries import exchange_brought, paintings
from r2r_shared.queries.exchange_paintings import Collection
from tests import data_sets
from tests.data_sets import Installation


def another(there: Installation, name: str) -> None:
    """A collection of that name with six works, one of which is No. 1 of the data set."""
    data_sets.fill(there.conn, seed=9, paintings=6, films=0, collection=name)
    there.conn.execute("UPDATE paintings SET sha256 = sha256(file::bytea), file = 'ours/' || file WHERE id > 1")


def sizes(there: Installation) -> dict[str, int]:
    found = {one.name: one.paintings for one in paintings.collections(there.conn)}
    there.conn.commit()
    return found


def test_nothing_is_put_into_another_collection_of_the_same_name_unasked(
    here: Installation, there: Installation, tmp_path: Path
):
    here.export(tmp_path / "set", data_sets.fill(here.conn, paintings=12, films=0, collection="coll"))
    another(there, "coll")

    for dry_run in (True, False):
        with pytest.raises(
            UserError, match=r"11 into your collection coll \(6 works\), which has 1 of them"
        ) as refused:
            there.import_(tmp_path / "set", dry_run=dry_run)
        assert "--rename 'coll=ANOTHER NAME'" in refused.value.hint
        assert "--merge" in refused.value.hint
    assert sizes(there) == {"coll": 6}
    assert there.counts()["data_sets"] == 0


def test_under_a_name_of_its_own_it_stays_apart_and_an_import_twice_adds_nothing(
    here: Installation, there: Installation, tmp_path: Path
):
    here.export(tmp_path / "set", data_sets.fill(here.conn, paintings=12, films=0, collection="coll"))
    another(there, "coll")

    done = there.import_(tmp_path / "set", rename=["coll=coll of lab A"])
    again = there.import_(tmp_path / "set", rename=["coll=coll of lab A"])

    assert done.collections == [Collection("coll of lab A", "coll", new=True, before=0, added=12, here=0, other=0)]
    assert not again.changed
    assert sizes(there) == {"coll": 6, "coll of lab A": 12}


def test_put_together_it_is_said_first_what_grows(here: Installation, there: Installation, tmp_path: Path):
    here.export(tmp_path / "set", data_sets.fill(here.conn, paintings=12, films=0, collection="coll"))
    another(there, "coll")
    told: list[Collection] = []

    done = there.import_(tmp_path / "set", merge=True, on_collections=told.extend)

    assert told == [Collection("coll", "coll", new=False, before=6, added=11, here=1, other=0)] == done.collections
    assert sizes(there) == {"coll": 17}
    assert not there.import_(tmp_path / "set").changed


def test_a_newer_edition_and_a_part_come_without_a_question(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, paintings=8, films=0)
    here.export(tmp_path / "first", profile_id)
    data_sets.fill(here.conn, seed=1, paintings=30, films=0)
    here.export(tmp_path / "second", profile_id)

    for name, size in (("first", 8), ("second", 38), ("first", 38)):
        there.import_(tmp_path / name)
        assert sizes(there) == {"synthetic": size}


def test_what_a_data_set_brought_is_known_and_taken_out(here: Installation, there: Installation, tmp_path: Path):
    here.export(tmp_path / "set", data_sets.fill(here.conn, paintings=12, films=1, collection="coll"))
    another(there, "coll")
    before = there.content()["paintings"]
    done = there.import_(tmp_path / "set", merge=True)

    for name in ("set", done.digest[:12]):
        brought = exchange_brought.named(there.conn, name)
        assert len(paintings.search(there.conn, data_sets=brought)) == 11
    assert len(exchange_brought.films(there.conn, brought)) == 1
    paintings.remove(there.conn, exchange_brought.paintings(there.conn, brought))

    assert there.content()["paintings"] == before
    with pytest.raises(UserError, match="no data set of the name nothing was brought in"):
        exchange_brought.named(there.conn, "nothing")


@pytest.mark.parametrize(
    ("asked", "there", "names"),
    [
        ([], ["a", "b"], {}),
        (["a=c"], ["a", "b"], {"a": "c"}),
        (["a=b", "b=a"], ["a", "b"], {"a": "b", "b": "a"}),
        (["x=y=z"], ["x=y"], {"x=y": "z"}),
        (["x=y=z"], ["x"], {"x": "y=z"}),
        (["a= c \n d"], ["a"], {"a": "c d"}),
    ],
)
def test_new_names(asked: list[str], there: list[str], names: dict[str, str]):
    assert naming.renamed(asked, there) == names


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("c=d", "the data set has no collection of such a name; it has “a”, “b”"),
        ("a", "no collection of such a name"),
        ("a= ", "the new name is empty"),
        ("a=b", "two of the data set's collections would be called “b”"),
    ],
)
def test_names_that_cannot_be(asked: str, said: str):
    with pytest.raises(UserError, match=said):
        naming.renamed([asked], ["a", "b"])


def test_two_collections_may_change_names(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, paintings=3, films=0, collection="a")
    data_sets.fill(here.conn, seed=1, paintings=5, films=0, collection="b")
    here.export(tmp_path / "set", profile_id)

    there.import_(tmp_path / "set", rename=["a=b", "b=a"])

    assert sizes(there) == {"b": 3, "a": 5}


def test_that_a_part_of_the_paintings_came_is_remembered_until_all_are_here(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, paintings=120, films=1)
    here.export(tmp_path / "part", profile_id, matched_only=True)
    here.export(tmp_path / "whole", profile_id)

    done = there.import_(tmp_path / "part")

    (part,) = exchange_brought.parts(there.conn, done.profile.id)
    assert str(part) == f"{done.paintings.added} paintings of data set part, a part of those it was compared with"
    assert str(part) in citation.of_profile(there.conn, done.profile).text()
    there.import_(tmp_path / "whole")
    assert exchange_brought.parts(there.conn, done.profile.id) == []
    assert citation.of_profile(there.conn, done.profile).choices == ()


def test_a_collection_without_films_is_a_part_as_long_as_its_ranges_are_those_of_more(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, paintings=20, films=0, collection="Ours")
    data_sets.fill(here.conn, seed=1, paintings=10, films=0, collection="Theirs")
    (number,) = here.conn.execute("SELECT id FROM collections WHERE name = 'Theirs'").fetchone()
    here.export(tmp_path / "set", profile_id, collections=[number])

    done = there.import_(tmp_path / "set")
    assert [one.paintings for one in exchange_brought.parts(there.conn, done.profile.id)] == [10]

    data_sets.fill(there.conn, seed=7, paintings=5, films=0, collection="Own")
    assert exchange_brought.parts(there.conn, done.profile.id) == []
