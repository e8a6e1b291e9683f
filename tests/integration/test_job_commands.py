"""`r2r jobs` on real rows: what is shown of a job's segments and attempts, and what cancel, retry and priority do."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest

from r2r_cli.commands import jobs as jobs_command
from r2r_cli.jobs import cancelling, job_progress, waiting
from r2r_shared import db, names
from r2r_shared.errors import Cancelled
from r2r_shared.queries import job_changes, job_counts, job_parts, jobs, profiles, segments, setbacks
from r2r_shared.queries.job_counts import Ranges
from r2r_shared.queries.setbacks import Failure
from r2r_workers.models import registry
from tests.in_process import R2R
from tests.many_films import add_rows

FAILED = Failure("decoder", "the decoder died", ("opening", "reading frame 100"))


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    conn.autocommit = True
    return R2R.on(settings, monkeypatch, capsys)


@pytest.fixture
def job(r2r, conn):
    """A film in three spans and its match; nobody has begun."""
    return add_rows(conn, 1, spans=3)[0]


def lease(conn, job, worker="host:1/2"):
    held = segments.lease(conn, job_parts.listed(conn, job)[0].id, worker=worker)
    assert held is not None
    return held


def began(conn, held, *, seconds_ago):
    conn.execute(
        "UPDATE segments SET started_at = now() - make_interval(secs => %s) WHERE id = %s", (seconds_ago, held.id)
    )


def test_show_tells_of_each_segment_how_fast_it_is_and_how_long_still(r2r, conn, job):
    first, second = lease(conn, job), lease(conn, job, "host:9/9")
    began(conn, first, seconds_ago=2000)
    segments.beat(conn, first, progress=0.25, stats={"stage": "decode", "frames": 100_000, "shots": 3})
    began(conn, second, seconds_ago=5000)
    segments.finish(conn, second, stats={"stage": "done", "frames": 15000, "shots": 30})

    words = r2r("jobs", "show", job)
    found = json.loads(r2r("jobs", "show", job, "--json").out)

    running, done, waits, match = found["parts"]
    assert running["fps"] == pytest.approx(50, rel=0.02)
    assert running["left_s"] == pytest.approx(6000, rel=0.02)
    assert (done["fps"], done["left_s"]) == (pytest.approx(3, rel=0.02), None)
    assert (waits["state"], waits["elapsed_s"], match["state"]) == ("queued", None, "blocked")
    assert found["failures"] == []
    (line,) = [line for line in words.out.splitlines() if "host:1/2" in line]
    assert line.split()[:7] == [str(first.id), "film", "0", "15000", "decode", "1", "25%"]
    assert re.search(r" 33:\d\d +50 +1:4\d:\d\d +host:1/2", line)
    assert "attempts that did not end well" not in words.out


def test_show_tells_of_each_attempt_that_did_not_end_well(r2r, conn, job):
    setbacks.hand_back(conn, lease(conn, job), FAILED, max_attempts=3)
    setbacks.fail(conn, lease(conn, job, "other:3/4"), Failure("bug", "ValueError: no"))

    words, log = r2r("jobs", "show", job), r2r("jobs", "show", job, "--log")
    found = json.loads(r2r("jobs", "show", job, "--json").out)

    assert [(f["attempt"], f["worker"], f["reason"], f["error"]) for f in found["failures"]] == [
        (1, "host:1/2", "decoder", "the decoder died"),
        (2, "other:3/4", "bug", "ValueError: no"),
    ]
    assert found["failures"][0]["log"] == ["opening", "reading frame 100"]
    assert "attempts that did not end well" in words.out
    assert "reading frame 100" not in words.out
    assert "\n    reading frame 100\n" in log.out
    assert "(it logged nothing)" in log.out


def test_a_job_that_was_tried_again_shows_no_time_of_before(r2r, conn, job):
    setbacks.fail(conn, lease(conn, job), FAILED)
    assert r2r("jobs", "retry", job, "--detach").code == 0
    lease(conn, job)

    part = job_parts.listed(conn, job)[0]

    assert (part.state, part.finished_at) == ("running", None)
    assert part.elapsed_s is not None
    assert 0 <= part.elapsed_s < 30


def test_list_shows_priority_progress_speed_and_time_left_and_says_what_it_leaves_out(r2r, conn):
    ids = add_rows(conn, 60, spans=1)
    held = lease(conn, ids[0])
    segments.beat(conn, held, progress=0.5, stats={"stage": "decode", "frames": 300_000, "shots": 1})
    began(conn, held, seconds_ago=3000)
    assert r2r("jobs", "priority", ids[0], 8).code == 0

    running = r2r("jobs", "list", "--state", "running")
    everything = r2r("jobs", "list")

    cells = running.out.splitlines()[1].split()
    assert cells[5:9] == ["8", "0/2", "50%", "100"]
    assert re.fullmatch(r"50:\d\d", cells[9])
    assert len(everything.out.splitlines()) == 51
    assert "50 of 60 jobs; --limit shows more" in everything.err
    found = json.loads(r2r("jobs", "list", "--state", "running", "--json").out)
    assert found["jobs"][0]["fps"] == pytest.approx(100, rel=0.02)
    cut = json.loads(r2r("jobs", "list", "--limit", "3", "--json").out)
    assert (len(cut["jobs"]), cut["total"]) == (3, 60)


def test_speed_and_time_left_are_those_of_work_not_of_waiting(r2r, conn, job):
    """By the database's clock; three equal segments, of which one is through and two are being worked on."""
    first, second, third = lease(conn, job), lease(conn, job, "host:9/9"), lease(conn, job, "host:8/8")
    conn.execute("UPDATE jobs SET started_at = now() - interval '1 day' WHERE id = %s", (job,))  # most of it in a queue
    began(conn, first, seconds_ago=1000)
    segments.finish(conn, first, stats={"stage": "done", "frames": 15000})
    for held, share in ((second, 0.25), (third, 0.75)):
        began(conn, held, seconds_ago=1000)
        segments.beat(conn, held, progress=share, stats={"stage": "decode", "frames": int(share * 100_000)})

    found = jobs.get(conn, job)

    assert found.elapsed_s == pytest.approx(86400, abs=60)
    assert found.fps == pytest.approx((15_000 + 25_000 + 75_000) / 3000 * 2, rel=0.05)
    assert found.left_s == pytest.approx(3000 / 2 / 2, rel=0.05)  # two thirds in 3000 s of work: 1500 s left, for two


