"""Licences of pictures in a few canonical words, from what museums write: addresses, phrases, abbreviations.

The words, as they stand in the database:

* `cc0`, `public-domain` (nobody claims anything: the Public Domain Mark, "public domain", "Gemeinfrei");
* `no-copyright-us`, `no-copyright-nc`, `no-copyright-contract`, `no-copyright-other` and `no-known-copyright`:
  the "No Copyright" statements of rightsstatements.org and the last of its "Other" ones;
* `cc-by-4.0`, `cc-by-sa-3.0`, `cc-by-nc-nd` …: Creative Commons, with the version where one is said;
* `in-copyright`, `in-copyright-eu-orphan-work`, `in-copyright-educational`, `in-copyright-non-commercial`,
  `in-copyright-unlocatable`, and `copyright-undetermined`, `copyright-not-evaluated`;
* an empty text where nobody says anything, and where what is said is not understood: nothing is guessed.

It is the licence of the *picture* that counts, where a museum tells it from the work's: a photograph of an old
painting may be protected where the painting is not.

Sources: https://creativecommons.org/licenses/list.en (addresses), https://rightsstatements.org/page/1.0/.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

UNKNOWN = "unknown"
"""What a filter calls works of which nobody says under which licence their pictures are."""

FREE = frozenset({"public-domain", "cc0", "no-known-copyright", "no-copyright-us", "no-copyright-other"})
"""What `public-domain` asks for: pictures that anybody may use for anything, as far as the museum knows.

Not among them: `no-copyright-contract` and `no-copyright-nc`, where a contract or a museum's terms forbid uses.
"""

_RIGHTS_STATEMENTS = {
    "inc": "in-copyright",
    "inc-ow-eu": "in-copyright-eu-orphan-work",
    "inc-edu": "in-copyright-educational",
    "inc-nc": "in-copyright-non-commercial",
    "inc-ruu": "in-copyright-unlocatable",
    "noc-us": "no-copyright-us",
    "noc-nc": "no-copyright-nc",
    "noc-cr": "no-copyright-contract",
    "noc-oklr": "no-copyright-other",
    "nkc": "no-known-copyright",
    "und": "copyright-undetermined",
    "cne": "copyright-not-evaluated",
}
WORDS = ("public-domain", "cc0", "open", UNKNOWN, *dict.fromkeys(_RIGHTS_STATEMENTS.values()), "cc-by", "cc-by-sa")

_STATEMENT = re.compile(r"rightsstatements\.org/(?:vocab|page)/([a-z-]+)", re.IGNORECASE)
_CC_ADDRESS = re.compile(r"creativecommons\.org/licenses/(by(?:-(?:nc|nd|sa))*)(?:/(\d\.\d))?", re.IGNORECASE)
_CC_WORDS = re.compile(
    r"(?:\bcc|\bcreative commons)[\s:,-]*(?:attribution|by)(?P<more>(?:[\s,/-]*(?:-|\band\b)?[\s-]*"
    r"(?:nc|nd|sa|non-?commercial|no-?derivatives?|no-?derivs|share-?alike))*)[\s,-]*(?:int(?:ernationa)?l)?[\s,v-]*(\d\.\d)?"
)
_CC0 = re.compile(r"\bcc[\s-]?(?:0|zero)\b|publicdomain/zero|public-domain/cc0|\bcreative commons (?:0|zero)\b")
_NOT_FREE = re.compile(
    r"\b(?:not|no longer|nicht|isn't|non) (?:yet )?(?:in |im |in the )?(?:the )?(?:public domain|gemeinfrei)\b"
)
_PUBLIC_DOMAIN = re.compile(
    r"\bpublic[\s-]?domain\b|publicdomain/mark|\bgemeinfrei\b|\bdomaine public\b|\bdominio (?:pubblico|p[uú]blico)\b"
    r"|\bpubliek domein\b|\boffentlig ejendom\b|\ballmän egendom\b|^pdm?$|^pdm? 1\.0$"
)
_NO_KNOWN = re.compile(r"\bno known (?:copyright|restrictions?)\b|\bno copyright\b")
_NOT_EVALUATED = re.compile(r"\bcopyright (?:status )?(?:is )?not (?:yet )?evaluated\b")
_UNDECIDED = re.compile(r"\bcopyright (?:status )?(?:is )?(?:undetermined|unknown|unclear)\b")
_CLAIMED = re.compile(
    r"©|\(c\)|\bcopyright(?:ed)?\b|\ball rights reserved\b|\bin copyright\b|\bunder copyright\b|\brestricted\b"
    r"|\bdroits r[eé]serv[eé]s\b|\burheberrecht|\bvg bild-?kunst\b|\bartists rights society\b|\bvisda\b"
    r"|\badagp\b"
)
_PHRASES = (
    (_PUBLIC_DOMAIN, "public-domain"),
    (_NO_KNOWN, "no-known-copyright"),
    (_NOT_EVALUATED, "copyright-not-evaluated"),
    (_UNDECIDED, "copyright-undetermined"),
    (_CLAIMED, "in-copyright"),
)


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The licence that a text or an address names, in the words above; empty where it names none that is known.

    >>> canonical("https://creativecommons.org/licenses/by-sa/4.0/")
    'cc-by-sa-4.0'
    >>> canonical("Not in the public domain")
    ''
    """
    plain = " ".join(text[:2000].casefold().split())
    if plain in _CANONICAL:
        return plain
    return next((licence for said in (_addressed, _creative_commons, _in_words) if (licence := said(plain))), "")


