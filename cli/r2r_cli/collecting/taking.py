"""`r2r paintings import` and `fetch`, from their options to what is said at the end."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import typer

from r2r_cli import context, render
from r2r_cli.collecting import asking, progress, telling
from r2r_cli.collecting.asking import How
from r2r_cli.jobs import waiting
from r2r_shared.errors import UserError
from r2r_shared.queries import awaited, job_changes, jobs, paintings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from r2r_cli.context import Session
    from r2r_shared.collections.classes import Classes
    from r2r_shared.collections.detect import Source
    from r2r_shared.fetching.answers import Answers
    from r2r_shared.fetching.storing import FetchSummary
    from r2r_shared.fetching.works import Fetcher
    from r2r_shared.local.worker import LocalWorker
    from r2r_shared.queries.awaited import Left
    from r2r_shared.queries.jobs import Job
    from r2r_shared.records import PaintingRecord, Profile, Refusal

STOPPED = "\nstopped; nothing is lost: the same command goes on where it was"


class _AnotherFetches(UserError):
    """Another command is fetching pictures of the collection."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be done at the end.

    Attributes:
        detach: queue the measuring and return.
        json: say nothing but one document.
    """

    priority: int = 0
    detach: bool = False
    json: bool = False


@dataclass
class Measuring:
    """The jobs that measure what comes in, and on this machine's own stack the worker that begins while more comes."""

    opened: Session
    ending: Ending
    jobs: list[int] = field(default_factory=list[int])
    _worker: LocalWorker | None = None

    def queued(self, job_id: int) -> None:
        """A job is there: send its messages."""
        if job_id not in self.jobs:
            self.jobs.append(job_id)
            if self.ending.priority:
                job_changes.prioritise(self.opened.conn, job_id, self.ending.priority)
        waiting.sweep(self.opened)

    def go_on(self, job_id: int) -> None:
        """A job is there while more comes."""
        self.queued(job_id)
        self.begin()

    def begin(self) -> None:
        """Let a worker begin, where there is something to be done and nobody else does it."""
        if self.jobs and not self.ending.detach:
            self._worker = self._worker or waiting.local_worker(self.opened)
            if self._worker is not None:
                self._worker.ensure()

    def wait(self) -> Job | None:
        """Wait for all of them, unless that is not wanted; the last one's end, if there is one."""
        if not self.jobs:
            return None
        last = self.jobs[-1]
        if self.ending.detach:
            if not self.ending.json:
                render.note(f"queued as job {last}: r2r jobs watch {last}")
            return jobs.get(self.opened.conn, last)
        mine = jobs.get(self.opened.conn, last)
        assert mine.collection_id is not None
        # An import that was interrupted may have left a job that still measures part of the collection.
        others = {*jobs.open_imports(self.opened.conn, mine.collection_id, mine.profile_id), *self.jobs} - {last}
        worker, self._worker = self._worker, None
        return waiting.wait_for_jobs(self.opened, [last, *sorted(others)], quiet=self.ending.json, worker=worker)[0]

    def end(self) -> None:
        """Stop a worker that nobody waits for any more."""
        if self._worker is not None:
            waiting.end_worker(self.opened, self._worker)
            self._worker = None


def take(
    found: Source, name: str, how: How, ending: Ending, *, classes: Classes, clean: bool, metadata_only: bool
) -> None:
    """Bring a source in, fetch its pictures unless that is not wanted, and have everything measured."""
    from r2r_shared import importing

    with context.session() as opened, asking.opened(opened, how) as fetcher:
        profile = context.profile_to_measure(opened)
        measuring = Measuring(opened, ending)
        fetched: FetchSummary | None = None
        try:
            answers = _answers(found, fetcher)
            records = _records(found, fetcher, classes, answers)
            with progress.of_import(found, quiet=ending.json) as on_progress:
                summary = importing.import_paintings(
                    opened.conn,
                    opened.store,
                    records,
                    collection=name,
                    profile_id=profile.id,
                    clean=clean,
                    licences=how.licences,
                    on_progress=on_progress,
                )
            if summary.job_id is not None:
                measuring.queued(summary.job_id)
            if summary.collection_id is not None and not metadata_only:
                fetched = _fetch_unless_another_does(fetcher, summary.collection_id, profile, how, measuring)
            if answers is not None and not summary.broken_off:
                answers.drop()
            job = measuring.wait()
        except KeyboardInterrupt:
            render.note(STOPPED)
            raise SystemExit(130) from None
        finally:
            measuring.end()
        left = None if summary.collection_id is None else awaited.left(opened.conn, summary.collection_id)
    if ending.json:
        said: dict[str, Any] = {"format": found.format, "job": asdict(job) if job else None}
        if summary.awaited.works or fetched is not None:
            said["left"] = asdict(left) if left else None
        render.print_json(asdict(summary) | said | {"fetch": asdict(fetched) if fetched else None})
    else:
        telling.of_import(summary)
        if fetched is not None:
            telling.of_fetch(fetched)
        if left is not None:
            telling.of_left(left, summary.collection)
        telling.of_job(job, profile)
    nothing = summary.collection_id is None or (not summary.stored and not metadata_only and _none_came(fetched, left))
    if nothing or summary.broken_off or _went_wrong(job):
        raise typer.Exit(1)


