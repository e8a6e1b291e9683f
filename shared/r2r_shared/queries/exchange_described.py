"""What a data set says otherwise of a painting or film than this installation does, which goes on saying it; and
paintings that are left out, for their file's name has another picture here. After all of it has been mapped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

MOST = 10_000
"""So many are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A painting or film of which two things are said.

    Attributes:
        kind: "painting" or "film".
        id: here.   collection: of a painting.   name: a painting's file, a film's title here.
        path: a film's file here.
        left_out: a painting that was not taken: of that file name there is another picture here.
        fields: by column, (what the data set says, what is said here).
    """

    kind: str
    id: int
    collection: str
    name: str
    path: str
    left_out: bool
    fields: dict[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        said = {name: {"there": there, "here": here} for name, (there, here) in self.fields.items()}
        where = {"collection": self.collection, "file": self.name} if self.kind == "painting" else {"title": self.name}
        return {"kind": self.kind, "id": self.id, **where, "left_out": self.left_out, "fields": said}


@dataclass(frozen=True, slots=True)
class Differences:
    """The first of them, paintings and films, and how many there are."""

    first: list[Difference] = field(default_factory=list[Difference])
    paintings: int = 0
    left_out: int = 0
    films: int = 0

    @property
    def beyond(self) -> int:
        """So many are not among the first."""
        return self.paintings + self.left_out + self.films - len(self.first)


_PAINTING = ("title", "artist", "movement", "year", "year_from", "year_to")
_FILM = ("title", "director", "year", "country")


def differences(conn: Connection[Any]) -> Differences:
    """All of them, of paintings by id and then of films."""
    rows = conn.execute(
        """
        SELECT p.id, c.name, p.file, m.fate = 'other', encode(i.sha256, 'hex'), encode(p.sha256, 'hex'),
               i.title, p.title, i.artist, p.artist, i.movement, p.movement, i.year, p.year, i.year_from, p.year_from,
               i.year_to, p.year_to,
               count(*) FILTER (WHERE m.fate = 'here') OVER (), count(*) FILTER (WHERE m.fate = 'other') OVER ()
          FROM map_paintings AS m
          JOIN in_paintings AS i ON i.id = m.source
          JOIN collections AS c ON c.id = m.collection_id
          JOIN paintings AS p ON p.collection_id = m.collection_id
           AND CASE m.fate WHEN 'here' THEN p.id = m.id ELSE p.file = i.file END
         WHERE m.fate = 'other'
            OR m.fate = 'here' AND (p.title, p.artist, p.movement, p.year, p.year_from, p.year_to)
                                   IS DISTINCT FROM
                                   (i.title, i.artist, i.movement, i.year, i.year_from, i.year_to)
         ORDER BY m.fate = 'here', p.id
         LIMIT %s
        """,
        (MOST,),
    ).fetchall()
    paintings, left_out = rows[0][-2:] if rows else (0, 0)
    first = [
        Difference("painting", number, collection, file, "", other, _differing(("sha256", *_PAINTING), said))
        for number, collection, file, other, *said, _, _ in rows
    ]
    rows = conn.execute(
        """
        SELECT f.id, f.title, f.path, i.title, f.title, i.director, f.director, i.year, f.year, i.country, f.country,
               count(*) OVER ()
          FROM map_films AS m
          JOIN in_films AS i ON i.id = m.source
          JOIN films AS f ON f.id = m.id
         WHERE m.fate <> 'new'
           AND (f.title, f.director, f.year, f.country) IS DISTINCT FROM (i.title, i.director, i.year, i.country)
         ORDER BY f.id
         LIMIT %s
        """,
        (MOST,),
    ).fetchall()
    films = rows[0][-1] if rows else 0
    first += [
        Difference("film", number, "", title, path, False, _differing(_FILM, said))
        for number, title, path, *said, _ in rows
    ]
    return Differences(first[:MOST], paintings, left_out, films)


def _differing(names: tuple[str, ...], said: list[Any]) -> dict[str, tuple[Any, Any]]:
    pairs = zip(names, said[::2], said[1::2], strict=True)
    return {name: (there, here) for name, there, here in pairs if there != here}
