"""`r2r` as a process: what the acceptance tests run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Cli:
    """`r2r` in one home."""

    home: Path
    extra: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def env(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("R2R_")}
        return clean | {"R2R_HOME": str(self.home), "COLUMNS": "200"} | self.extra

    def start(self, *args: object) -> subprocess.Popen[str]:
        """A command that runs on, in a process group of its own, so that Ctrl-C can be sent to it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "r2r_cli.main", *map(str, args)],
            env=self.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """Kill what a test that failed has left running."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def run(self, *args: object, code: int = 0, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, which must be with that exit code."""
        process = self.start(*args)
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"r2r {args} did not end in {timeout_s} s:\n{out}\n{err}")
        assert process.returncode == code, f"r2r {args} ended with {process.returncode}:\n{out}\n{err}"
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def json(self, *args: object, code: int = 0) -> Any:
        """Run a command with --json and read what it prints: exactly one document."""
        return json.loads(self.run(*args, "--json", code=code).stdout)
