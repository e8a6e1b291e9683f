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

_NO_DATE = r"(?!\s*(?:(?:c|ca|circa|about|um|ca)\.?\s*)?\d)"  # "after 1600" is said of a life, not of a master
_QUALIFIER = re.compile(
    r"(?<!\w)(?:attributed|attr\.|ascribed|zugeschrieben|attribuée?|attribuito|toegeschreven|tilskrevet"
    rf"|(?:possibly|probably|perhaps|muligvis|formodet)(?= (?!born|died|active|from|in)[^\W\d_]){_NO_DATE}"
    r"|workshop|studio|werkstatt|bottega|værksted\w*|werkplaats van"
    r"|(?:followers?|circle|school|manner|style|imitators?|copyists?|assistants?|pupils?|students?|associates?)"
    r"(?: or \w+)?(?: of| to)"
    r"|(?:copy|copies|copie|kopie|kopi|copia|replica|imitation|pastiche|version)"
    r"(?: (?:after|of|efter|nach|naar|d['’]après|da|di|de))"
    r"|umkreis|nachfolger|schule(?= (?:von|des|der))"
    r"|école de|d['’]après|cerchia di|scuola di|seguace di|navolger van|omgeving van|omkreds|(?<=and )assistants?"
    rf"|efterfølger|efterligner|(?:after|nach|efter)(?= [^\W\d_]){_NO_DATE})(?![^\W\d_])"
    r"|(?<!\w)(?:atelier|entourage|suiveur) d(?:e\b|u\b|es\b|['’])",
    re.IGNORECASE,
)
"""Words that say, wherever they stand in a name, that its bearer did not make the work, or not surely."""
_APART = re.compile(
    r"[(\[,;]\s*(?:(?:possibly|probably|perhaps|formerly)\s+)?(?:after|circle|followers?|school|manner|style|imitators?"
    r"|copyists?|pupils?|assistants?|copy|copie|kopie|kopi|copia|kreis|schule|nach|atelier|entourage|suiveur|école"
    r"|cerchia|scuola|seguace|navolger|omgeving|werkplaats|efter|kreds|skole|possibly|probably|perhaps|\?)"
    rf"(?: (?:of|to|after|de|di|von|des|van))?\s*{_NO_DATE}(?=[)\],;]|$)"
    r"|\?\)?$|,? (?:and|und|et|e) (?:assistants?|atelier)\b",
    re.IGNORECASE,
)
"""The same as they stand apart from a name: "Rembrandt, circle of", "Rembrandt (Umkreis)"."""

_ROLE = (
    r"(?:artists?|painters?|makers?|masters?|hands?|creators?|photographers?|kunstner|künstler|maler|peintre|artiste"
    r"|artista|pittore)"
)
_NATION = (
    r"(?:american|australian|austrian|bavarian|belgian|bohemian|bolognese|british|byzantine|canadian|catalan|castilian"
    r"|chinese|coptic|cretan|cuzco|czech|danish|delft|dutch|english|ethiopian|european|ferrarese|finnish|flemish"
    r"|florentine|franconian|franco-flemish|french|genoese|german|greek|haarlem|hungarian|indian|iranian|irish|italian"
    r"|italo-byzantine|japanese|korean|lombard|mexican|milanese|mughal|neapolitan|nepalese|netherlandish|norwegian"
    r"|ottoman|paduan|persian|peruvian|pisan|polish|portuguese|rajput|rhenish|roman|russian|scottish|sienese|spanish"
    r"|swabian|swedish|swiss|tibetan|turkish|tuscan|umbrian|utrecht|venetian|veronese|welsh)"
)
_UNKNOWN = re.compile(
    r"[\[(]?(?:an? )?(?:(?:unknown|unidentified|unrecorded|anonymous|unbekannt\w*|anonym\w*|inconnu\w*|ignot[oa]"
    r"|anonim[oa]|anoniem|onbekend\w*|ubekendt|ukendt|ukjent|okänd|tuntematon|nieznan[ya])\b.*"
    rf"|(?:anon\.?|not known|various(?: {_ROLE})?|n/a|none|not assigned|maker|\?|-)[\])]?)|{_ROLE}(?:\s?/\s?{_ROLE})?"
    r"[\s,]+(?:(?:is|are) )?(?:unknown|unidentified|unrecorded|anonymous|unbekannt|inconnu|ukendt)\b.*"
    rf"|(?:(?:north|south|east|west|upper|lower|central)(?:ern)?[ -])?{_NATION}(?:[ /-]{_NATION})*"
    r"(?: \([^()]{0,60}\))? (?:painter|artist|school|maker|miniaturist)s?"
    r"(?:,? \(?(?:active |early |late |mid-?|first |second |last |\d)[^()]{0,60}\)?)?",
    re.IGNORECASE,
)
_NOBODY_THEN = re.compile(
    rf"[\[(]?(?:(?:an? )?(?:unknown|unidentified|unrecorded|anonymous)(?: [\w-]+)?(?: {_ROLE})?"
    rf"|{_ROLE}(?:\s?/\s?{_ROLE})?"
    r" (?:unknown|unidentified|unrecorded))(?: \([^()]{0,60}\))?[\])]?\s*[,;:\n]\s*",
    re.IGNORECASE,
)
"""What stands before the master where somebody unknown worked after one: "Unknown artist, after Raphael"."""
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

