"""Settings: frozen, read from the environment by a function, nothing at import."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from r2r_shared.errors import UserError
from r2r_shared.processes import private_directory

VARIABLES = frozenset(
    f"R2R_{name}"
    for name in (
        *("HOME", "DATABASE_URL", "BROKER_URL", "TRAIN_BROKER_URL", "MEDIA", "FILM_ROOTS", "SCRATCH", "SCRATCH_GB"),
        *("PROFILE", "DEVICE", "DECODE_THREADS", "WORKERS", "SEGMENT_SECONDS", "LEASE_SECONDS", "MAX_ATTEMPTS"),
        *("STALL_SECONDS", "TASK_LIMIT_SECONDS", "TRAIN_LIMIT_SECONDS", "TOP_K", "LOG"),
        *("WEB_TOKEN", "UPLOAD_MB"),  # of `r2r serve`
        *("DEBUG", "VERSION"),  # the command line's, and the Compose file's
    )
)
"""Every variable of ours."""

_OF_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_.+)?)$")
"""What every container is told of a service whose name begins with r2r."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a command or a worker can be told.

    Attributes:
        home: where the local stack lives (`R2R_HOME`).
        database_url: a Postgres to use instead of the local one (`R2R_DATABASE_URL`).
        broker_url: a Redis to use instead of the local one (`R2R_BROKER_URL`).
        train_broker_url: the Redis database of the queue `train` (`R2R_TRAIN_BROKER_URL`; by default the one after
            `broker_url`'s). Training runs for days, and what Redis hands out a second time after days would hold up
            films: the shortest such time on one database holds for all of it, so training has a database of its own.
        media_url: where keyframes and paintings are kept: an absolute directory or `s3://bucket/prefix`
            (`R2R_MEDIA`).
        film_roots: names for directories that machines mount at different places, name → directory here
            (`R2R_FILM_ROOTS`, such as `archive=/mnt/films,nas=/srv/nas`).
        scratch: where films that lie in a bucket are copied to while they are read (`R2R_SCRATCH`; by default under
            `home`).
        scratch_bytes: how much of them is kept there at most (`R2R_SCRATCH_GB`).
        profile: the profile to use instead of the active one (`R2R_PROFILE`).
        device: `auto`, `cpu` or `cuda` (`R2R_DEVICE`).
        decode_threads: threads of one decoder (`R2R_DECODE_THREADS`; by default one per core, at most 8).
        workers: children of a worker (`R2R_WORKERS`); None: one for each GPU, else `workers_by_cores`.
        segment_s: length of a segment of film, seconds (`R2R_SEGMENT_SECONDS`).
        lease_s: a segment whose worker has been silent this long is given to another (`R2R_LEASE_SECONDS`).
        max_attempts: how often a segment is tried before its job fails (`R2R_MAX_ATTEMPTS`).
        stall_s: a decoder that yields no frame this long is killed (`R2R_STALL_SECONDS`).
        task_limit_s: hard limit on one segment's work (`R2R_TASK_LIMIT_SECONDS`).
        train_limit_s: hard limit on one training (`R2R_TRAIN_LIMIT_SECONDS`).
        top_k: matches kept per keyframe (`R2R_TOP_K`).
        log: how workers write what they do: `text` for people, `json` for machines (`R2R_LOG`).
        upload_bytes: the largest film that `r2r serve` takes from a browser (`R2R_UPLOAD_MB`).
        web_token: what `r2r serve` asks for before it shows anything (`R2R_WEB_TOKEN`).
    """

    home: Path
    database_url: str | None = None
    broker_url: str | None = None
    train_broker_url: str | None = None
    media_url: str = ""
    film_roots: Mapping[str, Path] = field(default_factory=dict[str, Path])
    scratch: Path | None = None
    scratch_bytes: int = 50 << 30
    profile: str | None = None
    device: str = "auto"
    decode_threads: int = 2
    workers: int | None = None
    segment_s: float = 600.0
    lease_s: float = 60.0
    max_attempts: int = 3
    stall_s: float = 60.0
    task_limit_s: float = 7200.0
    train_limit_s: float = 7 * 86400.0
    top_k: int = 20
    log: str = "text"
    upload_bytes: int = 4096 << 20
    web_token: str | None = field(default=None, repr=False)

    @property
    def local(self) -> bool:
        """True where this machine's own Postgres and Redis are used."""
        return self.database_url is None

    @property
    def media_root(self) -> str:
        """The media store's address: as configured, else a directory under home."""
        return self.media_url or str(self.home / "media")

    @property
    def workers_by_cores(self) -> int:
        """Children of a worker without a GPU: half the cores, at most 4."""
        return min(max((os.cpu_count() or 1) // 2, 1), 4)

    @property
    def scratch_root(self) -> Path:
        """Where films from buckets are copied to: as configured, else a directory under home."""
        return self.scratch or self.home / "scratch"

    def make_home(self) -> None:
        """Make the local stack's directory where it is missing.

        Raises:
            UserError: it cannot be one: a file, or a place where this user may make nothing.
        """
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_directory(self.home / "run")
        except OSError as error:
            raise UserError(
                f"{self.home} cannot hold this machine's own stack: {error.strerror}",
                "set R2R_HOME to a directory of yours",
            ) from error

    @staticmethod
    def from_env(environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables.

        Raises:
            UserError: a variable does not parse or is out of range, names nobody's home or no place at all, or only one
                of database and broker is named.
        """
        env = os.environ if environ is None else environ

        def number(name: str, default: float, *, low: float, high: float) -> float:
            text = env.get(name, "").strip()
            if not text:
                return default
            try:
                value = float(text)
            except ValueError:
                raise UserError(f"{name}={text} is not a number", f"set it to {low:g}..{high:g}") from None
            if not low <= value <= high:
                raise UserError(f"{name}={text} is out of range", f"set it to {low:g}..{high:g}")
            return value

        def whole(name: str, default: int, *, low: int, high: int) -> int:
            value = number(name, default, low=low, high=high)
            if value != int(value):
                raise UserError(f"{name}={env[name].strip()} is no whole number", f"set it to {low}..{high}")
            return int(value)

        database_url = env.get("R2R_DATABASE_URL") or None
        broker_url = env.get("R2R_BROKER_URL") or None
        if (database_url is None) != (broker_url is None):
            missing = "R2R_BROKER_URL" if broker_url is None else "R2R_DATABASE_URL"
            raise UserError(
                f"{missing} is not set, its partner is",
                "set both for a cluster, neither for this machine's own stack",
            )
        device = env.get("R2R_DEVICE", "").strip().lower() or "auto"
        if device not in {"auto", "cpu", "cuda"}:
            raise UserError(f"R2R_DEVICE={device} is not known", "use auto, cpu or cuda")
        log = env.get("R2R_LOG", "").lower() or "text"
        if log not in {"text", "json"}:
            raise UserError(f"R2R_LOG={log} is not known", "use text or json")
        scratch = env.get("R2R_SCRATCH", "")
        return Settings(
            home=_home(env),
            database_url=database_url,
            broker_url=broker_url,
            train_broker_url=env.get("R2R_TRAIN_BROKER_URL") or None,
            media_url=_media(env.get("R2R_MEDIA", "")),
            film_roots=_film_roots(env.get("R2R_FILM_ROOTS", "")),
            scratch=_path("R2R_SCRATCH", scratch) if scratch else None,
            scratch_bytes=int(number("R2R_SCRATCH_GB", 50, low=0.01, high=1e6) * (1 << 30)),
            profile=_profile(env.get("R2R_PROFILE", "")),
            device=device,
            decode_threads=whole("R2R_DECODE_THREADS", min(os.cpu_count() or 1, 8), low=1, high=64),
            workers=whole("R2R_WORKERS", 1, low=1, high=64) if env.get("R2R_WORKERS", "").strip() else None,
            segment_s=number("R2R_SEGMENT_SECONDS", 600, low=1, high=86400),
            lease_s=number("R2R_LEASE_SECONDS", 60, low=2, high=3600),
            max_attempts=whole("R2R_MAX_ATTEMPTS", 3, low=1, high=20),
            stall_s=number("R2R_STALL_SECONDS", 60, low=1, high=3600),
            task_limit_s=number("R2R_TASK_LIMIT_SECONDS", 7200, low=10, high=86400),
            train_limit_s=number("R2R_TRAIN_LIMIT_SECONDS", 7 * 86400, low=10, high=90 * 86400),
            top_k=whole("R2R_TOP_K", 20, low=1, high=200),
            log=log,
            upload_bytes=whole("R2R_UPLOAD_MB", 4096, low=1, high=1_000_000) << 20,
            web_token=env.get("R2R_WEB_TOKEN") or None,
        )


def unknown(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like ours and that nobody reads, each with the name that comes nearest, or ""."""
    names = sorted(name for name in environ if name.startswith("R2R_") and name not in VARIABLES)
    return {
        name: next(iter(difflib.get_close_matches(name, sorted(VARIABLES), n=1, cutoff=0.75)), "")
        for name in names
        if not _OF_KUBERNETES.search(name)
    }


def _profile(name: str) -> str | None:
    """A profile's name; a checkpoint is named by its whole path, because workers stand elsewhere."""
    return str(_path("R2R_PROFILE", name)) if name.endswith(".safetensors") else name or None


def _media(url: str) -> str:
    """The media store's address; a directory by its whole path, because each process may stand elsewhere."""
    _, separator, place = url.partition("://")
    if not separator:
        return str(_path("R2R_MEDIA", url)) if url else ""
    if not place.strip("/"):
        raise UserError(f"R2R_MEDIA={url} names no place", "set it to a directory, or to s3://bucket/prefix")
    return url


def _film_roots(text: str) -> dict[str, Path]:
    """`archive=/mnt/films,nas=/srv/nas` as a dictionary; each directory by its whole path."""
    roots: dict[str, Path] = {}
    hint = "write it as name=/directory, several by comma; a name is of letters, digits, - and _"
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, separator, directory = entry.partition("=")
        if not separator or not directory or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise UserError(f"R2R_FILM_ROOTS: {entry!r} is no name=/directory", hint)
        if name in roots:
            raise UserError(f"R2R_FILM_ROOTS names {name} twice", hint)
        roots[name] = _path("R2R_FILM_ROOTS", directory)
    return roots


def _path(variable: str, text: str) -> Path:
    """A path that a variable names, whole, `~` resolved."""
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # nobody of that name; links in a circle
        raise UserError(f"{variable}={text} leads nowhere: {error}", "write the path in full") from error


def _home(env: Mapping[str, str]) -> Path:
    if named := env.get("R2R_HOME"):
        return _path("R2R_HOME", named)
    import platformdirs

    return Path(platformdirs.user_data_dir("reel-to-real", appauthor=False))
