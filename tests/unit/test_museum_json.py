"""Chicago's, Copenhagen's and Cleveland's works as they publish them in JSON, dirt included."""

from __future__ import annotations

import csv
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared.collections import artic, classes, cleveland, json_stream, remarks, smk
from r2r_shared.records import PaintingRecord, Refusal
from tests import museum_records as published


def one(reader, entry, **options):
    return reader.record("entry 1", entry, **options)


# Art Institute of Chicago


def test_a_work_of_chicago_and_its_picture_at_the_size_its_documentation_asks_for():
    work = one(artic, published.artic_work())

    assert (work.file, work.artist, work.movement) == ("artic/27992", "Georges Seurat", "Pointillism")
    assert (work.year_from, work.year_to, work.licence) == (1884, 1886, "cc0")
    assert work.picture_url == (
        "https://www.artic.edu/iiif/2/2d484387-2509-5e8e-2c43-22f9981972eb/full/843,/0/default.jpg"
    )
    assert work.page == "https://www.artic.edu/artworks/27992"
    assert work.extra["styles"] == ["Pointillism", "Post-Impressionism"]


def test_a_picture_that_is_not_in_the_public_domain_is_under_no_free_licence():
    assert one(artic, published.artic_work(is_public_domain=False)).licence == ""
    protected = published.artic_work(is_public_domain=False, copyright_notice="© 2018 The Arshile Gorky Foundation")
    assert one(artic, protected).licence == "in-copyright"


def test_workshop_of_stands_in_the_label_alone_and_is_heard():
    work = one(
        artic,
        published.artic_work(
            artist_display="Workshop of Sandro Botticelli (Italian, 1445–1510)\nFlorence",
            artist_title="Sandro Botticelli",
            artist_titles=["Sandro Botticelli"],
        ),
    )
    assert (work.artist, work.remarks) == ("Workshop of Sandro Botticelli", (remarks.QUALIFIED,))


@pytest.mark.parametrize(
    ("display", "titles", "artist"),
    [
        ("Workshop of El Greco", ["El Greco (Domenikos Theotokopoulos)"], "Workshop of El Greco"),
        (
            "Attributed to Sandro Botticelli (Italian, 1445–1510)",
            ["Sandro Botticelli (Alessandro Filipepi)"],
            "Attributed to Sandro Botticelli",
        ),
        ("Dutch follower of Rembrandt van Rijn", ["Rembrandt van Rijn"], "Dutch follower of Rembrandt van Rijn"),
        ("Netherlandish\nFollower of Hieronymus Bosch", ["Hieronymus Bosch"], "Follower of Hieronymus Bosch"),
        ("Unknown artist, after Raphael", ["Raphael"], "after Raphael"),
        ("Artist unknown (Italian)\nCopy after Raphael", ["Raphael"], "Copy after Raphael"),
        ("Artist unknown (Italian)\nCopy after Raphael", ["Unknown Maker"], "Copy after Raphael"),
        ("Rembrandt van Rijn\nand Workshop", ["Rembrandt van Rijn"], "Rembrandt van Rijn, and Workshop"),
        ("Jan Both (Dutch)\nAfter Claude Lorrain", ["Jan Both", "Claude Lorrain"], "Jan Both"),
        ("After Claude Lorrain\nJan Both (Dutch)", ["Claude Lorrain", "Jan Both"], "Jan Both"),
    ],
)
def test_what_the_label_says_of_a_name_is_heard_however_it_is_spelt(display, titles, artist):
    work = one(artic, published.artic_work(artist_display=display, artist_title=titles[0], artist_titles=titles))
    assert work.artist == artist
    assert (remarks.QUALIFIED in work.remarks) == (artist != "Jan Both")
    if artist == "Jan Both":
        assert work.extra["artists"] == ["Jan Both", "After Claude Lorrain"]


@pytest.mark.parametrize("image", [None, "", "../../etc/passwd", "a b", 7, "x" * 80])
def test_an_image_id_that_is_none_is_no_picture(image):
    work = one(artic, published.artic_work(image_id=image))
    assert work.picture_url == ""
    assert work.remarks == ((remarks.BAD_ADDRESS,) if image else ())


