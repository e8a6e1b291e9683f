"""What an ingest would do, without doing it: every film is looked into, no row is written, no message sent."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from r2r_cli import context, render
from r2r_cli.ingesting import bulk, intake
from r2r_cli.ingesting.bulk import Asked, Away, Outcome, Refusal, Seen
from r2r_shared.errors import FilmRefused
from r2r_shared.film.places import Uploaded
from r2r_shared.queries import films, jobs, profiles, shots

if TYPE_CHECKING:
    from concurrent.futures import Future

    from r2r_cli.context import Session
    from r2r_cli.ingesting.intake import Looked
    from r2r_shared.records import Profile


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call asks for of each film; the profile is None where it would be made first."""

    profile: Profile | None
    detector: str
    force: bool
    upload: bool = False


def profile_to_measure(opened: Session) -> Profile | None:
    """The profile that new numbers would be made under; None where it would be made first."""
    name = opened.settings.profile
    before = profiles.active(opened.conn) if name is None else profiles.named(opened.conn, name)
    if before is None:
        return None
    now = context.described(opened, before)
    made_of = ("name", "encoder_digest", "depth_digest", "metrics_version")
    return next(
        (p for p in profiles.listed(opened.conn) if all(getattr(p, key) == now[key] for key in made_of)),
        None,
    )


def foresee(opened: Session, asked: Iterable[Asked | Refusal], wish: Wish) -> Generator[Outcome]:
    """What `bulk.enqueue` would come to for each film, in the same words.

    Raises:
        Unavailable: as `bulk.enqueue`.
    """
    seen, away = Seen(), Away()
    for item in bulk.look_ahead(opened, asked, bulk.look):
        if isinstance(item, Refusal):
            yield bulk.refused(item)
            continue
        one, future = item
        if seen.place(one.place):
            yield Outcome(str(one.place), "duplicate", f"{bulk.name_of(one.place)} was asked for twice: taken once")
            continue
        try:
            bulk.check_name(one.place)
            outcome = _one(opened, one, future, seen, wish)
        except FilmRefused as error:
            yield bulk.refused(bulk.refusal(one.place, error))
            away.met(error)
            continue
        away.met(None)
        yield outcome


def _one(
    opened: Session,
    one: Asked,
    future: Future[Looked] | None,
    seen: Seen,
    wish: Wish,
) -> Outcome:
    place, name = str(one.place), bulk.name_of(one.place)
    film_id = intake.known(opened, one.place)
    if film_id is not None:
        return _known(opened, one, film_id, seen, wish)
    looked, sha256, stamp = intake.look(one.place) if future is None else future.result()
    if (film_id := films.by_digest(opened.conn, sha256)) is not None:
        return _known(opened, one, film_id, seen, wish)
    if seen.digest(sha256):
        return Outcome(place, "duplicate", f"{name} holds the same film as one before it")
    title = one.described["title"] or intake.from_name(Path(name))[0]
    shape = f"{render.timecode(looked.duration_s)}, {looked.width}×{looked.height}, {looked.frames} frames"
    sent = _sent(stamp.size_bytes) if wish.upload else ""
    return Outcome(place, "queued", f"{name}: new, {shape}{sent}", title=title)


def _sent(size_bytes: int) -> str:
    return f", {size_bytes / 1e6:,.1f} MB to be copied into the media store"


def _unsent(opened: Session, film_id: int) -> str:
    """What an upload of a known film would send: nothing where a copy is known."""
    places = films.file_of(opened.conn, film_id).places
    there = not places or any(isinstance(place, Uploaded) for place, _ in places)
    return "" if there else _sent(places[0][1].size_bytes)


def _known(opened: Session, one: Asked, film_id: int, seen: Seen, wish: Wish) -> Outcome:
    """What would be made of a film that the database holds already."""
    place, name, film = str(one.place), bulk.name_of(one.place), films.get(opened.conn, film_id)
    if seen.film(film_id):
        again = f"{name} holds the same film as one before it: film {film_id}"
        return Outcome(place, "duplicate", again, film_id, None, film.title, known=True)
    more = intake.said_anew(film, one.described) + (_unsent(opened, film_id) if wish.upload else "")

    def outcome(state: str, said: str, job: int | None = None) -> Outcome:
        return Outcome(place, state, said + more, film_id, job, film.title, known=True)

    if (queued := jobs.open_ingest(opened.conn, film_id)) is not None:
        return outcome("going on", f"{name}: going on with job {queued}", queued)
    profile, force = wish.profile, wish.force
    if profile is not None:
        failed = intake.failed_before(opened, film, profile.id, wish.detector, force=force)
        if failed is not None:
            return outcome("retried", f"{name}: film {film_id}, job {failed}, which failed, to be tried again", failed)
    without = profile is not None and intake.to_be_analysed(opened.conn, film, profile.id)
    if film.analysis_id is None or force or without:
        again = "" if film.analysis_id is None else " again"
        return outcome("queued", f"{name}: film {film_id}, to be analysed{again}")
    missing = film.keyframes
    if profile is not None:
        missing = len(shots.unmeasured(opened.conn, film_id=film_id, profile_id=profile.id))
    if missing:
        return outcome("queued", f"{name}: film {film_id}, {missing} keyframes to be measured")
    return outcome("known", f"{name} is known as film {film_id}: nothing to do")
