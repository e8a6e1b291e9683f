"""The words and numbers that a date is written with, in the languages of the collections that we read.

ATOM is one date with what belongs to it (its part, its era); the others say how dates stand to each other.
"""

from __future__ import annotations

import re

SMALL_WORDS = re.compile(
    r"\b(?:c|ca|circa|about|around|approximately|approx|probably|possibly|perhaps|likely|presumably|dated?|signed|painted"
    r"|made|completed|finished|begun|executed|between|from|to|and|or|the|of|in|not|no|before|after|later|earlier|than"
    r"|until|till|through|by|post|ante|since|prior|shortly|soon|onwards?|um|vers|verso|omkring|o|etwa|wohl|nach|vor"
    r"|zwischen|und|oder|bis|apr[eè]s|avant|entre|et|ou|mellem|og|eller|efter|før|senest|tidligst|inden|senere|tidligere"
    r"|ad|anno)\b"
)
OF_ANOTHER_WORK = re.compile(
    r"\b(?:cop(?:y|ies)|copie|kopie|copia|replica|reproduction)\s+(?:of|after|from|d'après|de|nach|naar|di|da)\b.*"
    r"|\bafter (?:an? |the )?(?:lost |earlier )?(?:original|model|work|painting|prototype)\b.*"
)
IN_BRACKETS = re.compile(r"\([^()]*\)?")

_WORDS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    *("twentieth", "twenty-first"),
)
ORDINAL_WORDS = {word: number for number, word in enumerate(_WORDS, 1)}
ROMAN = {"i": 1, "v": 5, "x": 10}

_CENTURY = (
    r"(?:centur(?:y|ies)|cent\.?|c\.|c(?![a-z0-9])|jahrhunderts?|jahrh\.?|jhd?t?s?\.?|si[eè]cles?|s\.|secol[oi]|sec\."
    r"|siglos?|s[eé]culos?|eeuw(?:en)?|[aå]rhundrade[nt]?|[aå]rhundredet?|veka?|век[аи]?|в\.)"
)
_CENTURY_BEFORE = r"(?:secol[oi]|sec\.|siglos?|s[eé]culos?|saec\.|s\.)"
_ERA = (
    r"(?P<era{n}>b\.?\s?c\.?\s?e\.?(?![a-z])|b\.?\s?c\.?(?![a-z])|a\.?\s?d\.?(?![a-z])|c\.?\s?e\.?(?![a-z])"
    r"|f\.?\s?kr\.?|e\.?\s?kr\.?|v\.?\s?chr\.?|n\.?\s?chr\.?|av\.?\s?j\.?-?\s?c\.?|ap\.?\s?j\.?-?\s?c\.?|a\.\s?c\.|d\.\s?c\.)"
)
BEFORE_ERA = re.compile(r"b|v|f|av|a\.\s?c")
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


ATOM = re.compile(
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
AFTER = re.compile(
    r"(?:\b(?:not (?:before|earlier than)|no earlier than|(?<!not )(?<!no )(?:after|later than)|post|since"
    r"|nicht vor|(?<!nicht )nach|apr[eè]s|dopo(?: il)?|efter|tidligst"
    r"|despu[eé]s de|na|ab|seit|from)\b[\s,.-]*|>\s*)(?:(?:c|ca|circa|about|the|um)\b\.?\s*)*$"
)
BEFORE = re.compile(
    r"(?:\b(?:not (?:after|later than)|no later than|before|ante|prior to"
    r"|earlier than|until|till|by|(?<!nicht )vor|nicht nach|før|senest|inden|indtil|avant|prima del|antes de|v[oó]or"
    r"|bis)\b[\s,.-]*|<\s*)(?:(?:c|ca|circa|about|the|um)\b\.?\s*)*$"
)
OR_AFTER = re.compile(
    r"^\s*,?\s*(?:(?:or|and|oder|ou|o|eller)\s+(?:shortly |soon )?(?:after|later|sp[aä]ter|senere|efter)|onwards?|ff\b)"
)
OR_BEFORE = re.compile(
    r"^\s*,?\s*(?:or|and|oder|ou|o|eller)\s+(?:shortly |soon )?(?:before|earlier|fr[uü]her|tidligere|før)"
)
JOINER = re.compile(
    r"^\s*(?:-|/|to|or|and|until|till|through|bis|oder|og|eller|til|und|ou|et|à|al|e|en|tot)\s*(?:the|c\.|ca\.)?\s*$"
)
