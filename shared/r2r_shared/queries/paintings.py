"""Collections and paintings: listed, found by id, file or a piece of their name, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from r2r_shared.errors import NotFound
from r2r_shared.queries import job_changes, ranges

_CANDIDATES = 8  # so many of several are named in an error


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection with its paintings counted; `measured` of them have features under the profile asked about.

    Attributes:
        without_picture: of them, those that came without their picture: see pictureless.py.
        awaited: works beside them whose pictures are not here.
    """

    id: int
    name: str
    paintings: int
    measured: int
    without_picture: int
    awaited: int
    movements: int
    artists: int
    year_from: int | None
    year_to: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Painting:
    """A painting's row.

    Attributes:
        pictured: its picture is here; False where it came without.
        profiles: the names of those that have measured it.
    """

    id: int
    collection: str
    file: str
    sha256: bytes
    title: str
    artist: str
    movement: str
    year: str
    year_from: int | None
    year_to: int | None
    medium: str
    museum: str
    genre: str
    extra: dict[str, Any]
    licence: str
    page: str
    width: int
    height: int
    image: str
    pictured: bool
    created_at: datetime
    profiles: list[str]


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal took: how many paintings and awaited works, and the pictures that no other row uses.

    `images` are keys in the media store, to be deleted once the transaction is committed, not before.
    """

    paintings: int
    images: tuple[str, ...]
    awaited: int = 0


def collections(conn: Connection[Any], *, profile_id: int | None = None) -> list[Collection]:
    """All collections by name."""
    query = """
        SELECT c.id, c.name, count(p.id)::int AS paintings,
               (SELECT count(*) FROM painting_features AS f JOIN paintings AS m ON m.id = f.painting_id
                 WHERE m.collection_id = c.id AND f.profile_id = %s)::int AS measured,
               (count(*) FILTER (WHERE NOT p.pictured))::int AS without_picture,
               (SELECT count(*) FROM awaited_works AS a WHERE a.collection_id = c.id)::int AS awaited,
               (count(DISTINCT nullif(p.movement, '')))::int AS movements,
               (count(DISTINCT nullif(p.artist, '')))::int AS artists,
               min(coalesce(p.year_from, p.year_to)) AS year_from,
               max(coalesce(p.year_to, p.year_from)) AS year_to,
               c.created_at
          FROM collections AS c
          LEFT JOIN paintings AS p ON p.collection_id = c.id
         GROUP BY c.id
         ORDER BY lower(c.name), c.id
    """
    with conn.cursor(row_factory=class_row(Collection)) as cur:
        return cur.execute(query, (profile_id,)).fetchall()


def collection_named(conn: Connection[Any], name: str) -> int:
    """The id of a collection.

    Raises:
        NotFound: none has that name; the hint names those that are there.
    """
    row = conn.execute("SELECT id FROM collections WHERE name = %s", (name,)).fetchone()
    if row is not None:
        return row[0]
    others = [other for (other,) in conn.execute("SELECT name FROM collections ORDER BY lower(name) LIMIT 20")]
    there = f"there are: {', '.join(others)}" if others else "`r2r paintings import SOURCE` brings one in"
    raise NotFound(f"there is no collection {name}", there)


def count(conn: Connection[Any], collection_id: int) -> int:
    """How many paintings a collection has."""
    row = conn.execute("SELECT count(*) FROM paintings WHERE collection_id = %s", (collection_id,)).fetchone()
    assert row is not None
    return row[0]


def ensure_collection(conn: Connection[Any], name: str) -> int:
    """The id of the collection of that name, made where it is new."""
    query = """
        INSERT INTO collections (name) VALUES (%s)
        ON CONFLICT (name) DO UPDATE SET name = excluded.name
        RETURNING id
    """
    row = conn.execute(query, (name,)).fetchone()
    assert row is not None
    return row[0]


_SELECT = """
    SELECT p.id, c.name AS collection, p.file, p.sha256, p.title, p.artist, p.movement, p.year, p.year_from, p.year_to,
           p.medium, p.museum, p.genre, p.extra, p.licence, p.page, p.width, p.height, p.image, p.pictured,
           p.created_at,
           ARRAY(SELECT r.name FROM painting_features AS f JOIN profiles AS r ON r.id = f.profile_id
                  WHERE f.painting_id = p.id ORDER BY r.name) AS profiles
      FROM paintings AS p
      JOIN collections AS c ON c.id = p.collection_id
