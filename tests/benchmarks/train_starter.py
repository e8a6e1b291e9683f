"""Train the starter network again, with this project's own training job.

    python -m tests.benchmarks.train_starter [HOME] [--procedural 1200] [--epochs N] [--name starter-candidate]

Brings three collections into the stack at HOME (an R2R_HOME of its own) and trains with `r2r train --recipe starter`:
`paintings_small` of ../shared, of which `r2r train` itself leaves out a quarter of the artists; the 52 of `paintings`
that are not kept out (see kept_out.py); and works of the endless painter. Then it trains a little longer from those
weights at a higher temperature, and blends in the descriptor's statistics. Called again, it goes on. In the end the
weights lie at HOME/NAME.safetensors.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from r2r_workers.demo import painter
from tests.benchmarks import kept_out
from tests.benchmarks.films import CACHE
from tests.benchmarks.kept_out import Work

HOME = CACHE / "starter-home"
FIRST_STAGE = ("--blend", "0")
SECOND_STAGE = ("--epochs", "12", "--rate", "0.0005", "--temperature", "0.2", "--blend", "0")
"""A higher temperature draws a painting and its renditions closer together, which V_r needs to weigh against S_a."""

THIRD_STAGE = ("--epochs", "0")
"""The network stays as it is; statistics are blended in."""

PAINTED_PX = 256
PAINTER_SEED = 7
PROCEDURAL = 1200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, nargs="?", default=HOME)
    parser.add_argument("--procedural", type=int, default=PROCEDURAL)
    parser.add_argument("--name", default="starter-candidate")
    parser.add_argument("--only-import", action="store_true")
    parser.add_argument("options", nargs="*", help="further options of r2r train, after --")
    args = parser.parse_args()
    args.home.mkdir(parents=True, exist_ok=True)
    kept = {work.file for work in kept_out.twenty()}
    folders = [
        _manifest(args.home / "material" / "small", kept_out.small()),
        _manifest(args.home / "material" / "paintings", [w for w in kept_out.paintings() if w.file not in kept]),
        _painted(args.home / "material" / "procedural", args.procedural),
    ]
    for folder in folders:
        _r2r(args.home, "paintings", "import", str(folder / "manifest.csv"), "--collection", folder.name)
    if args.only_import:
        return
    first = _trained(args.home, f"{args.name}-1", [*FIRST_STAGE, *args.options])
    second = _trained(args.home, f"{args.name}-2", ["--weights", str(first), *SECOND_STAGE, *args.options])
    _trained(args.home, args.name, ["--weights", str(second), *THIRD_STAGE, *args.options])


def _trained(home: Path, name: str, options: list[str]) -> Path:
    """Train a model by the recipe and write its file, unless it is there."""
    out = home / f"{name}.safetensors"
    if not out.is_file():
        _r2r(home, "train", name, "--recipe", "starter", *options)
        _r2r(home, "models", "export", name, str(out))
    return out


def _manifest(folder: Path, works: Iterable[Work]) -> Path:
    """A manifest that names the shared pictures where they lie, by links."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "title", "artist", "movement", "year"))
        for work in works:
            link = folder / work.file
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                os.link(work.path, link) if work.path.stat().st_dev == folder.stat().st_dev else link.write_bytes(
                    work.path.read_bytes()
                )
            writer.writerow((work.file, work.title, work.artist, work.movement, work.year))
    return folder


def _painted(folder: Path, count: int) -> Path:
    """Works of the endless painter, without an artist: they are in nobody's triplets, and held out from nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "title"))
        for number in range(count):
            name = f"{number:05d}.jpg"
            if not (folder / name).exists():
                picture = painter.paint(painter.work(number, seed=PAINTER_SEED), PAINTED_PX)
                Image.fromarray(picture).save(folder / name, quality=90)
            writer.writerow((name, f"Work {number}"))
    return folder


def _r2r(home: Path, *args: str) -> None:
    command = [sys.executable, "-m", "r2r_cli.main", *args]
    print("r2r", *args, flush=True)
    subprocess.run(command, env=os.environ | {"R2R_HOME": str(home)}, check=True)


if __name__ == "__main__":
    main()
