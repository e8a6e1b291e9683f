"""The Cleveland Museum of Art's works, as data.json and its API have them."""

from __future__ import annotations

from typing import Any


def cleveland_work(
    number: int = 130707, base: str = "https://openaccess-cdn.clevelandart.org", **changes: Any
) -> dict[str, Any]:
    """A work as data.json and the API have it."""
    accession = changes.get("accession_number", "1953.424")
    work = {
        "id": number,
        "accession_number": accession,
        "share_license_status": "CC0",
        "tombstone": "Head of Saint John the Baptist, c. 1550–1650.",
        "title": "Head of Saint John the Baptist",
        "creation_date": "c. 1550–1650",
        "creation_date_earliest": 1550,
        "creation_date_latest": 1650,
        "culture": ["Spain or Northern Italy, mid 16th - mid 17th century"],
        "technique": "oil on canvas",
        "department": "European Painting and Sculpture",
        "collection": "P - Italian 16th & 17th Century",
        "type": "Painting",
        "measurements": "Unframed: 50 x 75.2 cm (19 11/16 x 29 5/8 in.)",
        "copyright": None,
        "fun_fact": "The scroll reads <em>Ecce Agnus Dei</em>.",
        "external_resources": {"wikidata": [], "internet_archive": []},
        "url": f"https://clevelandart.org/art/{accession}",
        "images": {
            size: {
                "url": f"{base}/{accession}/{accession}_{size}.{'tif' if size == 'full' else 'jpg'}",
                "width": width,
                "height": height,
                "filesize": weight,
            }
            for size, width, height, weight in (
                ("web", "1263", "830", "724828"),
                ("print", "3400", "2235", "5897752"),
                ("full", "6060", "3983", "72441096"),
            )
        },
        "creditline": "Mr. and Mrs. William H. Marlatt Fund",
        "athena_id": number,
        "creators": [],
        "updated_at": "2023-01-10 23:57:59.055000",
    }
    return work | changes


def cleveland_answer(works: list[Any], *, skip: int = 0, limit: int = 200, total: int | None = None) -> dict[str, Any]:
    """A page of the API's list."""
    return {
        "info": {"total": len(works) if total is None else total, "parameters": {"skip": skip, "limit": limit}},
        "data": works,
    }