def test_nobody_at_work_is_no_speed_and_no_time_left(r2r, conn, job):
    held = lease(conn, job)
    began(conn, held, seconds_ago=1000)
    segments.finish(conn, held, stats={"stage": "done", "frames": 15000})

    found = jobs.get(conn, job)

    assert (found.state, found.fps, found.left_s) == ("running", None, None)


def test_the_closing_segment_is_reckoned_with_alone(r2r, conn):
    (job,) = add_rows(conn, 1, spans=1)
    held = lease(conn, job)
    began(conn, held, seconds_ago=1000)
    segments.finish(conn, held, stats={"stage": "done", "frames": 15000})
    closing = segments.lease(conn, job_parts.listed(conn, job)[-1].id, worker="host:1/2")
    assert closing is not None
    assert closing.kind == names.MATCH
    began(conn, closing, seconds_ago=60)
    segments.beat(conn, closing, progress=0.25, stats={"stage": "match"})

    found = jobs.get(conn, job)

    assert found.left_s == pytest.approx(180, rel=0.05)
    assert found.fps is None


@pytest.mark.parametrize(("stage", "shown"), [("decode", True), ("measure", False)])
def test_frames_a_second_are_shown_while_frames_are_read(r2r, conn, job, stage, shown):
    """Afterwards the same frames over more and more seconds would say that it gets slower."""
    held = lease(conn, job)
    began(conn, held, seconds_ago=100)
    segments.beat(conn, held, progress=0.5, stats={"stage": stage, "frames": 10_000})

    assert ("100 fps" in waiting.describe(jobs.get(conn, job))) == shown


def test_a_job_that_is_put_off_says_when_it_is_tried_again(r2r, conn, job):
    setbacks.put_off(conn, lease(conn, job), Failure("unavailable", "the store is full"))
    conn.execute("UPDATE segments SET not_before = now() + interval '100.9 s' WHERE not_before IS NOT NULL")

    listed = r2r("jobs", "list")
    (found,) = json.loads(r2r("jobs", "list", "--json").out)["jobs"]

    assert re.search(r" put off: the store is full · next try in 1:(40|3\d)$", listed.out.rstrip())
    assert (found["put_off"], found["put_off_s"]) == ("the store is full", pytest.approx(95, abs=6))
    assert found["put_off_until"] is not None


def test_a_higher_priority_comes_first_and_an_ended_job_has_none(r2r, conn):
    first, second = add_rows(conn, 2, spans=1)

    assert r2r("jobs", "priority", second, 9, "--json").out == f'{{\n  "job": {second},\n  "priority": 9\n}}\n'

    assert lease(conn, first).job_id == second
    job_changes.cancel(conn, first)
    ended = r2r("jobs", "priority", first, 9)
    assert (ended.code, ended.is_one_complaint()) == (1, True)
    assert r2r("jobs", "priority", second, 10).code == 2


