"""The one painting, or the one work whose picture is not here, that a person means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from r2r_shared.errors import NotFound
from r2r_shared.queries import awaited, paintings

if TYPE_CHECKING:
    from psycopg import Connection

    from r2r_shared.queries.awaited import AwaitedWork
    from r2r_shared.queries.paintings import Painting


def one(conn: Connection[Any], name: str, *, collection: str | None) -> Painting | AwaitedWork:
    """What `name` means: paintings come first.

    Raises:
        NotFound: nothing answers to it, or several do.
    """
    try:
        return paintings.find(conn, name, collection=collection)
    except NotFound:
        if paintings.search(conn, collection=collection, words=name, limit=1):
            raise  # several paintings answer to it
        work = awaited.find(conn, name, collection=collection)
        if work is None:
            raise
        return work
