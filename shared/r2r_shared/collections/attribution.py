"""Who made a work, from what museums write: one artist, several, nobody known, or somebody near a master.

"Workshop of Rembrandt" is not Rembrandt: the qualifier stays in the artist's name, so that influence is not counted
for the master. Where nobody is known by name the artist is empty, as everywhere in this project ("Unknown" is not one
painter); what the museum wrote is kept beside. A "Master of the …" is a person, only without a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from r2r_shared.collections import remarks
from r2r_shared.collections.prose import Prose

_QUALIFIER = re.compile(
    r"(?:(?:formerly |previously |once |tentatively )?attributed to|(?:possibly|probably|perhaps)(?: by)?"
    r"|(?:copy|copies|copie|kopie|kopi|copia|replica|imitation|pastiche|version)"
    r"(?: (?:after|of|efter|nach|naar|d['’]après|da|di|de)\b)"
    r"|(?:immediate |close )?(?:workshop|studio|follower|followers|circle|school|manner|style|imitator|assistant|pupil"
    r"|student|associate)s?(?: or (?:workshop|studio|follower|circle|school|pupil))?(?: of| to)"
    r"|in the (?:manner|style) of|after(?= [^\W\d_])"
    r"|werkstatt|umkreis|nachfolger|schule(?= (?:von|des|der))|nach(?= [^\W\d_])|zugeschrieben"
    r"|attribué(?:e)? à|atelier (?:de|d['’])|entourage de|école de|suiveur de|d['’]après|attribuito a|bottega di"
    r"|cerchia di|scuola di|seguace di|toegeschreven aan|werkplaats van|navolger van|omgeving van|kopie naar"
    r"|tilskrevet|værksted|kopi efter|efter(?= [^\W\d_])|omkreds)\b",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"\((?:attributed(?: to)?|workshop(?: of)?|studio(?: of)?|school(?: of)?|follower(?: of)?|circle(?: of)?"
    r"|copy(?: after)?|after|zugeschrieben|werkstatt|attribué|atelier|bottega|tilskrevet|efter|værksted|\?)\)"
    r"|,? (?:and|und|et|e) (?:workshop|studio|assistants?|werkstatt|atelier|bottega)\b"
    r"|\s\?$|, (?:attributed to|workshop of|follower of)$",
    re.IGNORECASE,
)
_ROLE = (
    r"(?:artists?|painters?|makers?|masters?|hands?|creators?|photographers?|kunstner|künstler|maler|peintre|artiste"
    r"|artista|pittore)"
)
_UNKNOWN = re.compile(
    r"[\[(]?(?:an? )?(?:(?:unknown|unidentified|anonymous|unbekannt\w*|anonym\w*|inconnu\w*|ignot[oa]|anonim[oa]"
    r"|anoniem|onbekend\w*|ubekendt|ukendt|ukjent|okänd|tuntematon|nieznan[ya])\b.*"
    rf"|(?:anon\.?|not known|various|n/a|none|not assigned|maker|\?|-)[\])]?)|{_ROLE}[\s,]+(?:unknown|unidentified"
    r"|anonymous|unbekannt|inconnu|ukendt)\b.*",
    re.IGNORECASE,
)
_PLACE_AND_CENTURY = re.compile(
    r"(?:[A-Z]\w+(?:[ -][A-Z]\w+){0,3},? )(?:\(.*\),? )?(?:early |late |mid-?)?(?:\d{1,2}(?:st|nd|rd|th)"
    r"(?:[ -/]\d{1,2}(?:st|nd|rd|th))?) centur(?:y|ies)(?: \(.*\))?",
    re.IGNORECASE,
)
"""The National Gallery of Art's way of naming nobody: "American 19th Century"."""

_BOTH = re.compile(r"\s*(?:;|\||&|\band\b|\bund\b)\s*")
_COMPANY = re.compile(
    r"\b(?:workshop|studio|sons?|brothers?|company|co|followers?|circle|school|assistants?|others?|family|wife|pupils?"
    r"|werkstatt|söhne|after|attributed)\b",
    re.IGNORECASE,
)

