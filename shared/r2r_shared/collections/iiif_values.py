"""IIIF's ways of writing texts: languages, pairs of a label and a value, and which label means which field.

Presentation API 2.1 "Language of Property Values" and 3.0 "Language of Property Values": a text, a list of texts,
`{"@value", "@language"}`, or `{"en": […], "none": […]}`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from r2r_shared.collections.prose import Prose

# Labels as museums write them, in small letters without accents, the best first.
FIELDS: dict[str, tuple[str, ...]] = {
    "artist": (
        *(
            "artist",
            "artists",
            "artist/maker",
            "artist / maker",
            "artist name",
            "painter",
            "creator",
            "creators",
            "maker",
        ),
        *("author", "people", "artist or maker", "kunstner", "kunstnere", "ophav"),
        *(
            "kunstler",
            "kunstler*in",
            "kunstlerin",
            "maler",
            "urheber",
            "person",
            "artiste",
            "auteur",
            "peintre",
            "createur",
        ),
        *("artista", "autore", "autor", "pittore", "pintor", "kunstenaar", "vervaardiger", "schilder", "konstnar"),
        *("kunstnar", "taiteilija", "tekija", "malarz", "umelec", "vytvoril", "作者", "художник"),
    ),
    "attributed": ("attributed to", "zugeschrieben", "attribue a", "attribuito a", "toegeschreven aan", "tilskrevet"),
    "year": (
        *(
            "date",
            "dates",
            "date made",
            "date created",
            "creation date",
            "date of creation",
            "production date",
            "dated",
        ),
        *(
            "year",
            "object date",
            "display date",
            "datering",
            "dato",
            "ar",
            "produktionsdato",
            "datierung",
            "entstehung",
        ),
        *("entstehungszeit", "jahr", "annee", "date de creation", "datazione", "data", "anno", "fecha", "datacion"),
        *("datum", "jaar", "datering", "tillverkningstid", "ajoitus", "vuosi", "datowanie", "制作年"),
    ),
    "medium": (
        *(
            "medium",
            "materials",
            "material",
            "materials and techniques",
            "medium and support",
            "technique",
            "techniques",
        ),
        *("material/technique", "support", "physical description", "teknik", "teknikker", "materiale", "materialer"),
        *("technik", "material/technik", "material und technik", "technique et materiau", "materiaux", "tecnica"),
        *("materia e tecnica", "tecnica e materiali", "materiaal", "materiaal en techniek", "techniek", "tekniikka"),
    ),
    "genre": (
        *("classification", "classifications", "type", "object type", "type of object", "object name", "work type"),
        *(
            "category",
            "genre",
            "objekttype",
            "vaerktype",
            "objektart",
            "objektbezeichnung",
            "gattung",
            "kategorie",
        ),
        *("type d'objet", "categorie", "tipo", "tipologia", "objecttype", "soort", "soort object", "betegnelse"),
    ),
    "movement": (
        "movement",
        "style",
        "style/period",
        "school",
        "stil",
        "stilrichtung",
        "mouvement",
        "movimento",
        "stroming",
    ),
    "museum": (
        *("museum", "institution", "repository", "holding institution", "collection", "owner", "provider", "held by"),
        *("samling", "sammlung", "einrichtung", "musee", "museo", "instelling", "collectie", "location"),
    ),
    "accession_number": (
        *(
            "accession number",
            "object number",
            "inventory number",
            "inventory no.",
            "inv. no.",
            "identifier",
            "shelfmark",
        ),
        *("inventarnummer", "inventarnr.", "inventarisnummer", "objectnummer", "numero d'inventaire", "inventario"),
        *("numero di inventario", "call number", "accession no.", "object id"),
    ),
    "credit_line": ("credit line", "credit", "acquisition", "provenance", "creditline"),
    "rights": (
        *(
            "rights",
            "license",
            "licence",
            "rights statement",
            "copyright",
            "usage",
            "terms of use",
            "rettigheder",
            "lizenz",
        ),
        *("rechte", "nutzungsbedingungen", "droits", "licenza", "diritti", "licentie", "rechten", "licens"),
    ),
}
_FIELD_OF = {label: field for field, labels in reversed(list(FIELDS.items())) for label in labels}
_PEOPLE = frozenset({"people", "person"})
# Kinds of files, and of Dublin Core's types those that a painting's record has: they say nothing of what is shown.
_KIND_OF_FILE = re.compile(
    r"(?:image|application|text|video|audio|model)/[\w.+-]+"
    r"|(?:https?://purl\.org/dc/dcmitype/|dcmi(?:type|types)?:)?(?:still ?image|image|physical ?object|collection"
    r"|interactive ?resource)s?",
    re.IGNORECASE,
)
_LANGUAGES = ("en", "en-us", "en-gb", "none", "@none", "und", "")


def texts(prose: Prose, value: Any) -> list[str]:
    """All that a value says in one language: English, else none said, else the first."""
    if isinstance(value, dict):
        named = cast(dict[str, Any], value)
        if "@value" in named:
            return prose.lines(named["@value"])
        by_language: dict[str, Any] = {
            key.casefold(): said for key, said in named.items() if isinstance(said, list | str)
        }
        order = (*_LANGUAGES, *(key for key in by_language if key.startswith("en-")), *by_language)
        for key in order:
            if key in by_language and (said := prose.lines(by_language[key])):
                return said
        return []
    if not isinstance(value, list):
        return prose.lines(value)
    values = cast(list[Any], value)
    tagged = [cast(dict[str, Any], item) for item in values if isinstance(item, dict) and "@value" in item]
    if tagged:
        languages = {str(item.get("@language") or "").casefold(): item for item in reversed(tagged)}
        chosen = next((key for key in (*_LANGUAGES, *languages) if key in languages), "")
        same = [item for item in tagged if str(item.get("@language") or "").casefold() == chosen]
        return [said for item in same for said in prose.lines(item["@value"])]
    return [said for item in values for said in prose.lines(item)]


def text(prose: Prose, value: Any) -> str:
    """A value as one line."""
    return ", ".join(texts(prose, value))


def labelled(prose: Prose, metadata: Any) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """(our field → what the pairs of a label and a value say of it, the pairs that are none of ours by their label)

    "Attribution" is none of an artist: it labels the words that are to be shown with the picture.
    """
    found: dict[str, list[str]] = {}
    ranks: dict[str, int] = {}
    rest: dict[str, Any] = {}
    for pair in cast(list[Any], metadata)[:200] if isinstance(metadata, list) else []:
        if not isinstance(pair, dict):
            continue
        entry = cast(Mapping[str, Any], pair)
        said = texts(prose, entry.get("value"))
        if not said:
            continue
        for label in all_texts(prose, entry.get("label")):
            plain = _plain(label)
            field = _FIELD_OF.get(plain)
            if field is None:
                continue
            kept = _meant(field, plain, said)
            if not kept:
                continue
            rank = FIELDS[field].index(plain)
            if field not in found or rank < ranks[field]:
                found[field], ranks[field] = kept, rank
            elif rank == ranks[field]:
                found[field] = [*found[field], *kept]
            break
        else:
            if len(rest) < 60:
                rest[text(prose, entry.get("label")) or "unnamed"] = said if len(said) > 1 else said[0]
    return found, rest


def _meant(field: str, label: str, said: list[str]) -> list[str]:
    """What a pair says of our field, without what is of another kind."""
    if field == "genre":
        return [one for one in said if not _KIND_OF_FILE.fullmatch(one)]
    if field == "artist" and label in _PEOPLE:  # sitters, donors and owners are people, too: their role must be said
        return [one for one in said if ":" in one]
    return said


def all_texts(prose: Prose, value: Any) -> list[str]:
    """What a label says in every language: one of them may be a language that is known here."""
    if isinstance(value, dict) and "@value" not in value:
        named = cast(dict[str, Any], value)
        first = texts(prose, named)
        return list(dict.fromkeys((*first, *(said for other in named.values() for said in prose.lines(other)))))
    if isinstance(value, list):
        return [said for item in cast(list[Any], value) for said in all_texts(prose, item)]
    return texts(prose, value)


def _plain(label: str) -> str:
    """ "Künstler*in:" → "kunstler*in"."""
    letters = unicodedata.normalize("NFKD", label).casefold().replace("æ", "ae").replace("ø", "o")
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return " ".join(plain.strip(" :.").split())
