"""What a notebook asks with, looked at before anything is done: what is of another kind is named, with the remedy."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any, SupportsIndex, cast

import numpy as np

from r2r_shared.collections.text import storable
from r2r_shared.errors import UserError
from r2r_shared.score import Weights

EVERY = 1_000_000  # rows where a person asks for all there are
MOST_PAINTINGS = 100  # of a shot; as `r2r timeline --top`: what is asked for is stored
SHORTEST_WINDOW_S = 0.1


def text(name: str, given: object) -> str:
    """Text as the database can be asked for it."""
    if not isinstance(given, str):
        raise UserError(f"{name}={_short(given)} is no text", f'write {name}="…"')
    return storable(_without_nul(name, given))


def text_or_none(name: str, given: object) -> str | None:
    """Text, or nothing."""
    return None if given is None else text(name, given)


def piece(name: str, given: object) -> str:
    """A piece of a name, in lower case; empty where nothing is asked, which is a piece of every name."""
    return "" if given is None else text(name, given).lower()


def thing(name: str, given: object) -> int | str:
    """A film or a painting: its id, from numpy too, or what it is called: as it is, for files have any name."""
    if isinstance(given, str | Path):
        return _without_nul(name, str(given))
    found = _whole(given)
    if found is None:
        raise UserError(f"a {type(given).__name__} names no {name}", "name it by its number, its title or its file")
    return found


def count(name: str, given: object, *, of: str, most: int) -> int:
    """A number of things, at least one."""
    found = _whole(given)
    if found is None or not 1 <= found <= most:
        raise UserError(f"{name}={_short(given)} is no number of {of}", f"from 1 to {most:,}")
    return found


def paintings_of_a_shot(given: object) -> int:
    """`top_k`, as a film's matches are asked for."""
    return count("top_k", given, of="paintings", most=MOST_PAINTINGS)


def rows(name: str, given: object) -> int:
    """How many rows of an answer are wanted."""
    return count(name, given, of="rows", most=EVERY)


def window(given: object) -> float | None:
    """`window_s`, seconds, or None for the usual windows."""
    if given is None:
        return None
    try:
        length = math.nan if isinstance(given, str | bytes | bool) else float(cast("Any", given))
    except (TypeError, ValueError, OverflowError):
        length = math.nan
    if not SHORTEST_WINDOW_S <= length < math.inf:  # false for nan, too
        raise UserError(
            f"window_s={_short(given)} is no length of a window", f"a number of seconds, {SHORTEST_WINDOW_S} at least"
        )
    return length


def truths(**given: object) -> None:
    """Options that are on or off: "no" would be on."""
    for name, one in given.items():
        if not isinstance(one, bool | np.bool_):
            raise UserError(f"{name}={_short(one)} is neither True nor False", f"write {name}=True, or leave it out")


def weights(given: object) -> Weights | None:
    """Weights as a `Weights`, a mapping or text; None for the default ones.

    Raises:
        UserError: they are none.
    """
    if given is None or isinstance(given, Weights):
        return given
    if isinstance(given, str):
        return Weights.parse(given)
    if not isinstance(given, Mapping):
        raise UserError(f"weights={_short(given)} are no weights", 'write {"dc": .3} or "dc=.3,balance=.05"')
    return Weights.parse(",".join(f"{name}={one}" for name, one in cast("Mapping[Any, Any]", given).items()))


def _whole(given: object) -> int | None:
    """A whole number, from numpy too; True and False are none."""
    if isinstance(given, bool):
        return None
    try:
        return operator.index(cast("SupportsIndex", given))
    except TypeError:
        return None


def _without_nul(name: str, given: str) -> str:
    if "\0" in given:  # Postgres keeps none in its text
        raise UserError(f"{name}={_short(given)} has a NUL character, which nothing is named with", "leave it out")
    return given


def _short(given: object) -> str:
    """What was given, in one line of a length to be read."""
    said = repr(given)
    return said if len(said) <= 40 else f"{said[:39]}…"
