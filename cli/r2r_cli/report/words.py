"""How the numbers of an evaluation are written, and what they are called."""

from __future__ import annotations

from typing import Any

DISTANCES = {"score": "score", "latent": "latent distance"}
POLICIES = {"naive": "naive triplets", "constrained": "constrained triplets"}
CORRECTED = {False: "", True: "CSLS"}
FITTED = (
    "the descriptor was fitted to film-like renditions of 2,117 small public-domain paintings: where those are the "
    "collection, its film frames are found more often than they would be of works it never met"
)
"""Said wherever the descriptor is measured: it is no stranger to what this project is developed on."""


def percent(share: float | None) -> str:
    """`71 %`, `4.2 %`, `0.3 %`, in one piece; a dash for nothing."""
    if share is None:
        return "–"
    value = 100 * share
    return f"{value:.0f}\N{NO-BREAK SPACE}%" if value >= 10 or value == 0 else f"{value:.1f}\N{NO-BREAK SPACE}%"


def between(low: float, high: float) -> str:
    """`60 to 88 %`."""
    return f"{100 * low:.0f} to {100 * high:.0f}\N{NO-BREAK SPACE}%"


def plus_minus(share: float, deviation: float | None) -> str:
    """`71 % ± 8`, in points of a hundred."""
    return percent(share) if deviation is None else f"{percent(share)} ± {100 * deviation:.1f}"


def correlation(result: dict[str, Any] | None) -> str:
    """`r = 0.28 [0.09, 0.45]`."""
    if result is None:
        return "–"
    return f"r = {signed(result['r'])} [{signed(result['low'])}, {signed(result['high'])}]"


def signed(value: float) -> str:
    """`0.28`, `−0.19`; never a negative nought."""
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def probability(p: float) -> str:
    """`p = 0.004`, `p < 0.001`."""
    return "p\N{NO-BREAK SPACE}< 0.001" if p < 0.001 else f"p\N{NO-BREAK SPACE}= {p:.3f}"


def strength(of: float) -> str:
    """How hard a film frame was treated."""
    return {0.5: "gentle", 1.0: "hard"}.get(of, f"strength {of:g}")


def said_of(r: float) -> str:
    """A correlation in a word, by Cohen's (1988) bounds of .1, .3 and .5."""
    size = abs(r)
    word = "strong" if size >= 0.5 else "moderate" if size >= 0.3 else "weak" if size >= 0.1 else "next to none"
    return word if size < 0.1 or r > 0 else f"{word}, and negative"


def lower_first(text: str) -> str:
    """A sentence's beginning in small letters, for behind a colon."""
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """Words as a sentence begins."""
    return text[:1].upper() + text[1:]


def may_know(result: dict[str, Any]) -> str:
    """A warning where a model may have been trained on artists that it is tested on; else empty.

    ImageNet's photographs are of no artist; what the descriptor was fitted to, FITTED says.
    """
    encoder = str(result["encoder"])
    if result["apart"] or encoder == "descriptor" or encoder.endswith("-imagenet"):
        return ""
    if result["apart"] is None:
        return f"{result['name']} does not say which artists it was trained on: it may know some of these"
    return f"{result['name']} was trained with other artists held out: it knows some of these"
