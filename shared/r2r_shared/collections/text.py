"""Names as people write them, from what files and slugs make of them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

# Words that stay small inside a name or a title, in the languages that collections are full of.
_SMALL = frozenset(
    (
        *("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "near", "of", "off", "on", "or", "over"),
        *("the", "to", "under", "upon", "with", "without"),
        *("da", "das", "de", "dei", "del", "della", "delle", "der", "den", "des", "di", "do", "dos", "du", "e", "el"),
        *("en", "et", "la", "las", "le", "les", "los", "sur", "ten", "ter", "und", "van", "von", "y", "zu"),
    )
)
_REPLACED = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": "\N{REPLACEMENT CHARACTER}"}
_NUMERAL = re.compile(r"(?:x{0,3}(?:ix|iv|v?i{1,3})|xx?v?|v)", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[a-z]\.)+", re.IGNORECASE)


def clean(text: str) -> str:
    """One line of NFC text that a database and a terminal can take: no control characters, no half letters."""
    if text.isprintable():  # none of those in it; looking at each sign costs ten times more
        return " ".join(unicodedata.normalize("NFC", text).split())
    # NUL and lone surrogates are what Postgres refuses; the latter stand for bytes that are no text.
    text = "".join(_REPLACED.get(unicodedata.category(c), c) for c in text)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def storable(name: str) -> str:
    r"""A file name as the database can keep it: as it is, bytes that are no text written as \xNN."""
    return re.sub("[\ud800-\udfff]", lambda half: f"\\x{ord(half[0]) & 0xFF:02x}", name)


def relative_name(path: Path, root: Path) -> str:
    """The name of a work: where its picture lies below the source, with forward slashes."""
    return storable(path.relative_to(root).as_posix())


def from_slug(slug: str) -> str:
    """ "the-raft-of-the-medusa" → "The Raft of the Medusa"; what a slug has lost (accents, dashes) stays lost.

    "-s-" after a word of three letters or more is its genitive, "-l-" and "-d-" before a vowel are elisions.
    """
    words = re.sub(r"[\s_-]+", " ", clean(slug)).strip()
    words = re.sub(r"(?<=\w\w\w) s (?=\w)", "'s ", words)
    words = re.sub(r"\b([ldLD]) (?=[aeiouhâàéèêîôyœ])", r"\1'", words)
    return title_case(words)


def title_case(text: str) -> str:
    """Each word with a capital, save the small ones inside; initials and Roman numerals in capitals."""
    words = text.split()
    return " ".join(_cased(word, inside=i > 0) for i, word in enumerate(words))


def _cased(word: str, *, inside: bool) -> str:
    if inside and word in _SMALL:
        return word
    if _INITIALS.fullmatch(word) or (inside and _NUMERAL.fullmatch(word)):
        return word.upper()
    elided = re.match(r"([ld]')(.*)", word)
    if elided and inside:
        return elided[1] + elided[2][:1].upper() + elided[2][1:]
    return word[:1].upper() + word[1:]


def from_file_name(stem: str) -> str:
    """A title from a file name: underscores (and dashes, where there are no spaces) become spaces.

    Letters keep the case they have, unless there is no capital among them.
    """
    text = clean(stem).replace("_", " ")
    if " " not in text.strip():
        text = text.replace("-", " ")
    text = re.sub(r"\s+", " ", text).strip()
    return title_case(text) if text == text.lower() else text
