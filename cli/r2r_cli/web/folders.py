"""Which files a visitor may have ingested: those below the folders that the site was given, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from r2r_cli.ingesting.film_search import SUFFIXES
from r2r_shared.errors import FilmRefused, UserError


def allowed(text: str, folders: Sequence[Path]) -> Path:
    """The film that was named, links resolved; a relative path is looked for in each folder.

    Whether there is a file is said only of what lies in a folder.

    Raises:
        FilmRefused: it leads out of them, is not there, or is no file with a film's suffix.
    """
    places = ", ".join(map(str, folders))
    try:
        named = Path(text).expanduser()
        tried = [named] if named.is_absolute() else [folder / named for folder in folders]
        real = [path.resolve() for path in tried]
    except (OSError, RuntimeError, ValueError):
        raise FilmRefused(f"“{text}” is no path", f"films are taken from {places}") from None
    inside = [path for path in real if any(path.is_relative_to(folder) for folder in folders)]
    if not inside:
        raise FilmRefused(
            f"{text} lies outside the folders that films are taken from",
            f"those are {places}; `r2r serve --films FOLDER` adds one, or drop the film here",
        )
    try:
        for path in inside:
            if path.is_dir():
                raise FilmRefused(f"{text} is a folder", f"name a film in it, or: r2r ingest --recursive {path}")
            if path.is_file():
                require_suffix(path.name)
                return path
    except OSError as error:  # too long a name, or a folder that may not be searched
        raise FilmRefused(f"{text[:200]} cannot be looked at: {error.strerror}", "check the path") from None
    raise FilmRefused(f"{text} is not there", f"looked in {places}")


def require_suffix(name: str) -> None:
    """Refuse what is not called a film.

    Raises:
        FilmRefused: it has another suffix.
    """
    if Path(name).suffix.lower() not in SUFFIXES:
        raise FilmRefused(f"{name} has not the name of a film", f"films end in {' '.join(sorted(SUFFIXES))}")


def resolve(folders: Sequence[Path]) -> tuple[Path, ...]:
    """The folders of `--films`, links resolved.

    Raises:
        UserError: one is no directory.
    """
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder} is no directory", "--films names folders that hold films")
    return tuple(folder.resolve() for folder in folders)
