"""Messages are hints: doubled, dropped, shuffled, sent for what is over or was never there, they change nothing."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from r2r_shared import names
from r2r_shared.broker import Post
from r2r_shared.queries.segments import Message
from r2r_shared.queries.sweeping import LOST_S
from r2r_shared.settings import Settings
from tests.acceptance.faults.cluster import Cluster, wait_until
from tests.acceptance.faults.seeds import seeds
from tests.acceptance.faults.tables import Tables, assert_same

QUEUES = (names.VIDEO, names.CONTROL)
SUPERFLUOUS = 5000


@pytest.mark.parametrize("seed", seeds(2))
def test_every_message_is_delivered_twice_at_once_and_later(
    cluster: Cluster, material: Path, undisturbed: Tables, seed: int
) -> None:
    """Copied as they lie in Redis, delivery tag and all, and once more when the worker is at work."""
    job = cluster.queue(material / "film.mp4")
    copied = copies(cluster)
    assert len(copied) > 3, "a message for each segment lies in Redis before a worker is there"
    with meddling(cluster, seed, copy) as count:
        cluster.worker()
        wait_until(
            lambda: cluster.value("SELECT count(*) FROM segments WHERE state = 'done'"), "a segment that is done"
        )
        with cluster.redis.client() as client:
            for queue, text in copied:
                client.lpush(queue, text)  # later: some of these segments are through by now
        assert cluster.wait_for_job(job) == "done"

    assert count["copied"], "more copies while it ran"
    no_attempt_twice(cluster)
    assert_same(cluster.tables(), undisturbed)


@pytest.mark.parametrize("seed", seeds(2))
def test_half_of_the_messages_are_dropped(cluster: Cluster, material: Path, undisturbed: Tables, seed: int) -> None:
    """Out of Redis, before a worker gets them; a lost one is sent again from the rows."""
    chance = random.Random(seed)
    job = cluster.queue(material / "film.mp4")
    dropped = 0
    with cluster.redis.client() as client:
        for queue in QUEUES:
            for text in client.lrange(queue, 0, -1):
                if chance.random() < 0.5:
                    dropped += client.lrem(queue, 1, text)
    assert dropped
    with meddling(cluster, seed, drop) as count:
        cluster.worker()
        assert cluster.wait_for_job(job) == "done"

    print(f"dropped {dropped} before, {count['dropped']} while it ran")
    no_attempt_twice(cluster)
    assert_same(cluster.tables(), undisturbed)


def test_all_messages_are_dropped_and_come_back_within_seconds(
    cluster: Cluster, material: Path, undisturbed: Tables
) -> None:
    job = cluster.queue(material / "film.mp4")
    cluster.worker(R2R_LEASE_SECONDS="60")  # a sweep every four seconds, as in real life
    wait_until(lambda: cluster.value("SELECT count(*) FROM segments WHERE state = 'running'"), "a worker at work", 100)
    gone_at = cluster.value("SELECT clock_timestamp()")
    with cluster.redis.client() as client:
        assert client.delete(*QUEUES) == 1

    sent_again = "SELECT min(sent_at) FROM segments WHERE state = 'queued' AND sent_at > %s"
    back_at = wait_until(lambda: cluster.value(sent_again, gone_at), "messages in place of those")

    back_s = (back_at - gone_at).total_seconds()
    assert back_s < LOST_S + 4 + 3, f"{back_s:.1f} s: the message's grace, a worker's sweep, and a busy machine"
    assert cluster.wait_for_job(job) == "done"
    assert_same(cluster.tables(), undisturbed)


@pytest.mark.parametrize("seed", seeds(2))
def test_messages_are_shuffled_between_the_queues_ends(
    cluster: Cluster, material: Path, undisturbed: Tables, seed: int
) -> None:
    """Some even to the other queue: what they name decides which queue they are a look at."""
    job = cluster.queue(material / "film.mp4")
    with cluster.redis.client() as client:
        shuffled = shuffle(client, random.Random(seed), names.VIDEO)
        client.rpoplpush(names.VIDEO, names.CONTROL)
    assert shuffled > 3
    with meddling(cluster, seed, shuffle_all) as count:
        cluster.worker()
        cluster.worker("video")
        assert cluster.wait_for_job(job) == "done"

    print(f"{count['shuffled']} more shuffled while it ran")
    assert_same(cluster.tables(), undisturbed)


def test_5000_messages_for_what_is_done_deleted_or_was_never_there(
    cluster: Cluster, material: Path, undisturbed: Tables
) -> None:
    """They lie before the film's own, and are gone through in seconds."""
    cluster.worker()
    first = cluster.queue(material / "film.mp4")
    assert cluster.wait_for_job(first) == "done"
    with cluster.connection() as conn:
        done = [row[0] for row in conn.execute("SELECT id FROM segments WHERE job_id = %s", (first,)).fetchall()]
    cluster.cli().run("films", "remove", "1", "--yes")
    never = max(done) + 1_000_000
    names_of = [*done, never, never + 1]  # deleted with their film, and none that ever was
    post = Post(Settings(home=cluster.place / "home"), cluster.redis.url())
    for process in cluster.started:
        process.terminate()
        process.wait(timeout=60)
    post.send(Message(names_of[n % len(names_of)], QUEUES[n % 2]) for n in range(SUPERFLUOUS))
    job = cluster.queue(material / "film.mp4")
    with cluster.redis.client() as client:
        assert sum(client.llen(queue) for queue in QUEUES) > SUPERFLUOUS

    began = time.monotonic()
    cluster.worker()
    assert cluster.wait_for_job(job) == "done"
    took_s = time.monotonic() - began

    with cluster.redis.client() as client:
        left = sum(client.llen(queue) for queue in QUEUES)
    print(f"{took_s:.1f} s, {left} messages left")
    assert took_s < 60
    no_attempt_twice(cluster)
    assert_same(cluster.tables(), undisturbed)


