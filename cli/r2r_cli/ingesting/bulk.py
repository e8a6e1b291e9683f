"""Many films in one call: looked into ahead, taken in one after the other, and nothing kept of those that are through.

Rows are the truth and are made in the order asked; messages go out now and then, through the sweep, so that Redis holds
a few hundred however many films wait. What is known by its place, size and time is not read again: the same call after
Ctrl-C or a kill goes on where it was.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from r2r_cli.ingesting import intake
from r2r_cli.ingesting.ahead import WINDOW, Ahead
from r2r_cli.ingesting.film_source import SourceAway
from r2r_cli.ingesting.sending import Sending
from r2r_shared.collections.text import storable
from r2r_shared.errors import FilmRefused, Unavailable

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_cli.ingesting.intake import Intake, Looked, Wanted
    from r2r_shared.local.worker import LocalWorker

Place: TypeAlias = "str | Path"
MOST_REASONS = 50
"""Reasons for refusals that are counted apart; what comes after them is counted as one."""
MOST_AWAY = 20
"""Films in a row whose bucket or disk does not answer: more say nothing new, and each may take a minute."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A film that someone asked for, and what they said of it."""

    place: Place
    described: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was asked for and cannot be; `reason` is the same for all of a kind."""

    place: str
    error: str
    hint: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one film.

    `state`: queued (new, or something of it was missing), going on (with a job of before), retried (a job that had
    failed), known (nothing to do), duplicate (came earlier in the same call) or refused.
    `known`: the film was in the database before.
    """

    place: str
    state: str
    said: str
    film: int | None = None
    job: int | None = None
    title: str = ""
    known: bool = False
    refusal: Refusal | None = None


@dataclass(slots=True)
class Tally:
    """How many films came to what, and why those that were refused were."""

    states: Counter[str] = field(default_factory=Counter[str])
    reasons: Counter[str] = field(default_factory=Counter[str])

    def add(self, outcome: Outcome) -> None:
        self.states[outcome.state] += 1
        if outcome.refusal is not None:
            reason = outcome.refusal.reason
            more = reason not in self.reasons and len(self.reasons) >= MOST_REASONS
            self.reasons["other reasons" if more else reason] += 1

    @property
    def films(self) -> int:
        return self.states.total()

    @property
    def refused(self) -> int:
        return self.states["refused"]

    def why(self) -> str:
        """ "3 refused: 2 × holds no video, 1 × is empty", the most frequent first."""
        return f"{self.refused:,} refused: " + ", ".join(f"{n:,} × {why}" for why, n in self.reasons.most_common())


class Seen:
    """Which places and which films a call has met: a number of each, no more."""

    def __init__(self) -> None:
        self._places: set[int] = set()
        self._films: set[int] = set()
        self._digests: set[bytes] = set()

    def place(self, place: Place) -> bool:
        """Whether this place was asked for before in this call."""
        number = hash(str(place))
        return number in self._places or bool(self._places.add(number))

    def film(self, film_id: int) -> bool:
        """Whether this film was, under whatever name."""
        return film_id in self._films or bool(self._films.add(film_id))

    def digest(self, sha256: bytes) -> bool:
        """Whether these bytes were; for films that have no number."""
        return sha256 in self._digests or bool(self._digests.add(sha256))


