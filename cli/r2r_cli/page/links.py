"""Where the film page of the server leads: other pages, pictures, and the server's exact answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the server makes of the film: the ending of its name, what it is, where to get it."""

    ending: str
    about: str
    address: str


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that only the server knows.

    Attributes:
        painting: the page of a painting, by its id.
        exact: where the page asks for one shot's matches under other weights. It sends
            `GET {exact}?shot=12&weights=dc=.3,avg_dof=.1,…&visual=.5` (the shot's number; all eight weights; the
            share of V_r, 0 to 1; after a `&` where the address has a `?` already) and reads `{"matches": […]}`,
            best first, each as in timeline.schema.json.
            Empty: the page ranks among its candidates alone.
        home: the page that lists the films.
        downloads: files to take along.
    """

    painting: Callable[[int], str]
    exact: str = ""
    home: str = ""
    downloads: tuple[Download, ...] = ()
