"""python -m r2r_workers.evaluation depth IMAGE OUT --estimator NAME: one JSON object.

The command line calls this in a process of its own, because it may not import what is here. Exit code 0; 1 with
{"error", "hint"} where a person has to do something; 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r2r_shared import pictures
from r2r_shared.errors import PictureRefused, UserError
from r2r_workers import metrics
from r2r_workers.evaluation import depth_panel
from r2r_workers.evaluation.embeddings import decoded
from r2r_workers.models.registry import depth_estimator

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m r2r_workers.evaluation", description="Figures of single pictures.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("depth", help="a picture beside its depth map")
    command.add_argument("image", type=Path)
    command.add_argument("out", type=Path, help="the PNG to write")
    command.add_argument("--estimator", default="defocus", help="a depth estimator by its name")
    options = parser.parse_args(arguments)
    try:
        line = depth(options.image, options.out, options.estimator)
    except UserError as error:
        line = {"error": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(line) + "\n")
    return 1 if "error" in line else 0


def depth(image: Path, out: Path, name: str) -> dict[str, Any]:
    """Write the panel of a picture, measured as a painting or keyframe is; what was measured.

    Raises:
        UserError: the picture cannot be read, the panel not written, or there is no such estimator.
    """
    try:
        picture = decoded(pictures.intake(image).jpeg, str(image))
    except PictureRefused as error:
        raise UserError(error.message, "name a picture: JPEG, PNG, WebP or TIFF") from error
    found = depth_estimator(name, os.environ.get("R2R_DEVICE", "auto")).estimate([picture])[0]
    measured = metrics.depth_of_field(found)
    _write(depth_panel.draw(picture, found, measured, name=name), out)
    return {
        "image": str(image),
        "out": str(out),
        "estimator": name,
        "unit": depth_panel.unit(name),
        "avg": measured.avg,
        "max": measured.max,
        "min": measured.min,
    }


def _write(panel: PillowImage, out: Path) -> None:
    """Whole or not at all."""
    if not out.name:
        raise UserError(f"“{out}” names no file to write", "name a file in a directory that exists")
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        panel.save(partial, "PNG")
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserError(
            f"{out} cannot be written: {error.strerror}", "name a file in a directory that exists"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
