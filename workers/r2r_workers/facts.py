"""What a worker says of itself when `r2r doctor --remote` asks: what it is, what it sees, what it would compute with.

The main process answers, between two messages and within seconds, so it asks nothing of PyTorch: the build is read
from a file, the GPUs from the driver's tool. Of what it was told in confidence it says nothing; and of what the message
names, it touches a probe's folder in the media store alone.
"""
# Celery carries no types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from celery.worker.control import Panel

from r2r_shared import __version__, db
from r2r_shared.errors import UserError
from r2r_shared.operating import logs
from r2r_shared.operating.asking import FACTS, PROBE, probe_key
from r2r_shared.queries import models, profiles
from r2r_shared.settings import Settings
from r2r_workers import gpus, runtime
from r2r_workers.models import registry

LIMIT_S = 4.0
"""What has not been found out by then is said to be so: a store that hangs must not hold the worker up."""


def install() -> None:
    """Let this process answer. Celery asks its panel by name."""
    Panel.register(name=FACTS, type="inspect", help="What this worker is, sees and would compute with.")(_answer)


def _answer(state: Any, probe: str = "", profile_id: int | None = None, **_: Any) -> dict[str, Any]:
    consumer = state.consumer
    queues = [queue.name for queue in consumer.task_consumer.queues] if consumer.task_consumer else []
    told = gather(runtime.settings(), worker=state.hostname, probe=probe, profile_id=profile_id)
    return told | {"queues": sorted(queues), "processes": consumer.pool.num_processes}


def gather(settings: Settings, *, worker: str, probe: str, profile_id: int | None) -> dict[str, Any]:
    """Everything, each part on its own: one that fails or hangs is {"error": why}.

    Args:
        worker: this one's name.
        probe: the folder in the media store that the asker has put an object into; empty: the store is not tried.
        profile_id: the profile whose models the asker would have work done with; None: there is none yet.
    """
    parts: dict[str, Callable[[], Any]] = {
        "device": lambda: device(settings),
        "clock": lambda: _clock(settings),
        "profile": lambda: _profile(profile_id),
        "media": lambda: _media(settings, worker, probe),
        "film_roots": lambda: {name: path.is_dir() for name, path in sorted(settings.film_roots.items())},
        "scratch": lambda: _scratch(settings),
    }
    found: dict[str, Any] = {}

    def look(name: str, part: Callable[[], Any]) -> None:
        try:
            with db.translated():
                found[name] = part()
        except UserError as error:
            found[name] = {"error": logs.clean(error.message)}
        except Exception as error:  # noqa: BLE001  (whatever it is: the asker wants to know)
            found[name] = {"error": logs.clean(f"{type(error).__name__}: {error}")[:300]}

    threads = [threading.Thread(target=look, args=part, daemon=True) for part in parts.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + LIMIT_S
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    late = {"error": f"no answer within {LIMIT_S:.0f} s"}
    return {
        "version": __version__,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "lease_s": settings.lease_s,
        "max_attempts": settings.max_attempts,
        **{name: found.get(name, late) for name in parts},
    }


def device(settings: Settings) -> dict[str, Any]:
    """What models will run on, without loading PyTorch: its build, and the GPUs that the driver shows.

    Returns:
        wanted (R2R_DEVICE), kind ("cuda" or "cpu"), gpus (their names), torch (its version, None: not installed).
    """
    torch, cuda = _torch_build()
    names = _gpu_names() if cuda and settings.device != "cpu" else []
    return {"wanted": settings.device, "kind": "cuda" if names else "cpu", "gpus": names, "torch": torch}


@cache
def _torch_build() -> tuple[str | None, bool]:
    """PyTorch's version and whether it was built for CUDA, from its version.py."""
    found = importlib.util.find_spec("torch")  # looks for it, does not import it
    if found is None or found.origin is None:
        return None, False
    text = Path(found.origin).with_name("version.py").read_text()
    version = re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE)
    return version[1] if version else "?", re.search(r"^cuda\b.*= '", text, re.MULTILINE) is not None


@cache
def _gpu_names() -> list[str]:
    """Of the GPUs that this worker may use."""
    usable = gpus.visible(os.environ)
    if not usable:
        return []
    try:
        said = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=False, timeout=LIMIT_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    names = said.stdout.splitlines() if said.returncode == 0 else []
    chosen = [names[int(one)] for one in usable if one.isdecimal() and int(one) < len(names)]
    return chosen or names[: len(usable)]  # some are named by UUID


def _clock(settings: Settings) -> dict[str, Any]:
    """How far this machine's clock is ahead of the database's, seconds; where that database is."""
    assert settings.database_url is not None
    with runtime.connection(autocommit=True) as conn:
        before = time.time()
        row = conn.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
        after = time.time()
    assert row is not None
    return {"ahead_s": round((before + after) / 2 - row[0], 3), "database": db.describe(settings.database_url)}


def _profile(profile_id: int | None) -> dict[str, Any] | None:
    """What this machine has under the profile's name."""
    if profile_id is None:
        return None
    with runtime.connection(autocommit=True) as conn:
        profile = profiles.get(conn, profile_id)
        model = models.of_profile(conn, profile_id)
    # A model of someone's own is fetched from the media store by its digest: it cannot be another one here.
    told = registry.describe(profile.name) if model is None else asdict(profile) | {"missing": []}
    wanted = ("name", "encoder", "encoder_digest", "depth", "depth_digest", "metrics_version", "missing")
    return {key: told[key] for key in wanted}


def _media(settings: Settings, worker: str, probe: str) -> dict[str, Any]:
    """Whether the asker's object is there, and an object of ours for the asker to find."""
    told = {"url": logs.clean(settings.media_root), "read": False}
    if not PROBE.fullmatch(probe):
        return told
    store = runtime.store()
    try:
        told["read"] = store.get(probe_key(probe, "asker")) == probe.encode()
    except FileNotFoundError:
        return told  # another store than the asker's: nobody would clear up what is put there
    store.put(probe_key(probe, worker), probe.encode())
    return told


def _scratch(settings: Settings) -> dict[str, Any]:
    place = settings.scratch_root
    there = next(path for path in (place, *place.parents) if path.exists())
    return {"path": str(place), "free_bytes": shutil.disk_usage(there).free}
