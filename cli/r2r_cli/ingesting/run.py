"""An ingest from its call to its last line: films are taken in, waited for, and what became of them is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r2r_cli import context, render
from r2r_cli.ingesting import bulk, enqueue_progress, intake, preview
from r2r_cli.ingesting.bulk import Outcome, Tally
from r2r_cli.ingesting.report import Report, row
from r2r_cli.jobs import waiting
from r2r_cli.jobs.job_progress import MOST_BARS
from r2r_shared.errors import NotFound
from r2r_shared.queries import films, job_counts, jobs
from r2r_shared.queries.job_counts import Ranges

if TYPE_CHECKING:
    from collections.abc import Iterable

    from r2r_cli.context import Session
    from r2r_cli.ingesting.asked import Call
    from r2r_shared.queries.films import Film
    from r2r_shared.queries.job_counts import Counts
    from r2r_shared.queries.jobs import Job

LISTED = 100
"""Films that are said one by one, in words and in JSON; of more the report has the rows."""


@dataclass(frozen=True, slots=True)
class How:
    """What an ingest is to do with each film."""

    shots: str
    segment_s: float | None
    force: bool
    priority: int
    upload: bool
    detach: bool
    json: bool


class Heard:
    """What is kept of the outcomes: numbers, the jobs to wait for, and the first hundred films and refusals."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.jobs: list[int] = []
        self.films: list[Outcome] = []
        self.refused: list[Outcome] = []

    def add(self, outcome: Outcome) -> bool:
        """Count an outcome; True where it is one of the first, to be said."""
        self.tally.add(outcome)
        if outcome.job is not None:
            self.jobs.append(outcome.job)
        first = self.refused if outcome.refusal is not None else self.films
        if len(first) >= LISTED:
            return False
        first.append(outcome)
        return True

    @property
    def more(self) -> int:
        return self.tally.films - len(self.films) - len(self.refused)

    def as_json(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        tally = self.tally
        return {
            "films": rows,
            "refused": [
                {"path": why.place, "error": why.error, "hint": why.hint}
                for why in (outcome.refusal for outcome in self.refused)
                if why is not None
            ],
            "counts": dict(tally.states),
            "reasons": dict(tally.reasons),
            "left_out": {
                "films": tally.films - tally.refused - len(self.films),
                "refused": tally.refused - len(self.refused),
            },
        }


def run(call: Call, how: How, report: Path | None) -> bool:
    """Take the films in, and unless detached wait for them; False where one was refused or did not end well.

    Raises:
        UserError: as a whole it cannot be done.
        SystemExit: 130 after Ctrl-C.
    """
    heard = Heard()
    ended: list[Job] = []
    counts: Counts | None = None
    with context.session() as opened, Report(report) as rows:
        segment_s = how.segment_s or opened.settings.segment_s
        wanted = intake.Wanted(
            context.profile_to_measure(opened),
            how.shots,
            segment_s,
            how.force,
            priority=how.priority,
            upload=how.upload,
            segment_asked=how.segment_s is not None,
        )
        worker = None if how.detach else waiting.local_worker(opened)
        try:
            with enqueue_progress.shown(call, quiet=how.json) as shown:
                asked = call.films(on_unknown=shown.note)
                _hear(opened, bulk.enqueue(opened, asked, wanted, worker=worker), heard, rows, shown)
            if heard.tally.films > 1 and not how.json:
                _say_tally(heard, report)
            waited = [] if how.detach else list(dict.fromkeys(heard.jobs))
            if len(waited) > MOST_BARS:
                counts = waiting.wait_for_many(opened, waited, noun="films", quiet=how.json, worker=worker)
            elif waited:
                ended = waiting.wait_for_jobs(opened, waited, quiet=how.json, worker=worker)
            rows.add_ends(waited, lambda ids: jobs.several(opened.conn, ids))
        except KeyboardInterrupt:
            render.note("\nstopped; nothing is lost: the same command goes on where it was")
            raise SystemExit(130) from None
        finally:
            if worker is not None:
                waiting.end_worker(opened, worker)
        if how.json:
            render.print_json(heard.as_json(_rows(opened, heard.films)) | _ends(opened, heard.jobs))
        elif counts is not None:
            _say_counts(opened, counts, waited)
        else:
            _say(opened, heard, ended, detached=how.detach)
    well = (
        counts.done == len(waited) if counts is not None else sum(job.state == "done" for job in ended) == len(waited)
    )
    return well and not heard.tally.refused


def _ends(opened: Session, job_ids: list[int]) -> dict[str, Any]:
    """How many of the jobs are in which state, for JSON, and the first that failed."""
    meant = Ranges.of(job_ids)
    counts = job_counts.count(opened.conn, meant)
    states = {state: getattr(counts, state) for state in job_counts.STATES}
    return {"jobs": states, "failed": job_counts.ids(opened.conn, meant, "failed", limit=LISTED)}


def _hear(
    opened: Session, outcomes: Iterable[Outcome], heard: Heard, rows: Report, shown: enqueue_progress.Shown
) -> None:
    for outcome in outcomes:
        rows.add(outcome)
        first = heard.add(outcome)
        shown.through(heard.tally.films)  # before what is said of this one: a complaint ends with its hint
        if first:
            shown.note(outcome.said)
            if outcome.film is not None and outcome.state != "duplicate":
                for warning in films.probe_of(opened.conn, outcome.film).warnings:
                    shown.note(f"note:  {bulk.name_of(outcome.place)}: {warning}")
        elif heard.more == 1:
            shown.note("the films that follow are counted, not named; --report FILE names them all")


def foresee(call: Call, how: How, report: Path | None) -> bool:
    """Say what `run` would do, and change nothing; False where a film would be refused."""
    heard = Heard()
    with context.session() as opened, Report(report) as rows:
        wish = preview.Wish(preview.profile_to_measure(opened), how.shots, how.force, how.upload)
        try:
            with enqueue_progress.shown(call, quiet=how.json) as shown:
                asked = call.films(on_unknown=shown.note)
                for outcome in preview.foresee(opened, asked, wish):
                    rows.add(outcome)
                    first = heard.add(outcome)
                    if outcome.refusal is None:
                        if not how.json:
                            render.say(outcome.said)
                    elif first:
                        shown.note(outcome.said)
                    elif heard.tally.refused == LISTED + 1:
                        shown.note("the refusals that follow are counted, not named; --report FILE names them all")
                    shown.through(heard.tally.films)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
    if how.json:
        seen = [row(one) | {"state": one.state, "said": one.said} for one in heard.films]
        render.print_json({"dry_run": True} | heard.as_json(seen))
    else:
        _say_tally(heard, report)
        render.note("a dry run: nothing was written, nothing was sent")
    return not heard.tally.refused


def _say_tally(heard: Heard, report: Path | None) -> None:
    """ "9,990 queued, 7 known", and why others were refused."""
    tally = heard.tally
    states = [f"{number:,} {state}" for state, number in tally.states.items() if state != "refused" and number]
    render.note(f"{tally.films:,} films: {', '.join(states) or 'none taken'}")
    if tally.refused:
        where = f"; see {report}" if report else ""
        more = "" if report or tally.refused <= LISTED else "; --report FILE names them all"
        render.note(f"{tally.why()}{where}{more}")


def _say_counts(opened: Session, counts: Counts, waited: list[int]) -> None:
    said = [
        f"{getattr(counts, state):,} {state}" for state in ("done", "failed", "cancelled") if getattr(counts, state)
    ]
    render.say(f"{counts.jobs:,} films: {', '.join(said)}")
    if counts.failed:
        for job in jobs.several(opened.conn, job_counts.ids(opened.conn, Ranges.of(waited), "failed", limit=3)):
            render.note(f"error: job {job.id} “{job.about}” failed: {job.error}")
        render.note("hint:  r2r jobs list --state failed; r2r jobs retry --failed")


def _say(opened: Session, heard: Heard, ended: list[Job], *, detached: bool) -> None:
    if detached and opened.stack.local and heard.jobs:
        render.note("queued; this machine's own stack works on it while `r2r up` or another ingest runs")
    for job in ended:
        if job.state == "done":
            film = _film(opened, job.film_id)
            if film is None:
                render.note(f"job {job.id} is done, but its film was removed meanwhile")
                continue
            missing = f", {film.frames_missing} frames could not be read" if film.frames_missing else ""
            render.say(f"film {film.id} “{film.title}”: {film.shots} shots, {film.keyframes} keyframes{missing}")
        elif job.state == "failed":
            render.note(f"error: job {job.id} failed: {job.error}\nhint:  r2r jobs show {job.id}")
        else:
            render.note(f"job {job.id} was cancelled; `r2r jobs retry {job.id}` starts it again")
    taken = list(dict.fromkeys(one.film for one in heard.films if one.film is not None))
    if len(taken) == 1 and (not heard.jobs or (ended and ended[0].state == "done")):
        render.note(f"see it: r2r timeline {taken[0]}")


def _film(opened: Session, film_id: int | None) -> Film | None:
    """The film; None where someone removed it meanwhile."""
    try:
        return None if film_id is None else films.get(opened.conn, film_id)
    except NotFound:
        return None


def _rows(opened: Session, outcomes: list[Outcome]) -> list[dict[str, Any]]:
    of_films = {job.id: job for job in jobs.several(opened.conn, [one.job for one in outcomes if one.job is not None])}
    rows: list[dict[str, Any]] = []
    for one in outcomes:
        if one.film is None:  # named twice: it has its row already
            continue
        film = _film(opened, one.film)
        job = None if one.job is None else of_films.get(one.job)
        rows.append(
            {
                "path": one.place,
                "film": one.film,
                "title": "" if film is None else film.title,
                "state": "removed" if film is None else film.state,
                "shots": 0 if film is None else film.shots,
                "keyframes": 0 if film is None else film.keyframes,
                "frames_missing": 0 if film is None else film.frames_missing,
                "warnings": [] if film is None else list(films.probe_of(opened.conn, film.id).warnings),
                "reader": None if film is None else film.reader,
                "known": one.known,
                "job": None
                if job is None
                else {
                    "id": job.id,
                    "state": job.state,
                    "error": job.error,
                    "decode_s": job.decode_s,
                    "model_s": job.model_s,
                },
            }
        )
    return rows
