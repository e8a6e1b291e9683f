"""How museums' servers are asked: what a person may say about it, and the client that comes of it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.fetching.works import Fetcher

MOST_RATE = 100.0


def _one_line(text: str | None) -> str | None:
    """A callback: what goes into a header is one line of ASCII."""
    if text is not None and not (text.isascii() and text.isprintable() and len(text) <= 200):
        raise typer.BadParameter("write an address of mail or of a page, in plain letters")
    return text


def _known_words(words: list[str] | None) -> list[str] | None:
    """A callback: licences that can be asked for."""
    from r2r_shared.collections import licences

    for word in words or ():
        if not licences.is_word(word):
            raise typer.BadParameter(f"{word} is none; use public-domain, open, cc0, cc-by, cc-by-sa or unknown")
    return words


def _servers(servers: list[str] | None) -> list[str] | None:
    """A callback: servers that can be named."""
    from r2r_shared.fetching.addresses import ports_of

    for server in servers or ():
        try:
            ports_of(server)
        except ValueError:
            raise typer.BadParameter(f"{server} is none; write HOST or HOST:PORT") from None
    return servers


Licences = Annotated[
    list[str] | None,
    typer.Option(
        "--licence",
        help="Only pictures under it: public-domain, open, cc0, cc-by, …; may be given several times.",
        callback=_known_words,
    ),
]
Rate = Annotated[
    float, typer.Option("--rate", min=0.001, max=MOST_RATE, help="Requests a second to one museum's server.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Fetch at most so many pictures this time.")]
Contact = Annotated[
    str | None,
    typer.Option("--contact", help="Tell museums whom to write to: a mail address or a page.", callback=_one_line),
]
CacheDir = Annotated[
    Path | None,
    typer.Option("--cache", help="Keep pictures in its folder r2r-fetched while they come; under R2R_HOME by default."),
]
AllowHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="HOST[:PORT]",
        help="A server that may be asked although it is not on the public internet, at this port or at 80 and 443.",
        callback=_servers,
    ),
]
MaxMb = Annotated[int, typer.Option("--max-mb", min=1, max=256, help="Leave larger pictures where they are.")]


@dataclass(frozen=True, slots=True)
class How:
    """What a person said about asking museums."""

    licences: tuple[str, ...] = ()
    rate: float = 1.0
    limit: int | None = None
    contact: str = ""
    cache: Path | None = None
    allowed: tuple[str, ...] = ()
    max_mb: int = 64


def how(  # noqa: PLR0917
    licences: list[str] | None,
    rate: float,
    limit: int | None,
    contact: str | None,
    cache: Path | None,
    max_mb: int,
    allow_host: list[str] | None,
    *,
    named: str = "",
) -> How:
    """What the options say.

    Args:
        named: an address that a person named as the source: its own server may be asked, wherever it is.
    """
    from r2r_shared.fetching.addresses import server_of

    allowed = (*(allow_host or ()), server_of(named) if named else "")
    return How(tuple(licences or ()), rate, limit, contact or "", cache, tuple(filter(None, allowed)), max_mb)


@contextmanager
def opened(session: Session, how: How, *, afresh: bool = False) -> Generator[Fetcher]:
    """What fetches works; when the `with` ends, its threads let go and its connections close.

    Args:
        afresh: ask servers that want to be left alone, too.
    """
    from r2r_cli.collecting.turns import Turns
    from r2r_shared.collections import museums
    from r2r_shared.fetching.addresses import Addresses
    from r2r_shared.fetching.cache import Cache
    from r2r_shared.fetching.client import Client
    from r2r_shared.fetching.pace import Pace
    from r2r_shared.fetching.patience import Patience
    from r2r_shared.fetching.run import threads_for
    from r2r_shared.fetching.works import Fetcher

    turns = Turns(session.stack.database_url, afresh=afresh)
    pace = Pace(how.rate, shared=turns)
    client = Client(
        Addresses(how.allowed),
        pace,
        contact=how.contact,
        connections=threads_for(how.rate),
        introduced_in=museums.introduced_in,
    )
    try:
        yield Fetcher(
            client,
            Patience(),
            Cache(how.cache / "r2r-fetched" if how.cache else session.settings.home / "fetched"),
            session.store,
            licences=how.licences,
            max_bytes=how.max_mb << 20,
        )
    finally:
        client.pace.stop.set()
        client.close()
        turns.close()
