"""IIIF manifests of both versions, image services of all three, and what institutions make of them."""

from __future__ import annotations

import iiif_prezi3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.collections import classes, iiif, iiif_images, remarks
from r2r_shared.collections.prose import Prose, strip_markup
from r2r_shared.records import PaintingRecord, Refusal
from tests import museum_records as published

AT = "https://museum.example/iiif/84/manifest.json"
PICTURE = "https://museum.example/iiif/image/84"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"


def record(manifest, **options):
    return iiif.record("entry 1", manifest, **options)


def test_a_manifest_of_version_2():
    work = record(published.manifest_2(AT, PICTURE))

    assert (work.file, work.title, work.artist) == (AT, "Starry Night", "Edvard Munch")
    assert (work.year_from, work.year_to, work.medium) == (1893, 1893, "Oil on canvas")
    assert (work.licence, work.page) == ("cc0", "https://museum.example/art/84")
    assert work.picture_url == f"{PICTURE}/full/!1024,1024/0/default.jpg"
    assert work.extra["accession_number"] == "84.PA.681"


def test_a_manifest_of_version_3_speaks_english_first_and_its_labels_may_be_danish():
    work = record(published.manifest_3(AT, PICTURE))

    assert (work.title, work.artist) == ("Dance Music", "Anna Ancher")
    assert (work.year_from, work.year_to, work.museum) == (1880, 1885, "A Museum")
    assert work.licence == "cc-by-sa-4.0"
    assert work.extra["Nickname"] == "The dance"
    assert work.extra["attribution_statement"] == "A museum, CC BY-SA"
    assert work.picture_url == f"{PICTURE}/full/768,/0/default.jpg"  # level 1 scales to a width: 3000 x 4000


def test_the_manifest_that_is_read_is_one_that_others_read_too():
    iiif_prezi3.Manifest(**published.manifest_3(AT, PICTURE))


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("Plain", "Plain"),
        (["One", "Two"], "One, Two"),
        ({"fr": ["Nuit"], "none": ["Night"]}, "Night"),
        ({"fr": ["Nuit"], "de": ["Nacht"]}, "Nuit"),
        ({"en-GB": ["Colour"], "en": []}, "Colour"),
        ([{"@value": "Nacht", "@language": "de"}, {"@value": "Night", "@language": "en-US"}], "Night"),
        ({"@value": "Night"}, "Night"),
        ({"en": ["<em>Night</em> &amp; day"]}, "Night & day"),
        (None, "Untitled"),
        ({}, "Untitled"),
        (7, "7"),
    ],
)
def test_a_label_in_any_way_that_is_allowed_and_some_that_are_not(label, title):
    assert record(published.manifest_3(AT, PICTURE, label=label)).title == title