def test_the_dump_is_read_a_file_a_work_and_a_bad_file_costs_itself_alone(tmp_path):
    # Given: the dump's folder, with a mark before a work, a file that breaks off, an error, a list and a drawing.
    folder = tmp_path / "json" / "artworks"
    published.write_json(folder / "1.json", published.artic_work(1), bom=True)
    published.write_json(
        folder / "2.json", published.artic_work(2, artwork_type_title="Print", classification_titles=[])
    )
    (folder / "3.json").write_text(json.dumps(published.artic_work(3))[:200], encoding="utf-8")
    published.write_json(folder / "4.json", {"status": 404, "error": "Not found", "detail": "The item is not there."})
    published.write_json(folder / "5.json", [published.artic_work(5), "no object", published.artic_work("six")])
    (folder / "notes.txt").write_text("not a work")

    found = list(artic.records(tmp_path))

    assert [entry.file for entry in found if isinstance(entry, PaintingRecord)] == ["artic/1", "artic/5"]
    assert [(entry.file, entry.reason) for entry in found if isinstance(entry, Refusal)] == [
        ("artic/2", classes.NOT_A_PAINTING),
        ("3.json", remarks.BROKEN_OFF),
        ("4.json", remarks.ERROR_DOCUMENT),
        ("5.json, entry 2", remarks.UNREADABLE),
        ("5.json, entry 3", remarks.NO_ID),
    ]


def test_a_work_without_a_maker_is_labelled_with_a_culture_which_is_no_artist():
    work = one(artic, published.artic_work(artist_title=None, artist_titles=[], artist_display="Coptic; Egypt"))
    assert (work.artist, work.extra["attribution"]) == ("", "Coptic; Egypt")
    brief = {
        key: value for key, value in published.artic_work().items() if key not in {"artist_title", "artist_titles"}
    }
    assert one(artic, brief).artist == "Georges Seurat"  # an answer that was asked for fewer fields


# SMK


def test_a_work_of_copenhagen():
    work = one(smk, published.smk_item())

    assert (work.file, work.artist, work.year_from, work.year_to) == ("smk/KMS3696", "Vilhelm Hammershøi", 1901, 1901)
    assert (work.title, work.medium) == ("Interiør i Strandgade, sollys på gulvet", "Olie på lærred")
    assert work.extra["titles"] == ["Interior in Strandgade, Sunlight on the Floor"]
    assert (work.licence, work.genre) == ("cc0", "maleri")
    assert work.picture_url == "https://iip.smk.dk/iiif/jp2/kms3696.tif.jp2/full/!1024,1024/0/default.jpg"


def test_its_older_records_have_names_turned_round_and_techniques_as_objects():
    work = one(
        smk,
        published.smk_item(
            production=[{"creator": "Mander, Karel van III", "creator_qualifier": "tilskrevet"}],
            techniques=[{"technique": "Olie"}, {"technique": "Olie"}],
        ),
    )
    assert (work.artist, work.medium) == ("Attributed to Karel van Mander III", "Olie")
    assert work.remarks == (remarks.QUALIFIED,)


def test_whoever_made_the_model_is_not_the_artist():
    work = one(
        smk,
        published.smk_item(
            production=[
                {"creator": "Denner, Balthasar", "creator_qualifier": "efter", "creator_role": "efter forlæg af"},
                {"creator": "Fritzsch, Christian"},
            ]
        ),
    )
    assert work.artist == "Christian Fritzsch"
    assert work.extra["artists"] == ["Christian Fritzsch", "After Balthasar Denner"]
    assert work.remarks == ()


def test_a_publisher_is_no_painter():
    work = one(smk, published.smk_item(production=[{"creator": "Bille, Steen", "creator_role": "forlægger"}]))
    assert (work.artist, work.extra["attribution"]) == ("", "Steen Bille (forlægger)")


@pytest.mark.parametrize(
    ("changes", "years"),
    [
        ({"production_date": [{"start": "1810-01-01", "end": "1848-12-31", "period": "Udateret"}]}, (None, None)),
        (
            {
                "production_date": [{"start": "1743-01-01", "end": "1809-12-31", "period": "1743-1809"}],
                "production_dates_notes": ["Værket er udateret. Se kunstnerens leveår"],
            },
            (None, None),
        ),
        (
            {
                "production_date": [{"start": "1798-01-01", "end": "1801-12-31", "period": "Ca. 1800"}],
                "production_dates_notes": ["Værket er udateret (jf. Bente Skovgaard, 1978)."],
            },
            (1800, 1800),
        ),
        (
            {
                "production_date": [
                    {"start": "1786-12-31T23:00:00.000Z", "end": "1787-12-30T23:00:00.000Z", "period": ""}
                ]
            },
            (1787, 1787),
        ),
        (
            {
                "production_date": [
                    {"start": "1785-12-31T23:09:40.000Z", "end": "1787-06-01T00:00:00.000Z", "period": ""}
                ]
            },
            (1786, 1787),
        ),
        (
            {"production_date": [{"start": "1600-01-01", "end": "1699-12-31", "period": "1600-tallet"}]},
            (1600, 1699),
        ),
    ],
)
def test_undated_works_do_not_get_their_artists_life_for_a_date(changes, years):
    work = one(smk, published.smk_item(**changes))
    assert (work.year_from, work.year_to) == years
    assert work.remarks == (() if years[0] else (remarks.LIFE_DATES,))


