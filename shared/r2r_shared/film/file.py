"""Which file holds a film's bytes. A film is known by its content; a place is only where that was seen last."""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from r2r_shared.errors import AnalysisFailed, PermanentError, Unavailable, UserError
from r2r_shared.film.places import InBucket, InRoot, OnDisk, Place, Uploaded
from r2r_shared.film.stamps import Stamp, digest
from r2r_shared.settings import Settings
from r2r_shared.storage import objects
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.storage.objects import RemoteObject
from r2r_shared.storage.scratch import OtherBytes, Scratch

WAYS = (
    "mount it under the same path on every machine, or under a directory that each names in R2R_FILM_ROOTS, or ingest "
    "it with --upload"
)
"""How a film reaches the workers."""


class Located(NamedTuple):
    """A regular file of this machine that holds a film, and its stamp."""

    path: Path
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Here:
    """What this machine has: directories of films, room for copies, the media store."""

    roots: Mapping[str, Path]
    scratch: Scratch
    store: MediaStore

    @staticmethod
    def of(settings: Settings) -> Here:
        """As the settings say."""
        return Here(
            settings.film_roots, Scratch(settings.scratch_root, settings.scratch_bytes), MediaStore(settings.media_root)
        )


def _never() -> bool:
    return False


def _nobody(_: int) -> None:
    pass


@dataclass(slots=True)
class _Troubles:
    """Why none of the places would do."""

    reasons: list[str] = field(default_factory=list[str])
    changed: Place | None = None
    away: Unavailable | None = None


@dataclass(frozen=True, slots=True)
class FilmFile:
    """A film's digest, and the places where its bytes have been seen, the latest first."""

    sha256: bytes
    places: tuple[tuple[Place, Stamp], ...]

    @contextmanager
    def locate(
        self,
        here: Here,
        *,
        should_stop: Callable[[], bool] = _never,
        on_bytes: Callable[[int], None] = _nobody,
    ) -> Generator[Located]:
        """A file that holds the film, with its stamp as it is now; it stays there while the context lasts.

        Files come before objects, which are copied first. Something of the same size that is not stamped as before may
        be a copy: its bytes decide.

        Args:
            should_stop: polled while an object is copied.
            on_bytes: told how much of it has been.

        Raises:
            PermanentError: none of the places is there, or all of them hold something else by now.
            Unavailable: a bucket, the disk for copies or a whole directory is not there: it may be later.
            Cancelled: should_stop said so.
        """
        troubles = _Troubles()
        with ExitStack() as held:
            found, place = None, None
            for place, known in sorted(self.places, key=lambda entry: isinstance(entry[0], InBucket | Uploaded)):
                try:
                    found = self._at(here, place, known, held, should_stop, on_bytes)
                except _Changed:
                    troubles.changed = troubles.changed or place
                except Unavailable as error:
                    troubles.away = troubles.away or error
                except (OSError, PermanentError, UserError) as error:  # an OSError: gone for good
                    troubles.reasons.append(_reason(error))
                if found is not None:
                    break
            if found is None:
                raise self._nowhere(troubles)
            try:
                yield found
            except AnalysisFailed as error:  # it speaks of a copy, whose name nobody knows
                shown = str(place).rpartition("/")[2]
                raise AnalysisFailed(str(error).replace(found.path.name, shown)) from error

    def _at(  # noqa: PLR0917
        self,
        here: Here,
        place: Place,
        known: Stamp,
        held: ExitStack,
        should_stop: Callable[[], bool],
        on_bytes: Callable[[int], None],
    ) -> Located:
        match place:
            case OnDisk(path):
                where = path
            case InRoot():
                where = place.on(here.roots)
            case InBucket(url):
                where = objects.look(url)
            case Uploaded(key):
                where = here.store.look(key)
        if isinstance(where, RemoteObject):
            if where.stamp.size_bytes != known.size_bytes:
                raise _Changed
            taking = here.scratch.copy_of(where, expected=self.sha256, should_stop=should_stop, on_bytes=on_bytes)
            try:
                copy = held.enter_context(taking)
            except OtherBytes as error:
                raise _Changed from error
            return Located(copy.path, Stamp.of(copy.path))
        try:
            found = Stamp.of(where)
            if found != known and (found.size_bytes != known.size_bytes or digest(where) != self.sha256):
                raise _Changed
        except OSError as error:
            if _is_gone(where, error):
                raise
            raise Unavailable(f"{where} cannot be read by this worker: {error.strerror}", WAYS) from error
        return Located(where, found)

    def _nowhere(self, troubles: _Troubles) -> PermanentError | Unavailable:
        if troubles.away is not None:
            return troubles.away
        if troubles.changed is not None:
            return PermanentError(
                f"{troubles.changed} is no longer the film that was ingested: put that one back, or take the new "
                "one in with `r2r ingest`"
            )
        where = self.places[0][0] if self.places else "the film"
        why = f" ({'; '.join(troubles.reasons)})" if troubles.reasons else ""
        return PermanentError(
            f"{where} is not there for this worker{why}: if it was moved, `r2r ingest` it where it is now; else {WAYS}"
        )


def _is_gone(where: Path, error: OSError) -> bool:
    """True where a film was removed; False where its disk or share is away just now.

    A share that is not mounted has no directory there, or an empty one; one that does not answer says anything but
    "no such file". A whole queue must not fail on that within a minute.
    """
    if error.errno == errno.ELOOP:
        return True
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return False
    try:
        return any(where.parent.iterdir())
    except OSError:
        return False


class _Changed(Exception):
    """What lies at a place is not the film."""


def _reason(error: OSError | PermanentError | UserError) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it is no file"
    return f"{error.message}; {error.hint}" if isinstance(error, UserError) and error.hint else str(error)
