"""The Art Institute of Chicago's works, as its data dump and its API have them."""

from __future__ import annotations

from typing import Any


def artic_work(number: int = 27992, **changes: Any) -> dict[str, Any]:
    """A work as a file of the data dump has it, and as the API lists it."""
    work = {
        "id": number,
        "api_model": "artworks",
        "api_link": f"https://api.artic.edu/api/v1/artworks/{number}",
        "title": "A Sunday on La Grande Jatte — 1884",
        "main_reference_number": "1926.224",
        "date_start": 1884,
        "date_end": 1886,
        "date_display": "1884–86, painted border 1888/89",
        "artist_display": "Georges Seurat (French, 1859–1891)",
        "place_of_origin": "France",
        "dimensions": "207.5 × 308.1 cm (81 3/4 × 121 1/4 in.)",
        "medium_display": "Oil on canvas",
        "credit_line": "Helen Birch Bartlett Memorial Collection",
        "is_public_domain": True,
        "copyright_notice": None,
        "artwork_type_title": "Painting",
        "artwork_type_id": 1,
        "department_title": "Painting and Sculpture of Europe",
        "artist_title": "Georges Seurat",
        "artist_titles": ["Georges Seurat"],
        "style_title": "Pointillism",
        "style_titles": ["Pointillism", "Post-Impressionism"],
        "classification_title": "oil on canvas",
        "classification_titles": ["oil on canvas", "oil paintings (visual works)", "paintings (visual works)"],
        "subject_titles": ["parks", "leisure"],
        "image_id": "2d484387-2509-5e8e-2c43-22f9981972eb",
    }
    return work | changes


def artic_answer(
    works: list[Any], *, page: int = 1, pages: int = 1, iiif: str = "https://www.artic.edu/iiif/2"
) -> dict[str, Any]:
    """A page of the API's list."""
    return {
        "pagination": {
            "total": len(works) * pages,
            "limit": 100,
            "offset": (page - 1) * 100,
            "total_pages": pages,
            "current_page": page,
        },
        "data": works,
        "info": {"license_text": "…", "license_links": [], "version": "1.13"},
        "config": {"iiif_url": iiif, "website_url": "https://www.artic.edu"},
    }
