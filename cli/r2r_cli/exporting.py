"""Files that `r2r timeline --export` writes: all of them whole, or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from r2r_cli import files
from r2r_shared import exports
from r2r_shared.errors import UserError
from r2r_shared.exports import Choices, Format
from r2r_shared.exports.text import file_name
from r2r_shared.exports.timecode import clock_of, named_rate

if TYPE_CHECKING:
    from r2r_shared.citation import Citation

SERVED = "http://127.0.0.1:8765"
"""Where `r2r serve` shows films to this machine, unless it is told otherwise."""
LINKED = ("annotations", "iiif")
"""Formats that call things by their addresses."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked for.

    Attributes:
        files: each file and its format.
        base_url: the address of the folder that the files, and the film, will lie in; None for `r2r serve`'s.
        film_url: the film's own address, where that is another.
    """

    files: tuple[tuple[Path, Format], ...]
    start_timecode: str | None
    drop_frame: bool
    rate: str | None
    base_url: str | None
    film_url: str | None

    def with_csv(self, path: Path | None) -> Wanted:
        """And that file as CSV, whatever its name: what `--csv` asks for."""
        if path is None:
            return self
        _require_once(path, self.files)
        return replace(self, files=(*self.files, (path, exports.FORMATS["csv"])))

    def choices(self, film: dict[str, Any], path: Path, one: Format) -> Choices:
        """What the writer of one file has to know."""
        served = f"{SERVED}/films/{film['id']}"
        if self.base_url is None:
            address, film_address = f"{served}/export/{one.name}", f"{served}/{quote(file_name(film))}"
        else:
            base = self.base_url.rstrip("/")
            address, film_address = f"{base}/{quote(path.name)}", f"{base}/{quote(file_name(film))}"
        return Choices(
            start_timecode=self.start_timecode,
            drop_frame=self.drop_frame,
            rate=self.rate,
            address=address,
            film_address=self.film_url or film_address,
            painting=None if self.base_url else lambda painting: f"{SERVED}/paintings/{painting}",
        )

    def notes(self, film: dict[str, Any]) -> list[str]:
        """What to say when they have been written."""
        return list(filter(None, (self._of_addresses(), self._of_markers(film))))

    def _of_markers(self, film: dict[str, Any]) -> str:
        """OpenTimelineIO's CMX 3600 reader looks for markers at `HH:MM:SS:FF` alone, and passes over the others."""
        lists = [path.name for path, one in self.files if one.name == "edl"]
        if not lists:
            return ""
        clock = clock_of(film, start=self.start_timecode, drop_frame=self.drop_frame, rate=self.rate)
        if not clock.drop:
            return ""
        return (
            f"{' and '.join(lists)} counts drop-frame, where programs that are built on OpenTimelineIO find no "
            "markers: an .otio has them for those"
        )

    def _of_addresses(self) -> str:
        """What to say of the addresses in the files; empty where there are none, or all were named."""
        named = [path.name for path, one in self.files if one.name in LINKED]
        if not named or self.base_url is not None:
            return ""
        return (
            f"addresses in {' and '.join(named)} lead to `r2r serve` on this machine, which serves no film: "
            "--base-url names the public place where the files and the film will lie"
        )


def wanted(
    paths: Sequence[Path],
    as_: str | None,
    *,
    start_timecode: str | None = None,
    drop_frame: bool = False,
    rate: str | None = None,
    base_url: str | None = None,
    film_url: str | None = None,
) -> Wanted:
    """What can be known to be right or wrong before any work is done.

    Raises:
        UserError: an ending, a name or an address that cannot be meant, or a package that is not installed.
    """
    if as_ is not None and len(paths) != 1:
        raise UserError("--as says the format of one file", "name one --export, or give each file its ending")
    chosen = tuple((path, exports.named(as_) if as_ else exports.of_file(path.name)) for path in paths)
    for place, (path, one) in enumerate(chosen):
        exports.require(one)
        _require_once(path, chosen[:place])
    if rate is not None:
        named_rate(rate)
    if (start_timecode is not None or drop_frame or rate is not None) and not any(one.timed for _, one in chosen):
        raise UserError("only .edl and .otio have a timecode", "--export film.edl")
    if (base_url is not None or film_url is not None) and not any(one.name in LINKED for _, one in chosen):
        raise UserError("only .annotations.json and .iiif.json have addresses", "--export film.iiif.json")
    for option, url in (("--base-url", base_url), ("--film-url", film_url)):
        if url is not None:
            _require_web(option, url)
    return Wanted(chosen, start_timecode, drop_frame, rate, base_url, film_url)


def _require_once(path: Path, earlier: Sequence[tuple[Path, Format]]) -> None:
    """See to it that no two files go to one place, by whatever names."""
    if any(os.path.realpath(path) == os.path.realpath(one) for one, _ in earlier):
        raise UserError(f"{path} is named twice", "give each file a name of its own")


def require_own_stream(paths: Sequence[Path]) -> None:
    """See to it that no file is written to where the command prints its answer: it would be two documents in one.

    Raises:
        UserError: one leads there, by whatever name.
    """
    for path in paths:
        with contextlib.suppress(OSError):  # it is not there yet, or standard output is closed
            if os.path.samestat(path.stat(), os.fstat(1)) or (os.path.realpath(path) == "/dev/tty" and os.isatty(1)):
                raise UserError(
                    f"{path} is where --json prints", "give the file a name of its own, or leave --json out"
                )


def _require_web(option: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii() and url.isprintable()
        fine = fine and not parts.query and not parts.fragment and " " not in url
    except ValueError:
        fine = False
    if not fine:
        raise UserError(f"{option} {url} is no address on the web", f"{option} https://example.org/films")


def write(asked: Wanted, found: dict[str, Any], citation: Citation) -> None:
    """Make all files, then put them where they were asked for.

    Args:
        found: what `r2r timeline --json` prints.

    Raises:
        UserError: a choice does not fit the film, or a file cannot be written; then there is none of them.
    """
    files.write_all(
        [
            (path, exports.write(one, found, citation, asked.choices(found["film"], path, one)))
            for path, one in asked.files
        ]
    )
