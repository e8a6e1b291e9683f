"""Where a film comes from: a file or an object; looked into, known again, sent to the media store."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from r2r_cli import render
from r2r_shared.collections.text import storable
from r2r_shared.errors import FilmRefused, PermanentError, Unavailable
from r2r_shared.film import places as film_places
from r2r_shared.film import stamps
from r2r_shared.film.file import Here
from r2r_shared.film.places import InBucket, Place, Uploaded
from r2r_shared.film.probe import probe, resolve_film
from r2r_shared.film.stamps import Stamp
from r2r_shared.queries import films
from r2r_shared.settings import Settings
from r2r_shared.storage import objects
from r2r_shared.storage.objects import RemoteObject
from r2r_shared.storage.scratch import Copy

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import FilmProbe

_EVERY_S = 5.0


class SourceAway(FilmRefused):
    """What a film lies on does not answer now: its bucket, its disk or share. Of the others nothing is said by that."""


@contextmanager
def _at_source() -> Generator[None]:
    """Within it only the place a film comes from is asked: no database, no broker, no media store."""
    try:
        yield
    except Unavailable as error:
        raise SourceAway(error.message, error.hint, reason="is not reachable now") from error


@dataclass(frozen=True, slots=True)
class _Source:
    """An object as something to copy from: where it does not give its bytes, that is said of it and not of the disk."""

    found: RemoteObject

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def stamp(self) -> Stamp:
        return self.found.stamp

    def chunks(self) -> Iterator[bytes]:
        done = 0
        with _at_source():
            for chunk in self.found.chunks():
                done += len(chunk)
                yield chunk
            if done != self.stamp.size_bytes:
                raise Unavailable(
                    f"{self.name} gave {done} bytes where it has {self.stamp.size_bytes}", "is it being replaced?"
                )


class Looked(NamedTuple):
    """What is in a film, the digest of its bytes, and the stamp under which both were taken."""

    probe: FilmProbe
    sha256: bytes
    stamp: Stamp


class Sent(NamedTuple):
    """A film that lies in the media store."""

    place: Uploaded
    stamp: Stamp


def name_of(place: Path | str) -> str:
    """A film's file name, for a line about it."""
    return place.name if isinstance(place, Path) else place.rstrip("/").rpartition("/")[2] or place


def place_of(place: Path | str, settings: Settings) -> Place:
    """How a place that a person named is kept.

    Raises:
        FilmRefused: it names no object.
    """
    if isinstance(place, Path):
        return film_places.of_file(place.resolve(), settings.film_roots)
    return _object_place(place)


def digest(path: Path) -> bytes:
    """SHA-256 of a file's bytes.

    Raises:
        FilmRefused: it cannot be read.
    """
    try:
        return stamps.digest(path)
    except OSError as error:
        raise FilmRefused(f"{path} cannot be read: {error.strerror}", "check its permissions and its disk") from error


def known(opened: Session, place: Path | str) -> tuple[int, Stamp] | None:
    """The film that lies at a place, if it is known to, and its stamp: nothing is read for that.

    Raises:
        FilmRefused: the bucket is not there, or lets nobody in.
        SourceAway: it does not answer.
    """
    if isinstance(place, Path):
        try:
            real = place.resolve()
            if not place.is_file() or storable(str(real)) != str(real):
                return None
            stamp = Stamp.of(real)
        except (OSError, RuntimeError):  # too long a name, a directory that may not be searched: the probe says which
            return None
        texts = film_places.texts_of(real, opened.settings.film_roots)
    else:
        try:
            with _at_source():
                stamp = objects.look(_object_place(place).url).stamp
        except FileNotFoundError:  # the look says so
            return None
        texts = [place]
    film_id = films.by_place(opened.conn, texts, stamp)
    return None if film_id is None else (film_id, stamp)


def look(place: Path | str) -> Looked:
    """Look into a film; an object is copied to this machine's scratch directory for that. For any thread.

    Raises:
        FilmRefused: it is no film, cannot be read, or was written to meanwhile: a copy still under way, say.
        SourceAway: its bucket, its disk or share does not answer.
        Unavailable: the disk for copies takes none.
    """
    if isinstance(place, str):
        return _look_into_object(place)
    real = resolve_film(place)
    stamp = Stamp.of(real)
    looked = probe(place)
    sha256 = digest(real)
    try:
        with _at_source():
            stamps.check_unchanged(real, stamp)
    except PermanentError as error:
        raise FilmRefused(str(error), "a copy or download that is still under way?") from error
    return Looked(looked, sha256, stamp)


