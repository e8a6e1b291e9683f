"""Rows of works whose pictures are not here: described by the thousand, once each, and never in two places."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from r2r_shared import db, importing
from r2r_shared.collections.detect import detect
from r2r_shared.fetching import run, storing
from r2r_shared.fetching.addresses import Addresses
from r2r_shared.fetching.cache import Cache
from r2r_shared.fetching.client import Client
from r2r_shared.fetching.pace import Pace
from r2r_shared.fetching.patience import Patience
from r2r_shared.fetching.works import Fetcher
from r2r_shared.importing import import_paintings
from r2r_shared.queries import awaited, paintings, profiles
from r2r_shared.records import PaintingRecord, Refusal
from r2r_shared.storage.media_store import MediaStore
from tests import museum_records, museum_server

PROFILE = {
    **{"name": "test", "encoder": "e", "encoder_digest": "e1", "depth": "d", "depth_digest": "d1"},
    **{"metrics_version": 1, "dim": 4},
}


@pytest.fixture
def store(tmp_path):
    return MediaStore(str(tmp_path / "media"))


@pytest.fixture
def profile_id(conn):
    made = profiles.ensure(conn, PROFILE)
    conn.commit()
    return made.id


def work(number, **changes):
    named = {"title": f"Work {number}", "artist": "Anna Ancher", "picture_url": f"https://museum.example/{number}.jpg"}
    return PaintingRecord(f"m/{number}", "", **named | changes)


def bring(conn, store, profile_id, entries, **options):
    conn.commit()
    return import_paintings(conn, store, entries, **{"collection": "c", "profile_id": profile_id} | options)


def counts(summary):
    return summary.awaited.added, summary.awaited.updated, summary.awaited.unchanged


def files(conn):
    found = conn.execute("SELECT file FROM awaited_works ORDER BY file").fetchall()
    conn.commit()
    return [file for (file,) in found]


def test_a_work_named_twice_is_counted_wherever_the_batches_end(conn, store, profile_id, monkeypatch):
    monkeypatch.setattr(importing, "DESCRIBED_BATCH", 3)
    entries = [work(n) for n in (1, 2, 2, 3, 4, 1, 5, 5, 5)]

    summary = bring(conn, store, profile_id, entries)

    assert counts(summary) == (5, 0, 0)
    assert summary.duplicates[importing.REPEATED].count == 4
    assert summary.seen == len(entries)
    assert files(conn) == [f"m/{n}" for n in range(1, 6)]


@hypothesis_settings(max_examples=12)
@given(
    first=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), max_size=14),
    second=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), max_size=14),
    size=st.integers(1, 6),
)
def test_two_imports_of_anything_leave_each_work_once_as_the_last_said(postgres_pair, first, second, size):
    conn, store, profile_id = postgres_pair
    conn.execute("DELETE FROM collections")
    conn.commit()
    known: dict[int, str] = {}
    for entries in (first, second):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(importing, "DESCRIBED_BATCH", size)
            summary = bring(conn, store, profile_id, [work(n, title=title) for n, title in entries])
        said: dict[int, str] = {}
        for number, title in entries:
            said.setdefault(number, title)  # the first of several in one source counts
        assert counts(summary) == (
            sum(number not in known for number in said),
            sum(number in known and known[number] != title for number, title in said.items()),
            sum(known.get(number) == title for number, title in said.items()),
        )
        known |= said
        found = conn.execute("SELECT file, title FROM awaited_works").fetchall()
        assert dict(found) == {f"m/{number}": title for number, title in known.items()}


@pytest.fixture(scope="module")
def postgres_pair(postgres, tmp_path_factory):
    from psycopg import sql

    from tests.conftest import TEMPLATE

    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE awaited_pair TEMPLATE {template}").format(template=sql.Identifier(TEMPLATE))
        )
    with db.connect(postgres.url("awaited_pair")) as connection:
        made = profiles.ensure(connection, PROFILE)
        connection.commit()
        yield connection, MediaStore(str(tmp_path_factory.mktemp("media"))), made.id
        connection.rollback()


def test_another_address_wipes_out_what_was_said_of_the_old_one(conn, store, profile_id):
    bring(conn, store, profile_id, [work(1), work(2)])
    one, two = conn.execute("SELECT id FROM awaited_works ORDER BY file").fetchall()
    awaited.missed(conn, [awaited.Miss(one[0], "not found", True), awaited.Miss(two[0], "not found", True)])
    moved = work(1, picture_url="https://museum.example/moved.jpg")

    summary = bring(conn, store, profile_id, [moved, work(2, title="Another title")])

    assert counts(summary) == (0, 2, 0)
    said = conn.execute("SELECT final, refused, attempts FROM awaited_works ORDER BY file").fetchall()
    assert said == [(False, "", 0), (True, "not found", 1)]


def test_a_picture_is_given_up_after_five_runs_and_asked_for_again_on_request(conn, store, profile_id):
    collection_id = bring(conn, store, profile_id, [work(1)]).collection_id
    (number,) = awaited.pending(conn, collection_id)
    for _ in range(awaited.MOST_RUNS):
        assert list(awaited.pending(conn, collection_id)) == [number]
        awaited.missed(conn, [awaited.Miss(number, "cut off", False)])
    assert list(awaited.pending(conn, collection_id)) == []
    assert awaited.left(conn, collection_id).given_up == 1

    assert awaited.retry(conn, collection_id) == 1
    assert list(awaited.pending(conn, collection_id)) == [number]


def test_numbers_that_json_does_not_have_are_left_out(conn, store, profile_id):
    bring(conn, store, profile_id, [work(1, extra={"weight": float("inf"), "tags": [float("nan"), "a"]})])
    assert conn.execute("SELECT extra FROM awaited_works").fetchone() == ({"weight": None, "tags": [None, "a"]},)


def test_what_is_left_out_on_purpose_is_not_called_refused(conn, store, profile_id):
    summary = bring(
        conn,
        store,
        profile_id,
        [
            Refusal("m/8", "not classified as a painting", "Metal", left_out=True),
            Refusal("m/9", "an entry that cannot be read"),
            work(1, remarks=("more than one artist",), licence="cc0", year_from=1880),
        ],
    )
    assert {reason: tally.count for reason, tally in summary.dropped.items()} == {"not classified as a painting": 1}
    assert list(summary.refused) == ["an entry that cannot be read"]
    assert summary.noted["more than one artist"].examples == ["m/1"]
    assert summary.missing == {"movement": 1}
    assert summary.seen == 3


def test_what_a_slow_source_has_told_is_stored_while_it_tells_on(conn, store, profile_id, database_url, monkeypatch):
    monkeypatch.setattr(importing, "DESCRIBED_S", 0.0)
    seen = []

    def telling():
        for number in range(3):
            with db.connect(database_url) as other:
                seen.append(len(files(other)))
            yield work(number)

    conn.commit()
    conn.autocommit = True
    bring(conn, store, profile_id, telling())
    assert seen == [0, 1, 2]


def test_a_source_that_names_nothing_makes_no_collection(conn, store, profile_id):
    assert bring(conn, store, profile_id, []).collection_id is None
    assert conn.execute("SELECT count(*) FROM collections").fetchone() == (0,)


KILLED = """
import sys
from r2r_shared import db, importing
from r2r_shared.collections.detect import detect
from r2r_shared.storage.media_store import MediaStore
importing.DESCRIBED_BATCH = 100
url, media, source, profile_id = sys.argv[1:]
with db.connect(url, autocommit=True) as conn:
    importing.import_paintings(conn, MediaStore(media), detect(source).records(),
                               collection="c", profile_id=int(profile_id))