def test_cancel_returns_when_the_worker_has_let_go(r2r, conn, job, database_url):
    """The worker reads the flag with its next heartbeat."""
    held = lease(conn, job)

    def work():
        with db.connect(database_url, autocommit=True) as mine:
            try:
                while True:
                    segments.beat(mine, held, progress=0.1, stats={})
                    time.sleep(0.3)
            except Cancelled:
                setbacks.give_up(mine, held)

    worker = threading.Thread(target=work)
    worker.start()

    ended = r2r("jobs", "cancel", job)
    worker.join()

    assert (ended.code, ended.out) == (0, f"job {job} is cancelled\n")
    assert jobs.get(conn, job).state == "cancelled"


def test_cancel_says_who_has_not_let_go(r2r, conn, job, monkeypatch):
    monkeypatch.setattr(cancelling, "WAIT_S", 0.5)
    lease(conn, job, "gone:1/2")

    ended = r2r("jobs", "cancel", job)

    assert ended.code == 0
    assert ended.out == ""
    assert f"job {job}: gone:1/2 has not let go yet; if it is dead, it ends with its lease, within 60 s" in ended.err
    again = r2r("jobs", "cancel", job, "--json")
    assert json.loads(again.out) == {"job": job, "state": "running"}


def test_several_are_cancelled_and_what_cannot_be_is_said_of_that_one(r2r, conn):
    ids = add_rows(conn, 3, spans=1)
    job_changes.cancel(conn, ids[1])

    ended = r2r("jobs", "cancel", *ids, 999)

    assert ended.code == 1
    assert ended.out.splitlines() == [f"job {ids[0]} is cancelled", f"job {ids[2]} is cancelled"]
    assert f"error: job {ids[1]} is cancelled already" in ended.err
    assert "error: there is no job 999" in ended.err


def test_all_that_are_queued_are_cancelled_after_a_yes(r2r, conn):
    ids = add_rows(conn, 120, spans=1)
    running = lease(conn, ids[0]).job_id

    unasked = r2r("jobs", "cancel", "--state", "queued")
    ended = r2r("jobs", "cancel", "--state", "queued", "--yes")
    none = r2r("jobs", "cancel", "--state", "queued", "--yes")

    assert unasked.code == 2
    assert (ended.code, ended.out) == (0, "119 jobs are cancelled\n")
    assert [job.id for job in jobs.listed(conn, state="running")] == [running]
    assert (none.code, none.err) == (0, "no job is queued\n")
    assert r2r("jobs", "cancel").code == 2
    assert r2r("jobs", "cancel", 1, "--all").code == 2


def test_retry_says_what_is_done_already_and_resumes_only_the_rest(r2r, conn, job):
    for held in (lease(conn, job), lease(conn, job)):
        segments.finish(conn, held, stats={"frames": 15000, "shots": 0})
    setbacks.fail(conn, lease(conn, job), FAILED)

    ended = r2r("jobs", "retry", job, "--detach")

    assert ended.code == 0
    assert f"job {job}: 2 of 4 segments are done already" in ended.err
    assert [part.state for part in job_parts.listed(conn, job)] == ["done", "done", "queued", "blocked"]


def test_all_that_failed_are_tried_again_save_what_was_asked_for_anew(r2r, conn):
    ids = add_rows(conn, 4, spans=1)
    for job_id in ids[:3]:
        conn.execute("UPDATE segments SET priority = 9 WHERE job_id = %s", (job_id,))
        setbacks.fail(conn, lease(conn, job_id), FAILED)
    film = jobs.get(conn, ids[0]).film_id
    jobs.create(conn, kind="ingest", film_id=film, profile_id=1)

    ended = r2r("jobs", "retry", "--failed", "--detach", "--json")
    again = r2r("jobs", "retry", "--failed", "--detach")

    found = json.loads(ended.out)
    assert [job["id"] for job in found["jobs"]] == ids[1:3]
    assert (found["counts"]["queued"], found["errors"]) == (2, [])
    assert "no job has failed that was not asked for anew" in again.err
    assert r2r("jobs", "retry").code == 2
    several = r2r("jobs", "retry", ids[0], ids[3], "--detach")
    assert several.code == 1
    assert several.err.count("error: ") == 2


