"""Memory runs out in a worker's child: it says so and goes on, by whatever name the shortage came."""

from __future__ import annotations

import subprocess
import sys

import pytest

from r2r_shared import db
from r2r_shared.queries import job_parts, jobs, segments, setbacks
from r2r_workers.tasks.work import _out_of_memory
from tests import synthetic

SHORT_OF_MEMORY = """
import os, resource, signal, sys
import psutil
from r2r_shared.records import Lease
from r2r_workers import heartbeat
held = Lease(1, 1, "film", 1, 1, 1, None, 1, 0, 1, (), {})
heartbeat.START_S = 2.0
ends = []
for spare in range(0, 20 << 20, 512 << 10):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        size = psutil.Process().memory_info().vms + spare
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        try:
            with heartbeat.Heartbeat(held, lease_s=600):
                pass
        except (MemoryError, RuntimeError):
            os._exit(1)
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(ends)
sys.exit(0 if set(ends) == {0, 1} else 1)
"""


def test_a_heartbeat_that_cannot_begin_for_want_of_memory_says_so() -> None:
    """threading.Thread.start() waits for ever where the new thread dies before it has said that it lives."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SHORT_OF_MEMORY],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )

    assert done.returncode == 0, f"exit codes, 0: it beats, 1: it says so, -14: it hung: {done.stdout}{done.stderr}"


def test_what_torch_says_of_memory_is_told_from_a_mistake() -> None:
    import torch

    with pytest.raises(RuntimeError) as shortage:
        torch.empty(1 << 58, dtype=torch.uint8)

    assert _out_of_memory(shortage.value)
    assert _out_of_memory(MemoryError())
    assert not _out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_a_segment_that_ran_out_of_memory_waits_before_it_is_tried_again(conn: db.Connection) -> None:
    profile = synthetic.add_profile(conn)
    job = jobs.create(conn, kind="match", profile_id=profile)
    segments.add_spans(conn, job, [(0, 100)])
    conn.commit()
    held = segments.lease(conn, job_parts.listed(conn, job)[0].id, worker="a")
    assert held is not None

    setbacks.hand_back(conn, held, setbacks.Failure("memory", "memory ran out"), max_attempts=3)

    assert segments.lease(conn, held.id, worker="a") is None
    waits = conn.execute(
        "SELECT state, attempt, extract(epoch FROM not_before - now())::int FROM segments WHERE id = %s", (held.id,)
    ).fetchone()
    assert waits == ("queued", 1, setbacks.MEMORY_PAUSE_S)
    conn.execute("UPDATE segments SET not_before = now() WHERE id = %s", (held.id,))
    again = segments.lease(conn, held.id, worker="b")
    assert again is not None
    setbacks.hand_back(conn, again, setbacks.Failure("bug", "a mistake"), max_attempts=3)
    assert segments.lease(conn, held.id, worker="b") is not None, "a mistake of ours waits for nothing"
