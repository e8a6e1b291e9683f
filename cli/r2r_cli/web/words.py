"""How numbers, names and states are written on these pages."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from r2r_cli import render
from r2r_cli.page.words import METRIC_LABELS, running_time, timecode, years
from r2r_shared.collections.text import storable
from r2r_shared.records import METRICS, Features

if TYPE_CHECKING:
    from r2r_shared.queries.jobs import Job

STATES = {
    "ready": "ready",
    "queued": "waiting for a worker",
    "running": "being analysed",
    "failed": "failed",
    "cancelled": "cancelled",
    "known": "not analysed yet",
}


def decimals(value: float, places: int = 3) -> str:
    """0.713; what is no number is a dash."""
    return f"{value:.{places}f}" if math.isfinite(value) else "–"


def percent(share: float) -> str:
    """12 %, 0.4 %, 0 %."""
    per_cent = 100 * share
    return f"{per_cent:.1f} %" if 0 < per_cent < 9.95 else f"{per_cent:.0f} %"


def swatches(dc: tuple[float, ...]) -> list[str]:
    """Three RGB centres, 9 values 0..255, as colours of CSS, the largest share first."""
    levels = [max(0, min(255, round(value))) for value in dc]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in (levels[0:3], levels[3:6], levels[6:9])]


def metric_rows(features: Features) -> list[tuple[str, str]]:
    """Each metric of one number by its label; colours and shadows are drawn instead."""
    single = [metric for metric in METRICS if metric not in ("dc", "shadow")]
    return [(METRIC_LABELS[metric], f"{getattr(features, metric):.4g}") for metric in single]


def clean(text: Any) -> str:
    """A name as a page can carry it: names come from anywhere."""
    return storable(render.printable(str(text)))


def remedy(text: str) -> Markup:
    """A hint as the command line gives it: what stands between backticks is a command."""
    pieces = clean(text).split("`")
    if len(pieces) % 2 == 0:  # one is left over: it is no pair
        return escape("`".join(pieces))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if odd else escape(piece)
        for piece, odd in zip(pieces, itertools.cycle((False, True)), strict=False)
    )


def count(number: int) -> str:
    """12,345."""
    return f"{number:,}"


def job_said(job: Job) -> str:
    """How far a job is."""
    from r2r_cli.jobs import job_progress

    if job.cancel_requested and job.state in ("queued", "running"):
        return "is being cancelled"
    return "waits for a worker" if job.state == "queued" and job.put_off is None else job_progress.describe(job)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "timecode": timecode,
    "running_time": running_time,
    "years": years,
    "percent": percent,
    "decimals": decimals,
    "swatches": swatches,
    "metric_rows": metric_rows,
    "clean": clean,
    "remedy": remedy,
    "state": STATES.__getitem__,
    "job_said": job_said,
    "count": count,
}
