"""`r2r paintings list`: paintings that match, or works whose pictures are not here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from r2r_cli import render
from r2r_cli.collecting.showing import as_json, collection_argument
from r2r_shared.collections import licences as licence_words
from r2r_shared.queries import awaited_list, exchange_brought, painting_facets, paintings

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from r2r_shared.queries.awaited import AwaitedWork

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to see.

    Attributes:
        licences: words of --licence; empty: any.
        data_set: what it brought; None: any.
    """

    collection: str | None
    words: str
    artist: str | None
    movement: str | None
    licences: tuple[str, ...]
    limit: int
    data_set: str | None = None

    @property
    def is_empty(self) -> bool:
        """True where nothing was said but how much."""
        return (
            self.collection is None
            and self.artist is None
            and self.movement is None
            and self.data_set is None
            and not (self.words or self.licences)
        )


def paintings_that_match(conn: Connection[Any], asked: Asked, *, json: bool) -> None:
    """A table of paintings, or a document."""
    brought = None if asked.data_set is None else exchange_brought.named(conn, asked.data_set)
    search = partial(paintings.search, data_sets=brought)
    found = _found(conn, asked, search, painting_facets.licences)
    if json:
        render.print_json([as_json(one) for one in found])
    elif not found:
        render.note("no painting matches")
        if brought is None and _found(conn, replace(asked, limit=1), awaited_list.search, awaited_list.licences):
            within = f" --collection {collection_argument(asked.collection)}" if asked.collection is not None else ""
            render.note(f"works without a picture do: r2r paintings list --awaited{within}")
    else:
        render.table(
            [">id", "artist", "title", "year", "movement", "licence", "file"],
            [
                (p.id, p.artist, render.short(p.title, 60), p.year, p.movement, p.licence, render.short(p.file, 60))
                for p in found
            ],
        )
        _say_if_more(len(found), asked)


def awaited_works(conn: Connection[Any], asked: Asked, *, json: bool) -> None:
    """A table of works whose pictures are not here, or a document."""
    found = _found(conn, asked, awaited_list.search, awaited_list.licences)
    if json:
        render.print_json([asdict(one) for one in found])
    elif not found:
        render.note("no work without a picture matches")
    else:
        render.table(
            ["file", "artist", "title", "year", "licence", "picture"],
            [
                (
                    *(render.short(a.file, 60), a.artist, render.short(a.title, 60), a.year, a.licence),
                    _picture_of(a),
                )
                for a in found
            ],
        )
        _say_if_more(len(found), asked)


def _picture_of(work: AwaitedWork) -> str:
    """What is known of a work's picture, in a word or two."""
    if not (work.picture_url or work.record_url):
        return "none named"
    return f"given up: {work.refused}" if work.final else work.refused or "not fetched"


def _found(
    conn: Connection[Any],
    asked: Asked,
    search: Callable[..., list[T]],
    licences: Callable[[Connection[Any]], list[str]],
) -> list[T]:
    """The rows that match, paintings or awaited works.

    Args:
        licences: all that there are among such rows, of which `search` takes those that are asked for.
    """
    wanted = None
    if asked.licences:
        wanted = [one for one in licences(conn) if licence_words.matches(asked.licences, one)]
    return search(
        conn,
        collection=asked.collection,
        words=asked.words,
        artist=asked.artist,
        movement=asked.movement,
        licences=wanted,
        limit=asked.limit,
    )


def _say_if_more(found: int, asked: Asked) -> None:
    if found == asked.limit:
        render.note(f"the first {asked.limit}; --limit shows more")
