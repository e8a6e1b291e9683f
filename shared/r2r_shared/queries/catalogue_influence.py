"""Influence over a catalogue: whose paintings the films of a director, a decade or a country resemble.

Each shot that is matched counts with its length for its first painting (tallies.py). A group's *share* of a name is
that name's part of its films' matched time; *expected* is what the collection's make-up alone would give it, film by
film, without paintings made after the film; *lift* is their ratio. Its interval is over the films of the group:
another choice of films by the same director, not other shots of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, LiteralString, NamedTuple, TypeAlias

import numpy as np
from psycopg import Connection

from r2r_shared import bootstrap
from r2r_shared.queries.catalogue_chance import KEY_TYPE, Chance, Key, Of

By: TypeAlias = Literal["director", "decade", "country", "film"]

NAMES = 12
GROUPS = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """A name in a group of films.

    Attributes:
        name: of the movement or artist, empty for those not known; or the painting's title, with its `painting_id`.
        seconds: of the group's shots that resemble it most.
        lift: share / expected; None where nothing is expected (all its works are later than the films).
        lift_low, lift_high: 95 % interval over the group's films, by their number where the share is 0
            (bootstrap.py); None of fewer than 5.
    """

    name: str
    painting_id: int | None
    seconds: float
    share: float
    expected: float
    lift: float | None
    lift_low: float | None = None
    lift_high: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return {
            "name": self.name,
            "painting_id": self.painting_id,
            "seconds": self.seconds,
            "share": self.share,
            "expected": self.expected,
            "lift": self.lift,
            "lift_low": self.lift_low,
            "lift_high": self.lift_high,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Films that are looked at together.

    Attributes:
        name: the director, the decade as "1920s", the country, or the film's title; empty where not known.
        film_id: of a film; None for the other kinds.
        films: how many.   seconds: of their matched shots.   shots: how many those are.
        convincing_shots: of films that are judged (see catalogue.Coverage).
        cells: largest share first.
    """

    name: str
    film_id: int | None
    films: int
    seconds: float
    shots: int
    convincing_shots: int
    cells: tuple[Cell, ...]

    @property
    def few(self) -> bool:
        """Too few films for an interval: what is said of them is said of these films."""
        return self.films < bootstrap.UNITS_AT_LEAST

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return {
            "name": self.name,
            "film_id": self.film_id,
            "films": self.films,
            "few": self.few,
            "seconds": self.seconds,
            "shots": self.shots,
            "convincing_shots": self.convincing_shots,
            "cells": [cell.to_json() for cell in self.cells],
        }


@dataclass(frozen=True, slots=True)
class CatalogueInfluence:
    """The answer: groups of films, the largest first.

    Attributes:
        columns: the names that the groups are asked about, largest first over all of them: a heat map's columns. Empty
            where each group has names of its own.
        groups_left_out: further groups, smaller than those shown.
    """

    by: By
    of: Of
    convincing: bool
    columns: tuple[Key, ...]
    groups: tuple[Group, ...]
    groups_left_out: int

    def to_json(self) -> dict[str, Any]:
        """As in catalogue.schema.json."""
        return {
            "by": self.by,
            "of": self.of,
            "convincing": self.convincing,
            "columns": list(self.columns),
            "groups": [group.to_json() for group in self.groups],
            "groups_left_out": self.groups_left_out,
        }


class _Film(NamedTuple):
    id: int
    year: int | None
    group: str
    seconds: float


