"""IIIF manifests and collections of both versions."""

from __future__ import annotations

from typing import Any


def manifest_2(address: str, picture: str, **changes: Any) -> dict[str, Any]:
    """A manifest of Presentation 2.1, with an image service of version 2 at `picture`."""
    manifest = {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@id": address,
        "@type": "sc:Manifest",
        "label": [{"@value": "Sternennacht", "@language": "de"}, {"@value": "Starry Night", "@language": "en"}],
        "metadata": [
            {"label": "Creator", "value": "Edvard Munch (Norwegian, 1863-1944)"},
            {"label": [{"@value": "Datierung", "@language": "de"}], "value": "1893"},
            {"label": "Medium", "value": "<span>Oil on canvas</span>"},
            {"label": "Object Number", "value": "84.PA.681"},
        ],
        "description": "A view from Åsgårdstrand.",
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "attribution": "Digital image courtesy of the museum",
        "related": {"@id": "https://museum.example/art/84", "format": "text/html"},
        "sequences": [
            {
                "@type": "sc:Sequence",
                "canvases": [
                    {
                        "@id": f"{address}/canvas/1",
                        "@type": "sc:Canvas",
                        "label": "recto",
                        "width": 6000,
                        "height": 5000,
                        "images": [
                            {
                                "@type": "oa:Annotation",
                                "motivation": "sc:painting",
                                "resource": {
                                    "@id": f"{picture}/full/full/0/default.jpg",
                                    "@type": "dctypes:Image",
                                    "format": "image/jpeg",
                                    "width": 6000,
                                    "height": 5000,
                                    "service": {
                                        "@context": "http://iiif.io/api/image/2/context.json",
                                        "@id": picture,
                                        "profile": "http://iiif.io/api/image/2/level2.json",
                                    },
                                },
                                "on": f"{address}/canvas/1",
                            }
                        ],
                    }
                ],
            }
        ],
    }
    return manifest | changes


def manifest_3(address: str, picture: str, *, service: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A manifest of Presentation 3.0; its image service is of version 3 unless another is given."""
    service = service or {"id": picture, "type": "ImageService3", "profile": "level1"}
    manifest = {
        "@context": "http://iiif.io/api/presentation/3/context.json",
        "id": address,
        "type": "Manifest",
        "label": {"da": ["Dansemusik"], "en": ["Dance Music"]},
        "metadata": [
            {"label": {"da": ["Kunstner"]}, "value": {"none": ["Anna Ancher"]}},
            {"label": {"en": ["Date"], "da": ["Datering"]}, "value": {"en": ["between 1880 and 1885"]}},
            {"label": {"en": ["Object type"]}, "value": {"en": ["Painting"]}},
            {"label": {"en": ["Nickname"]}, "value": {"en": ["The dance"]}},
        ],
        "rights": "http://creativecommons.org/licenses/by-sa/4.0/",
        "requiredStatement": {"label": {"en": ["Attribution"]}, "value": {"en": ["A museum, CC BY-SA"]}},
        "provider": [{"id": "https://museum.example", "type": "Agent", "label": {"en": ["A Museum"]}}],
        "homepage": [{"id": "https://museum.example/art/2", "type": "Text", "format": "text/html"}],
        "items": [
            {
                "id": f"{address}/canvas/1",
                "type": "Canvas",
                "width": 3000,
                "height": 4000,
                "items": [
                    {
                        "id": f"{address}/page/1",
                        "type": "AnnotationPage",
                        "items": [
                            {
                                "id": f"{address}/annotation/1",
                                "type": "Annotation",
                                "motivation": "painting",
                                "body": {
                                    "id": f"{picture}/full/max/0/default.jpg",
                                    "type": "Image",
                                    "format": "image/jpeg",
                                    "width": 3000,
                                    "height": 4000,
                                    "service": [service],
                                },
                                "target": f"{address}/canvas/1",
                            }
                        ],
                    }
                ],
            }
        ],
    }
    return manifest | changes


def collection_2(address: str, manifests: list[str], collections: tuple[str, ...] = ()) -> dict[str, Any]:
    """A collection of Presentation 2.1 that names its manifests and further collections."""
    return {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@id": address,
        "@type": "sc:Collection",
        "label": "Paintings",
        "manifests": [{"@id": one, "@type": "sc:Manifest", "label": "A painting"} for one in manifests],
        "collections": [{"@id": one, "@type": "sc:Collection", "label": "More"} for one in collections],
    }


def collection_3(address: str, items: list[Any]) -> dict[str, Any]:
    """A collection of Presentation 3.0; an item is an address, or a manifest that it holds whole."""
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json",
        "id": address,
        "type": "Collection",
        "label": {"en": ["Paintings"]},
        "items": [
            {"id": one, "type": "Manifest", "label": {"en": ["A painting"]}} if isinstance(one, str) else one
            for one in items
        ],
    }
