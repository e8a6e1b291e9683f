"""Which works of a museum are wanted: paintings, unless a person asks for something else.

A museum's own word for what a thing is decides ("Paintings", "maleri", "Gemälde"), not the title or the material: a
drawing in oil is a drawing where its museum says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

ANY = "any"

NOT_A_PAINTING = "not classified as a painting"
NOT_WANTED = "not of the classification asked for"
UNCLASSIFIED = "not classified by its museum"

# The word for paintings in the languages of the museums that are read; "painting" as a part of a class counts too
# ("Paintings-Panels"), except where it is what belongs to a painting.
_PAINTING = re.compile(
    r"\b(?:paintings?|maleri(?:er|et|erne)?|malerei(?:en)?|gemälde|gemalde|peintures?|tableaux?|dipint[oi]|pittur[ae]"
    r"|pinturas?|cuadros?|schilderij(?:en)?|målning(?:ar)?|oljemålning|maalau(?:s|kset)|festmény|obraz(?:y)?|живопись)\b"
    r"|\boil on (?:canvas|panel|board|wood|copper)\b|\btempera on (?:panel|wood|canvas)\b"
)
_NO_PAINTING = re.compile(
    r"\bpainting[\s-]+(?:frames?|equipment|implements?|tools?|sets?|box(?:es)?|materials?|stands?|knife|knives)\b"
    r"|\b(?:frames? for|reproductions? of|photographs? of|prints? after|drawings? after) (?:a )?paintings?\b"
)


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of works that are wanted.

    Attributes:
        wanted: words of classes, in small letters; None: paintings; empty: all works whatever they are.
    """

    wanted: tuple[str, ...] | None = None

    def takes(self, labels: Sequence[str]) -> bool:
        """True where one of a work's classes, as its museum writes them, is wanted."""
        if self.wanted is None:
            return any(is_painting(label) for label in labels)
        return not self.wanted or any(_has(label, wanted) for label in labels for wanted in self.wanted)

    def reason(self, labels: Sequence[str]) -> str:
        """Why a work that is not taken is left out."""
        if not any(labels):
            return UNCLASSIFIED
        return NOT_A_PAINTING if self.wanted is None else NOT_WANTED


PAINTINGS = Classes()
ALL = Classes(())


def of(texts: Sequence[str]) -> Classes:
    """The classes that a person names: none, paintings; `any`, all."""
    named = tuple(dict.fromkeys(plain for text in texts if (plain := " ".join(text.casefold().split()))))
    if not named:
        return PAINTINGS
    return ALL if ANY in named else Classes(named)


@lru_cache(maxsize=4096)
def is_painting(label: str) -> bool:
    """True for a class of paintings.

    >>> is_painting("Paintings-Panels"), is_painting("Painting frames")
    (True, False)
    """
    plain = label.casefold()
    return _PAINTING.search(plain) is not None and _NO_PAINTING.search(plain) is None


@lru_cache(maxsize=4096)
def _has(label: str, wanted: str) -> bool:
    """True where the words of a class occur in a label, one after the other, in the singular or the plural."""
    words, sought = _stems(label), _stems(wanted)
    return bool(sought) and any(words[i : i + len(sought)] == sought for i in range(len(words) - len(sought) + 1))


def _stems(text: str) -> list[str]:
    return [re.sub(r"(?<=\w\w)(?:s|en|er)$", "", word) for word in re.findall(r"\w+", text.casefold())]
