"""What the command line and the workers share: rows, queries, settings, names, the local stack. And, for notebooks:

    import r2r_shared as r2r

    r2r.films().to_pandas()
    r2r.matches("movie.mp4", convincing=True).to_polars()
    r2r.influence("movie.mp4", of="artist")

Each function is the method of that name of `Library` (reading/library.py), asked of the installation that the
environment names; it is opened at the first call. `with r2r.library(profile="mine") as library:` opens another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from r2r_shared.reading.library import Library, library
    from r2r_shared.reading.notebook import close, current

    _asked = current()
    catalogue_influence = _asked.catalogue_influence
    cite = _asked.cite
    echoes = _asked.echoes
    films = _asked.films
    hubs = _asked.hubs
    influence = _asked.influence
    matches = _asked.matches
    painting_collections = _asked.painting_collections
    paintings = _asked.paintings
    picture = _asked.picture
    shots = _asked.shots
    similar = _asked.similar
    timeline = _asked.timeline
    windows = _asked.windows

__all__ = [
    "Library",
    "catalogue_influence",
    "cite",
    "close",
    "echoes",
    "films",
    "hubs",
    "influence",
    "library",
    "matches",
    "painting_collections",
    "paintings",
    "picture",
    "shots",
    "similar",
    "timeline",
    "windows",
]


def __getattr__(name: str) -> Any:
    """What notebooks use is imported when it is asked for: commands and workers begin without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from r2r_shared.reading import notebook

    return notebook.named(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
