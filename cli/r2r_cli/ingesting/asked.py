"""Which films a call asks for: paths, what directories hold, a catalogue's lines. One at a time, however many."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from r2r_cli.ingesting import catalogue, intake
from r2r_cli.ingesting.bulk import Asked, Place, Refusal, refusal
from r2r_cli.ingesting.catalogue import BadLine, Entry
from r2r_cli.ingesting.film_search import SUFFIXES, Unsearched
from r2r_shared.errors import FilmRefused, UserError
from r2r_shared.film import places as film_places
from r2r_shared.film.places import InRoot
from r2r_shared.settings import Settings

MOST_COUNTED = 1000


def place_of(text: str) -> Place:
    """What a person typed: an address such as s3://bucket/film.mp4 stays one, root:archive/film.mp4 is a file here.

    Raises:
        UserError: this machine has no such film root.
        PermanentError: a link leads out of it.
    """
    if "://" in text:
        return text
    if text.startswith("root:") and not Path(text).exists():
        with contextlib.suppress(ValueError):
            place = film_places.parse(text)
            if isinstance(place, InRoot):
                return place.on(Settings.from_env().film_roots)
    return Path(text)


@dataclass(frozen=True, slots=True)
class Call:
    """What a call of `ingest` names.

    Attributes:
        described: title, director, year, country, as far as the options say; a catalogue's line says it better.
        spool: a copy of the catalogue, where that comes through a pipe; its relative paths begin here, then.
    """

    places: Sequence[Place]
    recursive: bool
    catalogue: Path | None
    described: dict[str, Any]
    spool: Path | None = None

    @property
    def remote(self) -> bool:
        return any(isinstance(place, str) for place in self.places)

    def films(self, *, on_unknown: Callable[[str], None] = lambda said: None) -> Iterator[Asked | Refusal]:
        """Each film in its order; what names none is a refusal, and the others go on.

        Raises:
            UserError: the catalogue as a whole cannot be used.
        """
        if self.catalogue is not None:
            entry = None
            for entry in self._entries(self.catalogue, on_unknown):
                if isinstance(entry, BadLine):
                    place = entry.place or f"{self.catalogue} line {entry.line}"
                    yield Refusal(place, entry.error, entry.hint, entry.reason)
                else:
                    said = {key: value for key, value in entry.described.items() if value is not None}
                    yield Asked(entry.place, self.described | said)
            if entry is None:
                none = FilmRefused(f"{self.catalogue} names no film", "write a line for each film below the columns")
                yield refusal(self.catalogue, none)
        for place in self.places:
            yield from self._expanded(place)

    def _entries(self, named: Path, on_unknown: Callable[[str], None]) -> Iterator[Entry | BadLine]:
        if self.spool is None:
            return catalogue.read(named, on_unknown=on_unknown)
        return catalogue.read(self.spool, named=named, directory=Path(), on_unknown=on_unknown)

    def _expanded(self, place: Place) -> Iterator[Asked | Refusal]:
        try:
            for found in intake.expand([place], recursive=self.recursive):
                if isinstance(found, Unsearched):
                    yield refusal(found.directory, found.error)
                else:
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
        named = 0 if self.catalogue is None else catalogue.count(self.spool or self.catalogue)
        return named + sum(_count(place, recursive=self.recursive) for place in self.places)


def _count(place: Place, *, recursive: bool) -> int:
    if not recursive or not Path(place).is_dir():
        return 1
    names = (name for _, _, files in os.walk(place) for name in files)
    return sum(1 for name in names if Path(name).suffix.lower() in SUFFIXES)
