"""Asking workers, each by its name: which queues it serves, and what it says of itself.

A worker's main process answers, at work or not.
"""
# Celery carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from r2r_shared import broker, broker_address
from r2r_shared.errors import Unavailable

if TYPE_CHECKING:
    from celery import Celery

FACTS = "r2r_facts"
"""The remote-control command that r2r_workers.facts answers."""
PROBE = re.compile("doctor-[0-9a-f]{32}")
"""A folder of the media store that an asker and those who answer put objects into."""
FACTS_WAIT_S = 8.0


def probe_key(probe: str, who: str) -> str:
    """Where in the probe's folder that one's object lies: names of workers may hold what keys may not."""
    return f"{probe}/{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def queues_by_worker(app: Celery, *, wait_s: float = 1.0) -> dict[str, set[str]]:
    """The workers that answer within `wait_s`, each with the queues that it serves.

    Raises:
        Unavailable: the broker does not answer.
    """
    answers = _ask(app, "active_queues", wait_s=wait_s)
    return {name: {str(queue["name"]) for queue in queues} for name, queues in answers.items()}


def facts(app: Celery, workers: list[str], **told: Any) -> dict[str, dict[str, Any]]:
    """What each of these workers says of itself; {"error": …} from one that does not know the question.

    Returns as soon as all have answered. One that does not within eight seconds is not in it.

    Raises:
        Unavailable: the broker does not answer.
    """
    return _ask(app, FACTS, wait_s=FACTS_WAIT_S, destination=workers, **told) if workers else {}


def _ask(
    app: Celery, command: str, *, wait_s: float, destination: list[str] | None = None, **told: Any
) -> dict[str, Any]:
    limit = len(destination) if destination else None
    try:
        replies: Any = app.control.broadcast(
            command, arguments=told, destination=destination, reply=True, timeout=wait_s, limit=limit
        )
    except broker.connection_errors() as exc:
        raise Unavailable(
            f"Redis at {broker_address.describe(str(app.conf.broker_url))} stopped answering: {type(exc).__name__}",
            "try again; `r2r doctor` checks every part",
        ) from exc
    return {name: answer for reply in replies or [] for name, answer in reply.items()}
