"""A staged data set's collections and paintings among those that are here: the same ones are found by their content.

What is here stays as it is. The table `map_paintings` says which row here a row of the data set is, and what became of
it. All in the caller's transaction, after exchange_stage.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from r2r_shared.queries import exchange_differing, exchange_pictured


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of the data set among those that are here.

    Attributes:
        name: what it is called here.   there: and in the data set.
        new: there was none of that name; before: paintings that it had here.
        added, here, other: of the data set's paintings, as `Paintings` has them.
    """

    name: str
    there: str
    new: bool
    before: int
    added: int
    here: int
    other: int

    @property
    def grows(self) -> bool:
        """It was here with paintings, and gets more."""
        return self.before > 0 and self.added > 0


@dataclass(frozen=True, slots=True)
class Paintings:
    """What became of the data set's paintings.

    Attributes:
        added: new here.   here: in the collection already, with the same picture; described: of these, those of which
            this installation says something else, and goes on to.
        other: their file's name has another picture here: ours are kept, and theirs left out.
        measured: paintings that have numbers under the profile now and had none.
        differing: those that had other numbers under it than the data set's, and keep them.
    """

    added: int
    here: int
    described: int
    other: int
    measured: int
    differing: int


def rename_collections(conn: Connection[Any], names: Mapping[str, str]) -> None:
    """What the data set's collections are to be called here; before `add_collections`.

    Args:
        names: by what the data set calls them; the others keep their names. No two may have one name afterwards.
    """
    # In steps: a name is compared with all others as soon as it is written, and two may change places.
    rows = conn.execute("UPDATE in_collections SET there = name RETURNING id, name").fetchall()
    conn.execute("UPDATE in_collections SET name = E'\\x01' || id WHERE name = ANY(%s)", (list(names),))
    for number, there in rows:
        if there in names:
            conn.execute("UPDATE in_collections SET name = %s WHERE id = %s", (names[there], number))


def collection_names(conn: Connection[Any]) -> list[str]:
    """What the data set calls its collections."""
    return [name for (name,) in conn.execute("SELECT name FROM in_collections ORDER BY id").fetchall()]


def add_collections(conn: Connection[Any]) -> set[str]:
    """Make the collections that are new, and hold all of them; the names of those that are new."""
    added = conn.execute("""
        INSERT INTO collections (name) SELECT name FROM in_collections ORDER BY id
        ON CONFLICT (name) DO NOTHING
        RETURNING name
    """).fetchall()
    conn.execute(
        "SELECT FROM collections WHERE name IN (SELECT name FROM in_collections) ORDER BY id FOR UPDATE"
    )  # of several imports into one, one writes at a time
    return {name for (name,) in added}


def map_paintings(conn: Connection[Any], new: Set[str]) -> list[Collection]:
    """Which painting here each is, after `add_collections`, which said what is new; what that means for each."""
    conn.execute("""
        CREATE TEMPORARY TABLE map_paintings (
            source bigint PRIMARY KEY, id bigint, collection_id bigint NOT NULL, fate text NOT NULL
        ) ON COMMIT DROP;
        INSERT INTO map_paintings (source, id, collection_id, fate)
        SELECT i.id, same.id, c.id,
               CASE WHEN same.id IS NOT NULL THEN 'here' WHEN named.id IS NOT NULL THEN 'other' ELSE 'added' END
          FROM in_paintings AS i
          JOIN in_collections AS ic ON ic.id = i.collection_id
          JOIN collections AS c ON c.name = ic.name
          LEFT JOIN paintings AS same ON same.collection_id = c.id AND same.sha256 = i.sha256
          LEFT JOIN paintings AS named ON named.collection_id = c.id AND named.file = i.file;
        ANALYZE map_paintings;
    """)
    rows = conn.execute("""
        SELECT c.name, ic.there, (SELECT count(*) FROM paintings AS p WHERE p.collection_id = c.id)::int,
               (count(*) FILTER (WHERE m.fate = 'added'))::int, (count(*) FILTER (WHERE m.fate = 'here'))::int,
               (count(*) FILTER (WHERE m.fate = 'other'))::int
          FROM in_collections AS ic
          JOIN collections AS c ON c.name = ic.name
          LEFT JOIN map_paintings AS m ON m.collection_id = c.id
         GROUP BY ic.id, ic.there, c.id, c.name
         ORDER BY ic.id
    """).fetchall()
    return [Collection(name, there, name in new, *counts) for name, there, *counts in rows]


