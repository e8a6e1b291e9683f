"""What paintings can be narrowed down by: their movements, with how many there are of each; their licences."""

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


def licences(conn: Connection[Any]) -> list[str]:
    """The licences that pictures of paintings are under, as the rows spell them; empty for those nobody speaks of."""
    return [licence for (licence,) in conn.execute("SELECT DISTINCT licence FROM paintings ORDER BY licence")]