@pytest.mark.parametrize(
    ("pairs", "field", "said"),
    [
        ([("Künstler*in:", "Caspar David Friedrich")], "artist", "Caspar David Friedrich"),
        ([("Auteur", "Berthe Morisot")], "artist", "Berthe Morisot"),
        ([("Author", "B"), ("Artist", "A")], "artist", "A"),  # the better label, wherever it stands
        ([("Creator", "Workshop of Rubens")], "artist", "Workshop of Rubens"),
        ([("Creator", "Unknown artist")], "artist", ""),
        ([("Creator", "Glindoni, Henry Gillard, 1852-1913")], "artist", "Henry Gillard Glindoni"),
        ([("Creator", "Monet, Claude, active 1860-1926.")], "artist", "Claude Monet"),
        ([("Creator", "Bruegel, Pieter, the Elder")], "artist", "Bruegel, Pieter, the Elder"),
        ([("Creator", "Rembrandt, Amsterdam")], "artist", "Rembrandt, Amsterdam"),
        ([("People", "Artist: Vincent van Gogh, Dutch, 1853 - 1890")], "artist", "Vincent van Gogh"),
        ([("People", "Sitter: Paul Gauguin, French, 1848 - 1903")], "artist", ""),
        ([("People", "Paul Gauguin")], "artist", ""),  # who of the people he is, nobody says
        ([("People", "Author: Firdausi")], "artist", ""),
        ([("People", "Artist after: Raphael, Italian, 1483 - 1520")], "artist", "After Raphael"),
        ([("People", "Attributed to: Titian")], "artist", "Attributed to Titian"),
        ([("Attributed to", "Rembrandt van Rijn")], "artist", "Attributed to Rembrandt van Rijn"),
        ([("Artist", "Unknown"), ("Attributed to", "Titian")], "artist", "Attributed to Titian"),
        ([("Attribution", "Provided by the Kunsthalle")], "artist", ""),
        (
            [("Artist", "Rembrandt (attributed to; Dutch, 1606-1669)")],
            "artist",
            "Rembrandt (attributed to; Dutch, 1606-1669)",
        ),
        (
            [("Artist", "Rembrandt van Rijn (workshop of, 1606-1669)")],
            "artist",
            "Rembrandt van Rijn (workshop of, 1606-1669)",
        ),
        (
            [("Artist", "Rembrandt van Rijn (Dutch, 1606-1669), after")],
            "artist",
            "Rembrandt van Rijn (Dutch, 1606-1669), after",
        ),
        ([("Creator", "Glindoni, Henry (workshop), 1852-1913")], "artist", "Glindoni, Henry (workshop)"),
        ([("Type", "Image")], "genre", ""),
        ([("Object type", "image/jpeg")], "genre", ""),
        ([("Format", "image/jpeg")], "genre", ""),
        ([("Type", "dcmitype:StillImage"), ("Classification", "Painting")], "genre", "Painting"),
        ([("Datierung", "um 1820")], "year", "um 1820"),
        ([("Materiaal en techniek", "olieverf")], "medium", "olieverf"),
        ([("Holding Institution", "Yale")], "museum", "Yale"),
        ([("Style", "Baroque"), ("Style", "Rococo")], "movement", "Baroque"),
    ],
)
def test_labels_in_several_languages_are_known(pairs, field, said):
    metadata = [{"label": label, "value": value} for label, value in pairs]
    assert getattr(record(published.manifest_2(AT, PICTURE, metadata=metadata)), field) == said


def test_what_is_not_surely_his_is_counted_as_such():
    for label, value in (
        ("Attributed to", "Rembrandt"),
        ("People", "Artist after: Raphael, Italian, 1483 - 1520"),
        ("Artist", "Rembrandt (attributed to; Dutch, 1606-1669)"),
        ("Artist", "Rembrandt van Rijn (workshop of, 1606-1669)"),
        ("Artist", "Rembrandt van Rijn (Dutch, 1606-1669), after"),
    ):
        work = record(published.manifest_2(AT, PICTURE, metadata=[{"label": label, "value": value}]))
        assert work.remarks == (remarks.QUALIFIED, remarks.NO_YEARS)[: len(work.remarks)], value
        assert remarks.QUALIFIED in work.remarks, value


@pytest.mark.parametrize(
    ("rights", "canvas", "body", "licence"),
    [
        (CC0, {}, {}, "cc0"),
        (CC0, {}, {"rights": IN_COPYRIGHT}, "in-copyright"),
        (CC0, {"rights": IN_COPYRIGHT}, {}, "in-copyright"),
        (CC0, {}, {"rights": "https://museum.example/terms"}, ""),
        (IN_COPYRIGHT, {"rights": CC0}, {"rights": CC0}, "in-copyright"),
        (None, {"rights": CC0}, {}, "cc0"),
        ("europeana.eu/rights/rr-f/", {}, {}, ""),
        (None, {"requiredStatement": {"label": {}, "value": {"en": ["© Nationalmuseum"]}}}, {}, "in-copyright"),
    ],
)
def test_the_strictest_right_of_manifest_canvas_and_picture_holds(rights, canvas, body, licence):
    # Given: a statement that would be read as free, and that no stated right leaves room for.
    statement = {"label": {"en": ["Attribution"]}, "value": {"en": ["CC0"]}}
    manifest = published.manifest_3(AT, PICTURE, rights=rights, requiredStatement=statement)
    manifest["items"][0] |= canvas
    manifest["items"][0]["items"][0]["items"][0]["body"] |= body

    assert record(manifest).licence == licence


def test_the_right_of_a_picture_in_version_2_is_heard_too():
    manifest = published.manifest_2(AT, PICTURE)
    resource = manifest["sequences"][0]["canvases"][0]["images"][0]["resource"]
    resource["license"] = IN_COPYRIGHT
    assert record(manifest).licence == "in-copyright"


def test_a_statement_about_the_metadata_frees_no_picture():
    statement = {"label": {}, "value": {"en": ["Metadata: CC0. Images: © Nationalmuseum, all rights reserved"]}}
    assert record(published.manifest_3(AT, PICTURE, rights=None, requiredStatement=statement)).licence == "in-copyright"


