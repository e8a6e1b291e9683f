"""What an ingest would do, without doing it: every film is looked into, no row is written, no message sent."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from r2r_cli import context, render
from r2r_cli.ingesting import bulk, intake
from r2r_cli.ingesting.bulk import Asked, Outcome, Refusal, Seen
from r2r_shared.errors import FilmRefused
from r2r_shared.queries import films, jobs, profiles, shots

if TYPE_CHECKING:
    from concurrent.futures import Future

    from r2r_cli.context import Session
    from r2r_cli.ingesting.intake import Looked
    from r2r_shared.records import Profile


def profile_to_measure(opened: Session) -> Profile | None:
    """The profile that new numbers would be made under; None where it would be made first."""
    name = opened.settings.profile
    before = profiles.active(opened.conn) if name is None else profiles.named(opened.conn, name)
    if before is None:
        return None
    now = context.describe(before.name)
    made_of = ("name", "encoder_digest", "depth_digest", "metrics_version")
    return next(
        (p for p in profiles.listed(opened.conn) if all(getattr(p, key) == now[key] for key in made_of)),
        None,
    )


def foresee(
    opened: Session, asked: Iterable[Asked | Refusal], *, profile: Profile | None, force: bool
) -> Generator[Outcome]:
    """What `bulk.enqueue` would come to for each film, in the same words."""
    seen = Seen()
    unknown: set[bytes] = set()  # digests of films that would be new: a second name for one is a duplicate
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
            yield _one(opened, one, future, seen, unknown, profile=profile, force=force)
        except FilmRefused as error:
            yield bulk.refused(bulk.refusal(one.place, error))


def _one(
    opened: Session,
    one: Asked,
    future: Future[Looked] | None,
    seen: Seen,
    unknown: set[bytes],
    *,
    profile: Profile | None,
    force: bool,
) -> Outcome:
    place, name = str(one.place), bulk.name_of(one.place)
    film_id = intake.known(opened, one.place)
    if film_id is not None:
        return _known(opened, place, film_id, seen, profile=profile, force=force)
    looked, sha256, _ = intake.look(one.place) if future is None else future.result()
    if (film_id := films.by_digest(opened.conn, sha256)) is not None:
        return _known(opened, place, film_id, seen, profile=profile, force=force)
    if sha256 in unknown:
        return Outcome(place, "duplicate", f"{name} holds the same film as one before it")
    unknown.add(sha256)
    title = one.described["title"] or intake.from_name(Path(name))[0]
    shape = f"{render.timecode(looked.duration_s)}, {looked.width}×{looked.height}, {looked.frames} frames"
    return Outcome(place, "queued", f"{name}: new, {shape}", title=title)


def _known(opened: Session, place: str, film_id: int, seen: Seen, *, profile: Profile | None, force: bool) -> Outcome:
    """What would be made of a film that the database holds already."""
    name, film = bulk.name_of(place), films.get(opened.conn, film_id)

    def outcome(state: str, said: str, job: int | None = None) -> Outcome:
        return Outcome(place, state, said, film_id, job, film.title, known=True)

    if seen.film(film_id):
        return outcome("duplicate", f"{name} holds the same film as one before it: film {film_id}")
    if (queued := jobs.open_ingest(opened.conn, film_id)) is not None:
        return outcome("going on", f"{name}: going on with job {queued}", queued)
    if film.analysis_id is None or force:
        again = "" if film.analysis_id is None else " again"
        return outcome("queued", f"{name}: film {film_id}, to be analysed{again}")
    missing = film.keyframes
    if profile is not None:
        missing = len(shots.unmeasured(opened.conn, film_id=film_id, profile_id=profile.id))
    if missing:
        return outcome("queued", f"{name}: film {film_id}, {missing} keyframes to be measured")
    return outcome("known", f"{name} is known as film {film_id}: nothing to do")
