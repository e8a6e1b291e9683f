"""Thousands of films are enqueued for an hour: Ctrl-C and `kill -9` in the middle cost nothing and double nothing."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from r2r_shared import db, migrate
from tests.acceptance.cli import Cli
from tests.many_films import write_films

FILMS = 40
# Everything that an ingest makes, but for keys and times.
MADE = """
    SELECT encode(f.sha256, 'hex'), f.title, f.path, f.frames, p.path, p.size_bytes, j.kind, j.state, j.priority,
           j.options, s.kind, s.number, s.start_frame, s.end_frame, s.state, s.attempt, s.priority,
           s.due_at - j.created_at
      FROM films AS f
      JOIN film_files AS p ON p.film_id = f.id
      LEFT JOIN jobs AS j ON j.film_id = f.id
      LEFT JOIN segments AS s ON s.job_id = j.id
     ORDER BY f.path, s.kind, s.number
"""


def made(url: str) -> list[tuple[Any, ...]]:
    with db.connect(url) as conn:
        return conn.execute(MADE).fetchall()


def test_an_enqueuing_that_was_broken_off_twice_goes_on_and_ends_as_one_that_was_not(
    fresh_home: Path, database_url: str, empty_database_url: str, broker_url: str, tmp_path: Path
) -> None:
    write_films(tmp_path / "films", FILMS)
    words = ("ingest", "--recursive", tmp_path / "films", "--detach", "--priority", "3", "--report")
    undisturbed = Cli(fresh_home, {"R2R_DATABASE_URL": empty_database_url, "R2R_BROKER_URL": broker_url})
    migrate.apply(empty_database_url)
    undisturbed.run(*words, tmp_path / "undisturbed.jsonl")
    cli = Cli(fresh_home, {"R2R_DATABASE_URL": database_url, "R2R_BROKER_URL": broker_url})

    try:
        stopped = start(cli, words, tmp_path / "first.jsonl", until=4)
        stopped.send_signal(signal.SIGINT)
        _, err = stopped.communicate(timeout=30)
        after_stop = len(made(database_url)) // 2

        killed = start(cli, words, tmp_path / "second.jsonl", until=after_stop + 4)
        killed.kill()
        killed.communicate()
        before = made(database_url)
        cli.run(*words, tmp_path / "third.jsonl")
    finally:
        cli.end()

    assert stopped.returncode == 130
    assert "nothing is lost: the same command goes on where it was" in err
    films_before = len({row[0] for row in before})
    assert 8 <= films_before < FILMS, "killed in the middle"
    assert len(before) == 2 * films_before, "no film without its job, no job without its segments"
    assert Counter(row["taken_as"] for row in rows(tmp_path / "third.jsonl")) == {
        "going on": films_before,
        "queued": FILMS - films_before,
    }
    assert made(database_url) == made(empty_database_url)


def start(cli: Cli, words: tuple[object, ...], report: Path, *, until: int) -> Any:
    """A command that is under way: so many films have been taken in, and more are to come."""
    process = cli.start(*words, report)
    deadline = time.monotonic() + 120
    while not report.exists() or len(rows(report)) < until:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def rows(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines() if line.endswith("}")]
