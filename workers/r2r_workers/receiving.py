"""What a worker takes from Redis: the one task with the number of a segment, and nothing else.

Celery itself unpickles nothing here (`accept_content` is JSON alone), but a body that it did not foresee raises in its
main loop: the worker ends, puts the message back as it goes, and so does the next one. So each message is looked at
before Celery looks, and one that is no hint of ours is refused and gone. The rows say what is to be done; the sweep
sends what was lost.

Who holds Redis's password can still stop a worker (Celery's remote control), fill its queue or its memory, or break
off its connection: that password is the operator's. What nobody can do through Redis is run code of theirs.
"""
# Celery and kombu carry no types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer

from r2r_shared import names

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 4096
"""A hint's body is 90 bytes."""
_LARGEST_ID = (1 << 63) - 1
_BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What Celery and kombu raise on what they did not foresee; a lost connection or an order to stop is no such thing."""


class HintsOnly(Consumer):
    """Celery's consumer, behind a door."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        turn: Callable[..., None] = self.loop

        def until_broken(*parts: Any) -> None:
            try:
                turn(*parts)
            except _BROKEN as error:
                # kombu chokes on what is no message at all, and has taken it off by then: connect again and go on.
                log.error("what is no message lay in a queue: %s", type(error).__name__)
                raise ConnectionResetError from None

        self.loop = until_broken

    def create_task_handler(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, *args: Any, **options: Any
    ) -> Callable[[Any], None]:
        receive: Callable[[Any], None] = super().create_task_handler(*args, **options)

        def received(message: Any) -> None:
            why = refusal(message)
            if not why:
                try:
                    receive(message)
                except _BROKEN as error:
                    why = f"Celery cannot take it ({type(error).__name__})"
            if why:
                log.error("a message is refused: %s", why)
                if not message.acknowledged:
                    message.reject_log_error(log, self.connection_errors)

        return received


def refusal(message: Any) -> str:  # noqa: PLR0911  (one reason a line)
    """Why a message is none of ours, in words of our own: nothing of it is quoted; empty where it is one."""
    headers, body = message.headers, message.body
    if not isinstance(headers, dict) or headers.get("task") != names.WORK:
        return "it asks for a task that there is not"
    if not isinstance(headers.get("id"), str):
        return "it has no number of its own"
    if message.content_type != "application/json":
        return "it is not JSON"
    if not isinstance(body, (str, bytes)) or len(body) > MAX_BODY_BYTES:
        return "it is too large"
    if any(headers.get(name) for name in ("eta", "expires", "compression")) or any(headers.get("timelimit") or ()):
        return "it has a time or a packing of its own"
    try:
        payload: Any = message.payload
    except Exception:  # noqa: BLE001  (what a stranger wrote may raise anything)
        return "it cannot be read"
    match payload:
        case [[int() as segment_id], {**named}, {**further}] if not named and not any(further.values()):
            # True is an int, too.
            return "" if segment_id is not True and 0 < segment_id <= _LARGEST_ID else "it names no segment"
    return "it is not the number of a segment"