_DANISH = {  # what SMK writes; compared in small letters
    "tilskrevet": "Attributed to",
    "muligvis": "Possibly by",
    "formodet": "Possibly by",
    "efter": "After",
    "efter forlæg af": "After",
    "kopi efter": "Copy after",
    "kopi": "Copy after",
    "værksted": "Workshop of",
    "værkstedet": "Workshop of",
    "atelier": "Workshop of",
    "skole": "School of",
    "omkreds": "Circle of",
    "kreds": "Circle of",
    "efterfølger": "Follower of",
    "efterligner": "Imitator of",
    "manér": "Manner of",
    "stil": "Style of",
}


_NO_QUALIFIERS = frozenset({"and", "with", "&", "by", "artist", "painter", "maker", "kunstner", "maler"})


@dataclass(frozen=True, slots=True)
class Maker:
    """Somebody who had a hand in a work: a name, and the museum's qualifier where it has one apart."""

    name: str
    qualifier: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who made a work.

    Attributes:
        artist: the first named maker, qualified where the museum qualifies; empty where nobody is named.
        others: the other makers, in the museum's order.
        unnamed: what the museum writes where nobody is named ("American 19th Century").
    """

    artist: str = ""
    others: tuple[str, ...] = ()
    unnamed: str = ""


def attribute(prose: Prose, makers: Sequence[Maker]) -> Attribution:
    """Who made a work, of the makers that a museum lists in its order.

    The first maker is the artist, unless only the first is qualified ("after Denner", then the engraver): then the
    first who is not. Those of whom no name is known are left out.
    """
    named: list[tuple[str, bool]] = []
    unnamed = ""
    for maker in makers:
        for name in split(maker.name):
            if is_unknown(name):
                unnamed = unnamed or name
                continue
            whole, qualified = _whole(name, maker.qualifier, maker.suffix)
            if whole not in (known for known, _ in named):
                named.append((whole, qualified))
    if not named:
        return Attribution(unnamed=unnamed)
    first = next((entry for entry in named if not entry[1]), named[0])
    others = tuple(name for name, _ in named if name != first[0])
    if first[1]:
        prose.note(remarks.QUALIFIED)
    if sum(1 for _, qualified in named if not qualified) > 1 or (first[1] and others):
        prose.note(remarks.MORE_ARTISTS)
    return Attribution(first[0], others, unnamed)


@lru_cache(maxsize=4096)  # a museum has some thousands of artists, and each many works
def is_unknown(name: str) -> bool:
    """True for what names nobody: "Unidentified artist", "Unknown (British)", "American 19th Century"."""
    return not name or _UNKNOWN.fullmatch(name) is not None or _PLACE_AND_CENTURY.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_qualified(name: str) -> bool:
    """True for a name that says that its bearer did not make the work with his own hand, or not surely."""
    return _QUALIFIER.match(name) is not None or _SUFFIX.search(name) is not None


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, ...]:
    """Names that one text holds: "Peter Paul Rubens and Jan Brueghel the Elder" are two.

    Only where each is a name of two words or more and none is a company: "Currier and Ives" is one.
    """
    if is_unknown(name):
        return (name,)
    marks = re.split(r"\s*[;|]\s*", name)
    found: list[str] = []
    for part in filter(None, marks):
        both = [piece.strip(" ,") for piece in _BOTH.split(part)]
        apart = len(both) > 1 and all(len(piece.split()) > 1 for piece in both) and not _COMPANY.search(part)
        found.extend(both if apart and not is_qualified(part) else [part])
    return tuple(found) or (name,)


def _whole(name: str, qualifier: str, suffix: str) -> tuple[str, bool]:
    """(the name with its qualifier, whether it has one that matters)"""
    prefix = _DANISH.get(qualifier.casefold().strip(" ."), qualifier)
    whole = " ".join(filter(None, (prefix, name, suffix)))
    if prefix and not is_qualified(whole):
        # A word that is not known: it stands behind the name, so as not to make another name of it.
        plain = prefix.casefold().strip(" .:,") not in _NO_QUALIFIERS
        return (f"{name} ({prefix})", True) if plain else (name, is_qualified(name))
    return whole, is_qualified(whole)
