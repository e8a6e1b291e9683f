"""Works: a profile's measured paintings as columns, for triplets and training; and what some of them are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import class_row

from r2r_shared.queries import paintings
from r2r_shared.records import METRICS
from r2r_shared.triplets.works import SHAPES, Works


@dataclass(frozen=True, slots=True)
class Label:
    """What stands beneath a painting's picture."""

    id: int
    collection: str
    file: str
    title: str
    artist: str
    movement: str
    year: str


def load(
    conn: Connection[Any], profile_id: int, collections: Sequence[str] | None = None, *, pictured: bool = False
) -> Works:
    """The paintings with features under a profile, by id, in about 300 bytes each.

    A picture that is there several times, in two collections or under two names, is one work: the row that names
    artist and movement, then the oldest. Otherwise a painting could be its own positive, or lie on both sides of a
    split by artist.

    Args:
        collections: their names; None: all of them.
        pictured: only those whose pictures are here, for whoever looks at them.

    Raises:
        NotFound: there is no collection of that name.
    """
    query = """
        SELECT * FROM (
            SELECT DISTINCT ON (p.image)
                   p.id, p.artist, p.movement, p.image,
                   f.dc::real[], f.avg_dof, f.max_dof, f.min_dof, f.saturation, f.balance, f.shadow::real[], f.contrast
              FROM paintings AS p
              JOIN painting_features AS f ON f.painting_id = p.id AND f.profile_id = %(profile)s
             WHERE (%(collections)s::bigint[] IS NULL OR p.collection_id = ANY(%(collections)s))
               AND (p.pictured OR NOT %(pictured)s)
             ORDER BY p.image, p.artist = '', p.movement = '', p.id) AS w
         ORDER BY id
    """
    ids = _ids(conn, collections)
    # Binary: as text, a real comes back as the nearest short decimal.
    args = {"profile": profile_id, "collections": ids, "pictured": pictured}
    rows = conn.execute(query, args, binary=True).fetchall()
    metrics = {
        metric: np.array([row[4 + column] for row in rows], dtype=np.float64).reshape(len(rows), *SHAPES[metric])
        for column, metric in enumerate(METRICS)
    }
    return Works(
        np.array([row[0] for row in rows], dtype=np.int64),
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
        metrics,
    )


def _ids(conn: Connection[Any], collections: Sequence[str] | None) -> list[int] | None:
    return None if collections is None else [paintings.collection_named(conn, name) for name in collections]


def by_picture(conn: Connection[Any], profile_id: int, collections: Sequence[str] | None = None) -> tuple[int, int]:
    """How many works have their pictures here, and how many came without: see pictureless.py.

    Raises:
        NotFound: there is no collection of that name.
    """
    query = """
        SELECT count(DISTINCT p.image) FILTER (WHERE p.pictured), count(DISTINCT p.image) FILTER (WHERE NOT p.pictured)
          FROM paintings AS p
          JOIN painting_features AS f ON f.painting_id = p.id AND f.profile_id = %(profile)s
         WHERE %(collections)s::bigint[] IS NULL OR p.collection_id = ANY(%(collections)s)
    """
    row = conn.execute(query, {"profile": profile_id, "collections": _ids(conn, collections)}).fetchone()
    assert row is not None
    return row[0], row[1]


def digest(conn: Connection[Any], profile_id: int, collections: Sequence[str] | None = None) -> str:
    """What tells one state of the works from another: 16 hexadecimal digits of their pictures, artists and movements.

    Of those whose pictures are here. A profile's revision counts what scores depend on; evaluations depend on these,
    too.

    Raises:
        NotFound: there is no collection of that name.
    """
    query = """
        SELECT left(encode(sha256(coalesce(string_agg(
                 sha256(record_send(row(p.id, p.image, p.artist, p.movement))), '' ORDER BY p.id), '')), 'hex'), 16)
          FROM paintings AS p
          JOIN painting_features AS f ON f.painting_id = p.id AND f.profile_id = %(profile)s
         WHERE p.pictured AND (%(collections)s::bigint[] IS NULL OR p.collection_id = ANY(%(collections)s))
    """
    ids = _ids(conn, collections)
    row = conn.execute(query, {"profile": profile_id, "collections": ids}).fetchone()
    assert row is not None
    return row[0]


def labels(conn: Connection[Any], painting_ids: Sequence[int]) -> dict[int, Label]:
    """How paintings are called, by id; those that are gone are left out."""
    query = """
        SELECT p.id, c.name AS collection, p.file, p.title, p.artist, p.movement, p.year
          FROM paintings AS p
          JOIN collections AS c ON c.id = p.collection_id
         WHERE p.id = ANY(%s)
    """
    with conn.cursor(row_factory=class_row(Label)) as cur:
        return {row.id: row for row in cur.execute(query, (list(painting_ids),))}
