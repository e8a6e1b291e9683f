"""SMK's works, as its API lists them."""

from __future__ import annotations

from typing import Any


def smk_item(number: str = "KMS3696", base: str = "https://iip.smk.dk", **changes: Any) -> dict[str, Any]:
    """A work as the API lists it."""
    item = {
        "id": "1170009999_object",
        "created": "2020-03-21T13:31:26Z",
        "modified": "2024-09-02T10:24:01Z",
        "responsible_department": "Samling og Forskning (KMS)",
        "object_names": [{"name": "maleri"}],
        "production": [
            {
                "creator": "Hammershøi, Vilhelm",
                "creator_forename": "Vilhelm",
                "creator_surname": "Hammershøi",
                "creator_date_of_birth": "1864-05-15T00:00:00.000Z",
                "creator_date_of_death": "1916-02-13T00:00:00.000Z",
                "creator_nationality": "dansk",
                "creator_lref": "633_person",
            }
        ],
        "production_date": [{"start": "1901-01-01T00:00:00.000Z", "end": "1901-12-31T00:00:00.000Z", "period": "1901"}],
        "techniques": ["Olie på lærred"],
        "titles": [
            {"title": "Interiør i Strandgade, sollys på gulvet", "language": "da-DK", "type": "MUSEUM"},
            {"translation": "Interior in Strandgade, Sunlight on the Floor", "language": "en-US"},
        ],
        "object_number": number,
        "iiif_manifest": f"https://api.smk.dk/api/v1/iiif/manifest/?id={number.lower()}",
        "frontend_url": f"https://open.smk.dk/artwork/image/{number}",
        "public_domain": True,
        "rights": "https://creativecommons.org/share-your-work/public-domain/cc0/",
        "has_image": True,
        "image_mime_type": "image/tiff",
        "image_iiif_id": f"{base}/iiif/jp2/{number.lower()}.tif.jp2",
        "image_iiif_info": f"{base}/iiif/jp2/{number.lower()}.tif.jp2/info.json",
        "image_width": 5000,
        "image_height": 4400,
        "image_thumbnail": f"{base}/iiif/jp2/{number.lower()}.tif.jp2/full/!1600,/0/default.jpg",
        "image_native": f"{base}/iiif/jp2/{number.lower()}.tif.jp2/full/full/0/native.jpg",
    }
    return item | changes


def smk_answer(items: list[Any], *, offset: int = 0, rows: int = 200, found: int | None = None) -> dict[str, Any]:
    """A page of a search."""
    return {"offset": offset, "rows": rows, "found": len(items) if found is None else found, "items": items}
