"""A date field's text made plain for dates.py: one spelling of what museums write in several."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 400  # a date field is short; the rest of an essay in it is not read

# A minus sign stands right before a number that nothing but "c." precedes; a dash there ("–1503") is an open start.
_SIGNED = re.compile(
    r"\s*(?:c\.|ca\.?|circa)?\s*[-−](\d{1,4})(?:\s*(?:[-–](?=\s*[-−])|\s[-–]\s|/|to|bis)\s*([-−]?)(\d{1,4}))?\s*"
)
_HIJRI = re.compile(r"(?<![a-z\d])a\.?\s?h\.?\s?\d{1,4}(?:\s?-\s?\d{1,4})?(?!\d)|(?<!\d)\d{1,4}\s?a\.?h\.?(?![a-z])")
"""Years of another calendar, which the same dates repeat in ours."""
_CUT_SHORT = re.compile(r"(?<![\d-])(?:(1[4-9]\d|20\d)-|(1[4-9])--)(?=\s*(?:$|[),;.]))")
"""Libraries' "189-" and "18--"."""
_SHORT_DECADE = re.compile(
    r"(?<!\d)([1-9]\d\d0)(?:['’]?s)?(\s?-\s?|\s?/\s?| to | and | or )"
    r"((?:early|mid|late)[ -])?['’]?([1-9]0)['’]?s(?![a-z])"
)


def _decades(short: re.Match[str]) -> str:
    """ "1870s-80s" → "1870s-1880s"; "1660-70s" says no less."""
    first, second = int(short[1]), int(short[4])
    whole = first - first % 100 + second + (100 if second < first % 100 else 0)
    return f"{first}s{short[2]}{short[3] or ''}{whole}s"


def plain_date(text: str) -> str:
    """Lower case, compatible forms, one kind of dash, plain spaces, no square brackets or question marks."""
    # Superscripts would melt into digits (17ᵉ is safe, 1889² is not): a footnote mark is no digit.
    plain = re.sub(r"[⁰¹²³⁴-⁹₀-₉]", " ", text[:MAX_CHARS])
    plain = unicodedata.normalize("NFKC", plain).casefold()
    if signed := _SIGNED.fullmatch(plain):
        first, sign, last = signed.groups()
        plain = f"{int(first)} bce" + (f" - {int(last)} {'bce' if sign else 'ce'}" if last else "")
    plain = re.sub(r"[‐-―−]", "-", plain)
    plain = re.sub(r"\(\s*\?\s*\)|[\[\]?{}<>]", " ", plain)
    plain = _HIJRI.sub(" ", plain)
    plain = _CUT_SHORT.sub(lambda cut: f"{cut[1]}0-{cut[1]}9" if cut[1] else f"{cut[2]}00-{cut[2]}99", plain)
    plain = _SHORT_DECADE.sub(_decades, plain)
    return re.sub(r"\s+", " ", plain).strip()
