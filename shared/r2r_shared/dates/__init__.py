"""What museums write in a date field, as years: "c. 1503-1506" → (1503, 1506).

The rules, each the simplest that can be stated:

* **circa keeps the year as written**: "c. 1503" is (1503, 1503). How far "circa" reaches differs from
  cataloguer to cataloguer; a margin would be invented. The same for "?", brackets and "attributed".
* **a century is 1600..1699** ("17th century"; museums' own begin and end columns say so, not 1601..1700);
  before our era it is its mirror, "4th century BCE" → (-399, -300). Negative years are BCE, in what is returned and
  in what is read ("-500", as databases export it); there is no year 0.
* **early, mid, late are thirds**; halves and quarters are what they say. "turn of the 20th century" is the
  decade on either side of 1900.
* **"1490s" is a decade, "1600s" a century**, as English catalogues use them; but in "1490s-1500s" both are decades.
* **two-digit ends** belong to the century of the start, or to the next: "1863–66", "1898/02" → 1898..1902; but
  "1898-02" with a hyphen is ISO 8601's February 1898.
* **open ends stay open**: "after 1600" → (1600, None), "before 1700" → (None, 1700).
* **several dates** span from the first to the last: "1884-86, border 1888/89" → (1884, 1889); a century beside
  a closer date within it ("20th century, 1930s") adds nothing. Text in round brackets counts only where nothing
  outside is a date; the date of a copy's *model* never counts.
* what is no date ("n.d.", "Edo period") is (None, None).

A work is *certainly later* than a film, or than cinema, when its `year_from` is: see `later_than`.
"""

from __future__ import annotations

import re

from r2r_shared.dates import atoms, grammar
from r2r_shared.dates.atoms import LAST_YEAR, Atom
from r2r_shared.dates.parts import bounds
from r2r_shared.dates.plain import plain_date

__all__ = ["LAST_YEAR", "Years", "later_than", "parse_years", "understood"]

Years = tuple[int | None, int | None]


def parse_years(text: str) -> Years:
    """The first and last year that `text` allows; None where it is open or says nothing.

    Never raises; where both ends are known, from ≤ to.

    >>> parse_years("late 17th century")
    (1667, 1699)
    """
    plain = plain_date(text)
    plain = grammar.OF_ANOTHER_WORK.sub(" ", plain)
    outside = grammar.IN_BRACKETS.sub(" , ", plain)
    return _span(atoms.find(outside)) or _span(atoms.find(plain)) or (None, None)


def understood(text: str) -> bool:
    """True where all that `text` says is in the years that are read from it: no word and no number is left over.

    >>> understood("probably late 17th century"), understood("reign of Qianlong, 12/1750")
    (True, False)
    """
    plain = plain_date(text)
    rest = list(plain)
    for atom in atoms.find(plain):
        rest[atom.start : atom.end] = " " * (atom.end - atom.start)
    return re.search(r"\w", grammar.SMALL_WORDS.sub(" ", "".join(rest))) is None


def later_than(years: Years, year: int) -> bool:
    """True where a work of these years is certainly later than `year`. Unknown dates never are."""
    start, _ = years
    return start is not None and start > year


def _span(found: list[Atom]) -> Years | None:
    """All dates of a text as one span; None where there is none."""
    if not found:
        return None
    spans = [bounds(atom) for atom in found if not _said_closer(atom, found)]
    sides = {atom.side for atom in found}
    low: int | None = min(low for low, _ in spans)
    high: int | None = max(high for _, high in spans)
    # "20th century, before 1930": what the date leaves open the century closes.
    around = [bounds(atom) for atom in found if _said_closer(atom, found)]
    if "before" in sides and "after" not in sides:
        low = min(around)[0] if around else None if found[0].side == "before" else low
    if "after" in sides and "before" not in sides:
        high = max(last for _, last in around) if around else None
    return low, high


def _said_closer(atom: Atom, found: list[Atom]) -> bool:
    """True for a century in which another of the dates lies."""
    if atom.unit != "century" or atom.side:
        return False
    low, high = bounds(atom)
    others = (bounds(other) for other in found if other.unit != "century")
    return any(low <= first and last <= high for first, last in others)
