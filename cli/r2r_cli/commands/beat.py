"""r2r beat: what keeps a cluster's queue going while nobody waits at it."""

from __future__ import annotations

from typing import Annotated

import typer


def beat(
    every: Annotated[float, typer.Option(min=0.2, max=3600, metavar="SECONDS", help="Pause between two sweeps.")] = 2.0,
) -> None:
    """Sweep until told to stop: work whose worker died is queued again, and lost messages are sent again.

    Safe to run twice. A cluster wants one or two; this machine's own stack needs none, for a waiting `r2r ingest` and
    `r2r up` sweep, too.

    Example: r2r beat
    """
    from r2r_cli import context
    from r2r_shared import beat as sweeping

    with context.session() as opened:
        opened.conn.close()  # beat has a connection of its own, which it takes anew when the server was away
        sweeping.run(opened.settings, opened.stack, every_s=every)
