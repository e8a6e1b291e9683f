"""A real worker that has nothing to do ends at once when it is told to, and takes its children with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from r2r_shared.settings import Settings


def test_an_idle_worker_ends_with_its_children_and_without_an_error(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    assert settings.database_url is not None
    assert settings.broker_url is not None
    env = {
        **os.environ,
        "R2R_HOME": str(settings.home),
        "R2R_DATABASE_URL": settings.database_url,
        "R2R_BROKER_URL": settings.broker_url,
    }
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-m", "r2r_workers", "--processes", "2"], stdout=out, stderr=out, env=env
        )
    try:
        deadline = time.monotonic() + 60
        while " ready." not in log.read_text(errors="replace"):
            assert worker.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, "the worker is not ready after 60 s"
            time.sleep(0.05)
        children = psutil.Process(worker.pid).children(recursive=True)
        assert len(children) >= 2

        worker.send_signal(signal.SIGTERM)

        assert worker.wait(timeout=30) == 0
        assert psutil.wait_procs(children, timeout=10)[1] == []
        assert "Cold shutdown" not in log.read_text(errors="replace")  # the long way out
    finally:
        worker.kill()
        worker.wait()
