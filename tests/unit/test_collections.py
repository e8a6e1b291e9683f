"""Painting sources with the dirt that real ones have: each reader, and which one a source gets."""

from __future__ import annotations

import csv
import json
import os
import unicodedata

import pytest
from PIL import Image

from r2r_shared.collections import artgan, clean, columns, folder, manifest, text, wikiart_general
from r2r_shared.collections.detect import detect
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal


def picture(path, colour=(90, 120, 60)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 16), colour).save(path)
    return path


def split(found):
    """(records by file, refusals)"""
    found = list(found)
    refusals = [entry for entry in found if isinstance(entry, Refusal)]
    return {entry.file: entry for entry in found if isinstance(entry, PaintingRecord)}, refusals


# names


@pytest.mark.parametrize(
    ("slug", "title"),
    [
        ("the-raft-of-the-medusa", "The Raft of the Medusa"),
        ("le-dejeuner-sur-l-herbe", "Le Dejeuner sur l'Herbe"),
        ("hairdryer-in-marc-s-garden", "Hairdryer in Marc's Garden"),
        ("portrait-of-monsieur-s", "Portrait of Monsieur S"),
        ("louis-xiv-of-france", "Louis XIV of France"),
        ("utagawa-kunisada-ii", "Utagawa Kunisada II"),
        ("t.-c.-steele", "T. C. Steele"),
        ("adriaen-van-de-venne", "Adriaen van de Venne"),
        ("le-nain-brothers", "Le Nain Brothers"),
        ("", ""),
    ],
)
def test_a_slug_becomes_a_name(slug, title):
    assert text.from_slug(slug) == title


def test_text_is_what_a_database_and_a_terminal_can_take():
    assert text.clean(" a\0b\n\tc\u2028d\ud800 e\u0301 ") == "a b c d� é"
    assert text.storable(os.fsdecode(b"caf\xe9.jpg")) == "caf\\xe9.jpg"


# a folder


def test_a_folders_subfolders_are_movement_and_artist(tmp_path):
    picture(tmp_path / "Impressionism" / "Claude Monet" / "water_lilies_1906.jpg")
    picture(tmp_path / "Baroque" / "Night Watch (1642).png")
    picture(tmp_path / "loose.webp")
    (tmp_path / "readme.txt").write_text("not a picture")
    (tmp_path / "._loose.jpg").write_bytes(b"a Mac's shadow")
    (tmp_path / "phone.heic").write_bytes(b"x")

    found, refusals = split(folder.records(tmp_path))

    monet = found["Impressionism/Claude Monet/water_lilies_1906.jpg"]
    assert (monet.movement, monet.artist, monet.title) == ("Impressionism", "Claude Monet", "Water Lilies")
    assert (monet.year, monet.year_from, monet.year_to) == ("1906", 1906, 1906)
    watch = found["Baroque/Night Watch (1642).png"]
    assert (watch.movement, watch.artist, watch.title, watch.year) == ("Baroque", "", "Night Watch", "1642")
    assert found["loose.webp"].title == "Loose"
    assert len(found) == 3
    assert [(r.file, r.reason) for r in refusals] == [("phone.heic", "a kind of picture that is not read (.heic)")]


AWKWARD = [
    "with space.jpg",
    "quote'\".jpg",
    "new\nline.jpg",
    "tab\tand\x1b[31mcolour.jpg",
    "back\\slash.jpg",
    "-rf.jpg",
    "%s {0} $HOME `id`.jpg",
    "日本 🖼.jpg",
    unicodedata.normalize("NFD", "Fête.jpg"),
    "[bold]rich[/bold].jpg",
    "a" * 240 + ".jpg",
]


def test_every_awkward_name_comes_in_under_a_name_of_its_own(tmp_path):
    for name in AWKWARD:
        picture(tmp_path / name)
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg"), "wb") as file:  # noqa: PTH118, PTH123  (bytes)
        file.write((tmp_path / "-rf.jpg").read_bytes())

    found, refusals = split(folder.records(tmp_path))

    assert not refusals
    assert set(found) == {*AWKWARD, "caf\\xe9.jpg"}
    for record in found.values():
        assert record.title
        assert record.title.isprintable()
        record.file.encode()


