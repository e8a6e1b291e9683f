"""Works in JSON files of any size: an array, an object that holds one, a file a work, or a line a work.

Read piece by piece: one work is in memory at a time, never the file; of a folder, the names of its files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeAlias, cast

from r2r_shared.collections import disk, remarks, tables, text
from r2r_shared.records import Refusal

Found: TypeAlias = "tuple[str, dict[str, Any]] | Refusal"
"""Where a work stands ("entry 3", "27992.json") and its record."""

MAX_WORK = 64 << 20  # signs of one work, or of what stands beside the list; the largest known is 2 MB
_ENTRY = 200  # signs that a name costs beside its own: many small ones take up many times what they are written in
_PIECE = 1 << 18
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity are no JSON: the database refuses them


def works(source: Path, lists: Collection[str]) -> Iterator[Found]:
    """Every work of a file, or of all .json files below a folder, in the order of their names.

    Args:
        lists: the names under which an object may hold its list of works; an object without one is a work itself.
    """
    if source.is_dir():
        for path in disk.walk(source):
            if path.suffix.lower() in {".json", ".jsonl", ".ndjson"}:
                yield from _file(path, lists, text.relative_name(path, source))
    else:
        yield from _file(source, lists, "")


def first(source: Path, lists: Collection[str]) -> dict[str, Any] | None:
    """The first work of a source, for a look at its form; None where there is none."""
    try:
        return next((found[1] for found in works(source, lists) if isinstance(found, tuple)), None)
    except OSError:
        return None


def _file(path: Path, lists: Collection[str], name: str) -> Iterator[Found]:
    if name and (why := disk.refused(path, path.parent.resolve())) is not None:
        yield Refusal(name, *why)
        return
    with path.open(encoding=tables.encoding(path), errors="replace") as file:
        if path.suffix.lower() in {".jsonl", ".ndjson"}:
            yield from _lines(file, name)
            return
        for number, value in enumerate(_values(_Pieces(file), lists), 1):
            where = f"entry {number}" if not name else name if number == 1 else f"{name}, entry {number}"
            if isinstance(value, dict):
                yield where, cast(dict[str, Any], value)
            elif isinstance(value, _Broken):
                yield Refusal(where, remarks.BROKEN_OFF, str(value))
            else:
                yield Refusal(where, remarks.UNREADABLE, "not an object")


def _lines(file: TextIO, name: str) -> Iterator[Found]:
    for number, line in enumerate(iter(lambda: file.readline(MAX_WORK), ""), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}" if name else f"line {number}"
        try:
            value = _DECODER.decode(line.strip())
        except (ValueError, RecursionError):
            yield Refusal(where, remarks.UNREADABLE, "not JSON")
            continue
        if isinstance(value, dict):
            yield where, cast(dict[str, Any], value)
        else:
            yield Refusal(where, remarks.UNREADABLE, "not an object")


class _Broken(Exception):
    """The file ends, or stops being JSON, before its last value does."""


class _Pieces:
    """A text file, decoded value by value with a window of it in memory.

    Attributes:
        length: signs of the last value.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._window = ""
        self._at = 0
        self._ended = False
        self.length = 0

    def peek(self) -> str:
        """The next sign that is no space; empty at the end."""
        while True:
            match = _SPACE.match(self._window, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more(_PIECE):
                return ""

    def take(self, signs: str) -> str:
        """The next sign, which must be one of `signs`."""
        sign = self.peek()
        if not sign or sign not in signs:
            raise _Broken(f"{sign!r} where {signs[0]!r} is due" if sign else "it ends too soon")
        self._at += 1
        return sign

    def value(self) -> Any:
        """The next value whole."""
        self.peek()
        piece = _PIECE
        while True:
            try:
                value, end = _DECODER.raw_decode(self._window, self._at)
                if end < len(self._window) or self._ended:  # a number at the window's edge may go on
                    self.length, self._at = end - self._at, end
                    return value
            except RecursionError as exc:
                raise _Broken("nested too deep") from exc
            except ValueError as exc:
                if self._ended or len(self._window) - self._at > MAX_WORK:
                    raise _Broken(str(exc)) from exc
            self._more(piece)
            piece *= 2  # so that a large value is not decoded over and over

    def _more(self, size: int) -> bool:
        read = self._file.read(size)
        self._window, self._at = self._window[self._at :] + read, 0
        self._ended = not read
        return bool(read)


def _values(pieces: _Pieces, lists: Collection[str]) -> Iterator[Any]:
    """The entries of a list, or of the lists inside an object, or the object itself."""
    try:
        start = pieces.peek()
        if start == "[":
            yield from _array(pieces)
        elif start == "{":
            yield from _object(pieces, lists)
        elif start:
            yield pieces.value()
        if start and (rest := pieces.peek()):
            raise _Broken(f"{rest!r} behind its end")
    except _Broken as broken:
        yield broken


def _array(pieces: _Pieces) -> Iterator[Any]:
    pieces.take("[")
    if pieces.peek() == "]":
        pieces.take("]")
        return
    while True:
        yield pieces.value()
        if pieces.take(",]") == "]":
            return


def _object(pieces: _Pieces, lists: Collection[str]) -> Iterator[Any]:
    pieces.take("{")
    kept: dict[str, Any] = {}
    listed = False
    size = 0
    while pieces.peek() != "}":
        key = pieces.value()
        if not isinstance(key, str):
            raise _Broken("a name that is no text")
        pieces.take(":")
        if key in lists and pieces.peek() == "[":
            listed = True
            yield from _array(pieces)
        elif key in lists and pieces.peek() == "{":
            listed = True  # an answer about a single work: {"data": {…}}
            yield pieces.value()
        else:
            value = pieces.value()
            size += pieces.length + len(key) + _ENTRY
            if size > MAX_WORK or listed:  # a list may still come
                kept.clear()
            else:
                kept[key] = value
        if pieces.take(",}") == "}":
            break
    else:
        pieces.take("}")
    if listed:
        return
    if size > MAX_WORK:
        raise _Broken("an object that is too large to be one work, and holds no list of works")
    yield kept
