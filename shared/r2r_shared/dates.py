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
from dataclasses import dataclass

from r2r_shared.date_text import plain_date

Years = tuple[int | None, int | None]

LAST_YEAR = 2199  # a larger number is an inventory number
_FIRST_BCE = 9998


def parse_years(text: str) -> Years:
    """The first and last year that `text` allows; None where it is open or says nothing.

    Never raises; where both ends are known, from ≤ to.

    >>> parse_years("late 17th century")
    (1667, 1699)
    """
    plain = plain_date(text)
    plain = _OF_ANOTHER_WORK.sub(" ", plain)
    outside = _IN_BRACKETS.sub(" , ", plain)
    return _span(_atoms(outside)) or _span(_atoms(plain)) or (None, None)


def understood(text: str) -> bool:
    """True where all that `text` says is in the years that are read from it: no word and no number is left over.

    >>> understood("probably late 17th century"), understood("reign of Qianlong, 12/1750")
    (True, False)
    """
    plain = plain_date(text)
    rest = list(plain)
    for atom in _atoms(plain):
        rest[atom.start : atom.end] = " " * (atom.end - atom.start)
    return re.search(r"\w", _SMALL_WORDS.sub(" ", "".join(rest))) is None


def later_than(years: Years, year: int) -> bool:
    """True where a work of these years is certainly later than `year`. Unknown dates never are."""
    start, _ = years
    return start is not None and start > year


@dataclass(slots=True)
class _Atom:
    """One date in the text, and where it stands. `bounds` are magnitudes until the era is known."""

    start: int
    end: int
    first: int
    last: int
    era: str  # "bce", "ce" or "" (not written)
    unit: str  # "year", "decade", "century", "ordinal" (a number that needs a century from its right neighbour)
    parts: tuple[str, ...]
    side: str = ""  # "after", "before" or ""


_SMALL_WORDS = re.compile(
    r"\b(?:c|ca|circa|about|around|approximately|approx|probably|possibly|perhaps|likely|presumably|dated?|signed|painted"
    r"|made|completed|finished|begun|executed|between|from|to|and|or|the|of|in|not|no|before|after|later|earlier|than"
    r"|until|till|through|by|post|ante|since|prior|shortly|soon|onwards?|um|vers|verso|omkring|o|etwa|wohl|nach|vor"
    r"|zwischen|und|oder|bis|apr[eè]s|avant|entre|et|ou|mellem|og|eller|efter|før|senest|tidligst|inden|senere|tidligere"
    r"|ad|anno)\b"
)
_OF_ANOTHER_WORK = re.compile(
    r"\b(?:cop(?:y|ies)|copie|kopie|copia|replica|reproduction)\s+(?:of|after|from|d'après|de|nach|naar|di|da)\b.*"
    r"|\bafter (?:an? |the )?(?:lost |earlier )?(?:original|model|work|painting|prototype)\b.*"
)
_IN_BRACKETS = re.compile(r"\([^()]*\)?")

_WORDS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    *("twentieth", "twenty-first"),
)
_ORDINAL_WORD = {word: number for number, word in enumerate(_WORDS, 1)}
_ROMAN = {"i": 1, "v": 5, "x": 10}

