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

from r2r_shared import broker, names
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.local_redis import LocalRedis
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
    app = broker.make_app(settings, settings.broker_url)

    broker.send(app, 17, names.VIDEO)

    (message,) = stored(redis_server, "video\x06\x169")
    assert message["headers"]["task"] == names.WORK
    assert message["content-type"] == "application/json"
    assert arguments(message) == [17]


def test_hints_go_to_the_queue_of_their_kind_the_urgent_ones_first(settings, redis_server):
    app = broker.make_app(settings, settings.broker_url)
    films = [Message(1, names.FILM, 0), Message(2, names.FILM, 9)]
    broker.send_all(app, [*films, Message(3, names.MATCH, 0), Message(4, names.PICTURE, 0)])

    with app.connection_for_read() as connection:
        video = connection.SimpleQueue("video")
        order = [video.get(timeout=2) for _ in range(2)]
        assert [message.payload[0] for message in order] == [[2], [1]]
        for message in order:
            message.ack()
        video.close()
    assert [arguments(message) for message in stored(redis_server, "control\x06\x169")] == [[3]]
    assert [arguments(message) for message in stored(redis_server, "paintings\x06\x169")] == [[4]]


def test_the_message_is_not_given_to_a_second_worker_before_the_first_is_killed(tmp_path):
    app = broker.make_app(Settings(home=tmp_path, task_limit_s=100), "redis://localhost:1/0")
    assert app.conf.task_time_limit == 100
    assert app.conf.broker_transport_options["visibility_timeout"] >= 200
    assert app.conf.task_acks_late
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]
    assert not app.conf.worker_cancel_long_running_tasks_on_connection_loss
    assert {queue.name for queue in app.conf.task_queues} == set(names.QUEUES)


def test_a_broker_that_is_down_is_known_at_once_and_sending_works_when_it_is_back(settings, mortal):
    app = broker.make_app(settings, mortal.url())
    broker.send(app, 1, names.VIDEO)
    mortal.stop()

    began = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer") as gone:
        broker.send(app, 2, names.VIDEO)
    assert time.monotonic() - began < 5
    assert "R2R_BROKER_URL" in gone.value.hint

    mortal.start()
    broker.send(app, 3, names.VIDEO)  # the pooled connection is of the server that was stopped
    assert [arguments(message) for message in stored(mortal, "video\x06\x169")] == [[3], [1]]


def test_a_broker_that_hangs_does_not_hang_the_sender(settings, mortal):
    app = broker.make_app(settings, mortal.url())
    broker.send(app, 1, names.VIDEO)
    pid = int((mortal.data / "redis.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="Timeout"):
            broker.send(app, 2, names.VIDEO)
        assert time.monotonic() - began < 15
    finally:
        os.kill(pid, signal.SIGCONT)
    broker.send(app, 3, names.VIDEO)


def test_a_full_redis_says_so_rather_than_forget(settings, mortal):
    app = broker.make_app(settings, mortal.url())
    with mortal.client() as client:
        client.config_set("maxmemory", "1")
    with pytest.raises(Unavailable, match="maxmemory"):
        broker.send(app, 1, names.VIDEO)


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
