"""The dates in a text, each by itself, with what its neighbours say about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from r2r_shared.dates import grammar

LAST_YEAR = 2199  # a larger number is an inventory number
_FIRST_BCE = 9998


@dataclass(slots=True)
class Atom:
    """One date in the text, and where it stands. `first` and `last` are magnitudes until the era is known."""

    start: int
    end: int
    first: int
    last: int
    era: str  # "bce", "ce" or "" (not written)
    unit: str  # "year", "decade", "century", "ordinal" (a number that needs a century from its right neighbour)
    parts: tuple[str, ...]
    side: str = ""  # "after", "before" or ""


def find(text: str) -> list[Atom]:
    """Every date in `text`, left to right, with what its neighbours say about it."""
    found = [atom for match in grammar.ATOM.finditer(text) if (atom := _atom(match)) is not None]
    kept: list[Atom] = []
    following: Atom | None = None
    for atom in reversed(found):
        joined = following is not None and grammar.JOINER.match(text[atom.end : following.start]) is not None
        if atom.unit == "ordinal":  # "15th" of "15th-16th century"
            if not joined or following is None or following.unit != "century":
                continue
            atom.unit = "century"
        if joined and following is not None and not atom.era and following.era == "bce":  # "500-450 BCE"
            atom.era = "bce"
        if joined and following is not None and atom.unit == "decade" and following.first % 100 == 0:
            following.last = following.first + 9  # "1490s-1500s"
        if atom.last > LAST_YEAR and atom.era != "bce":  # 2465 is a year before our era, or none
            continue
        kept.append(atom)
        following = atom
    kept.reverse()
    for index, atom in enumerate(kept):
        before = text[kept[index - 1].end if index else 0 : atom.start]
        after = text[atom.end :]
        ranged = index + 1 < len(kept) and grammar.JOINER.match(text[atom.end : kept[index + 1].start])
        if grammar.OR_AFTER.match(after) or (grammar.AFTER.search(before) and ("after" in before or not ranged)):
            atom.side = "after"
        elif grammar.OR_BEFORE.match(after) or (
            grammar.BEFORE.search(before) and not (index and grammar.JOINER.match(before))
        ):
            atom.side = "before"
    return kept


def _atom(match: re.Match[str]) -> Atom | None:
    """The date that one match of `grammar.ATOM` is, or None where its numbers make no sense."""
    got = match.groupdict()
    era_text = next((got[f"era{n}"] for n in range(1, 8) if got.get(f"era{n}")), None)
    era = "" if era_text is None else "bce" if grammar.BEFORE_ERA.match(era_text) else "ce"
    parts = tuple(got[key] for n in range(1, 6) for key in (f"part{n}", f"more{n}") if got.get(key))
    unit = "year"
    if got["iso"]:
        first = last = int(got["iso"])
    elif got["decade"]:
        first = int(got["decade"])
        unit, last = ("century", first + 99) if first % 100 == 0 else ("decade", first + 9)
    elif century := _century(got):
        unit = "century" if got["century"] or got["roman_century"] or got["roman_after"] or got["word"] else "ordinal"
        first, last = max(1, 100 * (century - 1)), 100 * century - 1
        if got["roman_to"]:
            last = max(last, 100 * _roman(got["roman_to"]) - 1)
    elif got["year"]:
        first = last = int(got["year"])
        if got["tail"] and era == "bce":  # years before our era count down: 664-30 BCE
            first, last = sorted((first, int(got["tail"])))
        elif got["tail"]:
            last = _tail(first, got["join"], got["tail"])
    elif got["ad_year"]:
        first = last = int(got["ad_year"])
        era = "ce"
        if tail := got["ad_tail"]:
            last = int(tail) if int(tail) >= first else _tail(first, "", tail)
    elif got["small"]:
        first = last = int(got["small"])
    else:
        return None
    if not 0 < first <= last <= (_FIRST_BCE if unit == "year" and era != "ce" else LAST_YEAR):
        return None
    return Atom(match.start(), match.end(), first, last, era, unit, parts)


def _century(got: dict[str, str | None]) -> int:
    """The century an ordinal, a Roman numeral or a word names; 0 where there is none."""
    if got["ordinal"]:
        number = int(got["ordinal"])
    elif roman := got["roman"] or got["roman_after"]:
        number = _roman(roman)
    elif got["word"]:
        number = grammar.ORDINAL_WORDS[got["word"]]
    else:
        return 0
    return number if number <= 21 else 0


def _roman(text: str) -> int:
    values = [grammar.ROMAN[letter] for letter in text]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _tail(first: int, join: str, tail: str) -> int:
    """The last year of "1863-66": in the century (or decade) of the first, or the next one."""
    base = 10 ** len(tail)
    last = first - first % base + int(tail)
    if last >= first:
        return last
    if join == "-" and len(tail) == 2 and 1 <= int(tail) <= 12:  # 1898-02: a month, as ISO 8601 writes it
        return first
    return last + base