_CENTURY = (
    r"(?:centur(?:y|ies)|cent\.?|c\.|c(?![a-z0-9])|jahrhunderts?|jahrh\.?|jhd?t?s?\.?|si[eè]cles?|s\.|secol[oi]|sec\."
    r"|siglos?|s[eé]culos?|eeuw(?:en)?|[aå]rhundrade[nt]?|[aå]rhundredet?|veka?|век[аи]?|в\.)"
)
_CENTURY_BEFORE = r"(?:secol[oi]|sec\.|siglos?|s[eé]culos?|saec\.|s\.)"
_ERA = (
    r"(?P<era{n}>b\.?\s?c\.?\s?e\.?(?![a-z])|b\.?\s?c\.?(?![a-z])|a\.?\s?d\.?(?![a-z])|c\.?\s?e\.?(?![a-z])"
    r"|f\.?\s?kr\.?|e\.?\s?kr\.?|v\.?\s?chr\.?|n\.?\s?chr\.?|av\.?\s?j\.?-?\s?c\.?|ap\.?\s?j\.?-?\s?c\.?|a\.\s?c\.|d\.\s?c\.)"
)
_BEFORE_ERA = re.compile(r"b|v|f|av|a\.\s?c")
_PART = (
    r"(?:(?:very )?early|beginning|start|first half|second half|latter half|last half"
    r"|(?:first|second|third|fourth|last) (?:quarter|third)"
    r"|(?:1st|2nd) half|(?:1st|2nd|3rd|4th) quarter|mid(?:dle)?|(?:very )?late|end"
    r"|turn"
    r"|d[eé]but|milieu|fin|premi[eè]re moiti[eé]|(?:seconde|deuxi[eè]me) moiti[eé]|1re moiti[eé]|2e moiti[eé]"
    r"|(?:premier|deuxi[eè]me|troisi[eè]me|dernier) quart"
    r"|fr[uü]hes|sp[aä]tes|anfang|mitte|ende|(?:1\.|erste|2\.|zweite) h[aä]lfte"
    r"|(?:1\.|erstes|2\.|zweites|3\.|drittes|4\.|letztes) viertel"
    r"|inizi?o?|met[aà]|fine|prima met[aà]|seconda met[aà]|(?:primo|secondo|terzo|ultimo) quarto"
    r"|begyndelsen|slutningen|midten|tidligt?|sent|(?:1\.|første|2\.|anden|sidste) halvdel"
    r"|(?:1\.|første|2\.|andet|3\.|tredje|4\.|fjerde|sidste) (?:fjerdedel|kvartal)"
    r"|principios|mediados|finales|primera mitad|segunda mitad|begin|midden|eind)"
)
_OF = r"(?:[\s.-]*(?:of the|of|the|du|de la|del|dell'|della|de|des|van de|do|af|i)?[\s-]*)"
_PARTS = rf"(?:(?P<part{{n}}>{_PART})(?:[\s-]*(?:to|or|and|/|-|bis|à)\s*(?P<more{{n}}>{_PART}))?{_OF})?"


def _pattern(body: str, n: int) -> str:
    return _PARTS.format(n=n) + body + r"(?:\s*" + _ERA.format(n=n) + ")?"


_ATOM = re.compile(
    "|".join(
        (
            r"(?P<iso>(?<!\d)[12]\d{3})-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))(?!\d)",
            _pattern(
                r"(?P<decade>(?<!\d)[1-9]\d{1,2}0)\s?['’]?(?:s|er(?:ne)?(?: jahren?)?|-?luku|-?tall?(?:et)?)(?![a-z])",
                1,
            ),
            _pattern(
                r"(?P<ordinal>(?<!\d)(?<!\d[.,])[12]?\d)\s?(?:st|nd|rd|th|\.|e|è?me|de|ste|°|º|o)?"
                rf"(?:[\s-]*(?P<century>{_CENTURY})(?![a-z])|(?=\s*(?:[-/]|(?:or|to|and|oder|bis|und|et|ou)\s)))",
                2,
            ),
            _pattern(
                r"(?P<roman>(?<![a-z])(?:xxi|xx|xi?x|xi{1,3}|xiv|xvi{0,3}|x|i{1,3}|iv|vi{0,3}))\s?(?:e|è?me|°|º|-?й)?"
                rf"(?![a-z])(?:[\s-]*(?P<roman_century>{_CENTURY})(?![a-z])|(?=\s*(?:[-/]|(?:or|to|and|oder|bis|und|et|ou)\s)))",
                3,
            ),
            _pattern(
                rf"(?<![a-z]){_CENTURY_BEFORE}\s*(?P<roman_after>(?:xxi|xx|xi?x|xi{{1,3}}|xiv|xvi{{0,3}}|x|i{{1,3}}|iv|vi{{0,3}}))"
                r"(?![a-z])(?:\s*-\s*(?P<roman_to>[ivx]+)(?![a-z]))?",
                4,
            ),
            _pattern(
                rf"(?P<word>(?<![a-z])(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))}))[\s-]+centur(?:y|ies)", 5
            ),
            r"(?<![a-z])(?P<ad>a\.?d\.?|anno)\s?(?P<ad_year>[1-9]\d{0,3})(?!\d)"
            r"(?:\s?-\s?(?P<ad_tail>[1-9]\d{0,2})(?![\d.]|st|nd|rd|th))?",
            r"(?P<year>(?:(?<!\d)[1-9]\d{3}|(?<!\d)(?<!\d[.,])[1-9]\d\d)(?!\d))(?:\s?(?P<join>[-/])\s?(?P<tail>\d{1,2})(?![\d.]|st|nd|rd|th))?"
            r"(?!\d)(?:\s*" + _ERA.format(n=6) + ")?",
            r"(?P<small>(?<!\d)(?<!\d[.,])[1-9]\d{0,1}(?!\d))\s*" + _ERA.format(n=7),
        )
    )
)
_AFTER = re.compile(
    r"(?:\b(?:not (?:before|earlier than)|no earlier than|(?<!not )(?<!no )(?:after|later than)|post|since"
    r"|nicht vor|(?<!nicht )nach|apr[eè]s|dopo(?: il)?|efter|tidligst"
    r"|despu[eé]s de|na|ab|seit|from)\b[\s,.-]*|>\s*)(?:(?:c|ca|circa|about|the|um)\b\.?\s*)*$"
)
_BEFORE = re.compile(
    r"(?:\b(?:not (?:after|later than)|no later than|before|ante|prior to"
    r"|earlier than|until|till|by|(?<!nicht )vor|nicht nach|før|senest|inden|indtil|avant|prima del|antes de|v[oó]or"
    r"|bis)\b[\s,.-]*|<\s*)(?:(?:c|ca|circa|about|the|um)\b\.?\s*)*$"
)
_OR_AFTER = re.compile(
    r"^\s*,?\s*(?:(?:or|and|oder|ou|o|eller)\s+(?:shortly |soon )?(?:after|later|sp[aä]ter|senere|efter)|onwards?|ff\b)"
)
_OR_BEFORE = re.compile(
    r"^\s*,?\s*(?:or|and|oder|ou|o|eller)\s+(?:shortly |soon )?(?:before|earlier|fr[uü]her|tidligere|før)"
)
_JOINER = re.compile(
    r"^\s*(?:-|/|to|or|and|until|till|through|bis|oder|og|eller|til|und|ou|et|à|al|e|en|tot)\s*(?:the|c\.|ca\.)?\s*$"
)