def test_links_out_of_the_folder_are_refused_and_linked_folders_passed_by(tmp_path):
    outside = picture(tmp_path / "outside" / "secret.jpg").parent
    root = tmp_path / "in"
    picture(root / "own.jpg")
    (root / "file.jpg").symlink_to(outside / "secret.jpg")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "dangling.jpg").symlink_to(root / "nothing.jpg")
    (root / "alias.jpg").symlink_to(root / "own.jpg")
    os.mkfifo(root / "pipe.jpg")

    found, refusals = split(folder.records(root))

    assert set(found) == {"own.jpg", "alias.jpg"}
    assert {r.file: r.reason for r in refusals} == {
        "file.jpg": "leads outside the collection's folder",
        "dangling.jpg": "the picture file is missing",
        "pipe.jpg": "not a regular file",
    }


# manifests


def write_csv(path, rows, *, encoding="utf-8", **dialect):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **dialect).writerows(rows)
    return path


ROWS = [
    ["file", "title", "artist", "year", "movement", "medium", "museum"],
    ["a.jpg", "Woman, seated", "Jean-Étienne Liotard", "c. 1755–60", "Rococo", "Pastel", "Genève"],
    ["sub/b.jpg", 'He said "no"\nand left', "?", "n.d.", "", "", ""],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_comes_in_whatever_wrote_it(tmp_path, encoding, delimiter):
    picture(tmp_path / "a.jpg")
    picture(tmp_path / "sub" / "b.jpg")
    source = write_csv(tmp_path / "m.csv", ROWS, encoding=encoding, delimiter=delimiter)

    found, refusals = split(manifest.records(source))

    assert not refusals
    liotard = found["a.jpg"]
    assert (liotard.artist, liotard.year_from, liotard.year_to) == ("Jean-Étienne Liotard", 1755, 1760)
    assert (liotard.medium, liotard.museum, liotard.extra) == ("Pastel", "Genève", {})
    assert found["sub/b.jpg"].title == 'He said "no" and left'
    assert (found["sub/b.jpg"].year, found["sub/b.jpg"].year_from) == ("n.d.", None)


def test_a_bad_row_is_refused_by_its_line_and_the_rest_comes_in(tmp_path):
    picture(tmp_path / "a.jpg")
    (tmp_path / "m.csv").write_text(
        'file,title\n"a.jpg","two\nlines"\nmissing.jpg,M\n,no file\n\na.jpg,x,y,z\nftp://x.org/p.jpg,W\n"a".jpg,bad\na.jpg,last\n',
        encoding="utf-8",
    )
    found = list(manifest.records(tmp_path / "m.csv"))

    assert [e.title for e in found if isinstance(e, PaintingRecord)] == ["two lines", "last"]
    assert [(e.reason, e.file, e.detail) for e in found if isinstance(e, Refusal)] == [
        ("the picture file is missing", "missing.jpg", "line 4"),
        ("an entry without a picture file", "line 5", ""),
        ("an entry that cannot be read", "line 7", "4 cells, but the first line names 2 columns"),
        ("an address that is not of the web", "ftp://x.org/p.jpg", "line 8"),
        ("an entry that cannot be read", "line 9", "not CSV: ',' expected after '\"'"),
    ]


def test_an_unclosed_quote_costs_an_entry_not_the_import(tmp_path):
    picture(tmp_path / "a.jpg")
    (tmp_path / "m.csv").write_text('file,title\na.jpg,fine\n"a.jpg,never closed\nb,c\n', encoding="utf-8")
    found, refusals = split(manifest.records(tmp_path / "m.csv"))
    assert set(found) == {"a.jpg"}
    assert [r.file for r in refusals] == ["line 3", "b"]  # what comes after it is an entry of its own


def test_a_stray_quote_swallows_no_entry_after_it(tmp_path):
    picture(tmp_path / "a.jpg")
    rows = [f'a.jpg,"title {number}"' for number in range(3, 300)]
    (tmp_path / "m.csv").write_text('file,title\na.jpg,"stray\n' + "\n".join(rows), encoding="utf-8")

    found = list(manifest.records(tmp_path / "m.csv"))

    assert [e.file for e in found if isinstance(e, Refusal)] == ["line 2"]
    assert [e.title for e in found if isinstance(e, PaintingRecord)] == [f"title {number}" for number in range(3, 300)]


def test_a_cell_of_many_lines_is_one_cell(tmp_path):
    picture(tmp_path / "a.jpg")
    text = "\n".join(f"word {number}" for number in range(40))
    (tmp_path / "m.csv").write_text(f'file,title\na.jpg,"{text}"\na.jpg,last\n', encoding="utf-8")
    assert [e.title for e in manifest.records(tmp_path / "m.csv")] == [text.replace("\n", " "), "last"]


@pytest.mark.parametrize(
    "name",
    ["../outside.jpg", "/etc/hostname", "sub/../../outside.jpg", "link.jpg", "linked/outside.jpg", "..\\outside.jpg"],
)
def test_a_manifest_cannot_lead_out_of_its_folder(tmp_path, name):
    picture(tmp_path / "outside.jpg")
    root = tmp_path / "in"
    (root / "sub").mkdir(parents=True)
    (root / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (root / "linked").symlink_to(tmp_path)
    write_csv(root / "m.csv", [["file"], [name]])

    found, refusals = split(manifest.records(root / "m.csv"))

    assert not found
    assert [r.reason for r in refusals] == ["leads outside the collection's folder"]


@pytest.mark.parametrize("name", ["nul\0.jpg", "x" * 5000, ".", "a.jpg/b.jpg", "\ud800.jpg"])
def test_a_name_that_can_be_no_file_is_refused(tmp_path, name):
    picture(tmp_path / "a.jpg")
    (tmp_path / "m.json").write_text(json.dumps([{"file": name}]), encoding="utf-8")
    found, refusals = split(manifest.records(tmp_path / "m.json"))
    assert not found
    assert len(refusals) == 1
    refusals[0].file.encode()


def test_names_are_found_in_the_other_spelling_and_with_backslashes(tmp_path):
    picture(tmp_path / "sub" / unicodedata.normalize("NFD", "Fête.jpg"))
    write_csv(tmp_path / "m.csv", [["file"], ["sub\\" + unicodedata.normalize("NFC", "Fête.jpg")]])
    found, refusals = split(manifest.records(tmp_path / "m.csv"))
    assert not refusals
    assert set(found) == {"sub/" + unicodedata.normalize("NFD", "Fête.jpg")}


def test_museums_own_columns_are_known_and_the_rest_is_kept(tmp_path):
    picture(tmp_path / "a.jpg")
    write_csv(
        tmp_path / "MetObjects.csv",
        [
            [
                *("Object ID", "Image File", "Title", "Artist Display Name", "Object Date", "Object Begin Date"),
                *("Object End Date", "Medium", "Classification", "Department", "Empty"),
            ],
            ["436121", "a.jpg", "Garden", "Monet", "ca. 1867", "1862", "1872", "Oil", "Paintings", "European", ""],
        ],
        encoding="utf-8-sig",
    )
    found, _ = split(manifest.records(tmp_path / "MetObjects.csv"))
    record = found["a.jpg"]
    assert (record.artist, record.year, record.year_from, record.year_to) == ("Monet", "ca. 1867", 1862, 1872)
    assert (record.genre, record.extra) == ("Paintings", {"Object ID": "436121", "Department": "European"})


def test_a_picture_on_the_web_is_described_now_and_fetched_later(tmp_path):
    # Given: a file that is here, one that is not but has an address, addresses alone in either column, and none.
    picture(tmp_path / "a.jpg")
    rows = [
        ["file", "title", "image_url", "license", "Object URL"],
        ["a.jpg", "A", "https://x.org/a.jpg", "CC BY 4.0", "https://x.org/works/a"],
        ["b.jpg", "B", "https://x.org/b.jpg", "as the donor wishes", "no address"],
        ["https://x.org/sub/c%20d.jpg", "", "", "Public Domain", ""],
        ["", "E", "https://x.org/e.jpg", "", ""],
        ["", "F", "ftp://x.org/f.jpg", "", ""],
        ["../../etc/passwd", "G", "https://x.org/g.jpg", "", ""],
    ]
    write_csv(tmp_path / "m.csv", rows)

    found, refusals = split(manifest.records(tmp_path / "m.csv"))

    assert list(found) == [
        *("a.jpg", "b.jpg", "https://x.org/sub/c%20d.jpg", "https://x.org/e.jpg"),
        "https://x.org/g.jpg",  # a name that leads out of the folder is not taken for a work's name
    ]
    here, awaited, named, *_ = found.values()
    assert (here.path, here.picture_url) == (str(tmp_path / "a.jpg"), "")
    assert (here.licence, here.page) == ("cc-by-4.0", "https://x.org/works/a")
    assert (awaited.path, awaited.picture_url) == ("", "https://x.org/b.jpg")
    assert (awaited.licence, awaited.page, awaited.extra) == ("", "", {"licence": "as the donor wishes"})
    assert (named.title, named.picture_url, named.licence) == ("C D", "https://x.org/sub/c%20d.jpg", "public-domain")
    assert [(r.file, r.reason) for r in refusals] == [("ftp://x.org/f.jpg", "an address that is not of the web")]


def test_a_manifest_of_addresses_alone_needs_no_column_of_files(tmp_path):
    (tmp_path / "m.jsonl").write_text('{"title": "A", "primaryImageSmall": "https://x.org/a.jpg"}\n', encoding="utf-8")
    write_csv(tmp_path / "m.csv", [["title", "web_image"], ["A", "https://x.org/a.jpg"]])

    for name in ("m.jsonl", "m.csv"):
        (record,) = manifest.records(tmp_path / name)
        assert (record.file, record.title, record.picture_url) == ("https://x.org/a.jpg", "A", "https://x.org/a.jpg")


def test_of_two_columns_for_one_thing_the_better_one_that_is_filled_counts():
    row = {"date": "1867", "year": "", "Künstler": "Dürer"}
    assert columns.fields(list(row)) == {"year": ["year", "date"], "artist": ["Künstler"]}


ENTRY = {"file": "a.jpg", "title": "T\0", "artist": {"name": "A"}, "year": 1900, "tags": ["x", {"y\0": float("nan")}]}


@pytest.mark.parametrize(
    "written",
    [
        json.dumps([ENTRY]),
        "\ufeff" + json.dumps([ENTRY]),
        json.dumps({"paintings": [ENTRY], "count": 1}),
        json.dumps({"meta": {}, "whatever": [ENTRY]}),
        json.dumps({"a.jpg": {k: v for k, v in ENTRY.items() if k != "file"}}),
    ],
)
def test_json_in_its_usual_shapes(tmp_path, written):
    picture(tmp_path / "a.jpg")
    (tmp_path / "m.json").write_text(written, encoding="utf-8")
    found, refusals = split(manifest.records(tmp_path / "m.json"))
    assert not refusals
    record = found["a.jpg"]
    assert (record.title, record.artist, record.year, record.year_from) == ("T", "A", "1900", 1900)
    assert record.extra == {"tags": ["x", {"y": None}]}


def test_jsonl_line_by_line(tmp_path):
    picture(tmp_path / "a.jpg")
    lines = ["\ufeff" + json.dumps({"file": "a.jpg", "title": "A"}), "", "{oops", "[1]", "[" * 100_000]
    (tmp_path / "m.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found, refusals = split(manifest.records(tmp_path / "m.jsonl"))
    assert set(found) == {"a.jpg"}
    assert [(r.file, r.detail) for r in refusals] == [
        ("line 3", "not JSON"),
        ("line 4", "not an object"),
        ("line 5", "not JSON"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("m.csv", b"id,name\n1,x\n", "no column that names the picture files"),
        ("m.csv", b"", "no column"),
        ("m.csv", b"file,title\na.jpg,\x81\x8d\n", "not text"),
        ("m.json", b"{", "not JSON"),
        ("m.json", b"3", "no list of paintings"),
        ("m.json", b"[" * 100_000, "not JSON"),
    ],
)
def test_a_manifest_that_is_none_is_one_clear_line(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=said):
        list(manifest.records(tmp_path / name))


# WikiArt


@pytest.mark.parametrize(
    ("file", "artist", "title", "year"),
    [
        ("claude-monet_haystacks-1891.jpg", "Claude Monet", "Haystacks", "1891"),
        ("matthias-stom_st-gregory(1).jpg", "Matthias Stom", "St Gregory", ""),
        ("boris-kustodiev_easter-procession-1915-1.jpg", "Boris Kustodiev", "Easter Procession", "1915"),
        ("jan-siberechts_henley-on-thames-1690(1).jpg", "Jan Siberechts", "Henley on Thames", "1690"),
        (
            "adriaen-van-de-venne_maurice-1567-1625-in-state.jpg",
            "Adriaen van de Venne",
            "Maurice 1567 1625 in State",
            "",
        ),
        ("joaquã\xadn-sorolla_beach-1908.jpg", "Joaquín Sorolla", "Beach", "1908"),
        ("joaquãn-sorolla_beach-1908.jpg", "Joaquín Sorolla", "Beach", "1908"),
        ("joaqu__________n-sorolla_beach-1908.jpg", "Joaquín Sorolla", "Beach", "1908"),
        ("mestre-ata__________de_a-ltima-ceia-1828.jpg", "Mestre Ataíde", "A Ltima Ceia", "1828"),
        ("antã³nio-carneiro_praia.jpg", "António Carneiro", "Praia", ""),
        ("joão-marques_são-joão.jpg", "João Marques", "São João", ""),
        ("kitagawa-utamaro_not_detected_233117-1799.jpg", "Kitagawa Utamaro", "Untitled", "1799"),
        ("piet-mondrian_1942.jpg", "Piet Mondrian", "1942", ""),
    ],
)
def test_artgan_file_names_are_read_dirt_included(tmp_path, file, artist, title, year):
    picture(tmp_path / "Post_Impressionism" / file)
    found, refusals = split(artgan.records(tmp_path))
    assert not refusals
    (record,) = found.values()
    assert (record.artist, record.title, record.year) == (artist, title, year)
    assert record.movement == "Post-Impressionism"


def test_artgan_refuses_what_is_not_in_its_layout(tmp_path):
    picture(tmp_path / "Baroque" / "no-underscore.jpg")
    picture(tmp_path / "too_high.jpg")
    found, refusals = split(artgan.records(tmp_path))
    assert not found
    assert {r.reason for r in refusals} == {"not named Style/artist-slug_title-slug.jpg"}


def wikiart(base, *works, artist="claude-monet"):
    meta = base / "meta" / f"{artist}.json"
    meta.parent.mkdir(parents=True, exist_ok=True)
    (base / "image").mkdir(exist_ok=True)
    meta.write_text(json.dumps(list(works)), encoding="utf-8")


HAYSTACKS = {
    "id": "577",
    "title": "Haystacks",
    "url": "haystacks",
    "image": "https://uploads.wikiart.org/images/claude-monet/haystacks.jpg",
    "width": 10,
    "height": 10,
    "completitionYear": 1891,
    "artistUrl": "/en/claude-monet",
    "artistName": "Claude Monet",
    "detail": {"styles": ["Impressionism", "Luminism"], "media": ["oil", "canvas"], "genres": ["landscape"]},
}


@pytest.mark.parametrize("where", ["", "painting", "impressionism/painting"])
def test_wikiart_general_in_each_way_it_is_unpacked(tmp_path, where):
    base = tmp_path / where
    picture(base / "image" / "claude-monet" / "haystacks.jpg")
    picture(base / "image" / "claude-monet" / "frame.jpg")
    picture(base / "image" / "claude-monet" / "stray.jpg")
    wikiart(
        base,
        HAYSTACKS,
        HAYSTACKS | {"url": "frame", "image": "https://uploads.wikiart.org/Content/images/FRAME-600x480.jpg"},
        HAYSTACKS | {"url": "/en/claude-monet/gone"},
        HAYSTACKS | {"url": "../../../../etc/passwd", "image": None},
        {"title": "only a title"},
        "no object",
    )
    source = detect(tmp_path)

    found, refusals = split(source.records())

    assert source.format == "wikiart"
    (record,) = found.values()
    assert record.file.endswith("image/claude-monet/haystacks.jpg")
    assert (record.title, record.artist, record.movement) == ("Haystacks", "Claude Monet", "Impressionism")
    assert (record.year, record.year_from, record.medium, record.genre) == ("1891", 1891, "oil, canvas", "landscape")
    assert record.extra == {"id": "577", "url": "haystacks", "styles": ["Impressionism", "Luminism"]}
    assert [r.reason for r in refusals] == [
        "WikiArt's placeholder, not a painting",
        "the picture file is missing",
        "the picture file is missing",
        "the picture file is missing",
        "an entry that is not an object",
        "a picture without an entry in meta/",
    ]


def test_a_broken_meta_file_costs_its_artist_alone(tmp_path):
    picture(tmp_path / "image" / "claude-monet" / "haystacks.jpg")
    wikiart(tmp_path, HAYSTACKS)
    (tmp_path / "meta" / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "meta" / "b.json").write_text("{}", encoding="utf-8")
    found, refusals = split(wikiart_general.records(tmp_path))
    assert len(found) == 1
    assert [r.reason for r in refusals] == ["a meta file that is not JSON", "a meta file that is not a list of works"]


# which reader


def test_each_source_gets_its_reader(tmp_path):
    picture(tmp_path / "artgan" / "Baroque" / "jan-steen_feast-1660.jpg")
    picture(tmp_path / "mine" / "Monet" / "water_lilies.jpg")
    picture(tmp_path / "listed" / "a.jpg")
    write_csv(tmp_path / "listed" / "Paintings.CSV", [["file"], ["a.jpg"]])
    (tmp_path / "listed" / "other.json").write_text("{}", encoding="utf-8")

    assert detect(tmp_path / "artgan").format == "artgan"
    assert detect(tmp_path / "mine").format == "folder"
    listed = detect(tmp_path / "listed")
    assert (listed.format, listed.path.name, listed.default_name) == ("manifest", "Paintings.CSV", "listed")
    assert detect(tmp_path / "listed", format="folder").format == "folder"
    assert detect(tmp_path / "artgan", format="folder").format == "folder"


def test_what_fits_nothing_is_one_line_that_says_what_was_seen(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").touch()
    (tmp_path / "films" / "b.mp4").touch()
    picture(tmp_path / "one.jpg")
    (tmp_path / "all.zip").touch()
    (tmp_path / "two").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "two" / name).touch()
    for source, options, said in [
        ("nowhere", {}, "is not there"),
        ("nul\0", {}, "is not there"),
        ("empty", {}, "no pictures; seen: nothing"),
        ("films", {}, "no pictures; seen: 2 .mp4"),
        ("one.jpg", {}, "one picture"),
        ("all.zip", {}, "archive"),
        ("two", {}, "several manifests: a.csv, b.csv"),
        ("empty", {"format": "manifest"}, "no manifest"),
        ("empty", {"format": "louvre"}, "not known"),
        ("one.jpg", {"format": "folder"}, "is a file"),
    ]:
        with pytest.raises(UserError) as caught:
            detect(tmp_path / source, **options)
        assert said in caught.value.message
        assert caught.value.hint


# paper 4.1


def work(title="A Painting", **more):
    return PaintingRecord(file="f", path="f", title=title, **more)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (work(), None),
        (work(year_from=1896, year_to=1896), clean.LATER),
        (work(year_from=1895, year_to=1895), None),
        (work(year_from=1890, year_to=1900), None),
        (work(year_to=1950), None),
        (work(genre="sketch and study"), clean.SKETCH),
        (work(medium="Pencil on paper"), clean.SKETCH),
        (work(medium="Black chalk and oil on canvas"), None),
        (work("Study for The Raft"), clean.SKETCH),
        (work("Sketch of a horse"), clean.SKETCH),
        (work("Self-portrait (study)"), clean.SKETCH),
        (work("Study for The Raft", medium="Oil on canvas"), None),
        (work("A Study in Scarlet"), None),
        (work("The Artist's Study"), None),
        (work("Study Interior"), None),
        (work(genre="sculpture"), clean.SCULPTURE),
        (work(medium="Marble"), clean.SCULPTURE),
        (work("Bust of a Woman"), clean.SCULPTURE),
        (work("Bust of a Woman", medium="oil, canvas"), None),
        (work("The Sculptor's Studio"), None),
        (work(medium="Oil on marble"), None),
        (work(medium="Albumen silver print"), clean.PHOTOGRAPH),
        (work(genre="photography"), clean.PHOTOGRAPH),
    ],
)
def test_cleaning_follows_the_paper(record, reason):
    assert clean.reason_to_drop(record) == reason


# the real collections


def test_the_real_collections_come_in_whole(shared_dir):
    small = shared_dir / "paintings_small"

    for source, format_, count in [
        (shared_dir / "paintings", "manifest", 72),
        (small, "manifest", 2120),
        (small / "w", "artgan", 1615),
        (small / "s", "folder", 505),
    ]:
        found = detect(source)
        records, refusals = split(found.records())
        assert (found.format, len(records), refusals) == (format_, count, [])


def test_artgan_names_say_what_the_manifest_says(shared_dir):
    small = shared_dir / "paintings_small"
    by_manifest, _ = split(manifest.records(small / "paintings.csv"))
    by_name, _ = split(artgan.records(small / "w"))

    for file, record in by_name.items():
        other = by_manifest[f"w/{file}"]
        assert record.artist.casefold() == other.artist.casefold()
        assert (record.year, record.year_from, record.year_to) == (other.year, other.year_from, other.year_to)


def test_every_date_of_the_real_paintings_is_understood(shared_dir):
    found, _ = split(manifest.records(shared_dir / "paintings" / "paintings.csv"))
    unknown = [record.year for record in found.values() if record.year_from is None]
    assert unknown == ["Song copy of 4th c. original"]