"""


def search(
    conn: Connection[Any],
    *,
    collection: str | None = None,
    words: str = "",
    artist: str | None = None,
    movement: str | None = None,
    licences: Sequence[str] | None = None,
    data_sets: Sequence[int] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Painting]:
    """Paintings by artist, date and title, of those that match.

    Args:
        words: each must occur in the artist's name, the title or the file's name; case does not matter.
        artist, movement: a piece of it; case does not matter.
        licences: only those of pictures under one of these, as the rows spell them.
        data_sets: ids: only what one of these brought.
    """
    query = (
        _SELECT
        + """
         WHERE (%(collection)s::text IS NULL OR c.name = %(collection)s)
           AND (%(artist)s::text IS NULL OR strpos(lower(p.artist), lower(%(artist)s)) > 0)
           AND (%(movement)s::text IS NULL OR strpos(lower(p.movement), lower(%(movement)s)) > 0)
           AND (%(licences)s::text[] IS NULL OR p.licence = ANY(%(licences)s::text[]))
           AND (%(data_sets)s::bigint[] IS NULL OR p.data_set_id = ANY(%(data_sets)s::bigint[]))
           AND NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word
                            WHERE strpos(lower(concat_ws(' ', p.artist, p.title, p.file)), lower(word)) = 0)
         ORDER BY lower(p.artist), coalesce(p.year_from, p.year_to), lower(p.title), p.id
         LIMIT %(limit)s OFFSET %(offset)s
    """
    )
    args = {
        "collection": collection,
        "artist": artist,
        "movement": movement,
        "licences": None if licences is None else list(licences),
        "data_sets": None if data_sets is None else list(data_sets),
        "words": words.split(),
        "limit": limit,
        "offset": offset,
    }
    with conn.cursor(row_factory=class_row(Painting)) as cur:
        return cur.execute(query, args).fetchall()


def find(conn: Connection[Any], name: str, *, collection: str | None = None) -> Painting:
    """The one painting that `name` means: an id, a file, a title, or words of its artist, title and file.

    The first of these that names any decides.

    Raises:
        NotFound: none answers to it, or several do; then the hint lists them.
    """
    for query in (
        "p.id::text = %(name)s",
        "p.file = %(name)s",
        "lower(p.title) = lower(%(name)s)",
    ):
        within = "(%(collection)s::text IS NULL OR c.name = %(collection)s)"
        with conn.cursor(row_factory=class_row(Painting)) as cur:
            rows = cur.execute(
                f"{_SELECT} WHERE {query} AND {within} ORDER BY p.id LIMIT %(limit)s",
                {"name": name, "collection": collection, "limit": _CANDIDATES + 1},
            ).fetchall()
        if rows:
            return _the_one(name, rows)
    rows = search(conn, collection=collection, words=name, limit=_CANDIDATES + 1) if name.split() else []
    if not rows:
        raise NotFound(f"no painting answers to “{name}”", "`r2r paintings list --search WORDS` looks for some")
    return _the_one(name, rows)


def _the_one(name: str, rows: Sequence[Painting]) -> Painting:
    if len(rows) == 1:
        return rows[0]
    listed = "; ".join(
        f"{row.id} {row.artist or 'unknown'}, {row.title}" + (f" ({row.year})" if row.year else "")
        for row in rows[:_CANDIDATES]
    )
    more = "; …" if len(rows) > _CANDIDATES else ""
    raise NotFound(f"several paintings answer to “{name}”", f"name one by its id: {listed}{more}")


def images(conn: Connection[Any], painting_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(id, key in the media store) of those paintings that are still there, by id."""
    query = "SELECT id, image FROM paintings WHERE id = ANY(%s) ORDER BY id"
    return [(row[0], row[1]) for row in conn.execute(query, (list(painting_ids),))]


def unchanged(conn: Connection[Any], rows: Sequence[tuple[int, str]]) -> set[int]:
    """Ids of the paintings that still have the image they had (id, key), held so until the transaction ends.

    For whoever measured them meanwhile: numbers of a picture that was replaced or removed must not be stored.
    """
    query = """
        SELECT p.id FROM paintings AS p
          JOIN unnest(%s::bigint[], %s::text[]) AS seen (id, image) ON seen.id = p.id AND seen.image = p.image
         ORDER BY p.id
           FOR SHARE OF p
    """
    found = conn.execute(query, ([row[0] for row in rows], [row[1] for row in rows]))
    return {painting_id for (painting_id,) in found}


def orphaned(conn: Connection[Any], rows: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """Those pictures of paintings (id, image as it was) that no painting has any more."""
    there = set(images(conn, [painting_id for painting_id, _ in rows]))
    lost = [row[1] for row in rows if row not in there]
    return unused_images(conn, lost) if lost else ()


def remove_collection(conn: Connection[Any], collection_id: int) -> Removed:
    """Remove a collection with its paintings, their features and matches, and with the works that it waits for.

    In the caller's transaction.
    """
    job_changes.hold_all(conn, "j.collection_id = %s", collection_id)
    conn.execute("SELECT FROM collections WHERE id = %s FOR UPDATE", (collection_id,))
    rows = conn.execute("SELECT id FROM paintings WHERE collection_id = %s", (collection_id,)).fetchall()
    removed = remove(conn, [painting_id for (painting_id,) in rows])
    waiting = conn.execute("DELETE FROM awaited_works WHERE collection_id = %s", (collection_id,)).rowcount
    conn.execute("DELETE FROM collections WHERE id = %s", (collection_id,))
    return replace(removed, awaited=waiting)


def remove(conn: Connection[Any], painting_ids: Sequence[int]) -> Removed:
    """Remove paintings with their features and matches, in the caller's transaction.

    Profiles that had measured them get their ranges anew, so that no film keeps matches of another collection.
    """
    ids = list(painting_ids)
    profiles = measuring_profiles(conn, ids)
    rows = conn.execute("DELETE FROM paintings WHERE id = ANY(%s) RETURNING image", (ids,)).fetchall()
    for profile_id in profiles:
        ranges.refresh(conn, profile_id)
    return Removed(len(rows), unused_images(conn, [image for (image,) in rows]))


def measuring_profiles(conn: Connection[Any], painting_ids: Sequence[int]) -> list[int]:
    """The profiles with features of any of these paintings."""
    rows = conn.execute(
        "SELECT DISTINCT profile_id FROM painting_features WHERE painting_id = ANY(%s) ORDER BY profile_id",
        (list(painting_ids),),
    ).fetchall()
    return [profile_id for (profile_id,) in rows]


def unused_images(conn: Connection[Any], images: Sequence[str]) -> tuple[str, ...]:
    """Those of `images` that no painting has any more."""
    query = """
        SELECT DISTINCT image FROM unnest(%s::text[]) AS image
         WHERE NOT EXISTS (SELECT FROM paintings AS p WHERE p.image = image.image)
         ORDER BY image
    """
    return tuple(image for (image,) in conn.execute(query, (list(images),)))
