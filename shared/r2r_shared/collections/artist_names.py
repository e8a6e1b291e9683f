"""Artists' names as catalogues write them, as they are written everywhere else: "Karel van Mander III"."""

from __future__ import annotations

import re

from r2r_shared.collections.attribution import is_qualified, role_of

_ROLE = re.compile(r"([^\W\d_][\w /-]{2,30}):\s+(?=\S)")
_LIFE = re.compile(r"\s*\([^()]*(?:\d|[a-z], )[^()]*\)?\s*(?:, \w+)?$")
_YEARS = re.compile(
    r",\s*(?:(?:active|act\.|fl\.|flourished|born|died|b\.|d\.|ca?\.|circa|approximately|about)[\s.]*)*\d{3,4}\b[^,()]*$",
    re.IGNORECASE,
)
_NATION = re.compile(
    r",\s*(?:American|Australian|Austrian|Belgian|British|Canadian|Chinese|Czech|Danish|Dutch|English|Finnish|Flemish|French"
    r"|German|Greek|Hungarian|Indian|Irish|Italian|Japanese|Korean|Mexican|Netherlandish|Norwegian|Persian|Polish"
    r"|Portuguese|Russian|Scottish|Spanish|Swedish|Swiss|Welsh)$"
)


def forward(name: str) -> str:
    """A name that begins with the family's, turned round.

    >>> forward("Mander, Karel van III"), forward("Rembrandt")
    ('Karel van Mander III', 'Rembrandt')
    """
    family, comma, given = name.partition(", ")
    if not comma or not family or not given or "," in given:
        return name
    words = given.split()
    numeral = words.pop() if len(words) > 1 and re.fullmatch(r"[IVX]+|d\.[æy]\.", words[-1]) else ""
    return " ".join(filter(None, (*words, family, numeral)))


def without_life(name: str) -> str:
    """A name without the country and the years behind it.

    >>> without_life("George Bellows (American, 1882–1925)")
    'George Bellows'
    """
    return kept_qualified(name, _LIFE.sub("", name))


def kept_qualified(name: str, plain: str) -> str:
    """`plain`, a name of which something was cut off, unless that was what said that it is not surely his."""
    return name if not plain or (is_qualified(name) and not is_qualified(plain)) else plain


def catalogued(name: str) -> str:
    """A name out of a catalogue's free text; empty where it is that of somebody who made nothing ("Sitter: …").

    >>> catalogued("Glindoni, Henry Gillard, 1852-1913"), catalogued("Artist: Vincent van Gogh, Dutch, 1853 - 1890")
    ('Henry Gillard Glindoni', 'Vincent van Gogh')
    """
    role = _ROLE.match(name)
    makes, qualifier = role_of(role[1]) if role else (True, "")
    if not makes:
        return ""
    name = " ".join(filter(None, (qualifier, name[role.end() :]))) if role else name
    plain = without_life(name)
    undated = kept_qualified(name, _YEARS.sub("", plain))
    stateless = kept_qualified(name, _NATION.sub("", undated))
    # Only libraries write years behind a family's name that comes first; "Rembrandt, Amsterdam" is no such name.
    turned = undated != plain and stateless == undated and not is_qualified(stateless)
    return forward(stateless) if turned else stateless
