"""The years of one date: its era applied, and the share of it that "late" or "second half" names."""

from __future__ import annotations

import re

from r2r_shared.dates.atoms import Atom


def bounds(atom: Atom) -> tuple[int, int]:
    """The years of one date, its era and its part ("late", "second half") applied."""
    low, high = atom.first, atom.last
    if atom.era == "bce":
        low, high = -high, -low
    if not atom.parts:
        return low, high
    cuts = [_part(part, low, high) for part in atom.parts]
    return min(cut[0] for cut in cuts), max(cut[1] for cut in cuts)


def _part(part: str, low: int, high: int) -> tuple[int, int]:
    """The share of low..high that a word names: a third, a half or a quarter of its years."""
    if part == "turn":
        return low - 10, low + 9
    of, number = _share(part)
    years = high - low + 1
    # Borders are rounded up, so that the first part is the longest: 34 + 33 + 33 years.
    edges = [low + -(-years * n // of) for n in range(of + 1)]
    return edges[number - 1], edges[number] - 1


def _share(part: str) -> tuple[int, int]:
    """("second half") → (2, 2): how many shares, and which of them."""
    if re.search(r"hal[fv]|moiti|h[aä]lfte|mitad|(?:prima|seconda) met", part):
        of = 2
    elif re.search(r"quart|kvart|viertel|fjerdedel", part):
        of = 4
    else:
        of = 3
    if re.search(r"^(?:very )?late|^end|^fin|ende|sp[aä]t|last|latter|dernier|letzt|ultimo|eind|sidst|slut|sent", part):
        return of, of
    if of == 3 and re.search(r"^mi|^met|second", part):
        return of, 2
    if re.search(r"fourth|4|fjerde (?!del)", part):
        return of, 4
    if re.search(r"third|3|terzo|troisi|dritt|tredje", part) and of == 4:
        return of, 3
    if re.search(r"second|2|zweit|deuxi|segund|ande[nt]", part):
        return of, 2
    return of, 1
