"""The National Gallery of Art's open data: five files that belong together, or as many as there are."""

from __future__ import annotations

import csv
import tracemalloc

import pytest

from r2r_shared.collections import classes, nga, remarks
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal
from tests import museum_records as published


def read(source, **options):
    return {entry.file: entry for entry in nga.records(source, **options)}


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    return read(published.nga_folder(tmp_path_factory.mktemp("nga")))


def test_a_work_is_joined_from_all_five_files(works):
    work = works["nga/46303"]

    assert (work.title, work.artist, work.movement) == ("The Japanese Footbridge", "Claude Monet", "Impressionism")
    assert (work.year_from, work.year_to, work.museum) == (1899, 1899, nga.MUSEUM)
    assert work.extra["styles"] == ["Impressionism", "Impressionist", "Realist"]
    assert (work.extra["school"], work.extra["artist_ulan"]) == (["French"], ["500019484"])
    assert (work.extra["wikidata"], work.extra["artist_wikidata"]) == ("Q17442563", ["Q296"])
    assert "artists" not in work.extra  # a donor has no hand in it


def test_its_picture_is_the_primary_view_at_about_the_size_that_is_kept(works):
    assert works["nga/46303"].picture_url == "https://api.nga.gov/iiif/footbridge/full/!1024,1024/0/default.jpg"
    assert works["nga/46303"].licence == "cc0"


def test_a_picture_that_is_not_open_is_asked_for_at_the_size_it_is_given_and_under_no_licence(works):
    assert works["nga/1146"].picture_url.endswith("/iiif/swing/full/!640,640/0/default.jpg")
    assert works["nga/1146"].licence == ""


def test_files_from_before_the_column_openaccess_say_nothing_of_a_licence(tmp_path):
    work = read(published.nga_folder(tmp_path, old=True))["nga/46303"]
    assert work.picture_url
    assert work.licence == ""


def test_the_artists_life_is_not_taken_for_the_works_date(works):
    work = works["nga/50724"]
    assert (work.year, work.year_from, work.year_to) == ("", None, None)
    assert work.remarks == (remarks.LIFE_DATES,)


def test_nobody_is_no_artist_and_a_follower_is_not_the_master(works):
    assert works["nga/42341"].artist == ""
    assert works["nga/42341"].extra["attribution"] == "American 19th Century"
    assert works["nga/1146"].artist == "Follower of Giovanni Bellini"
    assert works["nga/1146"].remarks == (remarks.QUALIFIED,)


def test_two_hands_come_in_the_museums_order_not_in_the_files(works):
    assert works["nga/12198"].artist == "Sir Peter Paul Rubens"
    assert works["nga/12198"].extra["artists"] == ["Sir Peter Paul Rubens", "Jan Brueghel the Elder"]


def rewritten(folder, name, rows):
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, published.NGA_COLUMNS[name].split(","), restval="")
        writer.writeheader()
        writer.writerows(rows)


def test_whoever_made_the_model_is_not_the_painter_though_he_stands_first(tmp_path):
    # Given: the model's maker before the painter; another work with him alone.
    folder = published.nga_folder(tmp_path)
    made = {"roletype": "artist"}
    rewritten(
        folder,
        "objects_constituents",
        [
            made | {"objectid": 12198, "constituentid": 1842, "displayorder": 1, "role": "artist after"},
            made | {"objectid": 12198, "constituentid": 1366, "displayorder": 2, "role": "painter"},
            made | {"objectid": 46303, "constituentid": 1726, "displayorder": 1, "role": "artist after"},
        ],
    )

    found = read(folder)

    assert found["nga/12198"].artist == "Jan Brueghel the Elder"
    assert found["nga/12198"].extra["artists"] == ["Jan Brueghel the Elder", "After Sir Peter Paul Rubens"]
    assert found["nga/46303"].artist == "After Claude Monet"
    assert found["nga/46303"].remarks == (remarks.QUALIFIED,)


def test_a_part_of_a_work_is_no_picture_of_it(tmp_path):
    folder = published.nga_folder(tmp_path)
    crop = {"iiifurl": "https://api.nga.gov/iiif/crop", "viewtype": "crop", "depictstmsobjectid": 46303}
    rewritten(folder, "published_images", [crop | {"openaccess": 1, "sequence": "0.0"}])
    assert read(folder)["nga/46303"].picture_url == ""


