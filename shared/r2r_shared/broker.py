"""Celery as the project uses it: one task, sent by name, at least once, never trusted with the truth.

A message is a hint to look at a segment row. Training has a Redis database, and so an app, of its own: Redis hands a
message out again that was not acknowledged within the shortest visibility timeout of all who use the database, and what
is long enough for a training of days would leave a lost film lying for days. Celery is imported when an app is made.
"""
# Celery and kombu carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from r2r_shared import broker_address, names
from r2r_shared.errors import Unavailable

if TYPE_CHECKING:
    from celery import Celery

    from r2r_shared.queries.segments import Message
    from r2r_shared.settings import Settings

_SOCKET_TIMEOUT_S = 3
# One repetition, at once: a pooled connection may be older than the server. What is lost, the sweep sends again.
_RETRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
_HINT = "start it, or set R2R_BROKER_URL to one that runs; `r2r doctor` checks every part"


def make_app(settings: Settings, broker_url: str, *, training: bool = False) -> Celery:
    """The Celery app of a producer or a worker. Connects to nothing yet.

    Args:
        broker_url: of the films' Redis database; with `training` the app is that of the database beside it.

    Raises:
        UserError: the address is not that of a Redis.
    """
    from celery import Celery
    from kombu import Exchange, Queue

    broker_address.check(broker_url)
    if training:
        broker_url = broker_address.of_training(broker_url, named=settings.train_broker_url)
    limit_s = settings.train_limit_s if training else settings.task_limit_s
    queues = [name for name in names.QUEUES if (name == names.TRAIN) == training]
    app = Celery("r2r", broker=broker_url, set_as_current=False)
    app.conf.update(
        # What a worker serves unless it is told otherwise: all of them.
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in queues],
        task_default_queue=queues[0],
        task_default_exchange=queues[0],
        task_default_routing_key=queues[0],
        # Only text goes over the wire: nothing is unpickled, in either direction.
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # A message is acknowledged when its segment is through, and no worker holds more than it works on.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # The child is killed past the limit; kombu must not hand the message to a second one before that.
        task_time_limit=limit_s,
        broker_transport_options={
            "visibility_timeout": 2 * limit_s + 60,
            **_socket_options(),
        },
        # CUDA does not survive fork. A child imports torch first: that takes longer than Celery's 4 s.
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=120.0,
        # SIGTERM: finish what is at hand within this time, else give it back; r2r_workers.leaving sees to it.
        worker_soft_shutdown_timeout=45.0,
        # A dropped connection is no reason to drop an hour of decoding: the lease tells who may finish.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_hijack_root_logger=False,
    )
    return app


class Post:
    """Sends hints, and counts those that wait: each queue by the Redis database that it lies in."""

    def __init__(self, settings: Settings, broker_url: str) -> None:
        self._settings = settings
        self._broker_url = broker_url
        self._apps: dict[bool, Celery] = {}

    def app_of(self, queue: str) -> Celery:
        """The app that serves a queue."""
        training = queue == names.TRAIN
        if training not in self._apps:
            self._apps[training] = make_app(self._settings, self._broker_url, training=training)
        return self._apps[training]

    def send(self, messages: Iterable[Message]) -> None:
        """Send hints over one connection, each to its queue.

        Raises:
            Unavailable: the broker does not answer, known within about ten seconds; some may have been sent.
        """
        for message in messages:
            app = self.app_of(message.queue)
            with _translated(app), app.producer_or_acquire() as producer:
                app.send_task(
                    names.WORK,
                    args=[message.segment_id],
                    queue=message.queue,
                    producer=producer,
                    retry=True,
                    retry_policy=_RETRY,
                )

    def depth(self, queue: str) -> int:
        """How many messages wait in a queue, those aside that workers hold.

        Raises:
            Unavailable: the broker does not answer.
        """
        from kombu.exceptions import ChannelError

        app = self.app_of(queue)
        with _translated(app), app.pool.acquire(block=True, timeout=_SOCKET_TIMEOUT_S) as connection:
            try:
                found: Any = connection.default_channel.queue_declare(queue, passive=True)
            except ChannelError:  # Redis has no key for an empty list
                return 0
            return int(found.message_count)


@contextmanager
def _translated(app: Celery) -> Generator[None]:
    try:
        yield
    except connection_errors() as exc:
        raise _unavailable(str(app.conf.broker_url), exc) from exc


def check(broker_url: str) -> str:
    """Ask the broker for its version.

    Raises:
        Unavailable: it does not answer.
    """
    return str(info(broker_url)["redis_version"])


def info(broker_url: str) -> dict[str, Any]:
    """What Redis says of itself (its INFO command), by whatever address Celery takes.

    Raises:
        UserError: the address is not that of a Redis.
        Unavailable: it does not answer.
    """
    from kombu import Connection

    broker_address.check(broker_url)
    options = _socket_options()
    try:
        with Connection(broker_url, transport_options=options, connect_timeout=_SOCKET_TIMEOUT_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=4)
            return dict(connection.default_channel.client.info())
    except connection_errors() as exc:
        raise _unavailable(broker_url, exc) from exc


def workers(app: Celery, *, wait_s: float = 1.0) -> list[str]:
    """The names of the workers that answer within `wait_s`.

    Raises:
        Unavailable: the broker does not answer.
    """
    with _translated(app):
        answers: list[dict[str, Any]] = app.control.ping(timeout=wait_s) or []
    return sorted(name for answer in answers for name in answer)


def served_queues(app: Celery, *, wait_s: float = 1.0) -> set[str]:
    """The queues of the workers that answer within `wait_s`: a busy worker's main process does.

    Raises:
        Unavailable: the broker does not answer.
    """
    with _translated(app):
        answers: dict[str, list[dict[str, Any]]] = app.control.inspect(timeout=wait_s).active_queues() or {}
    return {str(queue["name"]) for queues in answers.values() for queue in queues}


def connection_errors() -> tuple[type[Exception], ...]:
    """What kombu and redis-py raise when the broker does not answer or will not let us in."""
    from kombu.exceptions import KombuError
    from redis.exceptions import RedisError

    return (KombuError, RedisError, OSError)


def _socket_options() -> dict[str, Any]:
    """Notice a server that went away without a word, instead of waiting for ever."""
    return {
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "socket_connect_timeout": _SOCKET_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def _unavailable(broker_url: str, exc: Exception) -> Unavailable:
    reason = (str(exc).strip().splitlines() or [type(exc).__name__])[0]
    return Unavailable(f"Redis at {broker_address.describe(broker_url)} does not answer: {reason}", _HINT)
