"""MetObjects.csv as the Metropolitan Museum publishes it, dirt included, and the object API's answers."""

from __future__ import annotations

import csv
import tracemalloc
from collections import Counter

import pytest

from r2r_shared.collections import classes, csv_rows, met, remarks
from r2r_shared.collections.detect import detect
from r2r_shared.collections.museums import MUSEUMS, picture_of_record
from r2r_shared.collections.pictures import RecordPicture
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal
from tests import museum_records as published


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    path = tmp_path_factory.mktemp("met") / "MetObjects.csv"
    path.write_text(published.met_text(), encoding="utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def found(objects):
    return list(met.records(objects))


@pytest.fixture(scope="module")
def works(found):
    return {entry.file: entry for entry in found if isinstance(entry, PaintingRecord)}


def test_a_clean_row_says_all_that_scholars_ask_for(works):
    work = works["met/436535"]

    assert (work.title, work.artist, work.year) == ("Wheat Field with Cypresses", "Vincent van Gogh", "1889")
    assert (work.year_from, work.year_to, work.medium, work.genre) == (1889, 1889, "Oil on canvas", "Paintings")
    assert work.licence == "cc0"
    assert work.extra["accession_number"] == "1993.132"
    assert work.extra["artist_ulan"] == ["http://vocab.getty.edu/page/ulan/500115588"]
    assert work.extra["wikidata"] == "https://www.wikidata.org/wiki/Q18638577"
    assert work.extra["tags"] == ["Landscapes", "Cypresses", "Summer"]


def test_the_picture_is_to_be_asked_of_the_object_api_and_lies_nowhere_here(works):
    work = works["met/436535"]

    assert (work.path, work.picture_url) == ("", "")
    assert work.record_url == "https://collectionapi.metmuseum.org/public/collection/v1/objects/436535"
    assert work.page == "http://www.metmuseum.org/art/collection/search/436535"


def test_a_work_that_is_not_in_the_public_domain_is_not_asked_for_since_its_picture_is_not_given(works):
    work = works["met/488320"]

    assert (work.record_url, work.licence) == ("", "in-copyright")
    assert remarks.missing(work) == (
        *("without an artist's name", "without a year", "without a movement", "without a picture"),
    )


def test_two_artists_are_the_first_and_the_others_beside(works):
    work = works["met/437060"]

    assert work.artist == "Peter Paul Rubens"
    assert work.extra["artists"] == ["Peter Paul Rubens", "Jan Brueghel the Elder"]
    assert work.extra["artist_ulan"] == ["http://vocab.getty.edu/page/ulan/500002921"]  # no "(not assigned)"
    assert work.remarks == (remarks.MORE_ARTISTS,)
    assert work.title == "The Feast of Acheloüs, after Ovid"  # the newline in its quotes is a space


def test_a_picture_in_a_masters_style_is_not_counted_for_the_master(works):
    assert works["met/437400"].artist == "Style of Rembrandt"
    assert works["met/437400"].remarks == (remarks.QUALIFIED,)


@pytest.mark.parametrize(
    ("columns", "artist", "said"),
    [
        (("Sitter", "Portrait of", "George Washington"), "", "Portrait of George Washington (Sitter)"),
        (("Artist", "Portrait of", "George Washington"), "", "Portrait of George Washington (Artist)"),
        (("Author", "", "Firdausi"), "", "Firdausi (Author)"),
        (("Patron", "", "Shah Jahan"), "", "Shah Jahan (Patron)"),
        (("Artist|Framemaker", "After|", "Raphael|John Smith"), "After Raphael", None),
        (("Author|Calligrapher", "|", "Firdausi|Mir Ali"), "Mir Ali", None),
        (("Painter", "", "Jan Both"), "Jan Both", None),
        (("", "", "Jan Both"), "Jan Both", None),
    ],
)
def test_only_who_made_a_work_is_its_artist(tmp_path, columns, artist, said):
    names = ("Artist Role", "Artist Prefix", "Artist Display Name")
    work = published.MET_WORKS[0] | dict(zip(names, columns, strict=True))
    (tmp_path / "m.csv").write_text(published.met_text((work,), dirt=False), encoding="utf-8", newline="")

    (found,) = met.records(tmp_path / "m.csv")

    assert isinstance(found, PaintingRecord)
    assert (found.artist, found.extra.get("attribution")) == (artist, said)


def test_years_before_our_era_are_negative_and_nobody_is_no_artist(works):
    work = works["met/547802"]

    assert (work.year, work.year_from, work.year_to) == ("ca. 300–250 BCE", -300, -250)
    assert (work.artist, work.extra["attribution"]) == ("", "Unidentified artist")


def test_where_words_and_numbers_disagree_the_words_count_and_it_is_said(works):
    work = works["met/435868"]

    assert (work.year_from, work.year_to) == (1890, 1892)
    assert set(work.remarks) == {remarks.DATES_DISAGREE, remarks.MOJIBAKE, remarks.MARKUP}
    assert (work.title, work.artist) == ("Les Joueurs d’échecs & more", "Paul Cézanne")


def test_a_date_without_a_year_is_told_from_no_date(works):
    assert works["met/44918"].remarks == (remarks.NO_YEARS,)
    assert works["met/488320"].remarks == ()


def test_what_is_no_painting_is_left_out_and_what_is_broken_is_refused(found):
    refusals = [entry for entry in found if isinstance(entry, Refusal)]

    assert [(entry.file, entry.reason, entry.left_out) for entry in refusals] == [
        ("met/1", classes.NOT_A_PAINTING, True),
        ("line 12", remarks.UNREADABLE, False),
        ("line 14", remarks.NO_ID, False),
    ]


def test_a_short_row_is_taken_with_what_it_has_and_a_repeat_is_left_to_the_import(found, works):
    assert works["met/438815"].remarks == (remarks.SHORT_ROW,)
    assert Counter(entry.file for entry in found)["met/436535"] == 2


def test_other_classes_can_be_asked_for(objects):
    metal = [
        entry for entry in met.records(objects, classes=classes.of(["metal"])) if isinstance(entry, PaintingRecord)
    ]
    everything = list(met.records(objects, classes=classes.of(["any"])))

    assert [work.file for work in metal] == ["met/1"]
    assert not any(isinstance(entry, Refusal) and entry.left_out for entry in everything)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_file_as_a_spreadsheet_saves_it_again(tmp_path, encoding):
    text = published.met_text(bom=False, dirt=False)
    (tmp_path / "m.csv").write_text(text, encoding=encoding, newline="")
    assert sum(isinstance(entry, PaintingRecord) for entry in met.records(tmp_path / "m.csv")) == 7


def test_bytes_that_are_no_text_and_signs_that_no_text_has_cost_letters_not_works(tmp_path):
    text = published.met_text(published.MET_WORKS[:1], bom=False, dirt=False)
    raw = text.encode().replace(b"Wheat Field", b"Wh\x00eat F\xe9ld")
    (tmp_path / "m.csv").write_bytes(raw)

    (work,) = met.records(tmp_path / "m.csv")

    assert isinstance(work, PaintingRecord)
    assert work.title == "Wh eat F�ld with Cypresses"
    assert set(work.remarks) == {remarks.CONTROLS, remarks.LOST_LETTERS}


def test_a_huge_cell_is_cut_and_a_quote_that_is_never_closed_costs_its_line_alone(tmp_path):
    huge = published.MET_WORKS[0] | {"Credit Line": "x" * 300_000}
    text = published.met_text((huge,), dirt=False) + '1,2,"never closed\r\n' + "a,b\r\n" * 1000
    (tmp_path / "m.csv").write_text(text, encoding="utf-8", newline="")

    work, unclosed, *rest = met.records(tmp_path / "m.csv")

    assert isinstance(work, PaintingRecord)
    assert len(work.extra["credit_line"]) == 20_000
    assert work.remarks == (remarks.CUT,)
    assert unclosed == Refusal("line 3", remarks.UNREADABLE, csv_rows.UNCLOSED)
    assert [(entry.file, entry.reason) for entry in rest] == [
        (f"line {line}", remarks.NO_ID) for line in range(4, 1004)
    ]


@pytest.mark.parametrize("later", ["", '"Proper, title"', '"the ""proper"" one"', '"two\nlines"'])
def test_a_stray_quote_costs_its_row_whatever_quotes_come_after(tmp_path, later):
    # Given: 200 works, whose titles are quoted or not; the title of the eleventh begins with a quote.
    path = published.met_csv(tmp_path / "m.csv", 200)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    title = header.index("Title")
    lines = [",".join(header)]
    for number, row in enumerate(rows, 1):
        cells = [f'"{cell}"' if "," in cell else cell for cell in row]
        cells[title] = '"Stray' if number == 11 else later or "Plain"
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")

    found = list(met.records(path))

    assert len(found) == 200
    assert [entry.detail for entry in found if isinstance(entry, Refusal)] == [csv_rows.UNCLOSED]
    assert [entry.file for entry in found if isinstance(entry, PaintingRecord)] == [
        f"met/{number}" for number in range(1, 201) if number != 11
    ]


def test_a_file_that_git_keeps_elsewhere_is_said_to_be_so(tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4665a5\nsize 317000000\n"
    (tmp_path / "MetObjects.csv").write_text(pointer, encoding="utf-8")
    for read in (lambda path: list(met.records(path)), detect, lambda path: detect(path, format="met")):
        with pytest.raises(UserError, match="Git LFS") as raised:
            read(tmp_path / "MetObjects.csv")
        assert "git lfs pull" in str(raised.value.hint)


def test_another_file_under_its_name_is_one_clear_line(tmp_path):
    (tmp_path / "MetObjects.csv").write_text("id,name\n1,x\n", encoding="utf-8")
    with pytest.raises(UserError, match="no column object id; its columns: id, name"):
        list(met.records(tmp_path / "MetObjects.csv"))


def test_memory_stays_flat_over_fifty_thousand_rows(tmp_path):
    # Given: a file of 30 MB, where a work is kept by nobody.
    path = published.met_csv(tmp_path / "MetObjects.csv", 50_000, paintings=0.1)
    reader = met.records(path)
    for _ in range(5_000):  # the caches for dates and words have filled
        next(reader)

    # When: the rest is read.
    tracemalloc.start()
    rest = sum(1 for _ in reader)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Then: less than one megabyte was ever held.
    assert rest == 45_000
    assert peak < 1_000_000


# the object API


def test_the_small_picture_is_taken_and_the_large_one_kept_as_an_address():
    picture = picture_of_record("met", published.met_object(436535))

    assert picture == RecordPicture(
        url="https://images.metmuseum.org/CRDImages/ep/web-large/DT436535.jpg",
        licence="cc0",
        extra={"picture_original": "https://images.metmuseum.org/CRDImages/ep/original/DT436535.jpg"},
    )


def test_the_large_picture_serves_where_there_is_no_small_one():
    picture = picture_of_record("met", published.met_object(2) | {"primaryImageSmall": None})
    assert isinstance(picture, RecordPicture)
    assert (picture.url.rpartition("/")[2], picture.extra) == ("DT2.jpg", {})


@pytest.mark.parametrize(
    ("changes", "licence"),
    [
        ({"isPublicDomain": True}, "cc0"),
        ({"isPublicDomain": False}, ""),
        ({"isPublicDomain": "yes"}, ""),
        ({"isPublicDomain": False, "rightsAndReproduction": "© 2025 Artists Rights Society"}, "in-copyright"),
        ({"isPublicDomain": None}, None),
    ],
)
def test_an_answer_that_says_not_free_is_told_from_one_that_says_nothing(changes, licence):
    picture = picture_of_record("met", published.met_object(2) | changes)
    assert isinstance(picture, RecordPicture)
    assert picture.licence == licence


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (published.met_object(1, picture=False), remarks.NO_PICTURE_GIVEN),
        (
            published.met_object(1) | {"primaryImage": "javascript:alert(1)", "primaryImageSmall": 3},
            remarks.NO_PICTURE_GIVEN,
        ),
        (published.MET_NOT_FOUND, remarks.ERROR_DOCUMENT),
        ({}, remarks.ERROR_DOCUMENT),
        ([], "an answer that is no record of a work"),
    ],
)
def test_an_answer_without_a_picture_says_why(document, said):
    assert picture_of_record("met", document) == said


def test_the_museum_is_known_by_its_format():
    assert MUSEUMS["met"].title == met.MUSEUM
