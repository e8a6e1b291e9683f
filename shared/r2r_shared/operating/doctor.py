"""Look at every part of an installation: what is well, what is not, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from uuid import uuid4

from r2r_shared import broker, broker_address, db, migrate, names
from r2r_shared.errors import UserError
from r2r_shared.local.stack import open_stack
from r2r_shared.operating import asking
from r2r_shared.operating.checks import Check, Verdict, look
from r2r_shared.operating.doctor_remote import START
from r2r_shared.settings import Settings, unknown
from r2r_shared.storage.media_store import MediaStore

WORKER_LIMIT_S = 180  # torch's first import from a cold disk takes most of a minute
_LITTLE_BYTES, _TOO_LITTLE_BYTES = 5 << 30, 500 << 20
_IDLE = {
    names.CONTROL: "films are never matched, nor ranges taken",
    names.VIDEO: "films are never analysed",
    names.PAINTINGS: "paintings are never measured",
}
"""What it means that nobody serves a queue. `train` has no task yet."""


def examine_environment() -> Iterator[Check]:
    """As `examine`, with the settings of the environment; where they are wrong, that is what is not well."""
    yield from _variables(os.environ)
    try:
        settings = Settings.from_env()
    except UserError as error:
        yield _python()
        yield _packages()
        yield Check("settings", "fail", error.message, error.hint)
        return
    yield from examine(settings)


def examine(settings: Settings) -> Iterator[Check]:
    """Every part in turn. The local servers are started for it and stopped after it, unless they are in use."""
    yield _python()
    yield _packages()
    with ExitStack() as servers:
        if settings.database_url is not None and settings.broker_url is not None:
            yield from _servers(settings.database_url, settings.broker_url)
            yield from _workers(settings, settings.broker_url)
        else:
            try:
                settings.make_home()
                stack = servers.enter_context(open_stack(settings))
            except UserError as error:
                yield Check("local servers", "fail", error.message, error.hint)
            else:
                yield Check("local servers", "ok", f"in {settings.home}, unix sockets only")
                yield from _servers(stack.database_url, stack.broker_url)
    yield look("media store", lambda: _media(settings))
    yield look("disk", lambda: _disk(settings))
    yield from _worker_parts(settings)


def _variables(environ: Mapping[str, str]) -> Iterator[Check]:
    """Variables that are not ours though they look like it: a misspelt one has no effect, and nothing says so."""
    for name, nearest in unknown(environ).items():
        meant = f"did you mean {nearest}?" if nearest else "README lists all that there are; unset this one"
        yield Check("settings", "warn", f"nobody reads {name}", meant)


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}, {sys.executable}")


def _packages() -> Check:
    """What the base install asks for, and whether it is there in the version it is to be."""
    wrong: list[str] = []
    asked = [line for line in importlib.metadata.requires("reel-to-real") or [] if "extra ==" not in line]
    for name, bound in _bounds(asked):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if _numbers(found) < _numbers(bound):
            wrong.append(f"{name} {found} is older than {bound}")
    version = importlib.metadata.version("reel-to-real")
    if wrong:
        return Check("packages", "fail", "; ".join(wrong), "pip install --upgrade reel-to-real")
    return Check("packages", "ok", f"reel-to-real {version} and the {len(asked)} packages it asks for")


def _servers(database_url: str, broker_url: str) -> Iterator[Check]:
    yield look("postgres", lambda: _postgres(database_url))
    yield look("pgvector", lambda: _pgvector(database_url))
    yield look("migrations", lambda: _migrations(database_url))
    yield look("redis", lambda: _redis(broker_url))


def _postgres(url: str) -> Check:
    with db.connect(url) as conn, db.translated():
        row = conn.execute(
            "SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))"
        )
        version, size = row.fetchone() or ("?", "?")
    return Check("postgres", "ok", f"{version} at {db.describe(url)}, {size}")


def _pgvector(url: str) -> Check:
    with db.connect(url) as conn, db.translated():
        version = migrate.require_pgvector(conn)
    return Check("pgvector", "ok", ".".join(map(str, version)))


def _migrations(url: str) -> Check:
    if waiting := migrate.pending(url):
        return Check("migrations", "fail", f"waiting: {', '.join(waiting)}", "r2r db migrate")
    return Check("migrations", "ok", f"at {migrate.current(url)}, none waiting")


def _redis(url: str) -> Check:
    said = broker.info(url)
    policy, limit = said.get("maxmemory_policy", "?"), int(said.get("maxmemory", 0))
    detail = f"{said['redis_version']} at {broker_address.describe(url)}, {policy}"
    if policy == "noeviction":
        return Check("redis", "ok", detail)
    remedy = "set maxmemory-policy noeviction: a message that Redis throws away is found again only by the sweep"
    return Check("redis", "warn" if limit == 0 else "fail", detail, remedy)


def _workers(settings: Settings, broker_url: str) -> Iterator[Check]:
    """The workers of a cluster that answer within a second, and the queues that none of them serves."""
    try:
        broker.check(broker_url)  # known at once; asking workers through a broker that is away takes six seconds
        found = asking.queues_by_worker(broker.make_app(settings, broker_url))
    except UserError as error:
        yield Check("workers", "fail", error.message, error.hint)
        return
    if found:
        some = f"{', '.join(sorted(found)[:4])}{', …' if len(found) > 4 else ''}"
        yield Check("workers", "ok", f"{len(found)} answer: {some}")
    else:
        yield Check("workers", "warn", "none answers", START)
    served = {queue for queues in found.values() for queue in queues}
    for queue, meaning in _IDLE.items():
        if queue not in served:
            yield Check(f"queue {queue}", "fail", f"no worker serves it: {meaning}", START)


def _media(settings: Settings) -> Check:
    store, folder = MediaStore(settings.media_root), f"doctor-{uuid4().hex}"
    try:
        store.put(f"{folder}/probe", b"r2r")
        if store.get(f"{folder}/probe") != b"r2r":
            return Check("media store", "fail", f"{store.url} gives back other bytes", "check that file system")
    finally:
        store.delete_prefix(folder)
    return Check("media store", "ok", f"{store.url}, written and read")


def _disk(settings: Settings) -> Check:
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    verdict: Verdict = "fail" if free < _TOO_LITTLE_BYTES else "warn" if free < _LITTLE_BYTES else "ok"
    remedy = "" if verdict == "ok" else "make room, or set R2R_HOME to another disk: a feature film needs about 200 MB"
    return Check("disk", verdict, f"{free / (1 << 30):.1f} GB free under {settings.home}", remedy)


def _worker_parts(settings: Settings) -> Iterator[Check]:
    """What only the worker package may import, asked in a process of its own: decoders crash and hang.

    Against a cluster this machine may do without: what is missing is then a warning.
    """
    command = [sys.executable, "-m", "r2r_workers.doctor", "--device", settings.device]
    if settings.profile is not None:
        command += ["--profile", settings.profile]
    trouble = ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WORKER_LIMIT_S)
        said = done.stdout
        if done.returncode != 0:
            trouble = _death(done.returncode, done.stderr)
    except subprocess.TimeoutExpired as late:
        said = late.stdout.decode() if isinstance(late.stdout, bytes) else (late.stdout or "")
        trouble = f"no answer within {WORKER_LIMIT_S} s"
    for line in said.splitlines():
        if line.startswith("{"):
            yield _softened(Check(**json.loads(line)), settings)
    if trouble:
        check = Check("worker", "fail", trouble, "run python -m r2r_workers.doctor and look at what it says last")
        yield _softened(check, settings)


def _softened(check: Check, settings: Settings) -> Check:
    if settings.local or check.verdict != "fail":
        return check
    return replace(check, verdict="warn", detail=f"{check.detail} (matters where workers run)")


def _death(code: int, stderr: str) -> str:
    last = next((line for line in reversed(stderr.splitlines()) if line.strip()), "it said nothing")
    how = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return f"the check of the worker's parts {how}: {last.strip()}"


def _bounds(requirements: list[str]) -> Iterator[tuple[str, str]]:
    """("celery", "5.7") for "celery>=5.7", ("psycopg", "3.2") for "psycopg[binary,pool]>=3.2"."""
    for line in requirements:
        if match := re.match(r"([\w.-]+)(?:\[[^\]]*\])?\s*>=\s*([\d.]+)", line):
            yield match[1], match[2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