@pytest.mark.parametrize(
    ("changes", "licence"),
    [
        ({"rights": "http://rightsstatements.org/vocab/NoC-US/1.0/"}, "no-copyright-us"),
        ({"rights": None, "license": ["https://creativecommons.org/licenses/by/4.0/"]}, "cc-by-4.0"),
        ({"rights": None}, "cc-by-sa"),  # the required statement names one
        ({"rights": None, "requiredStatement": {"label": {}, "value": {"en": ["A museum"]}}}, ""),
        (
            {"rights": None, "metadata": [{"label": {"en": ["Rights"]}, "value": {"en": ["Public Domain"]}}]},
            "public-domain",
        ),
    ],
)
def test_the_licence_is_taken_from_where_it_stands(changes, licence):
    assert record(published.manifest_3(AT, PICTURE, **changes)).licence == licence


def test_a_work_that_says_what_it_is_is_taken_where_that_is_wanted_and_one_that_says_nothing_is_taken():
    drawing = published.manifest_2(AT, PICTURE, metadata=[{"label": "Classification", "value": "Drawing"}])

    assert record(drawing) == Refusal(AT, classes.NOT_A_PAINTING, "Drawing", left_out=True)
    assert isinstance(record(drawing, classes=classes.of(["drawings"])), PaintingRecord)
    assert isinstance(record(published.manifest_2(AT, PICTURE, metadata=[])), PaintingRecord)


# pictures


def test_one_of_several_pictures_is_chosen_and_services_of_version_2_occur_in_version_3():
    manifest = published.manifest_3(AT, PICTURE)
    annotation = manifest["items"][0]["items"][0]["items"][0]
    old = {"@id": f"{PICTURE}/x", "@type": "ImageService2", "profile": "http://iiif.io/api/image/2/level2.json"}
    image = annotation["body"] | {
        "service": [{"@id": "https://x.org/search", "profile": "http://iiif.io/api/search/1"}, old]
    }
    annotation["body"] = {"type": "Choice", "items": [image, annotation["body"]]}
    assert iiif.picture_of(manifest) == f"{PICTURE}/x/full/!1024,1024/0/default.jpg"

    annotation["body"] = {"type": "SpecificResource", "source": image}
    assert iiif.picture_of(manifest) == f"{PICTURE}/x/full/!1024,1024/0/default.jpg"


def test_a_picture_without_a_service_is_asked_for_as_it_stands_and_a_film_is_none():
    manifest = published.manifest_3(AT, PICTURE)
    body = manifest["items"][0]["items"][0]["items"][0]["body"]
    body.pop("service")
    assert iiif.picture_of(manifest) == f"{PICTURE}/full/max/0/default.jpg"

    body |= {"type": "Video", "format": "video/mp4"}
    assert record(manifest).picture_url == ""
    assert "without a picture" in remarks.missing(record(manifest))


def test_an_empty_first_canvas_is_passed_by_and_a_comment_is_no_picture():
    manifest = published.manifest_3(AT, PICTURE)
    canvas = manifest["items"][0]
    comment = {"type": "Annotation", "motivation": "commenting", "body": {"type": "Image", "id": "https://x.org/c.jpg"}}
    manifest["items"] = [{"type": "Canvas", "items": [{"items": [comment]}]}, canvas]
    assert iiif.picture_of(manifest) == f"{PICTURE}/full/768,/0/default.jpg"