Meddle = Callable[[redis.Redis, random.Random, Counter[str]], None]


class meddling:
    """Something is done to the queues again and again while the body runs; yields how often it took effect."""

    def __init__(self, cluster: Cluster, seed: int, what: Meddle) -> None:
        self._cluster, self._what = cluster, what
        self._chance = random.Random(seed)
        self._over = threading.Event()
        self._count = Counter[str]()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Counter[str]:
        self._thread.start()
        return self._count

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with self._cluster.redis.client() as client:
            while not self._over.wait(self._chance.uniform(0.002, 0.05)):
                self._what(client, self._chance, self._count)


def copies(cluster: Cluster) -> list[tuple[str, bytes]]:
    """Double each message that lies in Redis; what was doubled."""
    with cluster.redis.client() as client:
        found = [(queue, text) for queue in QUEUES for text in client.lrange(queue, 0, -1)]
        for queue, text in found:
            client.lpush(queue, text)
    return found


def copy(client: redis.Redis, chance: random.Random, count: Counter[str]) -> None:
    """What lies in a queue lies there twice, as long as it is short."""
    for queue in QUEUES:
        if 0 < client.llen(queue) < 12 and (text := client.lindex(queue, 0)):
            client.rpush(queue, text) if chance.random() < 0.5 else client.lpush(queue, text)
            count["copied"] += 1


def drop(client: redis.Redis, chance: random.Random, count: Counter[str]) -> None:
    """Each message that is met is dropped with an even chance."""
    for queue in QUEUES:
        if chance.random() < 0.5 and client.rpop(queue):
            count["dropped"] += 1


def shuffle_all(client: redis.Redis, chance: random.Random, count: Counter[str]) -> None:
    for queue in QUEUES:
        count["shuffled"] += shuffle(client, chance, queue)


def shuffle(client: redis.Redis, chance: random.Random, queue: str) -> int:
    """Take all messages out and put them back in another order, at either end; how many there were."""
    texts = client.lrange(queue, 0, -1)
    if len(texts) < 2:
        return 0
    chance.shuffle(texts)
    with client.pipeline() as together:
        together.ltrim(queue, len(texts), -1)
        for text in texts:
            (together.lpush if chance.random() < 0.5 else together.rpush)(queue, text)
        together.execute()
    return len(texts)


def no_attempt_twice(cluster: Cluster) -> None:
    """A message too many is one more look, never one more attempt; one too few is no failure."""
    assert cluster.value("SELECT max(attempt) FROM segments") == 1
    assert cluster.value("SELECT count(*) FROM failures") == 0
