"""Celery as the project uses it: one task, sent by name, at least once, never trusted with the truth.

A message is a hint to look at a segment row. Celery is imported only when an app is made.
"""
# Celery and kombu carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from r2r_shared import names
from r2r_shared.errors import Unavailable, UserError

if TYPE_CHECKING:
    from celery import Celery

    from r2r_shared.queries.segments import Message
    from r2r_shared.settings import Settings

_MOST_URGENT = 9
_SCHEMES = ("redis", "rediss", "redis+socket", "sentinel")
_SOCKET_TIMEOUT_S = 3
# One repetition, at once: a pooled connection may be older than the server. What is lost, the sweep sends again.
_RETRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
_HINT = "start it, or set R2R_BROKER_URL to one that runs; `r2r doctor` checks every part"


def make_app(settings: Settings, broker_url: str) -> Celery:
    """The Celery app of a producer or a worker. Connects to nothing yet."""
    from celery import Celery
    from kombu import Exchange, Queue

    app = Celery("r2r", broker=broker_url, set_as_current=False)
    app.conf.update(
        # What a worker serves unless it is told otherwise: all of them.
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in names.QUEUES],
        task_default_queue=names.CONTROL,
        task_default_exchange=names.CONTROL,
        task_default_routing_key=names.CONTROL,
        # Only text goes over the wire: nothing is unpickled, in either direction.
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # A message is acknowledged when its segment is through, and no worker holds more than it works on.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # The child is killed past the limit; kombu must not hand the message to a second one before that.
        task_time_limit=settings.task_limit_s,
        broker_transport_options={
            "visibility_timeout": 2 * settings.task_limit_s + 60,
            **_socket_options(),
        },
        # CUDA does not survive fork. A child imports torch first: that takes longer than Celery's 4 s.
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=120.0,
        # SIGTERM: finish what is at hand within this time, else give it back.
        worker_soft_shutdown_timeout=45.0,
        # A dropped connection is no reason to drop an hour of decoding: the lease tells who may finish.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_hijack_root_logger=False,
    )
    return app


def send(app: Celery, segment_id: int, queue: str, *, priority: int = 0) -> None:
    """Send one hint: look at this segment.

    Args:
        priority: 0 to 9, the most urgent.

    Raises:
        Unavailable: the broker does not answer, known within about ten seconds.
    """
    _send(app, [(segment_id, queue, priority)])


def send_all(app: Celery, messages: Iterable[Message]) -> None:
    """Send hints over one connection, each to the queue of its kind.

    Raises:
        Unavailable: the broker does not answer; some may have been sent.
    """
    _send(app, [(message.segment_id, names.QUEUE_OF[message.kind], message.priority) for message in messages])


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

    if not _well_formed(broker_url):
        raise UserError("the broker's address is not that of a Redis", "write it as redis://:password@host:6379/0")
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
    try:
        answers: list[dict[str, Any]] = app.control.ping(timeout=wait_s) or []
    except connection_errors() as exc:
        raise _unavailable(str(app.conf.broker_url), exc) from exc
    return sorted(name for answer in answers for name in answer)


def served_queues(app: Celery, *, wait_s: float = 1.0) -> set[str]:
    """The queues of the workers that answer within `wait_s`: a busy worker's main process does.

    Raises:
        Unavailable: the broker does not answer.
    """
    try:
        answers: dict[str, list[dict[str, Any]]] = app.control.inspect(timeout=wait_s).active_queues() or {}
    except connection_errors() as exc:
        raise _unavailable(str(app.conf.broker_url), exc) from exc
    return {str(queue["name"]) for queues in answers.values() for queue in queues}


def connection_errors() -> tuple[type[Exception], ...]:
    """What kombu and redis-py raise when the broker does not answer or will not let us in."""
    from kombu.exceptions import KombuError
    from redis.exceptions import RedisError

    return (KombuError, RedisError, OSError)


def describe(broker_url: str) -> str:
    """A broker's address without its password."""
    from kombu.utils.url import maybe_sanitize_url

    return str(maybe_sanitize_url(broker_url))


def _send(app: Celery, hints: list[tuple[int, str, int]]) -> None:
    if not hints:
        return
    try:
        with app.producer_or_acquire() as producer:
            for segment_id, queue, priority in hints:
                app.send_task(
                    names.WORK,
                    args=[segment_id],
                    queue=queue,
                    priority=_MOST_URGENT - priority,  # a job's priority grows with its urgency, kombu's falls
                    producer=producer,
                    retry=True,
                    retry_policy=_RETRY,
                )
    except connection_errors() as exc:
        raise _unavailable(str(app.conf.broker_url), exc) from exc


def _well_formed(broker_url: str) -> bool:
    try:
        return urlsplit(broker_url).scheme in _SCHEMES and urlsplit(broker_url).port != 0
    except ValueError:  # a port that is no number
        return False


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
    return Unavailable(f"Redis at {describe(broker_url)} does not answer: {reason}", _HINT)