SERVICES = [
    ({"id": "https://x.org/i", "type": "ImageService3", "profile": "level2"}, "!1024,1024/0/default"),
    ({"id": "https://x.org/i", "type": "ImageService3", "profile": "level1"}, "1024,/0/default"),
    ({"id": "https://x.org/i", "type": "ImageService3", "profile": "level2", "maxWidth": 800}, "!800,800/0/default"),
    ({"id": "https://x.org/i", "type": "ImageService3", "profile": "level2", "maxArea": 500_000}, "!816,816/0/default"),
    ({"id": "https://x.org/i", "type": "ImageService3", "profile": "level0"}, "max/0/default"),
    (
        {
            "id": "https://x.org/i",
            "type": "ImageService3",
            "profile": "level0",
            "sizes": [{"width": 150, "height": 113}, {"width": 2400, "height": 1800}, {"width": 600, "height": 450}],
        },
        "600,450/0/default",
    ),
    (
        {
            "@id": "https://x.org/i",
            "profile": "http://iiif.io/api/image/2/level0.json",
            "sizes": [{"width": 400, "height": 300}],
        },
        "400,/0/default",
    ),
    (
        {"@id": "https://x.org/i", "profile": ["http://iiif.io/api/image/2/level1.json", {"supports": ["sizeByW"]}]},
        "1024,/0/default",
    ),
    (
        {
            "@id": "https://x.org/i",
            "profile": ["http://iiif.io/api/image/2/level1.json", {"supports": ["sizeByConfinedWh"]}],
        },
        "!1024,1024/0/default",
    ),
    (
        {"@id": "https://x.org/i", "profile": ["http://iiif.io/api/image/2/level2.json", {"maxWidth": 640}]},
        "!640,640/0/default",
    ),
    (
        {
            "@context": "http://library.stanford.edu/iiif/image-api/1.1/context.json",
            "@id": "https://x.org/i",
            "profile": "http://library.stanford.edu/iiif/image-api/1.1/compliance.html#level2",
        },
        "!1024,1024/0/native",
    ),
    (
        {"@id": "https://x.org/i/", "profile": "http://iiif.io/api/image/2/level2.json", "width": 700, "height": 525},
        "full/0/default",
    ),
    (
        {"id": "https://x.org/i", "type": "ImageService3", "profile": "level2", "width": 700, "height": 525},
        "max/0/default",
    ),
]


@pytest.mark.parametrize(("service", "asked"), SERVICES, ids=[asked for _, asked in SERVICES])
def test_each_service_is_asked_for_what_it_gives(service, asked):
    address = iiif_images.picture_address(service, width=4000, height=3000)
    assert address == f"https://x.org/i/full/{asked}.jpg"


@given(st.integers(1, 40_000), st.integers(1, 40_000), st.sampled_from(["level1", "level2"]), st.integers(1, 3000))
def test_no_more_is_asked_for_than_there_is_and_than_is_given(width, height, level, most):
    service = {"id": "https://x.org/i", "type": "ImageService3", "profile": level, "maxWidth": most}

    size = iiif_images.picture_address(service, width=width, height=height).split("/")[-3]

    if size != "max":
        numbers = [int(number) for number in size.strip("!").split(",") if number]
        assert all(0 < number <= min(1024, most) for number in numbers)
        assert level == "level2" or numbers[0] <= width
    else:
        assert max(width, height) <= min(1024, most)


# collections and what is none


def test_manifests_inside_a_collection_are_read_and_those_only_named_are_said(tmp_path):
    whole = published.manifest_3(AT, PICTURE)
    inner = published.collection_3("https://x.org/c2", [whole | {"id": f"{AT}2"}])
    outer = published.collection_3("https://x.org/c", [whole, "https://x.org/m3", inner])
    source = published.write_json(tmp_path / "c.json", outer, bom=True)

    found = list(iiif.records(source))

    assert [entry.file for entry in found] == [AT, f"{AT}2", "https://x.org/m3"]
    assert found[2].reason == remarks.OTHER_FILE


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"error": "Not found"}, remarks.ERROR_DOCUMENT),
        ({"hello": "world"}, iiif.NOT_A_MANIFEST),
        ({"type": "Manifest", "label": {"en": ["x"]}}, remarks.NO_ID),
        ({"type": "Manifest", "id": "file:///etc/passwd"}, remarks.NO_ID),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, document, reason):
    (refusal,) = iiif.records(published.write_json(tmp_path / "m.json", document))
    assert refusal.reason == reason


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["items", "body", "service", "id", "type", "label", "en", "value"]), inner
            )
        ),
        max_leaves=20,
    ),
    st.sampled_from(["label", "metadata", "items", "sequences", "rights", "homepage", "provider", "requiredStatement"]),
)
def test_no_nonsense_in_a_manifest_stops_the_reader(nonsense, key):
    entry = record(published.manifest_3(AT, PICTURE) | {key: nonsense})
    assert isinstance(entry, PaintingRecord | Refusal)


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["<", ">", "i", "/", "&lt;", "&amp;", "b", " ", "!--"])).map("".join)
)
def test_stripping_markup_leaves_none_and_does_nothing_more_the_second_time(text):
    once = strip_markup(text)
    assert strip_markup(once) == once
    assert not any(f"<{tag}>" in once.casefold() for tag in ("i", "b", "br", "em", "p"))
    assert Prose().line(once) == Prose().line(text)
