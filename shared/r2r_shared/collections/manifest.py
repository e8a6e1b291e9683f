"""A manifest beside the pictures: CSV (any usual delimiter and encoding), JSON or JSONL.

One entry a painting. Columns are known by many names (columns.py); those that are not known are kept in `extra`.
Pictures are found relative to the manifest, and must lie in its folder or below. Where a picture is not there, an
address on the web will do: the work is then described now, and its picture fetched.
"""

from __future__ import annotations

import csv
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias, cast
from urllib.parse import unquote, urlsplit

from r2r_shared.collections import columns, disk, licences, text
from r2r_shared.collections.addresses import web_address
from r2r_shared.collections.csv_rows import Rows
from r2r_shared.dates import parse_years
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal

Entry: TypeAlias = tuple[str, dict[str, Any]]
"""Where an entry stands ("line 12", "entry 3") and its values by column, as the manifest names them."""

UNREADABLE = "an entry that cannot be read"
MAX_JSON_BYTES = 1 << 30  # read whole; the Met's half million objects as JSON are smaller
_LISTS = ("paintings", "artworks", "works", "objects", "items", "records", "entries", "data", "results")


def records(source: Path) -> Iterator[PaintingRecord | Refusal]:
    """Every entry of the manifest, in its order.

    Raises:
        UserError: the manifest as a whole cannot be read: not text, not JSON, no column that names a picture file.
    """
    root = source.resolve().parent
    for entry in _entries(source):
        yield entry if isinstance(entry, Refusal) else _record(*entry, root)


def _entries(source: Path) -> Iterator[Entry | Refusal]:
    suffix = source.suffix.lower()
    if suffix == ".json":
        return _json(source)
    if suffix in {".jsonl", ".ndjson"}:
        return _json_lines(source)
    return _csv(source)


def _csv(source: Path) -> Iterator[Entry | Refusal]:
    encoding = _encoding(source)
    with source.open(encoding=encoding, newline="") as lines:
        delimiter = _delimiter(lines.readline())
        lines.seek(0)
        rows = Rows(lines, delimiter, strict=True)
        try:
            header = [name.strip() for name in rows.header()]
        except csv.Error as exc:
            raise UserError(f"{source}: its first line is not CSV: {exc}", "the first line names the columns") from exc
        if columns.fields(header).keys().isdisjoint({"file", "picture_url"}):
            raise UserError(
                f"{source} has no column that names the picture files; its columns: {', '.join(header[:20]) or 'none'}",
                "call that column `file`; names are relative to the manifest. Addresses on the web: `image_url`",
            )
        for line, row in rows:
            where = f"line {line}"
            if isinstance(row, str):
                yield Refusal(where, UNREADABLE, row)
                continue
            if not any(cell.strip() for cell in row):
                continue
            if any(cell.strip() for cell in row[len(header) :]):
                yield Refusal(where, UNREADABLE, f"{len(row)} cells, but the first line names {len(header)} columns")
                continue
            yield where, dict(zip(header, row, strict=False))


def _encoding(source: Path) -> str:
    """UTF-8 (BOM or not), UTF-16 by its BOM, else Windows-1252, which spreadsheets still write.

    Raises:
        UserError: it is none of these.
    """
    with source.open("rb") as file:
        start = file.read(4)
    marked = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            with source.open(encoding=encoding) as lines:
                while lines.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise UserError(f"{source} is not text in UTF-8, UTF-16 or Windows-1252", "save the manifest as UTF-8")


def _delimiter(first_line: str) -> str:
    """The one of , ; tab | that cuts the first line into the most columns."""
    return max(",;\t|", key=lambda mark: len(next(csv.reader([first_line], delimiter=mark), None) or []))


def _json(source: Path) -> Iterator[Entry | Refusal]:
    if source.stat().st_size > MAX_JSON_BYTES:
        raise UserError(f"{source} is larger than 1 GB", "save it as JSONL: one entry a line")
    loaded = _loads(source.read_bytes(), source)
    entries = _listed(loaded)
    if entries is None:
        raise UserError(f"{source} holds no list of paintings", 'write [{"file": …, "title": …}, …]')
    for number, (name, value) in enumerate(entries, 1):
        where = f"entry {number}"
        if not isinstance(value, dict):
            yield Refusal(where, UNREADABLE, "not an object")
            continue
        entry = cast(dict[str, Any], value)
        if name and columns.fields(list(entry)).keys().isdisjoint({"file", "picture_url"}):
            entry = {"file": name, **entry}
        yield where, entry


def _listed(loaded: Any) -> list[tuple[str, Any]] | None:
    """The entries of a list, of the list inside an object, or of an object that maps file names to them."""
    if isinstance(loaded, list):
        return [("", value) for value in cast(list[Any], loaded)]
    if not isinstance(loaded, dict):
        return None
    by_key = cast(dict[str, Any], loaded)
    lists = [key for key, value in by_key.items() if isinstance(value, list)]
    for key in (*_LISTS, *(lists if len(lists) == 1 else ())):
        if key in lists:
            return [("", value) for value in by_key[key]]
    if by_key and all(isinstance(value, dict) for value in by_key.values()):
        return list(by_key.items())
    return None


