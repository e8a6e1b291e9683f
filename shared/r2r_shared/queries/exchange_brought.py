"""The data sets that were brought in, and what of them is here: the table `data_sets`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from r2r_shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Part:
    """A data set that brought a part of the paintings that its films and numbers were compared with.

    Attributes:
        paintings: how many of those that it brought are here, and measured under the profile.
    """

    name: str
    digest: str
    paintings: int

    def __str__(self) -> str:
        """Few words for a citation."""
        works = "painting" if self.paintings == 1 else "paintings"
        return f"{self.paintings:,} {works} of data set {self.name}, a part of those it was compared with"


def begin(conn: Connection[Any], *, digest: bytes, name: str, citation: dict[str, Any]) -> tuple[int, str | None]:
    """Note that a data set is brought in; its id, and the day of the first time where it was so before.

    In the import's transaction, after `profiles.hold_choice`: of two imports one is first.
    """
    row = conn.execute("SELECT id, imported_at::date::text FROM data_sets WHERE digest = %s", (digest,)).fetchone()
    if row is not None:
        return row[0], row[1]
    row = conn.execute(
        "INSERT INTO data_sets (digest, name, citation, counts) VALUES (%s, %s, %s, '{}') RETURNING id",
        (digest, name, Jsonb(citation)),
    ).fetchone()
    assert row is not None
    return row[0], None


def finish(conn: Connection[Any], data_set: int, counts: dict[str, Any]) -> None:
    """Note what became of it, the first time."""
    conn.execute("UPDATE data_sets SET counts = %s WHERE id = %s", (Jsonb(counts), data_set))


def note_part(conn: Connection[Any], data_set: int, profile_id: int) -> None:
    """Note that only a part of the sender's paintings came, the first time; once the profile has its revision.

    What films' matches chose stays a part. A collection that came without films is a whole one: it is a part only as
    long as the ranges and chance that came with it hold.
    """
    conn.execute(
        """
        UPDATE data_sets AS d
           SET part_of = p.id,
               part_until = CASE WHEN EXISTS (SELECT FROM in_films) THEN NULL ELSE p.revision END
          FROM profiles AS p
         WHERE d.id = %s AND p.id = %s
        """,
        (data_set, profile_id),
    )


def complete(conn: Connection[Any], profile_id: int) -> None:
    """All the sender's paintings came: what was a part before, and is among them, is one no longer."""
    conn.execute(
        """
        UPDATE data_sets AS d SET part_of = NULL
         WHERE d.part_of = %s
           AND NOT EXISTS (SELECT FROM paintings AS p
                            WHERE p.data_set_id = d.id
                              AND NOT EXISTS (SELECT FROM map_paintings AS m WHERE m.id = p.id))
        """,
        (profile_id,),
    )


def named(conn: Connection[Any], name: str) -> list[int]:
    """Ids of the data sets of a name, or of the one whose digest begins so (six digits or more).

    Raises:
        NotFound: there is none; the hint names the last that came.
    """
    rows = conn.execute(
        """
        SELECT id FROM data_sets
         WHERE name = %(name)s
            OR length(%(name)s) >= 6 AND left(encode(digest, 'hex'), length(%(name)s)) = lower(%(name)s)
         ORDER BY id
        """,
        {"name": name},
    ).fetchall()
    if rows:
        return [number for (number,) in rows]
    last = conn.execute(
        "SELECT name, left(encode(digest, 'hex'), 12) FROM data_sets ORDER BY imported_at DESC, id DESC LIMIT 10"
    ).fetchall()
    there = ", ".join(f"{one} ({digest})" for one, digest in last)
    raise NotFound(
        f"no data set of the name {name} was brought in",
        f"there are: {there}" if there else "`r2r import DATA_SET` brings one in",
    )


def paintings(conn: Connection[Any], data_sets: Sequence[int]) -> list[int]:
    """Ids of the paintings that data sets brought and that are here."""
    rows = conn.execute("SELECT id FROM paintings WHERE data_set_id = ANY(%s) ORDER BY id", (list(data_sets),))
    return [number for (number,) in rows.fetchall()]


def films(conn: Connection[Any], data_sets: Sequence[int]) -> list[int]:
    """Ids of the films that are shown as data sets have them."""
    rows = conn.execute(
        """
        SELECT f.id
          FROM data_sets AS d
          JOIN jobs AS j ON j.options->'imported'->>'digest' = encode(d.digest, 'hex')
          JOIN films AS f ON f.analysis_id = j.id
         WHERE d.id = ANY(%s)
         ORDER BY f.id
        """,
        (list(data_sets),),
    ).fetchall()
    return [number for (number,) in rows]


def parts(conn: Connection[Any], profile_id: int) -> list[Part]:
    """Data sets whose paintings a profile has measured, and that brought a part of those they were compared with.

    What is told by all paintings of a collection (expected shares, lift, p where it came along) is then told by these.
    As a rule there is none.
    """
    rows = conn.execute(
        """
        SELECT d.name, encode(d.digest, 'hex'), count(*)::int
          FROM data_sets AS d
          JOIN profiles AS r ON r.id = d.part_of
          JOIN paintings AS p ON p.data_set_id = d.id
          JOIN painting_features AS v ON v.painting_id = p.id AND v.profile_id = r.id
         WHERE r.id = %s AND (d.part_until IS NULL OR d.part_until = r.revision)
         GROUP BY d.id
         ORDER BY d.id
        """,
        (profile_id,),
    ).fetchall()
    return [Part(*row) for row in rows]
