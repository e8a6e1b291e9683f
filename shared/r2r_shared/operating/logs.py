"""How the processes that stay (workers, beat, metrics) write what they do: lines for people, or JSON for machines.

`configure` once in each process. Within `about(job_id=…, segment_id=…)` every JSON line says what it is about. No line
holds a secret that this process knows or that looks like one, in either format, in messages and tracebacks alike:
see redaction.py. `tail` keeps the last lines, for a heartbeat to take along.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from r2r_shared.operating.redaction import Redaction
from r2r_shared.settings import Settings

FIELDS = ("job_id", "film_id", "segment_id", "kind", "attempt")
"""What a line may be about."""

TEXT = "[%(asctime)s: %(levelname)s/%(processName)s] %(message)s"  # as Celery writes its own
_TAIL_LINES, _TAIL_CHARACTERS = 20, 500
# What neither JSON's readers nor Postgres take: NUL, and halves of letters, which stand for bytes that are no text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FOREIGN = ("celery", "celery.task", "celery.redirected", "multiprocessing")

_here: ContextVar[dict[str, Any] | None] = ContextVar("r2r_about", default=None)
_process: dict[str, Any] = {}  # for threads that know nothing of their own: a heartbeat's, a decoder's


@contextmanager
def about(**fields: Any) -> Generator[None]:
    """Lines that are written within the `with` say so: `with about(job_id=3, segment_id=17): …`.

    A thread without fields of its own, such as a heartbeat's, has those of the process's last `with`: a pool child
    works on one segment at a time. Fields that are None are left out.

    Args:
        fields: of FIELDS.
    """
    global _process  # noqa: PLW0603
    before = _process
    now = {**(_here.get() or {}), **{name: value for name, value in fields.items() if value is not None}}
    token = _here.set(now)
    _process = now
    try:
        yield
    finally:
        _here.reset(token)
        _process = before


class Tail(logging.Handler):
    """The last 20 lines of this process since `clear()`, as people read them, clean, each at most 500 characters.

    Lines are such as Postgres can store. Safe from any thread.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=_TAIL_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.extend(line[:_TAIL_CHARACTERS] for line in clean(self.format(record)).splitlines())

    def clear(self) -> None:
        """Forget what was written so far: another segment begins."""
        with self._kept():
            self._lines.clear()

    def lines(self) -> list[str]:
        """What was written since, the newest last."""
        with self._kept():
            return list(self._lines)

    @contextmanager
    def _kept(self) -> Generator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()


tail = Tail()
_redact = Redaction()


def configure(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Write this process's log as the settings say, to stderr; again does no harm.

    Celery's, its pool's and Python's own warnings go the same way, and so do exceptions that nobody caught: their
    tracebacks may quote an address with its password.

    Args:
        stream: where to, instead of stderr.
    """
    global _redact  # noqa: PLW0603
    redact = _redact = Redaction.from_env(os.environ | _addresses(settings))
    formatter = JsonLines(redact) if settings.log == "json" else TextLines(redact)
    written = _Written(stream or sys.__stderr__ or sys.stderr)
    written.setFormatter(formatter)
    tail.setFormatter(TextLines(redact))
    root = logging.getLogger()
    ours = (logging.StreamHandler, _Written, Tail)
    root.handlers[:] = [*(handler for handler in root.handlers if type(handler) not in ours), written, tail]
    root.setLevel(logging.INFO)
    for name in _FOREIGN:  # handlers of their own would write past ours
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def clean(text: str) -> str:
    """A text as a line of this log would hold it, and as Postgres can store it: for errors that go into a row."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", _redact(text))


class TextLines(logging.Formatter):
    """Lines for people."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__(TEXT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(_sound(record)))

    def formatException(self, ei: Any) -> str:
        # Cached on the record by logging itself: nobody else's handler shall find it raw.
        return self._redact(super().formatException(ei))


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC, milliseconds), level, logger, message, host, pid, what it is about, exception.

    Pure ASCII, so that no reader cuts a line at a separator it knows.
    """

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact
        self._host = socket.gethostname()

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(_sound(record).getMessage()),
            "host": self._host,
            "pid": record.process,
        }
        told = (_here.get() or _process) | vars(record)  # `extra=` wins
        line |= {name: self._clean(told[name]) for name in FIELDS if told.get(name) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self._redact(self.formatException(record.exc_info))
        elif record.exc_text:
            line["exception"] = self._redact(record.exc_text)
        if record.stack_info:
            line["stack"] = self._redact(record.stack_info)
        return json.dumps(line)

    def _clean(self, value: Any) -> Any:
        return value if isinstance(value, (int, float)) else self._redact(str(value))


class _Written(logging.StreamHandler[TextIO]):
    """To a stream. What cannot be written is not complained about with its raw arguments, as logging would."""

    def handleError(self, record: logging.LogRecord) -> None:
        kind = sys.exc_info()[0]
        if kind is not None and not issubclass(kind, (BrokenPipeError, ValueError)):  # a closed stream takes nothing
            self.stream.write(f"a line of {record.name} could not be written: {kind.__name__}\n")


def _sound(record: logging.LogRecord) -> logging.LogRecord:
    """The record itself, or, where its arguments do not fit its message, one that says both."""
    try:
        record.getMessage()
    except (TypeError, ValueError, KeyError):
        told = logging.makeLogRecord(vars(record))
        told.msg, told.args = f"{record.msg} {record.args!r}", None
        return told
    return record


def _addresses(settings: Settings) -> dict[str, str]:
    """The settings' own addresses: they need not come from the environment."""
    named = {
        "R2R_DATABASE_URL": settings.database_url,
        "R2R_BROKER_URL": settings.broker_url,
        "R2R_TRAIN_BROKER_URL": settings.train_broker_url,
    }
    return {name: value for name, value in named.items() if value}


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("r2r").critical("nobody caught this", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        name = args.thread.name if args.thread is not None else "a thread"
        trouble = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger("r2r").error("nobody caught this in %s", name, exc_info=trouble)
