"""Which films a call asks for: paths, what directories hold, a catalogue's lines. One at a time, however many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from r2r_cli.ingesting import catalogue, intake
from r2r_cli.ingesting.bulk import Asked, Place, Refusal, refusal
from r2r_cli.ingesting.catalogue import BadLine
from r2r_cli.ingesting.film_search import SUFFIXES
from r2r_shared.errors import FilmRefused, UserError

MOST_COUNTED = 1000


def place_of(text: str) -> Place:
    """What a person typed: an address such as s3://bucket/film.mp4 stays one."""
    return text if "://" in text else Path(text)


@dataclass(frozen=True, slots=True)
class Call:
    """What a call of `ingest` names.

    Attributes:
        described: title, director, year, country, as far as the options say; a catalogue's line says it better.
    """

    places: Sequence[Place]
    recursive: bool
    catalogue: Path | None
    described: dict[str, Any]

    @property
    def remote(self) -> bool:
        return any(isinstance(place, str) for place in self.places)

    def films(self, *, on_unknown: Callable[[str], None] = lambda said: None) -> Iterator[Asked | Refusal]:
        """Each film in its order; what names none is a refusal, and the others go on.

        Raises:
            UserError: the catalogue as a whole cannot be used.
        """
        if self.catalogue is not None:
            for entry in catalogue.read(self.catalogue, on_unknown=on_unknown):
                if isinstance(entry, BadLine):
                    place = entry.place or f"{self.catalogue} line {entry.line}"
                    yield Refusal(place, entry.error, entry.hint, entry.reason)
                else:
                    said = {key: value for key, value in entry.described.items() if value is not None}
                    yield Asked(entry.place, self.described | said)
        for place in self.places:
            yield from self._expanded(place)

    def _expanded(self, place: Place) -> Iterator[Asked | Refusal]:
        try:
            for found in intake.expand([place], recursive=self.recursive):
                yield Asked(found, self.described)
        except FilmRefused as error:
            yield refusal(place, error)
        except UserError as error:  # a directory that holds none, or may not be listed
            yield refusal(place, FilmRefused(error.message, error.hint))

    def at_least(self) -> int:
        """How many films there are, or MOST_COUNTED."""
        return sum(1 for _ in islice(self.films(), MOST_COUNTED))

    def count(self) -> int:
        """About how many films there are: nothing is looked into, nothing is said. Not for buckets.

        Raises:
            UserError, OSError: the catalogue cannot be read.
        """
        named = 0 if self.catalogue is None else catalogue.count(self.catalogue)
        return named + sum(_count(place, recursive=self.recursive) for place in self.places)


def _count(place: Place, *, recursive: bool) -> int:
    if not recursive or not Path(place).is_dir():
        return 1
    names = (name for _, _, files in os.walk(place) for name in files)
    return sum(1 for name in names if Path(name).suffix.lower() in SUFFIXES)