def _atoms(text: str) -> list[_Atom]:
    """Every date in `text`, left to right, with what its neighbours say about it."""
    found = [atom for match in _ATOM.finditer(text) if (atom := _atom(match)) is not None]
    kept: list[_Atom] = []
    following: _Atom | None = None
    for atom in reversed(found):
        joined = following is not None and _JOINER.match(text[atom.end : following.start]) is not None
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
        ranged = index + 1 < len(kept) and _JOINER.match(text[atom.end : kept[index + 1].start])
        if _OR_AFTER.match(after) or (_AFTER.search(before) and not (ranged and not re.search(r"after", before))):
            atom.side = "after"
        elif _OR_BEFORE.match(after) or (_BEFORE.search(before) and not (index and _JOINER.match(before))):
            atom.side = "before"
    return kept


def _atom(match: re.Match[str]) -> _Atom | None:
    """The date that one match of `_ATOM` is, or None where its numbers make no sense."""
    got = match.groupdict()
    era_text = next((got[f"era{n}"] for n in range(1, 8) if got.get(f"era{n}")), None)
    era = "" if era_text is None else "bce" if _BEFORE_ERA.match(era_text) else "ce"
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
    return _Atom(match.start(), match.end(), first, last, era, unit, parts)


def _century(got: dict[str, str | None]) -> int:
    """The century an ordinal, a Roman numeral or a word names; 0 where there is none."""
    if got["ordinal"]:
        number = int(got["ordinal"])
    elif roman := got["roman"] or got["roman_after"]:
        number = _roman(roman)
    elif got["word"]:
        number = _ORDINAL_WORD[got["word"]]
    else:
        return 0
    return number if number <= 21 else 0


def _roman(text: str) -> int:
    values = [_ROMAN[letter] for letter in text]
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


def _span(atoms: list[_Atom]) -> Years | None:
    """All dates of a text as one span; None where there is none."""
    if not atoms:
        return None
    bounds = [_bounds(atom) for atom in atoms if not _said_closer(atom, atoms)]
    sides = {atom.side for atom in atoms}
    low: int | None = min(low for low, _ in bounds)
    high: int | None = max(high for _, high in bounds)
    # "20th century, before 1930": what the date leaves open the century closes.
    around = [_bounds(atom) for atom in atoms if _said_closer(atom, atoms)]
    if "before" in sides and "after" not in sides:
        low = min(around)[0] if around else None if atoms[0].side == "before" else low
    if "after" in sides and "before" not in sides:
        high = max(last for _, last in around) if around else None
    return low, high


def _said_closer(atom: _Atom, atoms: list[_Atom]) -> bool:
    """True for a century in which another of the dates lies."""
    if atom.unit != "century" or atom.side:
        return False
    low, high = _bounds(atom)
    others = (_bounds(other) for other in atoms if other.unit != "century")
    return any(low <= first and last <= high for first, last in others)


def _bounds(atom: _Atom) -> tuple[int, int]:
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