@pytest.mark.parametrize(
    ("changes", "licence"),
    [
        ({}, "cc0"),
        ({"rights": "https://creativecommons.org/publicdomain/mark/1.0/"}, "public-domain"),
        ({"rights": None}, "public-domain"),
        ({"rights": None, "public_domain": False}, ""),
        ({"rights": "© VISDA", "public_domain": False}, "in-copyright"),
        ({"rights": ["odd"], "public_domain": "yes"}, ""),
        ({"rights": "europeana.eu/rights/rr-f/", "public_domain": True}, ""),
    ],
)
def test_the_pictures_licence_is_what_copenhagen_says_and_no_more(changes, licence):
    assert one(smk, published.smk_item(**changes)).licence == licence


@pytest.mark.parametrize(
    ("changes", "picture"),
    [
        ({"has_image": False}, ""),
        ({"image_iiif_id": None}, "https://iip.smk.dk/iiif/jp2/kms3696.tif.jp2/full/!1600,/0/default.jpg"),
        ({"image_iiif_id": None, "image_thumbnail": None, "image_native": "https://api.smk.dk/x.tif"}, ""),
        ({"image_iiif_id": None, "image_thumbnail": None, "image_native": "https://a.dk/x.jpg"}, "https://a.dk/x.jpg"),
        ({"image_iiif_id": "file:///etc/passwd", "image_thumbnail": None, "image_native": None}, ""),
    ],
)
def test_the_smallest_picture_that_will_do_is_asked_of_copenhagen(changes, picture):
    assert one(smk, published.smk_item(**changes)).picture_url == picture


# Cleveland


def test_a_work_of_cleveland_and_its_picture_for_the_web_never_the_tiff():
    work = one(cleveland, published.cleveland_work())

    assert (work.file, work.artist) == ("cleveland/130707", "")
    assert (work.year_from, work.year_to) == (1550, 1650)
    assert work.picture_url == "https://openaccess-cdn.clevelandart.org/1953.424/1953.424_web.jpg"
    assert (work.licence, work.genre) == ("cc0", "Painting")
    only_tiff = published.cleveland_work(images={"full": {"url": "https://x.org/f.tif"}, "web": None, "print": "x"})
    assert one(cleveland, only_tiff).picture_url == ""


def test_makers_have_their_countries_and_years_cut_off_and_their_qualifiers_kept():
    creators = [
        {"description": "Johann Liss (German, c. 1590–1629)", "role": "artist", "qualifier": "workshop of"},
        {"description": "A Publisher (Dutch, 1600–1650)", "role": "publisher", "qualifier": None},
        {"description": "Jan Both (Dutch)", "role": "artist", "qualifier": None},
    ]
    work = one(cleveland, published.cleveland_work(creators=creators, share_license_status="Copyrighted"))

    assert work.artist == "Jan Both"
    assert work.extra["artists"] == ["Jan Both", "workshop of Johann Liss"]
    assert work.licence == "in-copyright"


def test_a_qualifier_in_brackets_is_no_country():
    creators = [{"description": "Rembrandt (attributed)", "role": "artist", "qualifier": None}]
    work = one(cleveland, published.cleveland_work(creators=creators))
    assert (work.artist, work.remarks) == ("Rembrandt (attributed)", (remarks.QUALIFIED,))


