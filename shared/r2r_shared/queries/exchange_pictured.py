"""Which of the rows that a data set met here have their picture now: those whose picture it brought along.

Of paintings likewise in other collections: a picture lies in the media store by its content. Both in the caller's
transaction, which ends once the pictures are stored.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from r2r_shared.queries import pictureless
from r2r_shared.queries.pictureless import LeftOut


def paintings_have_come(conn: Connection[Any]) -> None:
    """Of paintings that came without their picture; once `map_paintings` is there, before any painting is added."""
    rows = conn.execute(
        """
        SELECT p.image
          FROM paintings AS p
          JOIN in_paintings AS i ON i.sha256 = p.sha256
          JOIN in_pictures AS q ON q.kind = 'paintings' AND q.id = i.id
          JOIN map_paintings AS m ON m.source = i.id AND m.fate <> 'other' -- whose picture is not stored
         WHERE NOT p.pictured
        """
    ).fetchall()
    pictureless.have_come(conn, {image for (image,) in rows})


def keyframes_have_come(conn: Connection[Any]) -> None:
    """Of keyframes of films that were here, and are held."""
    conn.execute(
        """
        UPDATE keyframes AS k SET pictured = true
          FROM map_keyframes AS m, in_pictures AS q
         WHERE m.id = k.id AND q.kind = 'keyframes' AND q.id = m.source AND NOT k.pictured
        """
    )


def without(conn: Connection[Any]) -> LeftOut:
    """What of the data set's paintings, and of its films with the shots that are shown, has no picture now."""
    row = conn.execute(
        """
        SELECT (SELECT count(*) FROM map_paintings AS m JOIN paintings AS p ON p.id = m.id WHERE NOT p.pictured)::int,
               count(DISTINCT m.film)::int, count(*)::int
          FROM map_keyframes AS m JOIN keyframes AS k ON k.id = m.id
         WHERE NOT k.pictured
        """
    ).fetchone()
    assert row is not None
    return LeftOut(*row)
