"""What an address says, read strictly: a number that is none is no page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from r2r_cli.web.complaints import Refused
from r2r_shared.score import DEFAULT, Weights

if TYPE_CHECKING:
    from r2r_cli.web.site import Site

MOST_WORDS = 200


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    site: Site = request.app.state.site
    return site


def number(request: Request, name: str, *, default: int = 1, low: int = 1, high: int = 1_000_000) -> int:
    """A whole number of the query.

    Raises:
        Refused: it is none, or out of range.
    """
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not low <= int(text) <= high:
        raise Refused(400, f"{name}={text[:40]} is not a number from {low} to {high}", "mend the address")
    return int(text)


def words(request: Request, name: str) -> str:
    """A text of the query, of which no more than a person would write is looked at."""
    return request.query_params.get(name, "").replace("\0", "")[:MOST_WORDS].strip()


def one_of(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """One of several words; the first is the default.

    Raises:
        Refused: it is another.
    """
    said = request.query_params.get(name) or choices[0]
    if said not in choices:
        raise Refused(400, f"{name}={said[:40]} is not known", f"use {', '.join(choices)}")
    return said


def yes(request: Request, name: str) -> bool:
    """A flag: 1, true, yes or on; or 0, false, no, off, or not there.

    Raises:
        Refused: it is another word, and may mean either.
    """
    said = request.query_params.get(name, "").lower()
    if said not in ("", "0", "false", "no", "off", "1", "true", "yes", "on"):
        raise Refused(400, f"{name}={said[:40]} is neither yes nor no", f"{name}=1, or leave it out")
    return said in ("1", "true", "yes", "on")


def only(request: Request, *names: str, why: str = "") -> None:
    """See to it that an address asks for nothing but these: what it asks for is done, or refused.

    Args:
        why: what to say of anything else.

    Raises:
        Refused: it asks for something else.
    """
    for name in request.query_params:
        if name not in names:
            known = f"take it out of the address, which knows {', '.join(names)}"
            raise Refused(400, f"{name[:40]} changes nothing here", f"{known}; {why}" if why else known)


def weights(request: Request) -> Weights:
    """The weights that an address names, as `--weights` does; else the defaults.

    Raises:
        UserError: they name no metric, or give it no weight.
    """
    text = request.query_params.get("weights", "")[:1000]
    return Weights.parse(text) if text else DEFAULT


def share(request: Request, name: str, default: float) -> float:
    """A number from 0 to 1.

    Raises:
        Refused: it is none.
    """
    text = request.query_params.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # false for nan, too
        raise Refused(400, f"{name}={text[:40]} is not a number from 0 to 1", "mend the address")
    return value