_GROUPED: dict[By, LiteralString] = {
    "director": "f.director",
    "decade": "coalesce((f.year / 10 * 10)::text || 's', '')",
    "country": "f.country",
    "film": "f.id::text",
}
_COUNTED: LiteralString = """
    SELECT f.id, f.title, f.year, {group} AS grouped, m.shots,
           CASE WHEN m.judged AND u.of_pictures > 0 THEN coalesce(m.convincing_shots, 0) ELSE 0 END AS convincing_shots,
           CASE WHEN %(convincing)s THEN m.convincing_s ELSE m.seconds END AS seconds
      FROM film_matches AS m
      JOIN profiles AS p ON p.id = m.profile_id AND p.revision = m.revision
      JOIN films AS f ON f.id = m.film_id AND f.year IS NOT DISTINCT FROM m.film_year
      LEFT JOIN unrelated AS u ON u.profile_id = p.id AND u.revision = p.revision AND u.artists = p.artists
     WHERE m.profile_id = %(profile)s AND m.seconds IS NOT NULL AND f.analysis_id IS NOT NULL
       AND (NOT %(convincing)s OR m.judged AND u.of_pictures > 0)
"""
_ASKED: LiteralString = "unnest(%(films)s::bigint[], %(numbers)s::int[]) AS f (id, number)"
_TALLIED: dict[Of, LiteralString] = {
    "movement": "SELECT film_id, name AS key, seconds, convincing_s FROM film_names "
    "WHERE profile_id = %(profile)s AND kind = 1",
    "artist": "SELECT film_id, name AS key, seconds, convincing_s FROM film_names "
    "WHERE profile_id = %(profile)s AND kind = 2",
    "painting": "SELECT film_id, painting_id AS key, seconds, convincing_s FROM film_paintings "
    "WHERE profile_id = %(profile)s",
}


def influence(
    conn: Connection[Any],
    profile_id: int,
    *,
    by: By,
    of: Of,
    names: int = NAMES,
    groups: int = GROUPS,
    only: str | None = None,
    each: bool = False,
    convincing: bool = False,
) -> CatalogueInfluence:
    """Whose paintings groups of films resemble. Reads what is counted; nothing is matched or computed anew.

    Args:
        names: how many movements, artists or paintings are listed.
        groups: how many groups, those of the longest matched time.
        only: one group: the director, decade ("1920s"), country, in any case, or the film's id as text.
        each: list the largest names of each group; else the same for all, the largest over the groups shown.
        convincing: count only shots whose match is convincing, of films of which that is known.
    """
    args = {"profile": profile_id, "convincing": convincing, "only": only, "groups": groups, "names": names}
    shown, left_out = _groups(conn, by, args)
    films = _films(conn, by, shown, args)
    chosen = _names(conn, of, films, args, each=each)
    keys = list(dict.fromkeys(key for of_group in chosen.values() for key in of_group))
    values = _values(conn, of, films, chosen, args)
    chance = Chance.of_collection(conn, profile_id, of, keys)
    titles = _titles(conn, keys) if of == "painting" else {}
    answered = tuple(
        replace(group, cells=_cells(group, films[key], chosen[key], values=values, chance=chance, titles=titles))
        for key, group in shown.items()
    )
    columns = () if each or not chosen else tuple(keys)
    return CatalogueInfluence(by, of, convincing, columns, answered, left_out)


def _groups(conn: Connection[Any], by: By, args: Mapping[str, Any]) -> tuple[dict[str, Group], int]:
    """The groups to be shown, by key; and how many there are beside them."""
    rows = conn.execute(
        f"""
        SELECT grouped, min(title), count(*)::int, sum(seconds), sum(shots)::int, sum(convincing_shots)::int,
               (count(*) OVER ())::int
          FROM ({_COUNTED.format(group=_GROUPED[by])}) AS f
         WHERE %(only)s::text IS NULL OR lower(grouped) = lower(%(only)s)
         GROUP BY grouped
        HAVING sum(seconds) > 0
         ORDER BY sum(seconds) DESC, grouped
         LIMIT %(groups)s
        """,
        args,
    ).fetchall()
    shown = {
        key: Group(
            title if by == "film" else key, int(key) if by == "film" else None, films, seconds, shots, convincing, ()
        )
        for key, title, films, seconds, shots, convincing, _ in rows
    }
    return shown, (rows[0][-1] if rows else 0) - len(rows)


def _films(
    conn: Connection[Any], by: By, shown: Mapping[str, Group], args: Mapping[str, Any]
) -> dict[str, list[_Film]]:
    """The films of each group, by id."""
    rows = conn.execute(
        f"""
        SELECT id, year, grouped, seconds FROM ({_COUNTED.format(group=_GROUPED[by])}) AS f
         WHERE grouped = ANY(%(shown)s) ORDER BY id
        """,
        {**args, "shown": list(shown)},
    ).fetchall()
    films: dict[str, list[_Film]] = {group: [] for group in shown}
    for row in rows:
        films[row[2]].append(_Film._make(row))
    return films