class Away:
    """Counts films in a row that could not be reached."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def met(self, error: FilmRefused | None) -> None:
        """A film was refused, or taken.

        Raises:
            Unavailable: where films lie has not answered for too many in a row.
        """
        self._in_a_row = self._in_a_row + 1 if isinstance(error, SourceAway) else 0
        if error is not None and self._in_a_row >= MOST_AWAY:
            raise Unavailable(
                f"{MOST_AWAY} films in a row are not reachable, and no more are tried: {error.message}",
                "the films before are queued; the same command goes on where it was",
            )


def look_ahead(
    opened: Session, asked: Iterable[Asked | Refusal], look: Callable[[Place], Looked]
) -> Generator[tuple[Asked, Future[Looked] | None] | Refusal]:
    """What was asked for, in its order, each with the look that was begun for it; None where its place is known.

    Each place comes once: a second time it is `Seen`, and comes without a look.
    """
    ahead = Ahead[Place, "Looked"](look)
    window: deque[tuple[Asked, Future[Looked] | None] | Refusal] = deque()
    begun: set[int] = set()
    try:
        for item in asked:
            if isinstance(item, Refusal):
                window.append(item)
            elif hash(str(item.place)) in begun or _is_known(opened, item.place):
                window.append((item, None))
            else:
                begun.add(hash(str(item.place)))
                window.append((item, ahead.submit(item.place)))
            if len(window) >= WINDOW:
                yield window.popleft()
        while window:
            yield window.popleft()
    finally:
        ahead.close()


def _is_known(opened: Session, place: Place) -> bool:
    try:
        check_name(place)
        return intake.known(opened, place) is not None
    except FilmRefused:
        return False


def enqueue(
    opened: Session, asked: Iterable[Asked | Refusal], wanted: Wanted, *, worker: LocalWorker | None
) -> Generator[Outcome]:
    """Make the rows of each film, commit them film by film, and say what became of it.

    Raises:
        Unavailable: a server does not answer. The films before are queued, with or without a message.
    """
    seen, away = Seen(), Away()
    sent = Sending(opened)
    for item in look_ahead(opened, asked, look):
        if isinstance(item, Refusal):
            yield refused(item)
            continue
        one, future = item
        if seen.place(one.place):
            yield Outcome(str(one.place), "duplicate", f"{name_of(one.place)} was asked for twice: taken once")
            continue
        try:
            found = _take(opened, one, future, wanted, worker=worker)
        except FilmRefused as error:
            yield refused(refusal(one.place, error))
            with sent.before_the_end():
                away.met(error)
            continue
        away.met(None)
        yield _outcome(one.place, found, again=seen.film(found.film_id))
        if found.job_id is not None:
            sent.now_and_then()
    sent.at_last()


def look(place: Place) -> Looked:
    """A look for threads to take: names that no database can hold are refused before anything is read.

    Raises:
        FilmRefused: it is no film, or has no name that can be kept.
    """
    check_name(place)
    return intake.look(place)


def _take(
    opened: Session, one: Asked, future: Future[Looked] | None, wanted: Wanted, *, worker: LocalWorker | None
) -> Intake:
    """One film's rows, all of them or none, in one transaction; what takes long is done before it."""
    check_name(one.place)
    if future is not None and worker is not None and (isinstance(one.place, str) or one.place.is_file()):
        worker.ensure()  # it starts while we look

    def looked(place: Place) -> Looked:
        return intake.look(place) if future is None else future.result()

    if future is not None:
        looked(one.place)
    sent = intake.send_ahead(opened, one.place, wanted, looked)
    with opened.conn.transaction():
        found = intake.take(opened, one.place, wanted, one.described, worker=worker, look=looked, sent=sent)
    return intake.follow_up(opened, found, wanted)


def _outcome(place: Place, found: Intake, *, again: bool) -> Outcome:
    state = "known" if found.job_id is None else "going on" if found.going_on else "queued"
    state = "retried" if found.retried else state
    said = found.said
    if again:
        state, said = "duplicate", f"{name_of(place)} holds the same film as one before it: film {found.film_id}"
    return Outcome(str(place), state, said, found.film_id, found.job_id, found.title, found.known)


def refused(why: Refusal) -> Outcome:
    """The outcome of what cannot be."""
    return Outcome(why.place, "refused", f"error: {why.error}\nhint:  {why.hint}", refusal=why)


def refusal(place: Place, error: FilmRefused) -> Refusal:
    """Why a film was refused, and the same in words that name no film."""
    return Refusal(str(place), error.message, error.hint, error.reason or _reason(place, error.message))


def _reason(place: Place, message: str) -> str:
    """A message without what names this one film, which stands at its beginning; a film may be called "x" or "is"."""
    reason = message
    for name in sorted({str(place), storable(str(place)), name_of(place), _real(place)} - {""}, key=len, reverse=True):
        if message.startswith((f"{name} ", f"{name}:")):
            reason = message[len(name) :]
            break
    if isinstance(place, str):  # "cannot read s3://bucket/film.mp4: …"
        reason = reason.replace(f" {place}: ", ": ")
    return reason.split(" (")[0].strip(" :") or "is refused"


def name_of(place: Place) -> str:
    """A film's file name, for a line about it."""
    return str(place).rstrip("/").rpartition("/")[2] or str(place)


def _real(place: Place) -> str:
    try:
        return storable(str(Path(place).resolve()))
    except (OSError, RuntimeError, ValueError):
        return ""


def check_name(place: Place) -> None:
    """A film is found again by its place, which the database keeps as text.

    Raises:
        FilmRefused: it is no text, or no path at all.
    """
    real = str(place)
    if isinstance(place, Path):
        try:
            place.is_file()
            real = str(place.resolve())
        except (OSError, RuntimeError) as error:  # too long a name, no permission, links in a circle
            why = error.strerror if isinstance(error, OSError) else error
            raise FilmRefused(f"{place} cannot be reached: {why}", "check the path, and who may read it") from error
    if storable(real) != real:
        raise FilmRefused(f"{storable(real)} has a name that is not text in UTF-8", "rename it, or its directory")