def _addressed(plain: str) -> str:
    """What an address of rightsstatements.org or of a Creative Commons licence names."""
    if statement := _STATEMENT.search(plain):
        return _RIGHTS_STATEMENTS.get(statement[1].rstrip("-"), "")
    address = _CC_ADDRESS.search(plain)
    return _cc(address[1].split("-")[1:], address[2]) if address else ""


def _creative_commons(plain: str) -> str:
    """What "CC0", "CC BY-NC 4.0" or "Creative Commons Attribution" name."""
    if _CC0.search(plain):
        return "cc0"
    words = _CC_WORDS.search(plain)
    return _cc(_conditions(words["more"]), words[2]) if words else ""


def _in_words(plain: str) -> str:
    """What a sentence about rights says, if it is one of the usual ones."""
    if _NOT_FREE.search(plain):
        return "in-copyright" if _CLAIMED.search(plain) else ""
    for pattern, licence in _PHRASES:
        if pattern.search(plain):
            return licence
    return ""


_CANONICAL = frozenset({"public-domain", "cc0", *_RIGHTS_STATEMENTS.values()})


def _conditions(text: str) -> list[str]:
    """("-NonCommercial-ShareAlike") → ["nc", "sa"]."""
    short = re.sub(r"non-?commercial", "nc", text)
    short = re.sub(r"no-?deriv(?:atives?|s)", "nd", short)
    short = re.sub(r"share-?alike", "sa", short)
    return re.findall(r"nc|nd|sa", short)


def _cc(conditions: list[str], version: str | None) -> str:
    order = [condition for condition in ("nc", "nd", "sa") if condition in conditions]
    # Creative Commons writes by-nc-nd, by-nc-sa, by-nd, by-sa: always in that order.
    return "-".join(("cc-by", *order, *((version,) if version else ())))


def matches(wanted: Collection[str], licence: str) -> bool:
    """True where a licence is one of those a filter asks for; a filter that asks for nothing takes all.

    `public-domain` takes FREE, `cc0` among them. `open` takes FREE, CC BY and CC BY-SA of any version: what the Open
    Definition calls open. `unknown` takes what nobody has said anything about. A licence without its version
    (`cc-by`) takes all versions of it; `cc-by` does not take `cc-by-nc`.
    """
    return not wanted or any(_matches(word.strip().casefold(), licence) for word in wanted)


def _matches(wanted: str, licence: str) -> bool:
    if wanted == UNKNOWN:
        return not licence
    if wanted == "public-domain":
        return licence in FREE
    if wanted == "open":
        return licence in FREE or re.fullmatch(r"cc-by(?:-sa)?(?:-\d\.\d)?", licence) is not None
    return bool(licence) and (licence == wanted or re.fullmatch(re.escape(wanted) + r"-\d\.\d", licence) is not None)


def is_word(wanted: str) -> bool:
    """True where a filter's word is one that a licence can have, or one that stands for several."""
    plain = wanted.strip().casefold()
    return plain in WORDS or re.fullmatch(r"cc-by(?:-(?:nc|nd|sa|nc-nd|nc-sa))?(?:-\d\.\d)?", plain) is not None
