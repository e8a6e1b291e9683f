"""`r2r paintings remove`: one painting, one work whose picture is not here, a collection, what a data set brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from r2r_cli import render
from r2r_cli.collecting import finding
from r2r_shared.importing import delete_images
from r2r_shared.queries import awaited_list, exchange_brought, paintings, profiles
from r2r_shared.queries.paintings import Painting, Removed

if TYPE_CHECKING:
    from r2r_cli.context import Session


def one(opened: Session, name: str, *, collection: str | None, yes: bool) -> tuple[str, Removed]:
    """Remove what `name` means; what that was called, and what went.

    Raises:
        NotFound: nothing answers to it, or several do.
        Abort: a person said no.
    """
    found = finding.one(opened.conn, name, collection=collection)
    if isinstance(found, Painting):
        what = f"painting {found.id} “{found.title}”"
        _confirm(f"{what} and what was measured of it", yes=yes)
        with opened.conn.transaction():
            removed = paintings.remove(opened.conn, [found.id])
        _delete(opened, removed)
        return what, removed
    what = f"work {found.file} “{found.title}”"
    _confirm(f"{what}, whose picture is not here", yes=yes)
    return what, Removed(0, (), awaited_list.remove(opened.conn, found.id))


def collection(opened: Session, name: str, *, yes: bool) -> tuple[str, Removed]:
    """Remove a collection; what it was called, and what went.

    Raises:
        NotFound: there is none of that name.
        Abort: a person said no.
    """
    number = paintings.collection_named(opened.conn, name)
    what = f"collection “{name}”"
    if not yes:
        there = numbers(paintings.count(opened.conn, number), awaited_list.count(opened.conn, number))
        _confirm(f"{what} ({there}) and what was measured of it", yes=yes)
    with opened.conn.transaction():
        removed = paintings.remove_collection(opened.conn, number)
    _delete(opened, removed)
    return what, removed


def data_set(opened: Session, name: str, *, yes: bool) -> tuple[str, Removed]:
    """Remove the paintings that a data set brought; what that was called, and what went. Its films stay.

    Raises:
        NotFound: none of that name was brought in.
        Abort: a person said no.
    """
    brought = exchange_brought.named(opened.conn, name)
    what = f"what data set “{name}” brought"
    if not yes:
        there = numbers(len(exchange_brought.paintings(opened.conn, brought)), 0)
        _confirm(f"{what} ({there}) and what was measured of it", yes=yes)
    with opened.conn.transaction():
        removed = paintings.remove(opened.conn, exchange_brought.paintings(opened.conn, brought))
    _delete(opened, removed)
    if films := exchange_brought.films(opened.conn, brought):
        named = ", ".join(map(str, films[:10])) + (" …" if len(films) > 10 else "")
        render.note(f"films that came with it stay: r2r films remove takes out {named}")
    return what, removed


def numbers(paintings: int, awaited: int) -> str:
    """ "3 paintings, 1 work without a picture"; of works only where there are any."""
    said: list[str] = []
    if paintings or not awaited:
        said.append(f"{paintings:,} painting{'' if paintings == 1 else 's'}")
    if awaited:
        said.append(f"{awaited:,} work{'' if awaited == 1 else 's'} without a picture")
    return ", ".join(said)


def _delete(opened: Session, removed: Removed) -> None:
    with opened.conn.transaction():
        digests = profiles.depth_digests(opened.conn)
    delete_images(opened.store, removed.images, depth_digests=digests)


def _confirm(what: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(render.printable(f"Remove {what}?"), abort=True)
