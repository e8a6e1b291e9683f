"""The published context of Web Annotations, as far as our files use it: what a JSON-LD processor is given here."""

from __future__ import annotations

from typing import Any

CONTEXT = "http://www.w3.org/ns/anno.jsonld"

TERMS = {
    "oa": "http://www.w3.org/ns/oa#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "dctypes": "http://purl.org/dc/dcmitype/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "as": "http://www.w3.org/ns/activitystreams#",
    "id": {"@type": "@id", "@id": "@id"},
    "type": {"@type": "@id", "@id": "@type"},
    "Annotation": "oa:Annotation",
    "TextualBody": "oa:TextualBody",
    "SpecificResource": "oa:SpecificResource",
    "FragmentSelector": "oa:FragmentSelector",
    "Video": "dctypes:MovingImage",
    "Software": "as:Application",
    "AnnotationCollection": "as:OrderedCollection",
    "AnnotationPage": "as:OrderedCollectionPage",
    **{name: f"oa:{name}" for name in ("classifying", "identifying", "linking", "tagging", "describing")},
    **{name: {"@type": "@id", "@id": f"oa:has{name.title()}"} for name in ("body", "target", "source", "selector")},
    "generator": {"@type": "@id", "@id": "as:generator"},
    "conformsTo": {"@type": "@id", "@id": "dcterms:conformsTo"},
    "items": {"@type": "@id", "@id": "as:items", "@container": "@list"},
    "first": {"@type": "@id", "@id": "as:first"},
    "motivation": {"@type": "@vocab", "@id": "oa:motivatedBy"},
    "purpose": {"@type": "@vocab", "@id": "oa:hasPurpose"},
    "format": "dc:format",
    "value": "rdf:value",
    "name": "foaf:name",
    "label": "rdfs:label",
    "generated": {"@id": "dcterms:issued", "@type": "xsd:dateTime"},
    "total": {"@id": "as:totalItems", "@type": "xsd:nonNegativeInteger"},
    "startIndex": {"@id": "as:startIndex", "@type": "xsd:nonNegativeInteger"},
}
"""The terms that we use of it, as it defines them."""


def loader(url: str, options: Any) -> dict[str, Any]:
    """A document loader for pyld that has this context and nothing else."""
    del options
    assert url == CONTEXT, "nothing else is loaded"
    return {
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": TERMS},
        "contentType": "application/ld+json",
    }