def _asked(films: Mapping[str, Sequence[_Film]]) -> dict[str, list[int]]:
    """The films and their groups' numbers, as arguments for _ASKED: the planner knows how many they are."""
    return {
        "films": [film.id for of_group in films.values() for film in of_group],
        "numbers": [number for number, of_group in enumerate(films.values()) for _ in of_group],
    }


def _names(
    conn: Connection[Any], of: Of, films: Mapping[str, Sequence[_Film]], args: Mapping[str, Any], *, each: bool
) -> dict[str, list[Key]]:
    """By group the names to list, largest first."""
    groups = list(films)
    number: LiteralString = "f.number" if each else "0"
    query = f"""
        SELECT number, key
          FROM (SELECT number, key, seconds,
                       row_number() OVER (PARTITION BY number ORDER BY seconds DESC, key) AS place
                  FROM (SELECT {number} AS number, t.key,
                               sum(CASE WHEN %(convincing)s THEN t.convincing_s ELSE t.seconds END) AS seconds
                          FROM {_ASKED} JOIN ({_TALLIED[of]}) AS t ON t.film_id = f.id
                         GROUP BY 1, t.key) AS summed) AS placed
         WHERE place <= %(names)s AND seconds > 0
         ORDER BY number, place
    """
    chosen: dict[int, list[Key]] = {}
    for group, key in conn.execute(query, {**args, **_asked(films)}):
        chosen.setdefault(group, []).append(key)
    return {group: chosen.get(place if each else 0, []) for place, group in enumerate(groups)}


def _values(
    conn: Connection[Any],
    of: Of,
    films: Mapping[str, Sequence[_Film]],
    chosen: Mapping[str, Sequence[Key]],
    args: Mapping[str, Any],
) -> dict[tuple[int, Key], float]:
    """Seconds by film and name, of the names that are listed of the film's group."""
    wanted = [(number, key) for number, group in enumerate(films) for key in chosen[group]]
    rows = conn.execute(
        f"""
        SELECT t.film_id, t.key, CASE WHEN %(convincing)s THEN t.convincing_s ELSE t.seconds END
          FROM {_ASKED}
          JOIN ({_TALLIED[of]}) AS t ON t.film_id = f.id
          JOIN unnest(%(groups)s::int[], %(keys)s::{KEY_TYPE[of]}[]) AS w (number, key) USING (number, key)
        """,
        {
            **args,
            **_asked(films),
            "groups": [number for number, _ in wanted],
            "keys": [key for _, key in wanted],
        },
        binary=True,
    ).fetchall()
    return {(film_id, key): seconds for film_id, key, seconds in rows}


def _cells(
    group: Group,
    films: Sequence[_Film],
    keys: Sequence[Key],
    *,
    values: Mapping[tuple[int, Key], float],
    chance: Chance,
    titles: Mapping[Key, str],
) -> tuple[Cell, ...]:
    """A group's cells, largest share first."""
    if not keys:
        return ()
    over = np.array([[values.get((film.id, key), 0.0) for key in keys] for film in films])
    expected = {year: [chance.expected(key, year) for key in keys] for year in {film.year for film in films}}
    under = np.array([[film.seconds * share for share in expected[film.year]] for film in films])
    intervals = bootstrap.intervals(over, under, np.array([[film.seconds] for film in films]))
    found = [
        Cell(
            titles.get(key, "") if isinstance(key, int) else key,
            key if isinstance(key, int) else None,
            seconds,
            seconds / group.seconds,
            by_chance / group.seconds,
            seconds / by_chance if by_chance else None,
            *(pair or (None, None)),
        )
        for key, seconds, by_chance, pair in zip(
            keys, over.sum(axis=0).tolist(), under.sum(axis=0).tolist(), intervals, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda cell: -cell.seconds))


def _titles(conn: Connection[Any], keys: Sequence[Key]) -> dict[Key, str]:
    return dict(conn.execute("SELECT id, title FROM paintings WHERE id = ANY(%s::bigint[])", (list(keys),)).fetchall())
