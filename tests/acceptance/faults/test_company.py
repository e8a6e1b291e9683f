"""Two users ingest the same film at once: one film, one running job, and both are told what they wanted to know."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.faults.cluster import SEGMENT_S, Cluster, wait_until
from tests.acceptance.faults.films import assert_like, copied, of_film, remux
from tests.acceptance.faults.seeds import seeds
from tests.acceptance.faults.tables import Tables, assert_same

PAIRS = 10
FOR = "SELECT count(*) FROM jobs AS j JOIN films AS f ON f.id = j.film_id WHERE f.id = %s"


@pytest.mark.parametrize("seed", seeds(1))
def test_two_users_begin_within_a_second_ten_times(cluster: Cluster, material: Path, tmp_path: Path, seed: int) -> None:
    """Once at the same path, once at a copy, in turns; each pair has a film of its own."""
    chance = random.Random(seed)
    films = [
        remux(material / "film.mp4", tmp_path / f"film{n}.mp4", f"pair {n}", seconds=SEGMENT_S - 1)
        for n in range(PAIRS)
    ]
    (tmp_path / "elsewhere").mkdir()
    cluster.worker()
    cli = cluster.cli()
    offsets = [0.0, *(chance.uniform(0, 1.5) for _ in films[1:])]
    for number, (film, offset_s) in enumerate(zip(films, offsets, strict=True)):
        other = copied(film, tmp_path / "elsewhere" / film.name) if number % 2 else film
        one = cli.start("ingest", film, "--json")
        time.sleep(offset_s)
        two = cli.start("ingest", other, "--json")
        told = [answer(one), answer(two)]

        film_ids = {row["film"] for row in told}
        assert len(film_ids) == 1, (seed, offset_s, told)
        assert cluster.value(FOR, film_ids.pop()) == 1, f"one job, offset {offset_s}"
        assert {row["state"] for row in told} == {"ready"}

    found = cluster.tables()
    assert len(found["films"]) == PAIRS
    calm = of_film(found, films[0], under=films[0])
    for film in films[1:]:
        assert_like(of_film(found, film, under=films[0]), calm)


def test_one_asks_with_force_while_the_other_waits(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """The film is being analysed: that is what both asked for."""
    cli = cluster.cli()
    one = cli.start("ingest", material / "film.mp4", "--json")
    wait_until(lambda: cluster.value("SELECT count(*) FROM jobs WHERE film_id IS NOT NULL"), "the first one's job")
    two = cli.start("ingest", material / "film.mp4", "--force")
    joined(two)
    cluster.worker()

    answer(one)
    out, err = two.communicate(timeout=120)
    assert two.returncode == 0, (out, err)
    assert cluster.value("SELECT count(*) FROM jobs WHERE film_id IS NOT NULL") == 1
    assert_same(cluster.tables(), undisturbed)


def test_one_cancels_while_the_other_waits(cluster: Cluster, material: Path, undisturbed: Tables) -> None:
    """Both waits end, and say what it was; the film can be asked for again."""
    cli = cluster.cli()
    one = cli.start("ingest", material / "film.mp4")
    job = wait_until(lambda: cluster.value("SELECT id FROM jobs WHERE film_id IS NOT NULL"), "the job")
    two = cli.start("ingest", material / "film.mp4")
    joined(two)
    cluster.worker()
    at_work = "SELECT count(*) FROM segments WHERE job_id = %s AND state = 'running'"
    wait_until(lambda: cluster.value(at_work, job), "a worker at work", 100)

    cli.run("jobs", "cancel", job)

    for process in (one, two):
        out, err = process.communicate(timeout=60)
        assert process.returncode == 1, (out, err)
        assert f"job {job} was cancelled" in out + err
    assert cluster.value("SELECT count(*) FROM shots") == 0
    assert cli.json("jobs", "retry", job)["state"] == "done"
    assert_same(cluster.tables(), undisturbed)


def joined(process: subprocess.Popen[str]) -> None:
    """Wait until an ingest has said that it goes on with a job that was there."""
    assert process.stderr is not None
    said = ""
    while "going on with job" not in said:
        said = process.stderr.readline()
        assert said, "it ended without a word of the other's job"


def answer(process: subprocess.Popen[str]) -> dict[str, object]:
    """What an ingest says of its film, once it has ended, and ended well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    (row,) = json.loads(out)["films"]
    return row
