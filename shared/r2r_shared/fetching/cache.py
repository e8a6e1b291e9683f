"""What has been fetched and is not stored yet: whole files, and parts that are gone on with.

A file is named after its work and its address, so that a run that was killed finds what another has fetched. It leaves
the cache when its work has become a painting, or never will. So the disk holds the pictures in flight and those of one
transaction, and beside them what earlier runs have left: parts, and the answers of walks that did not come to their
end. These are dropped after a week, and the oldest of them where together they are more than `MOST_LEFT_BYTES`.
Files of any other name are not ours, and stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from r2r_shared.errors import UserError
from r2r_shared.processes import private_directory

MOST_LEFT_BYTES = 1 << 30
LEFT_FOR_S = 7 * 86400.0
_OURS = re.compile(r"(?:walk)?\d+-[0-9a-f]{32}(?:\.\d+)?\.(?:whole|part|state)")


@dataclass(frozen=True, slots=True)
class Entry:
    """The files of one address: `whole` is there when all of it is; `part` and `state` before."""

    whole: Path
    part: Path
    state: Path

    def validator(self) -> str:
        """What an If-Range may hold to go on with the part (RFC 9110, 13.1.5); empty where nothing would do."""
        found = self._known().get("validator", "")
        return found if isinstance(found, str) and found.isascii() and found.isprintable() else ""

    def may_be_cut(self) -> bool:
        """True for a whole of which nobody said how long it is."""
        return self._known().get("unmeasured") is True

    def begin(self, validator: str) -> None:
        """Forget what was there: a body comes from its first byte."""
        self.part.write_bytes(b"")
        self.state.write_text(json.dumps({"validator": validator}), encoding="utf-8")

    def finish(self, *, measured: bool = True) -> None:
        """The part is the whole, as far as anybody can tell.

        Args:
            measured: its server said how long it is, or where it ends.
        """
        if not measured:
            self.state.write_text(json.dumps({"unmeasured": True}), encoding="utf-8")
        self.part.replace(self.whole)
        if measured:
            self.state.unlink(missing_ok=True)

    def keep(self, data: bytes) -> None:
        """Store a small whole at once. Another process may be about to store the same one."""
        mine = self.part.with_suffix(f".{os.getpid()}.part")
        mine.write_bytes(data)
        mine.replace(self.whole)

    def kept(self, *, for_s: float) -> bytes | None:
        """A whole that is younger than `for_s`, or None."""
        try:
            return self.whole.read_bytes() if time.time() - self.whole.stat().st_mtime < for_s else None
        except FileNotFoundError:
            return None

    def drop(self) -> None:
        """Delete whatever there is."""
        for path in (self.whole, self.part, self.state):
            path.unlink(missing_ok=True)

    def _known(self) -> dict[str, Any]:
        try:
            known = json.loads(self.state.read_bytes())
        except (OSError, ValueError):
            return {}
        return cast("dict[str, Any]", known) if isinstance(known, dict) else {}


class Cache:
    """A directory of such files: one of our own, for it is made for its owner alone where it is missing."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self) -> None:
        """Make it where it is missing, and clear what earlier runs have left for too long or too much of.

        Raises:
            UserError: it cannot be made.
        """
        try:
            if not self.directory.is_dir():  # one that was there is as its owner wants it
                private_directory(self.directory)
            self._clear()
        except OSError as error:
            raise UserError(
                f"{self.directory} cannot keep what is fetched: {error.strerror}", "name another with --cache"
            ) from error

    def entry(self, work_id: int, url: str) -> Entry:
        """The files of a work's picture. Two works may name one address: each has files of its own, and its thread."""
        return self._entry(str(work_id), url)

    def answer(self, walk: int, url: str) -> Entry:
        """The files of what a walk has been answered at an address."""
        return self._entry(f"walk{walk}", url)

    def drop_answers(self, walk: int) -> None:
        """Delete all that a walk has been answered."""
        for path in self.directory.glob(f"walk{walk}-*"):
            if _OURS.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _entry(self, owner: str, url: str) -> Entry:
        name = f"{owner}-{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
        return Entry(*(self.directory / f"{name}.{kind}" for kind in ("whole", "part", "state")))

    def _clear(self) -> None:
        found: list[tuple[float, int, Path]] = []
        for path in filter(lambda path: _OURS.fullmatch(path.name), self.directory.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # another command may be at work here
                status = path.lstat()
                found.append((status.st_mtime, status.st_size, path))
        left = 0
        for modified, size, path in sorted(found, reverse=True):
            left += size
            if left > MOST_LEFT_BYTES or time.time() - modified > LEFT_FOR_S:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
