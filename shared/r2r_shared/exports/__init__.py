"""A film's timeline in the formats of scholars' and editors' tools: one format a file, each with its citation.

Every writer takes what `r2r timeline --json` prints, and adds nothing to it but the citation; of the film's path the
file's name is left.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import UserError
from r2r_shared.exports.text import file_name

if TYPE_CHECKING:
    from r2r_shared.citation import Citation


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        name: what `--as` and addresses call it.
        ending: of a file's name, by which it is known.
        module: of this package: its `write(found, citation, choices)` returns the file's bytes.
        timed: it has timecode, which choices may change.
        needs: the package of the extra `exchange` without which it cannot be written; empty for most.
    """

    name: str
    ending: str
    media_type: str
    about: str
    module: str
    needs: str = ""
    timed: bool = False

    @property
    def there(self) -> bool:
        """Whether it can be written here."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None


FORMATS = {
    one.name: one
    for one in (
        Format("csv", ".csv", "text/csv; charset=utf-8", "table for spreadsheets", "table"),
        Format("json", ".json", "application/json", "everything, as --json prints it", "document"),
        Format("jsonl", ".jsonl", "application/x-ndjson", "everything, a shot a line", "lines"),
        Format("parquet", ".parquet", "application/vnd.apache.parquet", "table for notebooks", "parquet", "pyarrow"),
        Format("eaf", ".eaf", "text/x-eaf+xml; charset=utf-8", "ELAN: tiers of shots and paintings", "elan"),
        Format(
            "otio", ".otio", "application/x-otio+json", "OpenTimelineIO: clips", "otio", "opentimelineio", timed=True
        ),
        Format("edl", ".edl", "text/plain; charset=utf-8", "EDL (CMX 3600): events and markers", "edl", timed=True),
        Format("vtt", ".vtt", "text/vtt; charset=utf-8", "WebVTT: chapters for players", "vtt"),
        Format(
            "annotations",
            ".annotations.json",
            'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
            "W3C Web Annotations",
            "annotations",
        ),
        Format(
            "iiif",
            ".iiif.json",
            'application/ld+json; profile="http://iiif.io/api/presentation/3/context.json"',
            "IIIF Presentation 3 manifest",
            "iiif",
        ),
    )
}
"""By name, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose about a file.

    Attributes:
        start_timecode: the label of the film's first frame on the track of EDL and OTIO, instead of the film's own.
        drop_frame: count drop-frame in them though no `;` says so.
        rate: count them at this standard rate, as `timecode.named_rate` takes it, instead of the film's.
        address: where the file will lie, http or https: linked data are called by addresses.
        film_address: where the film itself will lie; empty where it will not.
        painting: the address of a painting's page, by its id; None where paintings have none but their museum's.
    """

    start_timecode: str | None = None
    drop_frame: bool = False
    rate: str | None = None
    address: str = "http://127.0.0.1:8765/timeline"
    film_address: str = ""
    painting: Callable[[int], str] | None = None


def of_file(name: str) -> Format:
    """The format that a file's name asks for; the longest ending counts.

    Raises:
        UserError: none has that ending.
    """
    fitting = [one for one in FORMATS.values() if name.lower().endswith(one.ending)]
    if not fitting:
        endings = ", ".join(one.ending for one in FORMATS.values())
        raise UserError(f"{name} has an ending that no format has", f"use {endings}; or say --as FORMAT")
    return max(fitting, key=lambda one: len(one.ending))


def named(name: str) -> Format:
    """The format of that name.

    Raises:
        UserError: there is none.
    """
    if name not in FORMATS:
        raise UserError(f"there is no format “{name}”", f"use {', '.join(FORMATS)}")
    return FORMATS[name]


def require(one: Format) -> None:
    """See to it that a format can be written here.

    Raises:
        UserError: its package is not installed.
    """
    if not one.there:
        raise UserError(f"{one.ending} needs the package {one.needs}", "pip install 'reel-to-real[exchange]'")


def write(one: Format, found: dict[str, Any], citation: Citation, choices: Choices | None = None) -> bytes:
    """A timeline as a file of that format.

    The film is called by its file's name: files go to other people, and this machine's folders are nobody's business.

    Args:
        found: what `r2r timeline --json` prints.

    Raises:
        UserError: its package is not installed, or a choice does not fit the film.
    """
    require(one)
    module = importlib.import_module(f"{__name__}.{one.module}")
    written: bytes = module.write(without_folders(found), citation, choices or Choices())
    return written


def without_folders(found: dict[str, Any]) -> dict[str, Any]:
    """What `r2r timeline --json` prints, with the name of the film's file for its path."""
    return found | {"film": found["film"] | {"path": file_name(found["film"])}}


def warm() -> None:
    """Import the packages that formats need: by whoever has time for it, before somebody waits."""
    for one in FORMATS.values():
        if one.needs and one.there:
            with contextlib.suppress(ImportError):  # who asks for the format is told
                importlib.import_module(one.needs)
