"""A manifest's columns, whatever they are called, and its cells, whatever they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, cast

from r2r_shared.collections import text

# Names a column may go by, the best first, in small letters with single underscores. The field names of the big
# museums' open data (see each museum's repository) are among them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "file": (
        *("file", "filename", "file_name", "file_path", "filepath", "image_file", "image_filename", "image_path"),
        *("image", "picture", "picture_file", "photo", "img", "path", "src", "datei", "fichier", "bestand"),
    ),
    "title": (
        *("title", "painting_title", "object_title", "artwork_title", "work_title", "name", "painting", "artwork"),
        *("work", "titel", "titre", "titolo", "titulo"),
    ),
    "artist": (
        *("artist", "artist_name", "artist_title", "artist_display_name", "painter", "creator", "author", "maker"),
        *("principal_or_first_maker", "principalorfirstmaker", "attribution", "artist_display", "artistname"),
        *("kunstler", "artiste", "artista", "pittore"),
    ),
    "year": (
        *("year", "date", "dated", "date_display", "display_date", "displaydate", "object_date", "creation_date"),
        *("completion_year", "completition_year", "completionyear", "completitionyear", "year_created"),
        *("date_created", "datierung", "jahr", "annee", "anno"),
    ),
    "year_from": (
        *("year_from", "date_start", "begin_year", "beginyear", "object_begin_date", "creation_date_earliest"),
        *("earliest_year", "start_year"),
    ),
    "year_to": (
        *("year_to", "date_end", "end_year", "endyear", "object_end_date", "creation_date_latest"),
        *("latest_year", "finish_year"),
    ),
    "movement": (
        *("movement", "art_movement", "style", "style_title", "styles", "style_titles", "school"),
        *("bewegung", "mouvement", "movimento"),
    ),
    "medium": (
        *("medium", "medium_display", "media", "technique", "techniques", "material", "materials", "support"),
        *("technik", "tecnica"),
    ),
    "museum": ("museum", "gallery", "institution", "repository", "current_location", "location", "owner", "musee"),
    "genre": ("genre", "genres", "classification", "classification_title", "classification_titles", "object_type"),
    "picture_url": (
        *(
            "picture_url",
            "image_url",
            "imageurl",
            "image_link",
            "image_address",
            "web_image",
            "image_web",
            "web_image_url",
        ),
        *("primary_image_small", "primaryimagesmall", "primary_image", "primaryimage", "download_url", "iiif_image"),
        *("thumbnail_url", "thumbnail", "image_thumbnail", "bild_url"),
    ),
    "licence": (
        *("licence", "license", "picture_licence", "image_license", "image_licence", "license_url", "licence_url"),
        *("rights", "rights_uri", "share_license_status", "copyright_status", "lizenz"),
    ),
    "page": ("page", "page_url", "object_url", "objecturl", "link_resource", "source_url", "homepage", "web_page"),
}


def fields(columns: Sequence[str]) -> dict[str, list[str]]:
    """Our field → the columns that may hold it, the best first."""
    plain = {column: _plain(column) for column in columns}
    return {
        field: found
        for field, names in COLUMNS.items()
        if (found := [column for name in names for column in columns if plain[column] == name])
    }


def _plain(column: str) -> str:
    """ "Künstler " → "kunstler", "Object Begin Date" → "object_begin_date"."""
    letters = unicodedata.normalize("NFKD", column).casefold()
    kept = "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return "_".join(kept.split())


def as_text(value: Any) -> str:
    """A value as one line: lists are joined by commas, objects give their `name`, `title` or `label`."""
    if isinstance(value, list):
        return ", ".join(filter(None, (as_text(item) for item in cast(list[Any], value))))
    if isinstance(value, dict):
        named = cast(dict[str, Any], value)
        return next((found for key in ("name", "title", "label") if (found := as_text(named.get(key)))), "")
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return text.clean(str(value))


def says_something(value: Any) -> bool:
    """False for an empty cell."""
    return value is not None and value not in ("", [], {})


def as_data(value: Any) -> Any:
    """A value as jsonb can hold it: all text cleaned."""
    if isinstance(value, str):
        return text.clean(value)
    if isinstance(value, list):
        return [as_data(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {text.clean(str(key)): as_data(item) for key, item in cast(dict[str, Any], value).items()}
    return value
