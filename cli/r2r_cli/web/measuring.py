"""A picture that a reader dropped: measured by a worker, by the code that measures frames, and remembered a while."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from r2r_cli.jobs import measuring
from r2r_cli.web.complaints import Refused
from r2r_shared.errors import NotFound, Unavailable
from r2r_shared.pictures import Picture
from r2r_shared.queries import jobs
from r2r_shared.records import Features

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_cli.web.site import Site
    from r2r_shared.queries.jobs import Job

LIMIT_S = 120.0
"""A reader waits for the answer. This machine's own worker may have to start first, on a busy machine for a minute."""
AT_ONCE = 4
TURN_S = 30.0
"""So long a picture waits for the ones before it."""
REMEMBERED = 200
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Measured:
    """A picture as it was asked about. `jpeg` is its reduced form; width and height are as it came."""

    key: str
    name: str
    jpeg: bytes
    width: int
    height: int
    profile_id: int
    features: Features


class Pictures:
    """The pictures that were asked about last. They are kept in memory alone, and go with the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Measured] = OrderedDict()
        self._turns: asyncio.Semaphore | None = None
        self._stopping = threading.Event()

    def close(self) -> None:
        """Let nobody wait any longer: the site is being stopped."""
        self._stopping.set()

    def get(self, key: str) -> Measured:
        """A picture of before.

        Raises:
            NotFound: it has been forgotten.
        """
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        raise NotFound("this picture is not remembered any more", "drop it again: pictures are not kept on the disk")

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """So many pictures are taken in and measured at a time; the others wait, and hold no thread while they do.

        Raises:
            Refused: its turn has not come in TURN_S.
        """
        turns = self._turns = self._turns or asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.timeout(TURN_S):
                await turns.acquire()
        except TimeoutError:
            raise Refused(503, "many pictures are being measured", "try again in a moment", wait_s=5) from None
        try:
            yield
        finally:
            turns.release()

    def before(self, site: Site, name: str, sha256: bytes) -> Measured | None:
        """A picture that was measured under the profile that is shown, by the digest of its file."""
        with self._lock:
            found = self._known.get(_key(sha256))
        if found is None:
            return None
        with site.session() as opened:
            if site.profile_to_measure(opened).id != found.profile_id:
                return None
        return self._remember(replace(found, name=name))

    def measure(self, site: Site, name: str, picture: Picture) -> Measured:
        """The picture with its numbers. In its turn.

        Raises:
            Unavailable: no worker did it in LIMIT_S.
            UserError: it could not be measured.
        """
        profile_id, features = _ask(site, picture.jpeg, self._stopping)
        key = _key(picture.sha256)
        return self._remember(Measured(key, name, picture.jpeg, picture.width, picture.height, profile_id, features))

    def _remember(self, found: Measured) -> Measured:
        with self._lock:
            self._known[found.key] = found
            self._known.move_to_end(found.key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


def _key(sha256: bytes) -> str:
    return sha256.hex()[:24]


def _ask(site: Site, jpeg: bytes, stopping: threading.Event) -> tuple[int, Features]:
    """Have a worker measure the picture, under the profile that is shown."""
    with site.session() as opened:
        profile = site.profile_to_measure(opened)
        features = measuring.measure(opened, profile.id, jpeg, wait=lambda job_id: _wait(opened, job_id, stopping))
    return profile.id, features


def _wait(opened: Session, job_id: int, stopping: threading.Event) -> Job:
    """The job when it has ended."""
    deadline = time.monotonic() + LIMIT_S
    while (job := jobs.get(opened.conn, job_id)).state not in ("done", "failed", "cancelled"):
        if time.monotonic() > deadline:
            raise Unavailable(
                f"no worker has measured the picture in {LIMIT_S:.0f} s",
                "`r2r worker` starts one; `r2r doctor` checks every part",
            )
        if stopping.wait(_POLL_S):
            raise Unavailable("the site is being stopped", "ask again when it is back")
    return job