def fetch(collection: str, how: How, ending: Ending, *, retry: bool) -> None:
    """Fetch what a collection still waits for, and have it measured."""
    with context.session() as opened, asking.opened(opened, how, afresh=retry) as fetcher:
        collection_id = paintings.collection_named(opened.conn, collection)
        profile = context.profile_to_measure(opened)
        measuring = Measuring(opened, ending)
        try:
            if retry:
                awaited.retry(opened.conn, collection_id)
            fetched = _fetch(fetcher, collection_id, profile, how, measuring)
            job = measuring.wait()
        except KeyboardInterrupt:
            render.note(STOPPED)
            raise SystemExit(130) from None
        finally:
            measuring.end()
        left = awaited.left(opened.conn, collection_id)
    if ending.json:
        said = {"collection": collection, "left": asdict(left), "job": asdict(job) if job else None}
        render.print_json(said | {"fetch": asdict(fetched) if fetched else None})
    else:
        if fetched is None:
            render.say(f"collection “{collection}”: no picture to ask for {telling.until(left) or 'now'}")
        else:
            telling.of_fetch(fetched)
        telling.of_left(left, collection)
        telling.of_job(job, profile)
    if _none_came(fetched, left) or _went_wrong(job):
        raise typer.Exit(1)


def _went_wrong(job: Job | None) -> bool:
    return job is not None and job.state in {"failed", "cancelled"}


def _none_came(fetched: FetchSummary | None, left: Left | None) -> bool:
    """Pictures were to be asked for, and not a single one could be had: not now, or not at all."""
    if fetched is None:
        return left is not None and left.put_off > 0
    return not fetched.fetched and bool(fetched.refused or fetched.put_off)


def _answers(found: Source, fetcher: Fetcher) -> Answers | None:
    """What an address has been answered, by this run or by one that was broken off; None for files."""
    if not found.address:
        return None
    from r2r_shared.fetching.answers import Answers

    fetcher.cache.make()
    return Answers(fetcher.client, fetcher.patience, fetcher.cache, found.address)


def _records(
    found: Source, fetcher: Fetcher, classes: Classes, answers: Answers | None
) -> Iterator[PaintingRecord | Refusal]:
    """The source's entries; those of an address are asked for."""
    if answers is None:
        return found.records()
    from r2r_shared.fetching import run, walk

    return walk.records_at(
        answers,
        found.address,
        format=found.format,
        classes=classes,
        threads=run.threads_for(fetcher.client.pace.rate),
    )


def _fetch_unless_another_does(
    fetcher: Fetcher, collection_id: int, profile: Profile, how: How, measuring: Measuring
) -> FetchSummary | None:
    """As _fetch; None, and a note, where another command fetches: what was described is to be said all the same."""
    try:
        return _fetch(fetcher, collection_id, profile, how, measuring)
    except _AnotherFetches as another:
        if not measuring.ending.json:
            render.note(f"{another.message}: this one has described the works, and asks for none")
        return None


def _fetch(
    fetcher: Fetcher, collection_id: int, profile: Profile, how: How, measuring: Measuring
) -> FetchSummary | None:
    """Fetch what may be asked for now; None where there is nothing.

    Raises:
        _AnotherFetches: at this moment.
    """
    from r2r_shared.collections import licences
    from r2r_shared.fetching import run

    opened = measuring.opened
    left = awaited.left(opened.conn, collection_id)
    if left.fetchable == left.put_off:
        return None
    if not awaited.hold_fetching(opened.conn, collection_id):
        raise _AnotherFetches("another command is fetching pictures of this collection", "wait for its end")
    try:
        fetcher.cache.make()
        wanted = None
        if how.licences:
            there = awaited.licences(opened.conn, collection_id)
            wanted = [one for one in there if licences.matches(how.licences, one)]
        if not measuring.ending.json:
            telling.of_rule(awaited.a_file(opened.conn, collection_id), how.rate)
        measuring.begin()
        with progress.of_fetch(how.rate, quiet=measuring.ending.json) as on_progress:
            return run.fetch_awaited(
                opened.conn,
                fetcher,
                collection_id=collection_id,
                profile_id=profile.id,
                licences=wanted,
                limit=how.limit,
                on_progress=on_progress,
                on_queued=measuring.go_on,
            )
    finally:
        with contextlib.suppress(psycopg.Error):  # a connection that broke has let it go
            awaited.release_fetching(opened.conn, collection_id)