def _json_lines(source: Path) -> Iterator[Entry | Refusal]:
    with source.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            stripped = line.removeprefix(b"\xef\xbb\xbf").strip()
            if not stripped:
                continue
            where = f"line {number}"
            try:
                value = _loads(stripped, source)
            except UserError:
                yield Refusal(where, UNREADABLE, "not JSON")
                continue
            if isinstance(value, dict):
                yield where, cast(dict[str, Any], value)
            else:
                yield Refusal(where, UNREADABLE, "not an object")


def _loads(data: bytes, source: Path) -> Any:
    try:
        # NaN and Infinity are no JSON, and the database would not take them.
        return json.loads(data.removeprefix(b"\xef\xbb\xbf"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exc:
        raise UserError(f"{source} is not JSON: {exc}", "check it with `python -m json.tool`") from exc


def _record(where: str, entry: Mapping[str, Any], root: Path) -> PaintingRecord | Refusal:
    used: set[str] = set()
    values: dict[str, str] = {}
    raw: dict[str, str] = {}
    for field, candidates in columns.fields(list(entry)).items():
        # The best column that says something; the others are kept in `extra`.
        column = next((column for column in candidates if columns.as_text(entry[column])), candidates[0])
        used.add(column)
        values[field] = columns.as_text(entry[column])
        raw[field] = value.strip() if isinstance(value := entry[column], str) else ""
    found = _picture(raw.get("file", ""), raw.get("picture_url", ""), root, where)
    if isinstance(found, Refusal):
        return found
    year_from, year_to = _years(values)
    licence = licences.canonical(values.get("licence", ""))
    extra = {
        text.clean(key): columns.as_data(v)
        for key, v in entry.items()
        if key and key not in used and columns.says_something(v)
    }
    if values.get("licence") and not licence:  # said, but not in words that are known
        extra["licence"] = values["licence"]
    return PaintingRecord(
        file=found.file,
        path=found.path,
        title=values.get("title") or text.from_file_name(found.stem),
        artist=values.get("artist", ""),
        movement=values.get("movement", ""),
        year=values.get("year", ""),
        year_from=year_from,
        year_to=year_to,
        medium=values.get("medium", ""),
        museum=values.get("museum", ""),
        genre=values.get("genre", ""),
        extra=extra,
        licence=licence,
        page=web_address(raw.get("page", "")),
        picture_url=found.address,
    )


@dataclass(frozen=True, slots=True)
class _Picture:
    """Where an entry's picture is: a file here, or an address; and what the work is called by."""

    file: str
    path: str
    stem: str
    address: str = ""


def _picture(name: str, address: str, root: Path, where: str) -> _Picture | Refusal:
    """The file where it is there, else the address; a refusal where there is neither."""
    if "://" in name:  # an address in the column of files
        name, address = "", address or name
    url = web_address(address)
    file = ""
    if name:
        path = _path(name, root)
        plain = Path(os.path.normpath(path))  # the name of the work, not of what a link leads to
        why = disk.refused(path, root)
        if why is None:
            file = text.relative_name(plain if plain.is_relative_to(root) else path.resolve(), root)
            return _Picture(file, str(path.resolve()), path.stem)
        if not url or why[0] != disk.MISSING:
            return Refusal(text.storable(name), why[0], ", ".join(filter(None, (where, why[1]))))
        file = text.relative_name(plain, root) if plain.is_relative_to(root) else ""
    if url:
        stem = PurePosixPath(unquote(urlsplit(url).path)).stem
        return _Picture(file or url, "", text.clean(stem) or url, url)
    if address:
        return Refusal(text.storable(address), "an address that is not of the web", where)
    return Refusal(where, "an entry without a picture file")


def _path(name: str, root: Path) -> Path:
    r"""Where a manifest's name leads: as written, with \ for /, or in the other of Unicode's two spellings of é."""
    names = [name, name.replace("\\", "/")]
    names += [unicodedata.normalize(form, spelt) for spelt in names[:2] for form in ("NFC", "NFD")]
    paths = [root / PurePosixPath(spelt.replace("\0", "\ufffd")) for spelt in dict.fromkeys(names)]
    return next((path for path in paths if disk.exists(path)), paths[0])


def _years(values: Mapping[str, str]) -> tuple[int | None, int | None]:
    """From the begin and end columns where both are whole numbers in order, else from the written date."""
    try:
        first, last = int(float(values.get("year_from", ""))), int(float(values.get("year_to", "")))
    except (ValueError, OverflowError):
        return parse_years(values.get("year", ""))
    # 0 and 9999 are what museums' exports write for "unknown".
    if -9999 < first <= last < 2200 and (first, last) != (0, 0):
        return first, last
    return parse_years(values.get("year", ""))
