"""Which films a person means who names files, directories and buckets: found one by one, in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from r2r_shared.errors import FilmRefused, UserError
from r2r_shared.film import places as film_places
from r2r_shared.storage import objects

SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".wmv"}
    | {".asf", ".flv", ".ogv", ".mxf", ".3gp"}
)
"""What a directory is searched for. A file that is named is tried whatever it is called."""


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A directory whose films nobody can tell, and why."""

    directory: Path
    error: FilmRefused


Found: TypeAlias = "Path | str | Unsearched"


def expand(paths: Iterable[Path | str], *, recursive: bool) -> Iterator[Found]:
    """The files and objects that were named, and with `recursive` the films in directories and below prefixes.

    They come in order, each once, and are looked for as they are asked for: memory holds one directory's names. A
    directory that cannot be searched comes in place of its films.

    Raises:
        UserError: a directory was named without `recursive`, or one that holds no film.
    """
    found: list[Iterator[Found]] = []
    files: set[Path | str] = set()
    directories: list[Path | str] = []
    for path in paths:
        if path in files or path in directories:
            continue
        if not _is_directory(path, recursive=recursive):
            if not _inside(path, directories):
                found.append(iter([path]))
            files.add(path)
            continue
        if not recursive:
            raise UserError(f"{path} is a directory", "add --recursive to take the films in it")
        inside = _films(path)
        first = next(inside, None)
        if first is None:
            raise UserError(f"{path} holds no film", f"looked for {' '.join(sorted(SUFFIXES))}")
        found.append(_others(chain([first], inside), frozenset(files), tuple(directories)))
        directories.append(path)
    return chain.from_iterable(found)


def _others(films: Iterator[Found], files: frozenset[Path | str], before: tuple[Path | str, ...]) -> Iterator[Found]:
    """Without what was named by itself before, or lies in a directory that was."""
    return (film for film in films if isinstance(film, Unsearched) or (film not in files and not _inside(film, before)))


def _inside(film: Path | str, directories: Iterable[Path | str]) -> bool:
    if isinstance(film, Path):
        return any(isinstance(directory, Path) and film.is_relative_to(directory) for directory in directories)
    return any(isinstance(directory, str) and film.startswith(_as_prefix(directory)) for directory in directories)


def _is_directory(path: Path | str, *, recursive: bool) -> bool:
    if isinstance(path, Path):
        try:
            return path.is_dir()
        except OSError:  # too long a name, or one that may not be looked up: the probe says which
            return False
    if path.endswith("/") or "/" not in path.removeprefix(film_places.BUCKET):
        return True
    if not recursive:
        return False
    try:
        objects.look(path)
    except FileNotFoundError:
        return True
    return False


def _films(directory: Path | str) -> Iterator[Found]:
    if isinstance(directory, Path):
        return _walk(directory)
    found = objects.listed(_as_prefix(directory))
    return (url for url in found if Path(url).suffix.lower() in SUFFIXES)


def _as_prefix(directory: str) -> str:
    return directory.rstrip("/") + "/"


def _walk(directory: Path) -> Iterator[Path | Unsearched]:
    """The films of a directory and of those in it, by name; links to directories are not followed: they may circle."""
    try:
        with os.scandir(directory) as entries:
            names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError as error:
        why = f"cannot be searched: {error.strerror}"
        hint = "give yourself permission to read it, or see to its disk or share"
        yield Unsearched(directory, FilmRefused(f"{directory} {why}", hint, reason=why))
        return
    for name, is_directory in names:
        path = directory / name
        if is_directory:
            yield from _walk(path)
        elif path.suffix.lower() in SUFFIXES and _may_be_file(path):
            yield path


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it may not be looked at: whoever takes it in says so of this one
        return True