def _look_into_object(url: str) -> Looked:
    found = _object(url)
    with _copied(found, Here.of(Settings.from_env())) as copy:
        try:
            looked = probe(copy.path)
        except FilmRefused as error:  # it speaks of the copy
            message = error.message.replace(str(copy.path), url).replace(copy.path.name, name_of(url))
            raise FilmRefused(message, error.hint, reason=error.reason) from error
        return Looked(looked, copy.sha256, found.stamp)


@contextmanager
def _copied(found: RemoteObject, here: Here) -> Generator[Copy]:
    on_bytes = lines("copied", found.name, found.stamp.size_bytes)
    try:
        with here.scratch.copy_of(_Source(found), on_bytes=on_bytes) as copy:
            yield copy
    except PermanentError as error:
        raise FilmRefused(str(error), "or ingest it from a directory") from error


def _object_place(url: str) -> InBucket:
    try:
        place = film_places.parse(url)
    except ValueError:
        place = None
    if not isinstance(place, InBucket):
        if not film_places.is_object(url):
            raise FilmRefused(
                f"{url} is an address that is not opened", "download it; films are files, or s3:// objects"
            )
        raise FilmRefused(f"{url} names no object", "write it as s3://bucket/film.mp4; a prefix needs --recursive")
    return place


def _object(url: str) -> RemoteObject:
    try:
        with _at_source():
            return objects.look(_object_place(url).url)
    except FileNotFoundError:
        raise FilmRefused(f"{url} does not exist", "check the bucket and the key; a prefix needs --recursive") from None


def send(opened: Session, place: Path | str, sha256: bytes) -> Sent:
    """Put a film into the media store, unless it is there: whole, or not at all.

    Raises:
        FilmRefused: the file is no longer the one with that digest, or cannot be read.
        SourceAway: the bucket it comes from does not answer.
        Unavailable: the store does not answer.
    """
    here = Here.of(opened.settings)
    target = _upload_of(opened, place, sha256)
    if isinstance(place, Path):
        return _send_file(here, place.resolve(), sha256, target, name_of(place))
    found = _object(place)
    if here.store.holds(target.key, size_bytes=found.stamp.size_bytes, sha256=sha256):
        return _there(here, target)
    with _copied(found, here) as copy:
        return _send_file(here, copy.path, sha256, target, name_of(place))


def _upload_of(opened: Session, place: Path | str, sha256: bytes) -> Uploaded:
    """Where the film is to lie: where it lies already, under whatever name it came."""
    film_id = films.by_digest(opened.conn, sha256)
    known_places = () if film_id is None else films.file_of(opened.conn, film_id).places
    before = [where for where, _ in known_places if isinstance(where, Uploaded)]
    return before[0] if before else film_places.upload_of(sha256, name_of(place))


def _send_file(here: Here, path: Path, sha256: bytes, target: Uploaded, name: str) -> Sent:
    try:
        size = path.stat().st_size
        if here.store.holds(target.key, size_bytes=size, sha256=sha256):
            return _there(here, target)
        stamp = here.store.put_file(target.key, path, sha256=sha256, on_bytes=lines("sent", name, size))
    except PermanentError as error:
        raise FilmRefused(str(error), "a copy or download that is still under way?") from error
    except OSError as error:
        raise FilmRefused(f"{path} cannot be read: {error.strerror}", "check its permissions and its disk") from error
    return Sent(target, stamp)


def _there(here: Here, target: Uploaded) -> Sent:
    found = here.store.look(target.key)
    return Sent(target, Stamp.of(found) if isinstance(found, Path) else found.stamp)


def lines(verb: str, name: str, size_bytes: int) -> Callable[[int], None]:
    """What tells of long transfers: a line every five seconds."""
    last = time.monotonic()

    def on_bytes(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            render.note(f"{name}: {done / 1e9:.2f} of {size_bytes / 1e9:.2f} GB {verb}")

    return on_bytes