def test_many_jobs_are_waited_for_in_one_line(r2r, conn, monkeypatch):
    """Ends come while it looks: every look is one count, and the jobs that run."""
    ids = add_rows(conn, 400, spans=1)
    for _ in range(12):
        lease(conn, ids[0])
    monkeypatch.setattr(waiting, "MANY_POLL_S", 0.05)
    monkeypatch.setattr(waiting, "SWEEP_S", 0.0)
    monkeypatch.setattr(job_progress, "LINE_EVERY_S", 0.0)
    steps = iter(
        [
            "UPDATE jobs SET state = 'done', finished_at = now() WHERE id % 2 = 0",
            "UPDATE jobs SET state = 'failed', error = 'no' WHERE id = (SELECT min(id) FROM jobs)",
            "DELETE FROM jobs WHERE id = (SELECT max(id) FROM jobs)",
            "UPDATE jobs SET state = 'done', finished_at = now() WHERE state IN ('queued', 'running')",
        ]
    )
    monkeypatch.setattr(waiting, "sweep", lambda opened: conn.execute(next(steps)))

    counts, err = _wait(r2r, ids)

    assert (counts.done, counts.failed, counts.jobs) == (398, 1, 399)
    lines = [line for line in err.splitlines() if " of " in line]
    assert lines[0].startswith("200 of 400 films, ")
    assert ", 1 failed" in lines[1]
    assert "1 removed meanwhile" in lines[2]
    assert lines[-1].startswith("399 of 399 films, 1 failed")
    assert any(line.endswith(" left") for line in lines)


def _wait(r2r, ids):
    from r2r_cli import context

    r2r.capsys.readouterr()
    with context.session() as opened:
        counts = waiting.wait_for_many(opened, ids, noun="films")
    return counts, r2r.capsys.readouterr().err


def test_ranges_hold_the_ids_and_no_others():
    meant = Ranges.of([7, 3, 4, 5, 9, 4])
    assert (meant.first, meant.last, meant.jobs) == ((3, 7, 9), (5, 7, 9), 5)
    assert Ranges.of([]).jobs == 0


def test_the_queues_of_many_jobs_and_whether_anyone_is_at_them(r2r, conn):
    ids = add_rows(conn, 3, spans=2)
    meant = Ranges.of(ids[:2])
    assert job_counts.open_queues(conn, meant) == {"video": False}

    held = lease(conn, ids[0])
    assert job_counts.open_queues(conn, meant) == {"video": True}

    conn.execute("UPDATE segments SET state = 'queued' WHERE kind = %s AND job_id = %s", (names.MATCH, held.job_id))
    assert job_counts.open_queues(conn, meant) == {"video": True, "control": False}


def test_a_look_that_finds_nothing_moved_comes_later_and_later():
    pace = waiting._Pace(0.25, 2.0)
    assert pace.after("a", took_s=0.001) == 0.25
    pace._moved -= 10
    assert pace.after("a", took_s=0.001) == pytest.approx(1.0, abs=0.1)
    pace._moved -= 1000
    assert pace.after("a", took_s=0.001) == 2.0
    assert pace.after("b", took_s=0.001) == 0.25
    assert pace.after("c", took_s=0.2) == pytest.approx(4.0), "a slow database is asked twenty times as rarely"


def test_watch_shows_a_line_for_each_running_segment(r2r, conn, job, monkeypatch):
    held = lease(conn, job)
    began(conn, held, seconds_ago=1000)
    segments.beat(conn, held, progress=0.5, stats={"stage": "decode", "frames": 50_000, "shots": 3})
    monkeypatch.setattr(waiting, "SWEEP_S", 0.2)
    steps = iter([None, "UPDATE jobs SET state = 'done', finished_at = now()"])

    def sweep(opened):
        if (step := next(steps, None)) is not None:
            conn.execute(step)

    monkeypatch.setattr(waiting, "sweep", sweep)

    ended = r2r("jobs", "watch", job)

    assert ended.code == 0
    assert "row 1: decode · 17% · 3 shots" in ended.err
    assert re.search(r"^    segment 1: decode · 50% · 50 fps · 16:4\d left$", ended.err, re.MULTILINE)
    assert ended.out.startswith(f"job {job}: done")


def test_states_are_those_of_the_schema():
    assert jobs_command.STATES == job_counts.STATES


@pytest.mark.parametrize(
    ("words", "done"),
    [(("cancel", "--all", "--yes"), "cancelled"), (("retry", "--failed", "--detach"), "queued again")],
)
def test_of_many_jobs_it_is_said_how_far_they_are_and_how_far_they_came(r2r, conn, monkeypatch, words, done):
    ids = add_rows(conn, 3, spans=1)
    if words[0] == "retry":
        for job_id in ids:
            job_changes.fail(conn, job_id, error="the disk was full")
    really = getattr(job_changes, words[0])

    def until_stopped(opened, job_id):
        if job_id == ids[-1]:
            raise KeyboardInterrupt
        really(opened, job_id)

    monkeypatch.setattr(job_changes, words[0], until_stopped)
    monkeypatch.setattr("r2r_cli.jobs.one_by_one.EVERY_S", 0)

    ended = r2r("jobs", *words)

    assert ended.code == 130
    assert f"1 of 3 are {done}\n" in ended.err
    assert f"stopped: 2 of 3 are {done}, the others are as they were" in ended.err
