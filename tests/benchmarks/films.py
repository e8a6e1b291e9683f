"""Films of known truth, made once and kept between runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[3] / "shared"
CACHE = Path(tempfile.gettempdir()) / f"r2r-benchmark-films-{os.getuid()}"


class NoMaterial(Exception):
    """The shared paintings and clips are not beside this checkout."""


@dataclass(frozen=True, slots=True)
class KnownFilm:
    """A rendered film and what is true of it."""

    path: Path
    truth: dict[str, Any]


def known_film(
    seed: int,
    *,
    seconds: int = 60,
    size: str = "640x360",
    strength: float = 0.5,
    footage: bool = True,
    only: Sequence[Path] = (),
    label: str = "",
) -> KnownFilm:
    """A film by ../shared/tools/make_film.py, rendered unless it was before.

    Args:
        only: the paintings it is made of; by default all of `paintings`.
        label: tells one such choice from another of as many.

    Raises:
        NoMaterial: there is nothing to make it from.
    """
    if not (SHARED / "tools" / "make_film.py").is_file():
        raise NoMaterial(f"{SHARED} holds no paintings to make films from")
    CACHE.mkdir(mode=0o700, exist_ok=True)
    few = f"-of{len(only)}{label}" if only else ""
    path = CACHE / f"seed{seed}-{seconds}s-{size}-{strength}-{'footage' if footage else 'paintings'}{few}.mp4"
    if not path.with_suffix(".truth.json").is_file():
        paintings = _folder_of(only, label) if only else SHARED / "paintings"
        command = [sys.executable, str(SHARED / "tools" / "make_film.py"), "--paintings", str(paintings)]
        command += ["--out", str(path), "--seconds", str(seconds), "--size", size, "--seed", str(seed)]
        command += ["--strength", str(strength)]
        if footage:
            command += ["--footage", *map(str, sorted((SHARED / "media").glob("*.mp4")))]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return KnownFilm(path, json.loads(path.with_suffix(".truth.json").read_text()))


def _folder_of(files: Sequence[Path], label: str) -> Path:
    """A folder with these files alone."""
    folder = CACHE / f"paintings-of{len(files)}{label}"
    folder.mkdir(exist_ok=True)
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
