"""WikiArt General: `painting/image/<artist>/<slug>.jpg` and `painting/meta/<artist>.json`, the paper's data set.

Each meta file is a list of objects with `id, title, url, image, width, height, completitionYear` (sic), `artistUrl,
artistName, detail.{styles,media,genres}`. A picture named FRAME-600x480 is WikiArt's placeholder, not a painting.
Movement zips unpacked side by side (`impressionism/painting/…`) are read one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from r2r_shared.collections import disk, text
from r2r_shared.dates import parse_years
from r2r_shared.records import PaintingRecord, Refusal

PLACEHOLDER = "frame-600x480"
MAX_META_BYTES = 256 << 20  # one artist's works; the largest known is 4 MB


def bases(source: Path) -> list[Path]:
    """The folders at or below `source` (three levels) that hold both `image/` and `meta/`."""
    found: list[Path] = []
    level = [source]
    for _ in range(4):
        here = [folder for folder in level if (folder / "image").is_dir() and (folder / "meta").is_dir()]
        found.extend(here)
        level = [
            child
            for folder in level
            if folder not in here
            for child in sorted(folder.iterdir())
            if child.is_dir() and not child.is_symlink() and not child.name.startswith(".")
        ][:2000]
    return found


def records(source: Path) -> Iterator[PaintingRecord | Refusal]:
    """Every work that the meta files describe, artist by artist; pictures without a description are refusals."""
    root = source.resolve()
    for base in bases(root):
        described: set[Path] = set()
        for meta in sorted((base / "meta").glob("*.json")):
            yield from _artist(meta, base, root, described)
        for path in disk.walk(base / "image"):
            if path.suffix.lower() in disk.PICTURES and path not in described:
                yield Refusal(text.relative_name(path, root), "a picture without an entry in meta/")


def _artist(meta: Path, base: Path, root: Path, described: set[Path]) -> Iterator[PaintingRecord | Refusal]:
    name = text.relative_name(meta, root)
    if (why := disk.refused(meta, root)) is not None:
        yield Refusal(name, *why)
        return
    if meta.stat().st_size > MAX_META_BYTES:
        yield Refusal(name, "a meta file of more than 256 MB")
        return
    try:
        works = json.loads(meta.read_bytes(), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exc:
        yield Refusal(name, "a meta file that is not JSON", str(exc))
        return
    if not isinstance(works, list):
        yield Refusal(name, "a meta file that is not a list of works")
        return
    for number, work in enumerate(cast(list[Any], works), 1):
        if not isinstance(work, dict):
            yield Refusal(name, "an entry that is not an object", f"number {number}")
            continue
        yield _work(cast(dict[str, Any], work), meta, base, root, described)


def _work(work: dict[str, Any], meta: Path, base: Path, root: Path, described: set[Path]) -> PaintingRecord | Refusal:
    # Slugs are the last parts of the work's own address; a `..` among them must not lead anywhere.
    artist_slug = _last(work.get("artistUrl")) or meta.stem
    slug = _last(work.get("url")) or PurePosixPath(_last(work.get("image"))).stem
    if PLACEHOLDER in str(work.get("image") or "").lower():
        described.update(_candidates(base, artist_slug, meta.stem, slug))
        return Refusal(text.storable(f"{artist_slug}/{slug}"), "WikiArt's placeholder, not a painting")
    candidates = _candidates(base, artist_slug, meta.stem, slug)
    path = next((path for path in candidates if disk.exists(path)), None)
    if path is None:
        return Refusal(text.storable(f"{artist_slug}/{slug}"), "the picture file is missing")
    described.add(path)
    file = text.relative_name(path, root)
    if (why := disk.refused(path, root)) is not None:
        return Refusal(file, *why)
    detail = work.get("detail")
    details = cast(dict[str, Any], detail) if isinstance(detail, dict) else {}
    styles = _texts(details.get("styles"))
    year = _text(work.get("completitionYear") or work.get("completionYear"))
    year_from, year_to = parse_years(year)
    return PaintingRecord(
        file=file,
        path=str(path),
        title=_text(work.get("title")) or text.from_slug(slug),
        artist=_text(work.get("artistName")) or text.from_slug(artist_slug),
        movement=styles[0] if styles else _folder_movement(base, root),
        year=year,
        year_from=year_from,
        year_to=year_to,
        medium=", ".join(_texts(details.get("media"))),
        genre=", ".join(_texts(details.get("genres"))),
        extra={key: _text(value) for key in ("id", "url") if (value := work.get(key))}
        | ({"styles": styles} if len(styles) > 1 else {}),
    )


def _candidates(base: Path, artist_slug: str, meta_stem: str, slug: str) -> list[Path]:
    """Where a work's picture may lie: below the artist's slug or the meta file's name, in any usual kind."""
    folders = dict.fromkeys((artist_slug, meta_stem))
    return [base / "image" / folder / f"{slug}{suffix}" for folder in folders for suffix in (".jpg", ".jpeg", ".png")]


def _last(value: Any) -> str:
    """The last part of an address: "/en/claude-monet/haystacks" → "haystacks"."""
    if not isinstance(value, str):
        return ""
    try:
        path = unquote(urlsplit(value).path)
    except ValueError:
        return ""
    last = PurePosixPath(path.replace("\0", "")).name
    return "" if last == ".." else last


def _folder_movement(base: Path, root: Path) -> str:
    """The movement whose zip was unpacked: "impressionism" of `impressionism/painting/image`."""
    above = [part for part in base.relative_to(root).parts if part != "painting"]
    return text.from_slug(above[-1]) if above else ""


def _texts(value: Any) -> list[str]:
    """What a list, or a single value, says."""
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    return [said for item in values if (said := _text(item))]


def _text(value: Any) -> str:
    """A number or a text as one line; anything else is nothing."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return text.clean(str(value))
    return ""