def add_paintings(conn: Connection[Any], data_set: int) -> None:
    """Add the paintings that are new, in the order of the data set; before any row of a profile is locked.

    Args:
        data_set: data_sets.id, which brought them.
    """
    exchange_pictured.paintings_have_come(conn)
    conn.execute(
        """
        -- The key is importing.key_of's. Ids are given in the order of the data set: where scores tie, it decides.
        INSERT INTO paintings (collection_id, file, sha256, title, artist, movement, year, year_from, year_to, medium,
                               museum, genre, extra, licence, page, width, height, image, pictured, data_set_id)
        SELECT m.collection_id, i.file, i.sha256, i.title, i.artist, i.movement, i.year, i.year_from, i.year_to,
               i.medium, i.museum, i.genre, i.extra::jsonb, i.licence, i.page, i.width, i.height,
               'paintings/' || left(encode(i.sha256, 'hex'), 2) || '/' || encode(i.sha256, 'hex') || '.jpg',
               q.id IS NOT NULL OR t.sha256 IS NOT NULL, -- its picture came along, or another collection has it
               %s
          FROM in_paintings AS i
          JOIN map_paintings AS m ON m.source = i.id
          LEFT JOIN in_pictures AS q ON q.kind = 'paintings' AND q.id = i.id
          LEFT JOIN (SELECT DISTINCT sha256 FROM paintings WHERE pictured) AS t ON t.sha256 = i.sha256
         WHERE m.fate = 'added'
         ORDER BY i.id
        """,
        (data_set,),
    )
    conn.execute("""
        -- They are paintings now, and no longer works that are waited for.
        DELETE FROM awaited_works AS a
         USING map_paintings AS m, in_paintings AS i
         WHERE m.fate = 'added' AND i.id = m.source AND a.collection_id = m.collection_id AND a.file = i.file;
        UPDATE map_paintings AS m SET id = p.id
          FROM in_paintings AS i, paintings AS p
         WHERE m.fate = 'added' AND i.id = m.source AND p.collection_id = m.collection_id AND p.file = i.file;
    """)


def measure_paintings(conn: Connection[Any], profile_id: int) -> Paintings:
    """Add what was measured of the data set's paintings, after `add_paintings`; what became of them."""
    measured = conn.execute(
        """
        INSERT INTO painting_features (profile_id, painting_id, dc, avg_dof, max_dof, min_dof, saturation, balance,
                                       shadow, contrast, embedding)
        SELECT %s, m.id, v.dc, v.avg_dof, v.max_dof, v.min_dof, v.saturation, v.balance, v.shadow, v.contrast,
               v.embedding
          FROM in_painting_features AS v JOIN map_paintings AS m ON m.source = v.painting_id
         WHERE m.id IS NOT NULL
         ORDER BY m.id
        ON CONFLICT (profile_id, painting_id) DO NOTHING
        """,
        (profile_id,),
    ).rowcount
    row = conn.execute("""
        SELECT count(*) FILTER (WHERE m.fate = 'added'), count(*) FILTER (WHERE m.fate = 'here'),
               count(*) FILTER (WHERE m.fate = 'here'
                                  AND (p.title, p.artist, p.movement, p.year, p.year_from, p.year_to)
                                      IS DISTINCT FROM
                                      (i.title, i.artist, i.movement, i.year, i.year_from, i.year_to)),
               count(*) FILTER (WHERE m.fate = 'other')
          FROM map_paintings AS m
          JOIN in_paintings AS i ON i.id = m.source
          LEFT JOIN paintings AS p ON p.id = m.id
    """).fetchone()
    assert row is not None
    return Paintings(*row, measured=measured, differing=exchange_differing.paintings(conn, profile_id))
