"""Which reader a source needs, from what lies in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from r2r_shared.collections import artgan, disk, folder, forms, manifest, pages, tables, text, wikiart_general
from r2r_shared.collections.addresses import host_of
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.collections.museums import MUSEUMS, of_address
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal

MANIFESTS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_MANIFEST_NAMES = ("paintings", "manifest", "metadata", "collection")
_SAMPLE = 500  # pictures looked at before a folder's layout is named
_ACCEPTED = (
    "a folder of pictures (sub-folders: movement, or movement/artist), a manifest (.csv, .json, .jsonl) of pictures, "
    "WikiArt's layouts, or what a museum publishes; --format folder|manifest|artgan|wikiart|"
    f"{'|'.join(MUSEUMS)} decides"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A source and the reader that fits: `format` is folder, manifest, artgan, wikiart or one of museums.MUSEUMS.

    Attributes:
        address: where its pages are to be asked for (see pages.py), instead of a file or folder; empty for those.
    """

    format: str
    path: Path
    read: Callable[[Path], Iterator[PaintingRecord | Refusal]]
    address: str = ""

    def records(self) -> Iterator[PaintingRecord | Refusal]:
        """The entries of a file or folder, read anew; of an address none: they are not here yet."""
        return iter(()) if self.address else self.read(self.path)

    @property
    def is_museum(self) -> bool:
        """True where it describes works whose pictures are to be fetched."""
        return self.format in MUSEUMS

    @property
    def default_name(self) -> str:
        """What its collection is called where nobody says: a folder's name, or a manifest's if that says more."""
        if self.address:
            return self.format if MUSEUMS[self.format].title else host_of(self.address)
        if self.is_museum and MUSEUMS[self.format].title:
            return self.format
        path = self.path.resolve()
        if path.is_dir():
            return text.clean(path.name)
        return text.clean(path.parent.name if path.stem.lower() in _MANIFEST_NAMES else path.stem)


READERS: dict[str, Callable[[Path], Iterator[PaintingRecord | Refusal]]] = {
    "folder": folder.records,
    "manifest": manifest.records,
    "artgan": artgan.records,
    "wikiart": wikiart_general.records,
}


def detect(source: Path | str, *, format: str | None = None, classes: Classes = PAINTINGS) -> Source:
    """The reader for `source`; `format` names it where a person knows better.

    Args:
        source: a file, a folder, or the address of a museum's API or of a IIIF manifest or collection (as text: a
            path would lose one of its slashes).
        classes: the works of a museum that are wanted; a person's own pictures are all taken.

    Raises:
        UserError: nothing is there, nothing fits, or two manifests do; says what was seen and what is accepted.
    """
    known = (*READERS, *MUSEUMS)
    if format is not None and format not in known:
        raise UserError(f"--format {format} is not known", f"use one of {', '.join(known)}")
    if isinstance(source, str) and "://" in source:
        return _of_address(source, format, classes)
    source = Path(source)
    try:
        there = source.is_dir() or source.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UserError(f"{source} is not there", "name a folder or a manifest of paintings")
    try:
        if source.is_file():
            tables.refuse_pointer(source)
        published = format if format in MUSEUMS else None if format else forms.of(source)
        if published is not None:
            return Source(published, source, partial(MUSEUMS[published].read, classes=classes))
        return _of_file(source, format) if source.is_file() else _of_folder(source, format)
    except PermissionError as exc:
        raise UserError(f"{exc.filename or source} may not be read", "check its permissions") from exc


def _of_address(source: str, format: str | None, classes: Classes) -> Source:
    if format in READERS:
        raise UserError(f"--format {format} reads files, not an address", "name a folder, or one of a museum's formats")
    museum = of_address(source)
    if format is None:
        format = "iiif" if forms.looks_like_iiif(source) else museum.format if museum else None
    if format is None:
        raise UserError(
            f"{source[:200]}: what is published there is not known",
            f"say it: --format {' or '.join(pages.FORMATS)}; a file of records is to be downloaded first",
        )
    address = pages.first(format, source, classes=classes)
    return Source(format, Path(), partial(MUSEUMS[format].read, classes=classes), address)


def _of_file(source: Path, format: str | None) -> Source:
    suffix = source.suffix.lower()
    if format not in {None, "manifest"}:
        raise UserError(f"{source} is a file, and --format {format} reads a folder", "name the folder")
    if suffix in MANIFESTS or format == "manifest":
        return Source("manifest", source, READERS["manifest"])
    if suffix in disk.PICTURES:
        raise UserError(f"{source} is one picture", "name the folder that it is in")
    if suffix in {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"}:
        raise UserError(f"{source} is an archive", "unpack it first and name the folder")
    raise UserError(f"{source} is not a source of paintings", f"accepted: {_ACCEPTED}")


def _of_folder(source: Path, format: str | None) -> Source:
    if format == "manifest" or (format is None and _manifests(source)):
        return Source("manifest", _the_manifest(source), READERS["manifest"])
    if format is not None:
        return Source(format, source, READERS[format])
    if wikiart_general.bases(source):
        return Source("wikiart", source, READERS["wikiart"])
    seen = list(islice((path for path in disk.walk(source)), 20 * _SAMPLE))
    pictures = [path for path in seen if path.suffix.lower() in disk.PICTURES]
    if not pictures:
        kinds = Counter(path.suffix.lower() or "without a suffix" for path in seen).most_common(5)
        what = ", ".join(f"{count} {kind}" for kind, count in kinds) or "nothing"
        raise UserError(f"{source} holds no pictures; seen: {what}", f"accepted: {_ACCEPTED}")
    name = "artgan" if _is_artgan(pictures[:_SAMPLE], source) else "folder"
    return Source(name, source, READERS[name])


def _manifests(source: Path) -> list[Path]:
    """Manifests directly in a folder: those named as such, else any CSV or JSON file."""
    found = [path for path in sorted(source.iterdir()) if path.suffix.lower() in MANIFESTS and path.is_file()]
    found = [path for path in found if not path.name.startswith(".")]
    return [path for path in found if path.stem.lower() in _MANIFEST_NAMES] or found


def _the_manifest(source: Path) -> Path:
    found = _manifests(source)
    if not found:
        raise UserError(f"{source} holds no manifest", "write a .csv, .json or .jsonl there, or drop --format manifest")
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:6])
        raise UserError(f"{source} holds several manifests: {names}", "name the one to read, or use --format folder")
    return found[0]


def _is_artgan(pictures: list[Path], source: Path) -> bool:
    """True where nearly all pictures are Style/artist-slug_title-slug, and most artists have two names.

    A person's own `water_lilies.jpg` has the underscore too, but no hyphens before it.
    """
    fitting = 0
    two_names = 0
    for path in pictures:
        slugs = artgan.slugs_of(path.stem)
        if slugs is None or len(path.relative_to(source).parts) != 2 or slugs[0] != slugs[0].lower():
            continue
        fitting += 1
        two_names += "-" in slugs[0]
    return fitting >= 0.9 * len(pictures) and two_names >= 0.5 * len(pictures)
