"""The catalogue: whose painters whose films resemble, films nearest to a film, paintings near to everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from r2r_cli.web.routes import asked
from r2r_shared.queries import catalogue, catalogue_hubs, catalogue_influence, catalogue_similar, film_cards, films
from r2r_shared.queries.catalogue_influence import By, CatalogueInfluence, Cell, Group, Key, Of

BY = ("director", "decade", "country", "film")
OF = ("movement", "artist", "painting")
PLURALS = {"director": "directors", "decade": "decades", "country": "countries", "film": "films"}
NAMES, GROUPS = 12, 50
MOST_NAMES, MOST_GROUPS = 40, 200
CHOICES = 20

STEPS = ((0.35, "l-3"), (0.6, "l-2"), (0.85, "l-1"), (1.18, "l0"), (1.7, "l1"), (2.8, "l2"), (5.0, "l3"))
"""Shades of lift, each up to a border; the borders are about evenly apart as ratios."""


@dataclass(frozen=True, slots=True)
class Row:
    """A group of films, and its cell for each column; None where it resembles none of that name's works."""

    group: Group
    cells: tuple[Cell | None, ...]


def influence(request: Request) -> Response:
    """GET /catalogue: groups of films against movements, artists or paintings, as a heat map that is a table."""
    site = asked.site_of(request)
    by, of = cast(By, asked.one_of(request, "by", BY)), cast(Of, asked.one_of(request, "of", OF))
    convincing = asked.yes(request, "convincing")
    with site.connection() as conn:
        profile = site.profile(conn)
        covered = catalogue.coverage(conn, profile.id)
        found = catalogue_influence.influence(
            conn,
            profile.id,
            by=by,
            of=of,
            names=asked.number(request, "names", default=NAMES, high=MOST_NAMES),
            groups=asked.number(request, "groups", default=GROUPS, high=MOST_GROUPS),
            convincing=convincing,
        )
    return site.page(
        request,
        "catalogue.html.j2",
        tab="influence",
        by=by,
        of=of,
        convincing=convincing,
        bys=BY,
        ofs=OF,
        found=found,
        rows=rows(found),
        heads=_heads(found),
        covered=covered,
        plurals=PLURALS,
        more=_more(request) if found.groups_left_out and len(found.groups) < MOST_GROUPS else "",
        shade=shade,
        is_sure=is_sure,
    )


def _more(request: Request) -> str:
    """The same question with as many groups as are shown at most."""
    return f"{request.url.path}?{request.url.include_query_params(groups=MOST_GROUPS).query}"


def rows(found: CatalogueInfluence) -> list[Row]:
    """The heat map's rows, each cell under its column."""
    filled: list[Row] = []
    for group in found.groups:
        cells = {_key(cell): cell for cell in group.cells}
        filled.append(Row(group, tuple(cells.get(key) for key in found.columns)))
    return filled


def _heads(found: CatalogueInfluence) -> list[tuple[Key, str]]:
    """Each column's key and what stands above it."""
    titles = {_key(cell): cell.name for group in found.groups for cell in group.cells}
    return [(key, titles.get(key, str(key))) for key in found.columns]


def _key(cell: Cell) -> Key:
    return cell.name if cell.painting_id is None else cell.painting_id


def shade(lift: float | None) -> str:
    """The class of a cell's colour."""
    if lift is None:
        return "none"
    return next((name for border, name in STEPS if lift < border), "l4")


def is_sure(cell: Cell) -> bool:
    """Whether the interval of a lift lies on one side of 1: only then it is told from chance."""
    if cell.lift_low is None or cell.lift_high is None:
        return False
    return cell.lift_low > 1 or cell.lift_high < 1


def similar(request: Request) -> Response:
    """GET /catalogue/similar: films that resemble the same painters as a film does."""
    site = asked.site_of(request)
    film_id, words = asked.number(request, "film", default=0), asked.words(request, "words")
    with site.connection() as conn:
        profile = site.profile(conn)
        choices = film_cards.listed(conn, words=words, limit=CHOICES) if words else None
        if choices is not None and choices.total == 1:
            film_id = choices.films[0].id
        film = films.get(conn, film_id) if film_id else None
        found = catalogue_similar.similar(conn, profile.id, film_id) if film_id else []
        covered = catalogue.coverage(conn, profile.id)
    return site.page(
        request,
        "similar.html.j2",
        tab="similar",
        film=film,
        words=words or (film.title if film is not None else ""),
        choices=[] if film is not None or choices is None else choices.films,
        total=0 if choices is None else choices.total,
        found=found,
        covered=covered,
    )


def hubs(request: Request) -> Response:
    """GET /catalogue/hubs: paintings with the largest share of the catalogue's time, and how near they are to all."""
    site = asked.site_of(request)
    with site.connection() as conn:
        profile = site.profile(conn)
        covered = catalogue.coverage(conn, profile.id)
        found = catalogue_hubs.hubs(conn, profile.id)
    return site.page(request, "hubs.html.j2", tab="hubs", found=found, covered=covered)
