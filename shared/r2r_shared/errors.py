"""Every error this project raises on purpose.

R2RError
├── UserError            one line that says what is wrong, and a hint that says what to do
│   ├── FilmRefused      the file is not a film that can be analysed
│   ├── PictureRefused   the file is not a picture that can be measured
│   ├── NotFound         no film, job, painting, … answers to that name
│   └── Unavailable      a server that is needed does not answer
├── NotFetched           an address did not give what was asked for: counted, and kept with the work
│   └── TryAgain         … this time
├── AskedToWait          a server wants to be left alone for longer than a command waits
├── TransientError       a decoder was killed from outside: the work goes back into the queue
└── PermanentError       trying again will not help: the work fails with this reason
    └── AnalysisFailed   the decoder died, hung, or found nothing to read
LeaseLost, Cancelled     control flow of a worker; never shown to a person
Stopped                  control flow of a thread that fetches; never shown either
"""

from __future__ import annotations

import datetime as dt


class R2RError(Exception):
    """Base of all errors below."""


class UserError(R2RError):
    """Something the person at the keyboard can mend.

    Args:
        message: one line, what is wrong and where.
        hint: one line, what to do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # what a notebook shows below the message


class FilmRefused(UserError):
    """A file that `ingest` will not take; nothing of it is stored.

    Args:
        reason: why, in words that are the same for all of a kind; by default the message without the film's name.
    """

    def __init__(self, message: str, hint: str = "", *, reason: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


class PictureRefused(UserError):
    """A file that is not a picture, or not one that can be taken.

    Args:
        name: the file.
        reason: why, in words that are the same for all of a kind: an import counts by it.
        detail: what is special to this file.
    """

    def __init__(self, name: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{name}: {reason}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail


class NotFound(UserError):
    """A name that no row answers to, or that several do."""


class Unavailable(UserError):
    """Postgres, Redis or the media store does not answer."""


class NotFetched(R2RError):
    """An address did not give what was asked for.

    Args:
        reason: why, in words that are the same for all of a kind: it is counted by them.
        detail: what is special to this one.
        final: asking again would not change that.
    """

    def __init__(self, reason: str, detail: str = "", *, final: bool = True) -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.final = final


class TryAgain(NotFetched):
    """An address did not give what was asked for, but may when it is asked again.

    Args:
        wait_s: how long its server wants to be left alone; None: it did not say.
        busy: the server that is, and of which nothing at all is to be asked meanwhile.
    """

    def __init__(self, reason: str, detail: str = "", *, wait_s: float | None = None, busy: str = "") -> None:
        super().__init__(reason, detail, final=False)
        self.wait_s = wait_s
        self.busy = busy


class AskedToWait(R2RError):
    """A server asked to be left alone until a time that is too far away to be waited for."""

    def __init__(self, host: str, until: dt.datetime) -> None:
        super().__init__(f"{host} asked to be left alone until {until:%Y-%m-%d %H:%M} UTC")
        self.host = host
        self.until = until


class TransientError(R2RError):
    """A decoder was killed from outside, twice: trying again may help, where there is memory."""


class PermanentError(R2RError):
    """Trying again will not help."""


class AnalysisFailed(PermanentError):
    """A film that could not be decoded after all: died, hung, or held no frame."""


class LeaseLost(R2RError):
    """Another worker holds this segment now; what was computed is thrown away."""


class Cancelled(R2RError):
    """The job was cancelled while its segment was being worked on."""


class Stopped(R2RError):
    """The command is ending: whatever a thread waits for, it is to let go."""
