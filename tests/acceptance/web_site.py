"""`r2r serve` as a process."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.cli import Cli


@contextmanager
def serving(cli: Cli, *args: object, films: Path | None = None) -> Iterator[str]:
    """A site for the length of the `with`; gives its address. It has to end with Ctrl-C, and in order."""
    folder = [] if films is None else ["--films", films]
    process = cli.start("serve", "--port", 0, *folder, *args)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("http"):
        out, err = process.communicate(timeout=30)
        pytest.fail(f"r2r serve did not start:\n{line}{out}\n{err}")
    try:
        yield line.split()[0].rstrip("/")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
    assert process.returncode == 0, f"{out}\n{err}"
    assert "Traceback" not in err, err
