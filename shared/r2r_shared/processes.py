"""Small facts about processes and their files that the local servers and workers need."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LOG_BYTES = 8_000_000

MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
"""For the environment of what handles pictures. glibc raises the size from which a block is given back when it is
freed to that of the largest one freed so far; a decoder then held 575 MB of an hour of film where it needs 385."""


def cores() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def process_name(pid: int) -> str | None:
    """The name of a living process; None where there is none or it is a zombie."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        name, _, rest = stat.partition("(")[2].rpartition(")")
        return None if rest.split()[0] in "ZX" else name
    done = subprocess.run(["ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, command = done.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else Path(command.strip()).name


def rotate(log: Path, *, max_bytes: int = LOG_BYTES) -> None:
    """Keep a log bounded: past `max_bytes` it becomes `.1`, whose predecessor goes."""
    if log.exists() and log.stat().st_size > max_bytes:
        log.replace(log.with_name(log.name + ".1"))


def private_directory(path: Path) -> Path:
    """Make `path` where it is missing, and readable by its owner alone. Returns it.

    For directories of ours alone: one that was there before is shut to everyone else.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path