_PREFIXES = {  # what SMK writes, and what stands for itself as a role; compared in small letters
    "attributed": "Attributed to",
    "attributed to": "Attributed to",
    "ascribed to": "Ascribed to",
    "after": "After",
    "copy": "Copy after",
    "copy after": "Copy after",
    "copyist": "Copyist of",
    "workshop": "Workshop of",
    "studio": "Studio of",
    "circle": "Circle of",
    "follower": "Follower of",
    "school": "School of",
    "manner": "Manner of",
    "style": "Style of",
    "imitator": "Imitator of",
    "pupil": "Pupil of",
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

_MAKING = (
    r"(?:artist|painter|maker|creator|designer|illuminator|calligrapher|drafts(?:man|woman|person)|draughtsman"
    r"|miniaturist|watercolou?rist|pastellist|decorator|enamell?er|illustrator|engraver|etcher|lithographer|printmaker"
    r"|sculptor|photographer|architect|kunstner|maler|tegner|grafiker|kobberstikker|raderer|billedhugger|fotograf"
    r"|ophavsperson|ophavsmand|ophav|künstler(?:in)?|malerin|zeichner(?:in)?|urheber(?:in)?|artiste|peintre|artista"
    r"|pittore|pittrice|pintor|kunstenaar|schilder|vervaardiger|konstnär|målare)"
)
_MAKERS = re.compile(
    rf"(?:(?:primary|principal|main|original|joint|supporting) )?{_MAKING}s?"
    rf"(?:\s*(?:/|,|&|\band\b|\bor\b|\bund\b|\bog\b|\bet\b)\s*{_MAKING}s?)*",
    re.IGNORECASE,
)


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
        for one in split(maker.name):
            name = after_nobody(one)
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
    """True for a name that says that its bearer did not make the work with his own hand, or not surely.

    To be asked of what a museum writes before anything is cut off: "Rembrandt (workshop of, 1606-1669)".
    """
    return _QUALIFIER.search(name) is not None or _APART.search(name) is not None


def after_nobody(name: str) -> str:
    """ "Unknown artist, after Raphael" → "after Raphael": whom the museum names, with the words that say how."""
    nobody = _NOBODY_THEN.match(name)
    rest = name[nobody.end() :] if nobody else ""
    return rest if rest and is_qualified(rest) else name


@lru_cache(maxsize=4096)
def role_of(role: str) -> tuple[bool, str]:
    """(whether somebody of this role made a work, or what he made was its model; the qualifier that the role says)

    >>> role_of("painter"), role_of("Artist after"), role_of("Sitter")
    ((True, ''), (True, 'After'), (False, ''))
    """
    plain = role.strip(" .:")
    if not plain or _MAKERS.fullmatch(plain):
        return True, ""
    rest = re.sub(rf"^{_MAKING}s?[\s,:(-]+|[\s,:(-]+{_MAKING}s?\)?$", "", plain, flags=re.IGNORECASE)
    known = _PREFIXES.get(rest.casefold(), "")
    if known or is_qualified(plain) or is_qualified(f"{plain} X"):
        return True, known or rest
    return False, ""


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, ...]:
    """Names that one text holds: "Peter Paul Rubens and Jan Brueghel the Elder" are two.

    Only where each is a name of two words or more and none is a company: "Currier and Ives" is one.
    """
    if is_unknown(name):
        return (name,)
    marks = re.split(r"\s*[;|]\s*(?![^()]{0,80}\))", name)  # not inside brackets
    found: list[str] = []
    for part in filter(None, marks):
        both = [piece.strip(" ,") for piece in _BOTH.split(part)]
        apart = len(both) > 1 and all(len(piece.split()) > 1 for piece in both) and not _COMPANY.search(part)
        found.extend(both if apart and not is_qualified(part) else [part])
    return tuple(found) or (name,)


def _whole(name: str, qualifier: str, suffix: str) -> tuple[str, bool]:
    """(the name with its qualifier, whether it has one that matters)"""
    prefix = _PREFIXES.get(qualifier.casefold().strip(" ."), qualifier)
    whole = " ".join(filter(None, (prefix, name, suffix)))
    if prefix and not is_qualified(whole):
        # A word that is not known: it stands behind the name, so as not to make another name of it.
        plain = prefix.casefold().strip(" .:,") not in _NO_QUALIFIERS
        return (f"{name} ({prefix})", True) if plain else (name, is_qualified(name))
    return whole, is_qualified(whole)
