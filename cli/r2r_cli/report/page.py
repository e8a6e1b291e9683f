"""An evaluation as one self-contained HTML page: no network, no script, readable in print and by a screen reader."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from r2r_cli.page import ASSETS
from r2r_cli.page.environment import environment
from r2r_cli.page.words import METRIC_LABELS, clean
from r2r_cli.report import figures, reading, words

_HERE = Path(__file__).parent
_SHADES = 20


def render(report: dict[str, Any]) -> str:
    """The page of what `r2r evaluate --json` prints."""
    report = clean(report)
    style = _style()
    results = report["results"]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            results=results,
            held_out=report["held_out"],
            measures=figures.measures(results),
            scatters=[_scatters(result) for result in results],
            reading=reading,
            words=words,
            metrics=METRIC_LABELS,
            shades=_SHADES,
            made=datetime.fromisoformat(report["evaluated_at"]),
            box=figures,
            style=Markup(style),  # noqa: S704  (our own style sheets)
            style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        )
    )


def _scatters(result: dict[str, Any]) -> list[figures.Scatter]:
    """The paper's figure, the same with more pairs, and the pairwise affinity as an addition."""
    up = "latent distance, normalised"
    sums, affinity = "|difference of weighted sums|", "1 − semantic affinity"
    drawn: list[figures.Scatter] = []
    for one in result["figure8"]:
        if one["of"] == "sums":
            drawn.append(figures.scatter(one, heading=f"{one['pairs']:,} pairs", across=sums, up=up))
    last = [one for one in result["figure8"] if one["of"] == "affinity"][-1:]
    drawn += [
        figures.scatter(one, heading=f"An addition: {one['pairs']:,} pairs", across=affinity, up=up) for one in last
    ]
    return drawn


def _style() -> str:
    """The film page's style sheet, so that both look alike, the report's own, and the shades of a confusion matrix."""
    sheets = [ASSETS / "style.css", _HERE / "report.css"]
    rules = [sheet.read_text(encoding="utf-8") for sheet in sheets]
    rules += [f".q{n}{{--q:{round(70 * n / _SHADES)}%}}" for n in range(_SHADES + 1)]
    return "\n".join(rules)


def _environment() -> jinja2.Environment:
    return environment(_HERE / "templates", {"percent": words.percent})
