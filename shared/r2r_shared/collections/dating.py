"""A work's years from its date in words and from the two numbers that museums' databases keep beside it.

Both are what a cataloguer says, and either may be loose: the words ("ca. 1500") narrower than the numbers (1495 to
1505), or wider ("after 1600" and 1600 to 1650). So where they overlap, the years are those that both allow; where they
do not, the words count, for they are what the museum prints: the numbers are often typing errors, defaults, or the
artist's life. Either alone is taken as it is.

Words that are not understood to the last ("reign of Qianlong, 1750"), or that give one year where the numbers span
from or to just that year, may have been misread: then they do not narrow the numbers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from r2r_shared.collections import remarks
from r2r_shared.collections.prose import Prose
from r2r_shared.dates import LAST_YEAR, Years, parse_years, understood

FIRST_YEAR = -9999

_UNDATED = re.compile(
    r"\W*(?:n\.?\s?d\.?|no date|undated|not dated|date unknown|unknown|uncertain|n/?a|none|udateret|uden år|ohne jahr"
    r"|o\.?\s?j\.?|undatiert|sans date|s\.?\s?d\.?|non dat[ée]e?|senza data|sin fecha|ongedateerd|z\.?\s?j\.?|odaterad"
    r")?\W*",
    re.IGNORECASE,
)

_parse = lru_cache(maxsize=16_384)(parse_years)  # a museum's collection has a few thousand different dates
_understood = lru_cache(maxsize=16_384)(understood)


def years(prose: Prose, words: str, first: Any = None, last: Any = None) -> Years:
    """The first and last year of a work; None where it is open or not said.

    Args:
        words: the date as the museum writes it.
        first, last: numbers or texts that are numbers, years BCE negative; 0 to 0, 9999 and what is no number are
            what databases write where nothing is known.
    """
    said = _parse(words)
    given = _given(prose, first, last)
    if said == (None, None):
        if given == (None, None) and not undated(words):
            prose.note(remarks.NO_YEARS)
        return given
    if given == (None, None):
        return said
    both = _overlap(said, given)
    if both is None:
        prose.note(remarks.DATES_DISAGREE)
        return said
    at_an_edge = said[0] == said[1] and given[0] != given[1] and said[0] in given
    if None not in given and (at_an_edge or not _understood(words)):
        return given
    return both


def undated(words: str) -> bool:
    """True where a date says that there is none, or nothing at all."""
    return _UNDATED.fullmatch(words) is not None


def year_of(value: Any) -> int | None:
    """A year from a database's cell: a number, a text, or an ISO date's first part; None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        match = re.match(r"\s*([-+−]?\d{1,6})(?:\.0*)?(?:-\d\d(?:-\d\d.*)?)?\s*$", value[:40])
        if match is None:
            return None
        value = match[1].replace("−", "-")
    try:
        year = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return year if FIRST_YEAR < year <= LAST_YEAR and year != 0 else None


def _given(prose: Prose, first: Any, last: Any) -> Years:
    low, high = year_of(first), year_of(last)
    if low is not None and high is not None and low > high:
        prose.note(remarks.YEARS_REVERSED)
        return None, None
    return low, high


def _overlap(a: Years, b: Years) -> Years | None:
    lows = [low for low, _ in (a, b) if low is not None]
    highs = [high for _, high in (a, b) if high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    return None if low is not None and high is not None and low > high else (low, high)
