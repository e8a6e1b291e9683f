"""Where a film's analysis came from, if another installation made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Origin:
    """A data set as an analysis remembers it: its digest in hexadecimal, what made it, the day it came in."""

    name: str
    digest: str
    tool: str
    date: str


def of_film(conn: Connection[Any], film_id: int) -> Origin | None:
    """The data set that the analysis that is shown came in; None where it was made here."""
    row = conn.execute(
        """
        SELECT j.options->'imported'->>'name', j.options->'imported'->>'digest', j.options->'imported'->>'tool',
               j.finished_at::date::text
          FROM films AS f JOIN jobs AS j ON j.id = f.analysis_id
         WHERE f.id = %s AND j.options ? 'imported'
        """,
        (film_id,),
    ).fetchone()
    return None if row is None else Origin(*row)
