"""What films' matches come to by movement and by artist: summed up from what they come to by painting."""

from __future__ import annotations

from typing import Any

from psycopg import Connection


def write(conn: Connection[Any], profile_id: int, film_id: int | None = None) -> None:
    """Sum up anew, of one film or of all; in the transaction in which its paintings, or their names, have changed."""
    args = {"profile": profile_id, "film": film_id}
    conn.execute(
        "DELETE FROM film_names WHERE profile_id = %(profile)s AND (%(film)s::bigint IS NULL OR film_id = %(film)s)",
        args,
    )
    conn.execute(
        """
        INSERT INTO film_names (profile_id, film_id, kind, name, seconds, convincing_s)
        SELECT t.profile_id, t.film_id, kind.number, kind.name, sum(t.seconds::numeric), sum(t.convincing_s::numeric)
          FROM film_paintings AS t
          JOIN paintings AS p ON p.id = t.painting_id
         CROSS JOIN LATERAL (VALUES (1, p.movement), (2, p.artist)) AS kind (number, name)
         WHERE t.profile_id = %(profile)s AND (%(film)s::bigint IS NULL OR t.film_id = %(film)s)
         GROUP BY t.profile_id, t.film_id, kind.number, kind.name
         ORDER BY t.film_id, kind.number  -- a film's rows lie together: a catalogue's questions read them so
        """,
        args,
    )
