"""What paintings can be narrowed down by: their movements, with how many there are of each."""

from __future__ import annotations

from typing import Any

from psycopg import Connection


def movements(conn: Connection[Any], *, limit: int = 200) -> list[tuple[str, int]]:
    """(movement, paintings) of those that are known, the commonest first, at most `limit`."""
    return conn.execute(
        """
        SELECT movement, count(*)::int FROM paintings WHERE movement <> ''
         GROUP BY movement ORDER BY count(*) DESC, movement LIMIT %s
        """,
        (limit,),
    ).fetchall()
