"""r2r depth: what a depth estimator makes of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from r2r_cli import options


def depth(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any picture: JPEG, PNG, WebP, TIFF.")],
    out: Annotated[Path, typer.Option(help="The panel to write, a PNG.")] = Path("depth.png"),
    json: options.Json = False,
) -> None:
    """Draw a picture beside its depth map, with the mean, greatest and least depth (the paper's Figure 4).

    Example: r2r depth still.png --out panel.png
    """
    from r2r_cli import context, render

    with context.session() as opened:
        estimator = context.profile(opened).depth
    found = context.run_worker(
        "r2r_workers.evaluation", "depth", str(image.absolute()), str(out.absolute()), "--estimator", estimator
    )[-1]
    if json:
        render.print_json(found)
        return
    render.say(
        f"{found['estimator']} ({found['unit']}): mean {found['avg']:.1f}, greatest {found['max']:.1f}, "
        f"least {found['min']:.1f}"
    )
    render.note(f"wrote {out}")
