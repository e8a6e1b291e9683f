"""What has been fetched and is not stored yet: whole files, and parts that are gone on with.

A file is named after its work and its address, so that a run that was killed finds what another has fetched. It leaves
the cache when its work has become a painting, or never will. So the disk holds the pictures in flight and those of one
transaction, and beside them the parts that earlier runs have left: these are dropped after a week, and the oldest of
them where together they are more than `MOST_LEFT_BYTES`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from r2r_shared.errors import UserError
from r2r_shared.processes import private_directory

MOST_LEFT_BYTES = 1 << 30
LEFT_FOR_S = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Entry:
    """The files of one address: `whole` is there when all of it is; `part` and `state` before."""

    whole: Path
    part: Path
    state: Path

    def validator(self) -> str:
        """What an If-Range may hold to go on with the part (RFC 9110, 13.1.5); empty where nothing would do."""
        try:
            known = json.loads(self.state.read_bytes())
        except (OSError, ValueError):
            return ""
        found = cast("dict[str, Any]", known).get("validator", "") if isinstance(known, dict) else ""
        return found if isinstance(found, str) and found.isascii() and found.isprintable() else ""

    def begin(self, validator: str) -> None:
        """Forget what was there: a body comes from its first byte."""
        self.part.write_bytes(b"")
        self.state.write_text(json.dumps({"validator": validator}), encoding="utf-8")

    def finish(self) -> None:
        """The part is the whole."""
        self.part.replace(self.whole)
        self.state.unlink(missing_ok=True)

    def keep(self, data: bytes) -> None:
        """Store a small whole at once."""
        self.part.write_bytes(data)
        self.part.replace(self.whole)

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


class Cache:
    """A directory of such files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self) -> None:
        """Make it where it is missing, and clear what earlier runs have left for too long or too much of.

        Raises:
            UserError: it cannot be made.
        """
        try:
            private_directory(self.directory)
            self._clear()
        except OSError as error:
            raise UserError(
                f"{self.directory} cannot keep what is fetched: {error.strerror}", "name another with --cache"
            ) from error

    def entry(self, work_id: int, url: str) -> Entry:
        """The files of a work's picture. Two works may name one address: each has files of its own, and its thread."""
        name = f"{work_id}-{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
        return Entry(*(self.directory / f"{name}.{kind}" for kind in ("whole", "part", "state")))

    def _clear(self) -> None:
        found = [
            (status.st_mtime, status.st_size, path)
            for path in self.directory.iterdir()
            if path.suffix in {".whole", ".part", ".state"} and (status := path.stat())
        ]
        left = 0
        for modified, size, path in sorted(found, reverse=True):
            left += size
            if left > MOST_LEFT_BYTES or time.time() - modified > LEFT_FOR_S:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
