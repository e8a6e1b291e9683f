"""A film's probe and frame index, of a stranger: read as the rest of r2r reads them, before it does.

What a data set says of a film it says three times, in the columns, in the probe and in the index; and when its shots
are shown the index says, too. Where they contradict each other somebody has changed one of them.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from r2r_shared.collections.text import clean
from r2r_shared.errors import UserError
from r2r_shared.exchange.format import FILMS, MOST_SHOWN
from r2r_shared.film.index import FilmIndex
from r2r_shared.queries import exchange_stage
from r2r_shared.records import Box, FilmProbe

_HINT = "it was changed or made by another program: have it exported again by `r2r export`"
_PROBE, _INDEX = (FILMS.names.index(name) for name in ("probe", "frame_index"))
_SAID_TWICE = (
    "container",
    "codec",
    "width",
    "height",
    "rotation",
    "fps_num",
    "fps_den",
    "frames",
    "duration_s",
    "start_s",
)
"""Columns that the probe has, too: r2r writes both from one look at the file."""
_TIMECODE = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d[:;][0-5]\d", re.ASCII)

_SAME_S = 1e-3  # times that differ by less are one: no film has a thousand frames a second
_SAME_RATE = 0.02  # the probe takes the container's word for a steady rate that is so near to the frames' own
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
        said = dict(zip(FILMS.names, row, strict=True))
        try:
            probe = _probe(json.loads(said["probe"]))
            _check_index(FilmIndex.from_bytes(said["frame_index"], frames=said["frames"]), said)
            _check_probe(probe, said)
        except (
            *(ValueError, KeyError, TypeError, ArithmeticError, RecursionError, struct.error, zlib.error),
            *(AttributeError, MemoryError),
        ) as error:
            raise UserError(
                f"{FILMS.file}: what is said of the file of “{said['title']}” cannot be: {error}", _HINT
            ) from error
        tidied = list(row)
        tidied[_PROBE] = json.dumps(probe)
        yield tuple(tidied)


def check_times(conn: Connection[Any]) -> None:
    """See to it that staged shots and keyframes are at the times that their films' indexes have for their frames.

    After `exchange_stage.complaint`: none of their frames lies outside its film.

    Raises:
        UserError: one is not.
    """
    for film_id, title, frames, data in exchange_stage.indexes(conn):
        index = FilmIndex.from_bytes(data, frames=frames)
        begins = (index.pts - index.pts[0]).astype(np.float64) * float(index.time_base)
        ends = np.append(begins[1:], index.duration_s)
        shots, keyframes = exchange_stage.times(conn, film_id)
        for table, frame, said, known in (
            ("shots", shots[0], shots[2], begins),
            ("shots", shots[1] - 1, shots[3], ends),
            ("keyframes", keyframes[0], keyframes[1], begins),
        ):
            if _differ(said, known[frame.astype(np.int64)]):
                raise UserError(
                    f"{table}.parquet holds times in “{title}” at which the film's index has other frames", _HINT
                )


def _differ(said: NDArray[np.float64], known: NDArray[np.float64]) -> bool:
    return bool(np.any(np.abs(said - known) > _SAME_S))


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
    return found


def _check_probe(probe: dict[str, Any], said: dict[str, Any]) -> None:
    """That it says what the columns say, and no picture larger than they."""
    for name in _SAID_TWICE:
        if probe[name] != said[name] and not (isinstance(said[name], float) and math.isclose(probe[name], said[name])):
            raise ValueError(f"its {name} is {said[name]}, and {probe[name]} in its probe")
    active = probe["active"]
    for at, size in (("x", "width"), ("y", "height")):
        if active[size] < 1 or active[at] + active[size] > said[size]:
            raise ValueError("its picture without bars is not inside its picture")
        if not 1 <= probe[f"coded_{size}"] <= MOST_SHOWN:
            raise ValueError(f"a picture of {probe[f'coded_{size}']} pixels")
    if (label := probe.get("start_timecode")) is not None and not _TIMECODE.fullmatch(label):
        probe["start_timecode"] = None  # real files have such labels, too: the film begins at zero, as one without


def _number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise ValueError(f"{value!r} is no number of pixels")
    return value


def _check_index(index: FilmIndex, said: dict[str, Any]) -> None:
    if index.time_base <= 0 or bool(np.any(np.diff(index.pts) < 0)) or bool(np.any(np.diff(index.iframes) < 0)):
        raise ValueError("the frames' times do not ascend")
    seconds = index.duration_s
    if seconds <= 0 or abs(seconds - said["duration_s"]) > _SAME_S:
        raise ValueError(f"it lasts {said['duration_s']:g} s, and {seconds:g} s by its index")
    if abs(float(int(index.pts[0]) * index.time_base) - said["start_s"]) > _SAME_S:
        raise ValueError("its first frame is shown at another time by its index")
    if not math.isclose(said["fps_num"] / said["fps_den"], index.fps, rel_tol=_SAME_RATE):
        raise ValueError(f"{said['fps_num']}/{said['fps_den']} frames a second, and {index.fps:g} by its index")
