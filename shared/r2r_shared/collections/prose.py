r"""A museum's text as plain text: no markup, no control characters, no letters of a wrong encoding, of bounded length.

What had to be mended is noted, once a record. Markup is the kind that museums' descriptions hold (`<em>`, `<br>`,
`&amp;`, also escaped twice); `<Untitled>` and `a < b` are no markup and stay.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, cast

from r2r_shared.collections import remarks, text

MAX_CHARS = 20_000

_TAGS = (
    "a|abbr|article|b|big|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|figure|font|h[1-6]|head|hr|html|i|img"
    "|ins|li|link|meta|ol|p|pre|q|s|section|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|title|tr|tt|u|ul"
)
_BLOCK = re.compile(
    r"</?(?:article|blockquote|body|br|center|dd|div|dl|dt|figure|h[1-6]|head|hr|html|img|li|ol|p|pre|section|table|tbody"
    r"|td|th|thead|title|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(rf"</?(?:{_TAGS})\b[^<>]*>", re.IGNORECASE)
_HIDDEN = tuple(
    (re.compile(begin, re.IGNORECASE), re.compile(end, re.IGNORECASE))
    for begin, end in (("<!--", "-->"), (r"<script\b", r"</script\s*>"), (r"<style\b", r"</style\s*>"))
)
_AMPERSANDS = re.compile(r"&(?:amp;|#38;|#x26;)+", re.IGNORECASE)
_ROUNDS = 8
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_ITALICS = re.compile(r"(?<![^\W_])_([^_]+)_(?![^\W_])")

# UTF-8 read as Windows-1252 or Latin-1: a letter of U+00C2..U+00F4 and one to three signs that those write for the
# bytes 80..BF. Such a row of signs is no word in any language.
_TRAIL = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MOJIBAKE = re.compile(f"[\xc2-\xf4][{_TRAIL}]{{1,3}}")


class Prose:
    """Reads the texts of one record and notes what is wrong with them.

    Attributes:
        noted: remarks, in the order they came up, each once.
    """

    __slots__ = ("noted",)

    def __init__(self) -> None:
        self.noted: dict[str, None] = {}

    def note(self, remark: str) -> None:
        self.noted[remark] = None

    def line(self, value: Any) -> str:
        """A text or a number as one line of plain text; empty for anything else."""
        if not value:  # most cells are empty
            return ""
        if isinstance(value, str):
            if (
                value.isascii()
                and value.isprintable()
                and "<" not in value
                and "&" not in value
                and len(value) <= MAX_CHARS
            ):
                return " ".join(value.split())
            return self._mended(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value)

    def lines(self, value: Any) -> list[str]:
        """What a list, or a single value, says; objects say their `name`, `title`, `label` or `term`."""
        values = cast(list[Any], value) if isinstance(value, list) else [value]
        found: list[str] = []
        for item in values[:200]:
            named = cast(dict[str, Any], item) if isinstance(item, dict) else {}
            plain = next((named[key] for key in ("name", "title", "label", "term") if named.get(key)), None)
            if said := self.line(plain if named else item):
                found.append(said)
        return found

    def piped(self, value: Any) -> list[str]:
        """The parts of a text that `|` cuts, empty ones too: the Met's way of writing a list."""
        return [self.line(part) for part in value.split("|", 200)] if isinstance(value, str) and value else []

    def _mended(self, value: str) -> str:
        if len(value) > MAX_CHARS:
            value = value[:MAX_CHARS]
            self.note(remarks.CUT)
        if _CONTROL.search(value):
            self.note(remarks.CONTROLS)
        if _MOJIBAKE.search(value) and (repaired := repair(value)) != value:
            value = repaired
            self.note(remarks.MOJIBAKE)
        if "\N{REPLACEMENT CHARACTER}" in value:
            self.note(remarks.LOST_LETTERS)
        if "<" in value or "&" in value:
            stripped = strip_markup(value)
            if stripped != value:
                value = stripped
                self.note(remarks.MARKUP)
        return text.clean(value)


def strip_markup(value: str) -> str:
    """Text without HTML's tags, comments and entities, however often they were escaped.

    >>> strip_markup("<i>Ecce Agnus Dei</i>&nbsp;&amp;amp; more<br/>A &lt; B")
    'Ecce Agnus Dei\\xa0& more A < B'
    """
    for _ in range(_ROUNDS):
        plain = _without_hidden(value)
        plain = _TAG.sub("", _BLOCK.sub(" ", plain))
        plain = _ENTITY.sub(lambda match: html.unescape(match[0]), _AMPERSANDS.sub("&", plain))
        if plain == value:
            return value
        value = plain
    # Nested on purpose: no signs that could make markup are left, rather than going on for as long as somebody likes.
    return value.replace("<", " ").replace("&", " ")


def _without_hidden(value: str) -> str:
    """Text without comments, scripts and styles; one that is not closed is text. Linear in the text's length."""
    for begin, end in _HIDDEN:
        kept: list[str] = []
        at = 0
        while (opening := begin.search(value, at)) and (closing := end.search(value, opening.end())):
            kept += (value[at : opening.start()], " ")
            at = closing.end()
        if kept:
            value = "".join((*kept, value[at:]))
    return value


def repair(value: str) -> str:
    """Letters that were UTF-8 and were read as Windows-1252, put right; twice, since some have been through it twice.

    >>> repair("CÃ©zanne, Les Joueurs dâ€™Ã©checs")
    'Cézanne, Les Joueurs d’échecs'
    """
    for _ in range(2):
        value = _MOJIBAKE.sub(_repaired, value)
    return value


def _repaired(match: re.Match[str]) -> str:
    signs = match[0]
    for length in range(len(signs), 1, -1):
        try:
            data = b"".join(_byte(sign) for sign in signs[:length])
            return data.decode("utf-8") + signs[length:]
        except UnicodeError:
            continue
    return signs


def _byte(sign: str) -> bytes:
    return sign.encode("latin-1") if ord(sign) < 0x100 else sign.encode("cp1252")


def without_italics(value: str) -> str:
    """Text without the underscores that the National Gallery of Art writes around what is to be set in italics.

    >>> without_italics("Study for _The Swing_")
    'Study for The Swing'
    """
    return _ITALICS.sub(r"\1", value) if "_" in value else value


def extra_of(prose: Prose, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says beside its fields, as jsonb can hold it: texts and lists of texts; nothing empty.

    Lists are taken as they are: they have been read with `prose` already.
    """
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if not value:
            continue
        said: Any = cast(Any, value) if isinstance(value, list) else prose.line(value)
        if said:
            kept[key] = said
    return kept
