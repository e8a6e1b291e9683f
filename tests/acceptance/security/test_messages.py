"""What lies in Redis is a hint or it is thrown away: nothing in it is run, and the worker goes on."""

from __future__ import annotations

import base64
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image
from redis import Redis

from r2r_shared import broker, db, names
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.local.stack import Stack
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli

QUEUE = names.PAINTINGS


class Payload:
    """Who unpickles this leaves a file behind."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.canary),)


def envelope(
    body: bytes,
    *,
    task: str = names.WORK,
    kind: str = "application/json",
    encoding: str = "utf-8",
    headers: Any = None,
) -> str:
    """A message as kombu lays it into a list of Redis."""
    number = str(uuid.uuid4())
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-type": kind,
            "content-encoding": encoding,
            "headers": {"lang": "py", "task": task, "id": number, "root_id": number} if headers is None else headers,
            "properties": {
                "correlation_id": number,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": QUEUE},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": number,
            },
        }
    )


def call(*args: Any, named: Any = None, **further: Any) -> bytes:
    return json.dumps([list(args), named or {}, further]).encode()


def pickled(canary: Path) -> dict[str, str]:
    """A payload in each of the ways that Celery and kombu can be asked to take it apart."""
    body = pickle.dumps([[Payload(canary)], {}, {}])
    old = pickle.dumps({"task": names.WORK, "id": "x", "args": [Payload(canary)], "kwargs": {}})
    yaml = f"- [!!python/object/apply:os.mkdir ['{canary}']]\n- {{}}\n- {{}}\n".encode()
    pack = "application/x-python-serialize"
    headers = {"task": names.WORK, "id": "x", "compression": "application/x-gzip"}
    return {
        "as pickle": envelope(body, kind=pack, encoding="binary"),
        "as pickle, the old protocol": envelope(old, kind=pack, encoding="binary", headers={}),
        "as JSON": envelope(body),
        "as data": envelope(body, kind="application/data", encoding="binary"),  # this one ended a bare Celery worker
        "as nothing": envelope(body, kind="", encoding=""),
        "compressed": envelope(zlib.compress(body), kind=pack, encoding="binary", headers=headers),
        "as YAML": envelope(yaml, kind="application/x-yaml"),
        "as msgpack": envelope(b"\x93\x91\x01\x80\x80", kind="application/x-msgpack", encoding="binary"),
    }


def odd() -> dict[str, str]:
    """JSON, and no hint."""
    deep = b"[" * 100_000 + b"]" * 100_000
    chain = {"chain": [{"task": "os.system", "args": ["x"], "kwargs": {}, "options": {}, "subtask_type": None}]}
    return {
        "another task": envelope(call("id"), task="os.system"),
        "a task of Celery's own": envelope(call(1), task="celery.backend_cleanup"),
        "a text": envelope(call("1; DROP TABLE films")),
        "a huge number": envelope(call(10**40)),
        "no number": envelope(call(None)),
        "a truth": envelope(call(True)),
        "something nested": envelope(call({"a": [1]})),
        "two numbers": envelope(call(1, 2)),
        "a named one": envelope(call(1, named={"segment_id": 1})),
        "what is to come after": envelope(call(1, **chain)),
        "a body that is a number": envelope(b"5"),  # so did this one
        "a body that is nothing": envelope(b"null"),
        "an empty body": envelope(b""),
        "a time of its own": envelope(call(1), headers={"task": names.WORK, "id": "x", "timelimit": [9e9, "y"]}),
        "no number of its own": envelope(call(1), headers={"task": names.WORK}),
        "something deep": envelope(deep),
        "something deep, the old protocol": envelope(deep, headers={}),
        "fifty megabytes": envelope(b'"' + b"x" * 50_000_000 + b'"'),
    }


NO_MESSAGES = [
    envelope(call(1), headers=[1]),
    "garbage",
    "5",
    "{}",
    '{"body": "NQ==", "headers": {}, "properties": null}',
    "[" * 100_000,
]
"""What kombu cannot take off a list without breaking off."""


@dataclass
class Worker:
    process: subprocess.Popen[bytes]
    client: Redis
    settings: Settings
    log: Path

    def take(self, message: str) -> str:
        """Lay a message into the queue; what the worker says until it is gone."""
        start = self.log.stat().st_size
        self.client.lpush(QUEUE, message)
        deadline = time.monotonic() + 30
        while True:
            said = self.log.read_bytes()[start:].decode(errors="replace")
            if said.endswith("\n") and not self.client.llen(QUEUE) and not self.client.hlen("unacked"):
                return said
            assert self.process.poll() is None, said
            assert time.monotonic() < deadline, f"the message is still there: {said}"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def worker(
    postgres: LocalPostgres, redis_server: LocalRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """A real worker with one child, on a database of its own."""
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE messages TEMPLATE r2r_template")
    home = tmp_path_factory.mktemp("home")
    url = postgres.url("messages")
    with redis_server.client() as client:
        client.flushall()
        stack = Stack(url, redis_server.url(), str(home / "media"), home, local=False)
        log = home / "worker.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "r2r_workers", f"--queues={QUEUE}", "--processes=1"],
                env=os.environ | stack.environ(),
                stdout=out,
                stderr=out,
            )
        settings = Settings(home=home, database_url=url, broker_url=redis_server.url())
        app = broker.make_app(settings, redis_server.url())
        deadline = time.monotonic() + 60
        while not broker.served_queues(app):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the worker did not answer"
        yield Worker(process, client, settings, log)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        client.flushall()
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE messages WITH (FORCE)")


def test_what_is_pickled_is_refused_unread_and_the_next_hint_is_worked_on(worker: Worker, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickle.loads(pickle.dumps(Payload(canary)))  # noqa: S301  (its harm is an empty directory)
    assert canary.is_dir(), "the payload does nothing: the rest would prove nothing"
    canary.rmdir()

    for name, message in pickled(canary).items():
        said = worker.take(message)
        assert "refused" in said, (name, said)
        assert "Traceback" not in said, (name, said)
    assert not canary.exists()

    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 48), (200, 30, 30)).save(picture)
    assert worker.settings.database_url is not None
    extra = {
        "R2R_DATABASE_URL": worker.settings.database_url,
        "R2R_BROKER_URL": worker.settings.broker_url or "",
        "R2R_MEDIA": worker.settings.media_root,
    }
    assert Cli(worker.settings.home, extra).json("match", picture)["matches"] == []


def test_json_that_is_no_hint_is_refused_in_a_line_that_quotes_nothing_of_it(worker: Worker) -> None:
    before = psutil.Process(worker.process.pid).memory_info().rss

    for name, message in odd().items():
        said = worker.take(message)
        assert "refused" in said, (name, said)
        assert len(said) < 300, (name, said[:300])

    assert psutil.Process(worker.process.pid).memory_info().rss - before < 250 << 20


def test_what_is_no_message_at_all_costs_a_connection_and_not_the_worker(worker: Worker) -> None:
    for item in NO_MESSAGES:
        assert "no message" in worker.take(item), item

    app = broker.make_app(worker.settings, worker.settings.broker_url or "")
    deadline = time.monotonic() + 30
    while not broker.workers(app):  # it connects again
        assert worker.process.poll() is None
        assert time.monotonic() < deadline


def test_remote_control_runs_no_code_and_tells_no_password(worker: Worker) -> None:
    """`shutdown`, `revoke` and `add_consumer` are left to who holds Redis's password; running code is not."""
    app = broker.make_app(worker.settings, worker.settings.broker_url or "")

    def ask(command: str, **arguments: Any) -> Any:
        options = {"reply": True, "timeout": 10, "limit": 1}  # the first answer will do, however late
        (answer,) = app.control.broadcast(command, arguments=arguments, **options)
        return next(iter(answer.values()))

    assert "Pool restarts not enabled" in str(ask("pool_restart", modules=["antigravity"], reload=True))
    assert "KeyError" in str(ask("eval", code="1"))
    told = json.dumps([ask("conf"), ask("report")], default=str)
    assert worker.settings.database_url is not None
    assert worker.settings.database_url not in told
    assert worker.process.poll() is None
