"""Films that came through a browser: their bytes lie in the media store, and nowhere else for long."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from r2r_shared.film.places import Place


def settle(conn: Connection[Any], film_id: int, kept: Place, passing: Place) -> None:
    """Of a film that was sent to the media store, forget the file that it came as. In the caller's transaction.

    Args:
        kept: its place in the store; the film is shown under it.
        passing: where the upload lies until it is removed.
    """
    conn.execute("DELETE FROM film_files WHERE film_id = %s AND path = %s", (film_id, str(passing)))
    conn.execute("UPDATE films SET path = %s WHERE id = %s AND path = %s", (str(kept), film_id, str(passing)))
