"""A film's probe and frame index, of a stranger: read as the rest of r2r reads them, before it does."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, asdict, fields
from typing import Any

import numpy as np

from r2r_shared.collections.text import clean
from r2r_shared.errors import UserError
from r2r_shared.exchange.format import FILMS
from r2r_shared.film.index import FilmIndex
from r2r_shared.records import Box, FilmProbe

_HINT = "it was changed or made by another program: have it exported again by `r2r export`"
_FRAMES, _PROBE, _INDEX, _TITLE = (FILMS.names.index(name) for name in ("frames", "probe", "frame_index", "title"))
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str | None": (str, type(None)),
}


def checked(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows of the table `films`, each with a probe and an index that can be what they say.

    Raises:
        UserError: those of a film cannot.
    """
    for row in rows:
        try:
            probe = _probe(json.loads(row[_PROBE]))
            _check_index(row[_INDEX], row[_FRAMES])
        except (
            *(ValueError, KeyError, TypeError, ArithmeticError, RecursionError, struct.error, zlib.error),
            *(AttributeError, MemoryError),
        ) as error:
            raise UserError(
                f"{FILMS.file}: what is said of the file of “{row[_TITLE]}” cannot be: {error}", _HINT
            ) from (error)
        tidied = list(row)
        tidied[_PROBE] = json.dumps(probe)
        yield tuple(tidied)


def _probe(said: dict[str, Any]) -> dict[str, Any]:
    """As `films.probe_of` takes it; what a newer release may have added is left out."""
    found: dict[str, Any] = {}
    for field in fields(FilmProbe):
        if field.name == "index" or (field.name not in said and field.default is not MISSING):
            continue
        value = said[field.name]
        if field.name == "active":
            value = asdict(Box(**{name: _number(value[name]) for name in ("x", "y", "width", "height")}))
        elif field.name == "warnings":
            value = [clean(line) for line in value if isinstance(line, str)]
        elif not isinstance(value, _KINDS[str(field.type)]) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"{field.name} is no {field.type}")
        found[field.name] = clean(value) if isinstance(value, str) else value
    if min(found["fps_num"], found["fps_den"]) < 1:
        raise ValueError("its frame rate is none")
    return found


def _number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise ValueError(f"{value!r} is no number of pixels")
    return value


def _check_index(data: bytes, frames: int) -> None:
    index = FilmIndex.from_bytes(data, frames=frames)
    if index.time_base <= 0 or bool(np.any(np.diff(index.pts) < 0)) or bool(np.any(np.diff(index.iframes) < 0)):
        raise ValueError("the frames' times do not ascend")