def test_italics_are_no_underscores(works):
    assert works["nga/1146"].title == "Study for The Swing"


def test_prints_are_left_out_unless_they_are_asked_for(works, tmp_path):
    assert works["nga/99"] == Refusal("nga/99", classes.NOT_A_PAINTING, "Print", left_out=True)

    prints = read(published.nga_folder(tmp_path), classes=classes.of(["Prints"]))

    assert {file for file, entry in prints.items() if isinstance(entry, PaintingRecord)} == {"nga/99"}
    assert prints["nga/99"].movement == "Modern"


def test_with_the_works_file_alone_they_come_without_pictures_and_with_the_labels_artist(tmp_path):
    folder = published.nga_folder(
        tmp_path, without=("published_images", "objects_constituents", "constituents", "objects_terms")
    )

    work = read(folder / "objects.csv")["nga/46303"]

    assert (work.artist, work.movement, work.picture_url, work.licence) == ("Claude Monet", "", "", "")
    assert "without a picture" in remarks.missing(work)


def test_it_is_found_in_the_repositorys_own_data_folder(tmp_path):
    published.nga_folder(tmp_path / "data")
    assert "nga/46303" in read(tmp_path)


def test_another_file_in_the_place_of_one_is_one_clear_line(tmp_path):
    folder = published.nga_folder(tmp_path)
    (folder / "constituents.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UserError, match="no column constituentid"):
        read(folder)


def test_memory_stays_flat_however_many_works_are_wanted(tmp_path):
    # Given: 8,000 paintings, each with an artist and two pictures.
    folder = published.nga_folder(tmp_path)
    rows = 8_000
    for name, row in (
        ("objects", {"title": "A work of some length", "displaydate": "1899", "classification": "Painting"}),
        (
            "published_images",
            {"iiifurl": "https://api.nga.gov/iiif/0123456789", "viewtype": "primary", "sequence": "0.0"},
        ),
        ("objects_constituents", {"constituentid": 1726, "displayorder": 1, "roletype": "artist"}),
    ):
        header = published.NGA_COLUMNS[name].split(",")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for number in range(1, rows + 1):
                key = "depictstmsobjectid" if name == "published_images" else "objectid"
                writer.writerow([(row | {key: number}).get(column, "") for column in header])

    tracemalloc.start()
    found = sum(1 for entry in nga.records(folder) if isinstance(entry, PaintingRecord) and entry.picture_url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Then: what Python held is a number a work, and a batch of rows on their way into the temporary database.
    assert found == rows
    assert peak < 6_000_000


def test_rows_of_the_other_files_that_cannot_be_read_are_counted_by_their_file(tmp_path):
    # Given: in each file a row with too many cells, a number that is none, and a last row that breaks off
    folder = published.nga_folder(tmp_path)
    for name, broken in {
        "published_images": ("a,https://x.org/1,,primary,0,1,1,,1,,,46303,a picture,and more", "b,https://x.org/2"),
        "objects_constituents": ("46303,1726,1,artist,painter,,,,,,,,and more", "46303,n/a,1,artist,painter,,,,,,,"),
        "constituents": ("1726,,,Monet,Monet,,,,,,,,,,,and more", "no number,,,,Nobody,,,,,,,,,,"),
        "objects_terms": ("1,46303,Style,Realist,,,and more", "2"),
    }.items():
        with (folder / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write("\n".join(broken) + "\n")
    # ... and a picture of no work, which is nothing odd
    with (folder / "published_images.csv").open("a", encoding="utf-8") as file:
        file.write("c,https://x.org/3,,primary,0,1,1,,1,,,,\n")

    found = list(nga.records(folder))

    refused = [one for one in found if isinstance(one, Refusal) and not one.left_out]
    assert [(one.reason, one.file.partition(",")[0]) for one in refused] == [
        (f"a row of {name}.csv {what}", f"{name}.csv")
        for name in ("published_images", "objects_constituents", "constituents", "objects_terms")
        for what in ("that cannot be read", "without a number")
    ]
    assert refused[0].file == "published_images.csv, line 5"
    assert refused[1].detail == "it ends before its depictstmsobjectid"
    assert refused[3].detail == "constituentid: n/a"
    # and the works are as they are without those rows
    assert [one for one in found if one not in refused] == list(nga.records(published.nga_folder(tmp_path / "whole")))
