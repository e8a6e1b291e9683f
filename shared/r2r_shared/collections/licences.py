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

_STATEMENT = re.compile(r"(?:https?://)?(?:www\.)?rightsstatements\.org/(?:vocab|page)/([a-z-]+)[^\s,;()<>]*")
_CC_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?creativecommons\.org/licenses/(by(?:-(?:nc|nd|sa))*)(?:/(\d\.\d))?[^\s,;()<>]*"
)
_CC_WORDS = re.compile(
    r"(?:\bcc|\bcreative commons)[\s:,-]*(?:attribution|by)(?P<more>(?:[\s,/-]*(?:-|\band\b)?[\s-]*"
    r"(?:nc|nd|sa|non-?commercial|no-?derivatives?|no-?derivs|share-?alike))*)[\s,-]*(?:int(?:ernationa)?l)?[\s,v-]*(\d\.\d)?"
)
# What names a licence that leaves a picture free. A sentence about rights is of one of these only where nothing else
# is said in it that is not in _BESIDE: "Public domain in the United States only", "Metadata: CC0" are of none.
_FREE_NAMES = (
    (
        r"(?:https?://)?(?:www\.)?creativecommons\.org/[^\s,;()<>]*(?:publicdomain/zero|public-domain/cc0)[^\s,;()<>]*"
        r"|\b(?:cc[\s-]?(?:0|zero)|creative commons (?:0|zero))\b",
        "cc0",
    ),
    (
        r"(?:https?://)?(?:www\.)?creativecommons\.org/publicdomain/mark[^\s,;()<>]*|\bpublic[\s-]?domain(?: mark)?\b"
        r"|\bgemeinfrei\b|\bdomaine public\b|\bdominio (?:pubblico|p[uú]blico)\b|\bpubliek domein\b"
        r"|\boffentlig ejendom\b|\ballmän egendom\b|\bpdm?\b",
        "public-domain",
    ),
    (r"\bno copyright\s*[-–—]\s*united states\b", "no-copyright-us"),
    (r"\bno copyright\s*[-–—]\s*other known legal restrictions\b", "no-copyright-other"),
    (
        r"\bno known (?:copyright(?: restrictions?)?|restrictions?)(?: on (?:publication|use|re-?use))?\b"
        r"|\bno copyright(?: restrictions?)?\b|\bfree of (?:known )?copyright(?: restrictions?)?\b",
        "no-known-copyright",
    ),
)
_FREE_PATTERNS = tuple((re.compile(pattern), licence) for pattern, licence in _FREE_NAMES)
_BESIDE = re.compile(
    r"(?:[\s.,:;()\[\]\"'“”|/–—-]|\b(?:(?:copyright|rights|licen[cs]e)(?: status| statement)?(?=:)|no rights reserved"
    r"|(?:this|the) (?:work|image|picture|photograph|painting|artwork|object|item)s?|(?:digital )?images?|picture"
    r"|(?:this |the |these )?(?:work|image|picture)s? (?:is|are)|it is|is|are|believed to be|considered to be|in|the|im"
    r"|dans|le|nel|en el|under|of|a|an|and|(?:licen[cs]ed|released|available|published|dedicated|made available)"
    r"(?: under| to| into)?|(?:the )?creative commons|(?:public domain )?dedication|designation|licen[cs]e|universal"
    r"|international|lizenz|licentie|licens|\d\.\d)(?!\w))*+"  # possessive: there are many ways to read the same words
)
# What makes a sentence about a Creative Commons licence one about something else, or about more than one thing.
_DOUBTFUL = re.compile(
    r"©|\(c\)|copyright|\breserv|\breservados\b|\brestricted\b|\b(?:not|no|nor|none|never|nicht|kein\w*|pas|non|ikke"
    r"|niet|geen)\b(?![\s-]*commercial)|\b(?:until|till|only|except\w*|unless|exclud\w+|may|might|if|elsewhere|unknown"
    r"|permission|bis|nur|außer|sauf|uniquement|kun|alleen|solo)\b|\b(?:meta-?)?(?:data|daten|données|dati|gegevens)\b"
    r"|\bm[eé]ta(?:data|daten|données|dati)|\b(?:texts?|texte|descriptions?|website|database|catalogue)\b"
)
_NEGATED = re.compile(
    r"\b(?:not|no longer|never|nicht|ikke|niet|non) (?:\w+ ){0,2}?(?:in copyright|under copyright|copyrighted|copyright"
    r"|restricted)\b|\bcopyright[\s-]free\b|\bno (?:known )?copyright\b"
)
_NOT_EVALUATED = re.compile(r"\bcopyright (?:status )?(?:is )?not (?:yet )?evaluated\b")
_UNDECIDED = re.compile(r"\bcopyright (?:status )?(?:is )?(?:undetermined|unknown|unclear)\b")
_CLAIMED = re.compile(
    r"©|\(c\)|\bcopyright(?:ed)?\b|\ball rights reserved\b|\bin copyright\b|\bunder copyright\b|\brestricted\b"
    r"|\bdroits r[eé]serv[eé]s\b|\burheberrecht|\bvg bild-?kunst\b|\bartists rights society\b|\bvisda\b"
    r"|\badagp\b"
)


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The licence that a text or an address names, in the words above; empty where it names none that is known.

    A licence that leaves a picture free is taken from words only where they say nothing else: a claim, a condition, a
    denial or another licence beside it, and it is not free.

    >>> canonical("https://creativecommons.org/licenses/by-sa/4.0/")
    'cc-by-sa-4.0'
    >>> canonical("Metadata: CC0. Images: © Nationalmuseum"), canonical("Not in the public domain")
    ('in-copyright', '')
    """
    plain = " ".join(text[:2000].casefold().split())
    if plain in _CANONICAL:
        return plain
    said = {
        licence
        for one in _STATEMENT.findall(plain)
        if (licence := _RIGHTS_STATEMENTS.get(one.rstrip("-"), UNKNOWN))  # one that is not known says something, too
    }
    rest = _STATEMENT.sub(" ", plain)
    said |= {_cc(address[1].split("-")[1:], address[2]) for address in _CC_ADDRESS.finditer(rest)}
    rest = _CC_ADDRESS.sub(" ", rest)
    said |= {_cc(_conditions(words["more"]), words[2]) for words in _CC_WORDS.finditer(rest)}
    rest = _CC_WORDS.sub(" ", rest)
    for pattern, licence in _FREE_PATTERNS:
        if pattern.search(rest):
            said.add(licence)
            rest = pattern.sub(" ", rest)
    return _of_all(said, rest, plain)


def _of_all(said: set[str], rest: str, plain: str) -> str:
    """The one licence that a text is of.

    Args:
        said: the licences that it names.
        rest: what else stands in it.
        plain: all of it.
    """
    if UNKNOWN in said:
        return ""
    # "CC BY", and its address that says the version; "CC0 1.0, Public Domain Dedication".
    said = {one for one in said if not any(re.fullmatch(re.escape(one) + r"-\d\.\d", other) for other in said)}
    said -= {"public-domain"} if "cc0" in said else set()
    licence = said.pop() if len(said) == 1 else ""
    if licence and _holds(licence, rest):
        return licence
    if not (said or licence) and _NOT_EVALUATED.search(plain):
        return "copyright-not-evaluated"
    if not (said or licence) and _UNDECIDED.search(plain):
        return "copyright-undetermined"
    return "in-copyright" if _CLAIMED.search(_NEGATED.sub(" ", plain)) else ""


def _holds(licence: str, rest: str) -> bool:
    """True where what stands beside a licence's name leaves it what it is."""
    if _BESIDE.fullmatch(rest):
        return True
    if licence in FREE:
        return False
    # Its maker's name is a part of CC BY: "A museum, CC BY-SA". What is not free is made no freer by anything.
    return not licence.startswith("cc-") or not _DOUBTFUL.search(rest)


def strictest(licences: Collection[str]) -> str:
    """The licence that allows least, where several hold for a picture; empty where one of them is not known.

    >>> strictest(["cc0", "cc-by-4.0"]), strictest(["cc0", ""]), strictest(["", "in-copyright"])
    ('cc-by-4.0', '', 'in-copyright')
    """
    return max(licences, key=_strictness, default="")


def _strictness(licence: str) -> tuple[int, int]:
    if not licence:
        return 5, 0
    if licence in FREE:
        return 0, _UNCONDITIONAL.index(licence) if licence in _UNCONDITIONAL else 3
    if licence.startswith("cc-by"):
        return (
            (1, 0)
            if "-n" not in licence and "-sa" not in licence
            else (2, licence.count("-nc") * 4 + licence.count("-nd") * 2)
        )
    if licence.startswith("no-copyright"):
        return 3, 0
    return (4, 0) if licence.startswith("copyright-") else (6, len(licence) * -1)


_UNCONDITIONAL = ("cc0", "public-domain", "no-known-copyright")
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
