"""What is known about one work, as a table: a painting, or a work whose picture is not here."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from r2r_cli import render, tables
from r2r_shared.collections import columns

if TYPE_CHECKING:
    from r2r_shared.queries.awaited import AwaitedWork
    from r2r_shared.queries.paintings import Painting


def painting(found: Painting, *, kept_as: str) -> None:
    """A painting.

    Args:
        kept_as: where its picture lies.
    """
    said = {"painting": f"{found.id}  {found.title}"} | _described(found)
    said |= {
        "file": found.file,
        "sha256": found.sha256.hex(),
        "picture": f"{found.width}×{found.height}",
        "kept as": kept_as,
        "measured": ", ".join(found.profiles) or "not yet",
    }
    _table(said | _more(found.extra))


def as_json(found: Painting) -> dict[str, Any]:
    """A painting's row as JSON."""
    return asdict(found) | {"sha256": found.sha256.hex()}


def awaited_work(work: AwaitedWork) -> None:
    """A work whose picture is not here, and what to do about it."""
    said = {"work": work.title} | _described(work)
    said |= {
        "file": work.file,
        "picture": work.picture_url,
        "record": work.record_url,
        "not before": f"{work.not_before:%Y-%m-%d %H:%M} UTC" if work.not_before else "",
    }
    _table(said | _more(work.extra) | {"missing": _missing(work)})


def collection_argument(name: str) -> str:
    """A collection's name as a person types it."""
    return f'"{name}"' if " " in name else name


def _missing(work: AwaitedWork) -> str:
    if not (work.picture_url or work.record_url):
        return "its picture, which its source does not name"
    command = f"r2r paintings fetch {collection_argument(work.collection)}"
    if work.final:
        return f"its picture: {work.refused}; it was given up: {command} --retry"
    if work.refused:
        return f"its picture did not come the last time: {work.refused}; {command} asks again"
    return f"its picture has not been fetched: {command}"


def _described(work: Painting | AwaitedWork) -> dict[str, str]:
    years = tables.years(asdict(work))
    return {
        "by": work.artist,
        "year": work.year if years in ("", work.year) else f"{work.year} ({years})".strip(),
        "movement": work.movement,
        "medium": work.medium,
        "genre": work.genre,
        "museum": work.museum,
        "licence": work.licence,
        "page": work.page,
        "collection": work.collection,
    }


def _more(extra: dict[str, Any]) -> dict[str, str]:
    """What else its source said; how its picture came, each part by itself."""
    said = {key: columns.as_text(value) or str(value) for key, value in extra.items() if key != "fetched"}
    if isinstance(extra.get("fetched"), dict):
        how = cast("dict[str, Any]", extra["fetched"])
        said |= {f"fetched: {key}": str(value) for key, value in how.items()}
    return said


def _table(said: dict[str, str]) -> None:
    render.table(["", ""], [(key, value) for key, value in said.items() if value])