"""


def test_a_metadata_import_that_was_killed_goes_on(conn, store, profile_id, tmp_path, settings):
    source = museum_records.met_csv(tmp_path / "MetObjects.csv", 6000)
    command = [sys.executable, "-c", KILLED, settings.database_url, store.url, str(source), str(profile_id)]
    killed = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    while len(files(conn)) < 500:
        assert killed.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    while conn.execute(others).rowcount > 1:  # its last COMMIT may have been on its way
        conn.commit()
        time.sleep(0.01)
    there = len(files(conn))
    assert there < 6000

    summary = bring(conn, store, profile_id, detect(str(source)).records())

    assert counts(summary) == (6000 - there, 0, there)
    assert len(files(conn)) == 6000
    assert counts(bring(conn, store, profile_id, detect(str(source)).records())) == (0, 0, 6000)


def test_a_run_that_fails_keeps_what_came_before(conn, store, profile_id, tmp_path, monkeypatch):
    """A database that goes away at the second batch: the pictures are in the cache, and not asked for again."""
    with museum_server.running() as museum:
        entries = [work(n, picture_url=museum.picture(n)) for n in range(20)]
        collection_id = bring(conn, store, profile_id, entries).collection_id
        conn.commit()
        conn.autocommit = True
        whole = storing.store
        calls = []

        def breaking(*args, **options):
            calls.append(1)
            if len(calls) > 1:
                raise ConnectionError("the database went away")
            return whole(*args, **options)

        monkeypatch.setattr(run, "BATCH", 8)
        monkeypatch.setattr(storing, "store", breaking)

        def fetcher():
            cache = Cache(tmp_path / "cache")
            cache.make()
            return Fetcher(Client(Addresses([museum.netloc]), Pace(50), connections=32), Patience(), cache, store)

        with pytest.raises(ConnectionError):
            run.fetch_awaited(conn, fetcher(), collection_id=collection_id, profile_id=profile_id)
        held = conn.execute("SELECT count(*) FROM paintings").fetchone()[0]
        assert 8 <= held < 20
        kept = len(list((tmp_path / "cache").glob("*.whole")))
        assert kept >= 8  # the second batch, at least
        museum.forget()

        monkeypatch.setattr(storing, "store", whole)
        summary = run.fetch_awaited(conn, fetcher(), collection_id=collection_id, profile_id=profile_id)
        assert summary.fetched == 20 - held
        # Asked for again is only what was on its way, or not begun, when the run broke off
        assert len(museum.asked()) == len({one.path for one in museum.asked()}) == 20 - held - kept
    assert conn.execute("SELECT count(*), count(DISTINCT sha256) FROM paintings").fetchone() == (20, 20)
    assert list((tmp_path / "cache").iterdir()) == []
    found = paintings.find(conn, "m/3")
    assert replace(found, profiles=[]).extra["fetched"]["address"].endswith("/pictures/3.jpg")
