"""Sending hints through a real Redis, and what happens when it is away."""

from __future__ import annotations

import base64
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from r2r_shared import broker, broker_address, names
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries.segments import Message
from r2r_shared.settings import Settings


@pytest.fixture
def mortal() -> Iterator[LocalRedis]:
    """A Redis of the test's own, to be killed."""
    with tempfile.TemporaryDirectory(prefix="r2r-redis-") as name:
        server = LocalRedis(Path(name), Path(name), Path(name) / "log")
        server.start()
        yield server
        server.stop()


def stored(server: LocalRedis, key: str) -> list[dict]:
    with server.client() as client:
        return [json.loads(item) for item in client.lrange(key, 0, -1)]


def arguments(message: dict) -> list:
    return json.loads(base64.b64decode(message["body"]))[0]


def test_a_hint_is_the_name_and_the_segment_and_nothing_else(settings, redis_server):
    post = broker.Post(settings, settings.broker_url)

    post.send([Message(17, names.VIDEO)])

    (message,) = stored(redis_server, "video")
    assert message["headers"]["task"] == names.WORK
    assert message["content-type"] == "application/json"
    assert arguments(message) == [17]


def test_hints_go_to_their_queue_and_are_counted_there(settings, redis_server):
    post = broker.Post(settings, settings.broker_url)
    assert post.depth(names.VIDEO) == 0

    post.send(
        [Message(1, names.VIDEO), Message(2, names.VIDEO), Message(3, names.CONTROL), Message(4, names.PAINTINGS)]
    )

    assert [arguments(message) for message in stored(redis_server, "video")] == [[2], [1]]  # taken from the end
    assert {queue: post.depth(queue) for queue in names.QUEUES} == {
        "video": 2,
        "control": 1,
        "paintings": 1,
        "train": 0,
    }


def test_training_has_a_redis_database_of_its_own(settings, redis_server):
    """The shortest visibility timeout on a database holds for all of it."""
    post = broker.Post(settings, settings.broker_url)

    post.send([Message(5, names.TRAIN)])

    assert post.depth(names.TRAIN) == 1
    assert stored(redis_server, "train") == []
    with redis_server.client(1) as client:
        assert client.llen("train") == 1
        client.flushdb()
    films, training = (post.app_of(queue) for queue in (names.VIDEO, names.TRAIN))
    assert training.conf.broker_url != films.conf.broker_url
    timeout_s = {app: app.conf.broker_transport_options["visibility_timeout"] for app in (films, training)}
    assert timeout_s[training] >= 2 * settings.train_limit_s > timeout_s[films] >= 2 * settings.task_limit_s
    assert {queue.name for queue in training.conf.task_queues} == {"train"}
    assert "train" not in {queue.name for queue in films.conf.task_queues}


@pytest.mark.parametrize(
    ("films", "training"),
    [
        ("redis://:secret@host:6379/0", "redis://:secret@host:6379/1"),
        ("rediss://host/3?ssl_cert_reqs=required", "rediss://host/4?ssl_cert_reqs=required"),
        ("redis://host", "redis://host/1"),
        ("redis+socket:///run/redis.sock?virtual_host=0", "redis+socket:///run/redis.sock?virtual_host=1"),
    ],
)
def test_the_database_of_training_comes_after_that_of_films(films, training):
    assert broker_address.of_training(films, named=None) == training


def test_a_database_for_training_that_cannot_be_is_refused_with_the_remedy():
    with pytest.raises(UserError, match="no Redis database comes after") as last:
        broker_address.of_training("redis://:hunter2@host/15", named=None)
    with pytest.raises(UserError, match="the same Redis database") as shared:
        broker_address.of_training("redis://:hunter2@host/0", named="redis://:hunter2@host/0/")
    for refused in (last, shared):
        assert "R2R_TRAIN_BROKER_URL" in refused.value.hint
        assert "hunter2" not in refused.value.message


def test_the_message_is_not_given_to_a_second_worker_before_the_first_is_killed(tmp_path):
    app = broker.make_app(Settings(home=tmp_path, task_limit_s=100), "redis://localhost:1/0")
    assert app.conf.task_time_limit == 100
    assert app.conf.broker_transport_options["visibility_timeout"] >= 200
    assert app.conf.task_acks_late
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]
    assert not app.conf.worker_cancel_long_running_tasks_on_connection_loss
    assert {queue.name for queue in app.conf.task_queues} == {"control", "video", "paintings"}


def test_a_broker_that_is_down_is_known_at_once_and_sending_works_when_it_is_back(settings, mortal):
    post = broker.Post(settings, mortal.url())
    post.send([Message(1, names.VIDEO)])
    mortal.stop()

    began = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer") as gone:
        post.send([Message(2, names.VIDEO)])
    assert time.monotonic() - began < 5
    assert "R2R_BROKER_URL" in gone.value.hint

    mortal.start()
    post.send([Message(3, names.VIDEO)])  # the pooled connection is of the server that was stopped
    assert [arguments(message) for message in stored(mortal, "video")] == [[3], [1]]


def test_a_broker_that_hangs_does_not_hang_the_sender(settings, mortal):
    post = broker.Post(settings, mortal.url())
    post.send([Message(1, names.VIDEO)])
    pid = int((mortal.data / "redis.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="Timeout"):
            post.send([Message(2, names.VIDEO)])
        assert time.monotonic() - began < 15
    finally:
        os.kill(pid, signal.SIGCONT)
    post.send([Message(3, names.VIDEO)])


def test_a_full_redis_says_so_rather_than_forget(settings, mortal):
    post = broker.Post(settings, mortal.url())
    with mortal.client() as client:
        client.config_set("maxmemory", "1")
    with pytest.raises(Unavailable, match="maxmemory"):
        post.send([Message(1, names.VIDEO)])


def test_what_redis_says_of_itself(broker_url):
    assert broker.check(broker_url).startswith("6.2")
    assert broker.info(broker_url)["maxmemory_policy"] == "noeviction"


@pytest.mark.parametrize(
    "url", ["amqp://guest@localhost//", "memory://", "", "localhost:6379", "redis://:hunter2@here:port/0"]
)
def test_an_address_that_is_not_a_redis_is_refused(url):
    with pytest.raises(UserError, match="not that of a Redis") as refused:
        broker.check(url)
    assert "redis://" in refused.value.hint
    assert "hunter2" not in refused.value.message
