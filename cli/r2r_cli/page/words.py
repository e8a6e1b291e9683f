"""How numbers and names are written on the page."""

from __future__ import annotations

import math
from typing import Any

METRIC_LABELS = {
    "dc": "Dominant colours",
    "avg_dof": "Mean depth",
    "max_dof": "Greatest depth",
    "min_dof": "Least depth",
    "saturation": "Saturation",
    "balance": "Balance, left to right",
    "shadow": "Shadow pattern",
    "contrast": "Contrast",
}
TRANSITION_LABELS = {"cut": "cut", "dissolve": "dissolve", "fade": "fade"}
BLANK_LABELS = {"black": "black", "white": "white", "title": "title card"}


def embedding(encoder: str) -> str:
    """What an encoder, by the name its profile stores, makes of a picture: the words that explain V_r."""
    if encoder == "descriptor":
        return (
            "here a fixed descriptor of a whole picture: statistics of its colours and its small structure, from no "
            "trained network, and blind to what is shown"
        )
    network = "a network trained on photographs (ImageNet)" if encoder.endswith("-imagenet") else "a trained network"
    return f"the description that {network} gives of a whole picture"


def depth(estimator: str) -> str:
    """What a depth estimator, by the name its profile stores, measures."""
    if estimator == "defocus":
        return "How sharp the parts of a picture are, by a defocus map: a cue to depth of field, no measure of distance"
    return "How near or far the scene reaches, as a depth model estimates it"


def timecode(seconds: float) -> str:
    """Film time as hh:mm:ss, rounded down as a player's clock does."""
    whole = max(0, math.floor(seconds + 1e-6))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def running_time(seconds: float) -> str:
    """A film's running time in words: `1 h 54 min`, `3 min 20 s`, `52 s`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def years(painting: dict[str, Any]) -> str:
    """When a work was made: as the museum writes it where that is known, else its two years."""
    if written := painting.get("year"):
        return str(written)
    start, end = painting.get("year_from"), painting.get("year_to")
    if start is None:
        return "" if end is None else f"before {_year(end)}"
    if end is None:
        return f"after {_year(start)}"
    return _year(start) if start == end else f"{_year(start)}–{_year(end)}"


def _year(year: int) -> str:
    return str(year) if year > 0 else f"{-year} BCE"


def percent(share: float) -> str:
    """A share in words: `31 %`, `0.4 %`, `< 0.1 %`."""
    value = share * 100
    if value == 0:
        return "0 %"
    if value < 0.1:
        return "< 0.1 %"
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"


def times(lift: float | None) -> str:
    """How many times the expected share: `1.6 ×`; a dash where nothing was expected."""
    if lift is None or not math.isfinite(lift):
        return "–"
    return f"{lift:.0f} ×" if lift >= 10 else f"{lift:.1f} ×"


def interval(low: float | None, high: float | None) -> str:
    """The ends of a lift's interval, `1.2–2.1`; empty where it is not known."""
    if low is None or high is None:
        return ""
    return f"{low:.1f}–{high:.1f}"


def beyond_chance(row: dict[str, Any]) -> bool:
    """Whether a row of influence is above chance: its whole interval where that is known, else its lift."""
    lift, low = row["lift"], row["lift_low"]
    return lift is not None and (lift if low is None else low) > 1


def p_value(value: float | None) -> str:
    """A p-value, `p = 0.03`; empty where it is not known."""
    if value is None:
        return ""
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def hundredth(value: float) -> int:
    """0..1 as 0..100, for the width of a bar."""
    return min(100, max(0, round(value * 100)))


def clean(value: Any) -> Any:
    """The same value with every string safe to write as UTF-8 and to print: no lone surrogates or controls."""
    if isinstance(value, str):
        if value.isprintable():  # no control and no surrogate is: nearly all names there are
            return value
        text = value.encode("utf-8", "replace").decode("utf-8")
        return "".join(c for c in text if c >= " " and not "\x7f" <= c <= "\x9f")
    if isinstance(value, dict):
        return {str(k): clean(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [clean(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
    return value
