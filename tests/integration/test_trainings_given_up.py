"""What a training that nobody goes on with takes of disks, and that it is freed."""

from __future__ import annotations

import pytest

from r2r_shared.queries import job_changes, profiles, training
from r2r_shared.recipes import STARTER
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import runtime
from r2r_workers.models import describe
from r2r_workers.tasks import training_files


@pytest.fixture
def store(settings, monkeypatch):
    made = MediaStore(settings.media_root)
    made.make()
    monkeypatch.setattr(runtime, "settings", lambda: settings)
    runtime.store.cache_clear()
    yield made
    runtime.store.cache_clear()


def a_training(conn, store, name, *, weights=None):
    """A training with one whole epoch, its checkpoint in the store, its pictures on this machine."""
    profile = profiles.ensure(conn, describe("descriptor"))
    spec = {"train": STARTER.to_json(), "rule": None, "held_out": {}, "collections": None, "initial": weights}
    job_id = training.create(conn, name=name, spec=spec, profile_id=profile.id)
    run = training.of_job(conn, job_id)
    epoch = {"epoch": 1, "loss": 1.0, "held_loss": None, "held_right": None, "rate": 1e-3, "seconds": 1.0}
    training.add_epoch(conn, run.id, epoch, checkpoint=training_files.checkpoint_key(run))
    conn.commit()
    store.put(f"{training_files.checkpoint_key(run)}/last.pt", b"state")
    folder = training_files.folder_of(run)
    (folder / "feed").mkdir()
    return job_id, folder


def ended(conn, job_id, *, days_ago):
    job_changes.cancel(conn, job_id)
    conn.execute(
        "UPDATE jobs SET state = 'cancelled', finished_at = now() - make_interval(days => %s) WHERE id = %s",
        (days_ago, job_id),
    )
    conn.commit()


def test_an_old_cancelled_training_is_cleared_away_and_a_young_or_open_one_kept(conn, store):
    old, recent, at_work = (a_training(conn, store, name) for name in ("old", "recent", "at-work"))
    ended(conn, old[0], days_ago=15)
    ended(conn, recent[0], days_ago=13)

    training_files.clear_given_up()

    left = {job_id: training.of_job(conn, job_id) for job_id, _ in (old, recent, at_work)}
    assert [left[job_id].epochs for job_id in left] == [0, 1, 1]
    assert [folder.exists() for _, folder in (old, recent, at_work)] == [False, True, True]
    there = [store.exists(f"{training_files.checkpoint_key(run)}/last.pt") for run in left.values()]
    assert there == [False, True, True]


def test_first_weights_go_with_the_last_training_that_needs_them(conn, store):
    store.put("weights/a.safetensors", b"a")
    store.put("weights/b.safetensors", b"b")
    shared = a_training(conn, store, "one", weights="weights/a.safetensors")
    a_training(conn, store, "two", weights="weights/a.safetensors")
    alone = a_training(conn, store, "three", weights="weights/b.safetensors")
    for job_id, _ in (shared, alone):
        ended(conn, job_id, days_ago=30)

    training_files.clear_given_up()

    assert store.exists("weights/a.safetensors")
    assert not store.exists("weights/b.safetensors")