def test_the_csv_says_the_same_as_the_json(tmp_path):
    # Given: data.csv, where lists are texts, pictures have columns of their own, and a row is cut short.
    work = published.cleveland_work()
    flat = {key: value for key, value in work.items() if isinstance(value, str | int)}
    flat |= {f"image_{size}": image["url"] for size, image in work["images"].items()}
    flat |= {
        "culture": "Spain",
        "creators": "George Bellows (American, 1882–1925), artist; Jan Both (Dutch, 1618–1652)"
        "; A Publisher (Dutch, 1600–1650), publisher",
    }
    header = [*flat, "last"]
    with (tmp_path / "data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerow([flat.get(column, "") for column in header])
        writer.writerow([{**flat, "id": 5}.get(column, "") for column in header][:-1])

    full, short = cleveland.records(tmp_path / "data.csv")

    plain = one(cleveland, work)
    assert (full.title, full.year_from, full.picture_url) == (plain.title, plain.year_from, plain.picture_url)
    assert full.extra["artists"] == ["George Bellows", "Jan Both"]
    assert (short.file, short.remarks[0]) == ("cleveland/5", remarks.SHORT_ROW)


# files


def test_lists_are_found_in_every_shape_they_are_published_in(tmp_path):
    works = [published.cleveland_work(number) for number in (1, 2, 3)]
    expected = [f"cleveland/{number}" for number in (1, 2, 3)]
    for name, text in (
        ("array.json", json.dumps(works)),
        ("answer.json", json.dumps(published.cleveland_answer(works), indent=1)),
        ("lines.jsonl", "\n\n".join(json.dumps(work) for work in works)),
        ("marked.json", "\ufeff " + json.dumps({"first": 1, "data": works, "last": {"data": [7]}})),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert [entry.file for entry in cleveland.records(tmp_path / name)] == expected, name
    published.write_json(tmp_path / "single.json", {"data": works[0]})
    assert [entry.file for entry in cleveland.records(tmp_path / "single.json")] == expected[:1]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)  # each writes a file
@given(st.lists(_JSON, max_size=8), st.sampled_from([None, 1]), st.booleans())
def test_read_piece_by_piece_a_file_holds_what_it_holds_read_whole(tmp_path_factory, values, indent, wrapped):
    path = tmp_path_factory.mktemp("json") / "w.json"
    whole = {"before": [1, {"data": 2}], "data": values, "after": "x"} if wrapped else values
    path.write_text(json.dumps(whole, indent=indent), encoding="utf-8")

    found = list(json_stream.works(path, ("data",)))

    assert [entry[1] if isinstance(entry, tuple) else None for entry in found] == [
        value if isinstance(value, dict) else None for value in values
    ]


@pytest.mark.parametrize("cut", [1, 40, 700])
@pytest.mark.parametrize("tail", ["", "]]", "}{", "\x00", ",,,"])
def test_a_file_that_breaks_off_gives_what_comes_before_and_one_refusal(tmp_path, cut, tail):
    text = json.dumps([{"id": number, "title": "x" * 300} for number in range(3)])
    (tmp_path / "w.json").write_text(text[:cut] + tail, encoding="utf-8")

    found = list(json_stream.works(tmp_path / "w.json", ()))

    assert [entry[1]["id"] for entry in found[:-1]] == list(range(len(found) - 1))
    assert isinstance(found[-1], Refusal)
    assert found[-1].reason == remarks.BROKEN_OFF


def test_nesting_without_end_is_refused(tmp_path):
    (tmp_path / "w.json").write_text("[" + '{"a":' * 100_000, encoding="utf-8")
    (refusal,) = json_stream.works(tmp_path / "w.json", ())
    assert (refusal.reason, refusal.detail) == (remarks.BROKEN_OFF, "nested too deep")


@pytest.mark.parametrize("list_comes", [False, True])
def test_what_stands_beside_the_list_is_not_kept_without_end(tmp_path, monkeypatch, list_comes):
    # Given: an object of 100,000 small names, and where a tenth of a megabyte is all that a work may have.
    monkeypatch.setattr(json_stream, "MAX_WORK", 100_000)
    whole: dict[str, object] = {f"k{number}": number for number in range(100_000)}
    if list_comes:
        whole |= {"items": [{"id": 1}], "after": 2}
    (tmp_path / "w.json").write_text(json.dumps(whole), encoding="utf-8")
    del whole

    tracemalloc.start()
    found = list(json_stream.works(tmp_path / "w.json", ("items",)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Then: it is refused, unless it holds a list after all; the names were never in memory together.
    assert len(found) == 1
    assert found[0] == ("entry 1", {"id": 1}) if list_comes else isinstance(found[0], Refusal)
    assert peak < 4_000_000


def test_a_large_array_is_never_in_memory_whole(tmp_path):
    with (tmp_path / "data.json").open("w", encoding="utf-8") as file:
        file.write("[" + ",\n".join(json.dumps({"id": n, "text": "é" * 1000}) for n in range(8000)) + "]")

    tracemalloc.start()
    found = sum(1 for _ in json_stream.works(tmp_path / "data.json", ("data",)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == 8000
    assert (tmp_path / "data.json").stat().st_size > 8_000_000
    assert peak < 4_000_000
