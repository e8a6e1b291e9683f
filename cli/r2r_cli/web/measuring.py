"""A picture that a reader dropped: measured by a worker, by the code that measures frames, and remembered a while."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from r2r_cli.jobs import waiting
from r2r_cli.web.complaints import Refused
from r2r_shared import names
from r2r_shared.errors import NotFound, Unavailable, UserError
from r2r_shared.pictures import Picture
from r2r_shared.queries import job_changes, job_parts, jobs, segments
from r2r_shared.records import Features

if TYPE_CHECKING:
    from r2r_cli.web.site import Site

LIMIT_S = 120.0
"""A reader waits for the answer. This machine's own worker may have to start first, on a busy machine for a minute."""
AT_ONCE = 4
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
        self._turns = threading.BoundedSemaphore(AT_ONCE)
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

    def measure(self, site: Site, name: str, picture: Picture) -> Measured:
        """The picture with its numbers; one that was measured before is not measured again.

        Raises:
            Refused: too many are being measured.
            Unavailable: no worker did it in LIMIT_S.
            UserError: it could not be measured.
        """
        key = picture.sha256.hex()[:24]
        if not self._turns.acquire(blocking=False):
            raise Refused(503, f"{AT_ONCE} pictures are being measured already", "try again in a moment", wait_s=5)
        try:
            profile_id, features = _ask(site, self._known.get(key), picture.jpeg, self._stopping)
        finally:
            self._turns.release()
        found = Measured(key, name, picture.jpeg, picture.width, picture.height, profile_id, features)
        with self._lock:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


def _ask(site: Site, before: Measured | None, jpeg: bytes, stopping: threading.Event) -> tuple[int, Features]:
    """Have a worker measure the picture, under the profile that is shown."""
    with site.session() as opened:
        profile = site.profile_to_measure(opened)
        if before is not None and before.profile_id == profile.id:
            return profile.id, before.features
        for forgotten, old in jobs.forgotten(opened.conn):
            job_changes.remove(opened.conn, forgotten)
            site.store.delete_prefix(old)
        key = f"queries/{uuid.uuid4().hex}.jpg"
        site.store.put(key, jpeg)
        job_id = None
        try:
            with opened.conn.transaction():
                options = {"image": key}
                job_id = jobs.create(opened.conn, kind="match", profile_id=profile.id, options=options, priority=9)
                segments.add_batches(opened.conn, job_id, names.PICTURE, [[]])
            waiting.sweep(opened)
            deadline = time.monotonic() + LIMIT_S
            while (job := jobs.get(opened.conn, job_id)).state not in ("done", "failed", "cancelled"):
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"no worker has measured the picture in {LIMIT_S:.0f} s",
                        "`r2r worker` starts one; `r2r doctor` checks every part",
                    )
                if stopping.wait(_POLL_S):
                    raise Unavailable("the site is being stopped", "ask again when it is back")
            if job.state != "done":
                raise UserError(f"the picture could not be measured: {job.error}", "r2r doctor")
            return profile.id, Features(**job_parts.listed(opened.conn, job_id)[0].stats["features"])
        finally:
            if job_id is not None:
                job_changes.remove(opened.conn, job_id)
            site.store.delete_prefix(key)
