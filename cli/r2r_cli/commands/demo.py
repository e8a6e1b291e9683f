"""r2r demo: the whole of it on material it makes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from r2r_cli import options


def demo(
    out: Annotated[Path, typer.Option(help="Where everything goes, servers included.")] = Path("r2r-demo"),
    seed: Annotated[int, typer.Option(help="Another seed paints another collection.")] = 1,
    seconds: Annotated[float, typer.Option(min=12, max=600, help="Length of the film.")] = 48,
    json: options.Json = False,
) -> None:
    """Paint a collection, render a film from some of it, and find those paintings again.

    Nothing is downloaded, and nothing outside the directory is touched: it has a stack of its own.

    Example: r2r demo --out /tmp/demo
    """
    from r2r_cli import demonstration, render

    report = demonstration.run(out, seed=seed, seconds=seconds, quiet=json)
    if json:
        render.print_json(report)
