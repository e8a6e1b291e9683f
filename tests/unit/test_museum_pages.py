"""Walking through museums' lists: which address comes next, until there is none; and which museum a source is of."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r2r_shared.collections import classes, iiif, museums, pages, remarks
from r2r_shared.collections.detect import detect
from r2r_shared.errors import UserError
from r2r_shared.records import PaintingRecord, Refusal
from tests import museum_records as published


def query(address):
    return {key: values[-1] for key, values in parse_qs(urlsplit(address).query, keep_blank_values=True).items()}


class Server:
    """A museum's API as far as its lists go: `total` works, cut into pages as the address asks."""

    def __init__(self, format, total):
        self.format, self.total, self.asked = format, total, []

    def answer(self, address):
        self.asked.append(address)
        asked = query(address)
        if self.format == "smk":
            start, size = int(asked["offset"]), int(asked["rows"])
            works = [published.smk_item(f"KMS{n}") for n in range(self.total)[start : start + size]]
            return published.smk_answer(works, offset=start, rows=size, found=self.total)
        if self.format == "cleveland":
            start, size = int(asked["skip"]), int(asked["limit"])
            works = [published.cleveland_work(n + 1) for n in range(self.total)[start : start + size]]
            return published.cleveland_answer(works, skip=start, limit=size, total=self.total)
        page, size = int(asked["page"]), int(asked["limit"])
        works = [published.artic_work(n + 1) for n in range(self.total)[(page - 1) * size : page * size]]
        return published.artic_answer(works, page=page, pages=-(-self.total // size), iiif="http://127.0.0.1:8/iiif/2")


def walk(server, address):
    found, todo = [], [pages.first(server.format, address)]
    while todo:
        asked = todo.pop(0)
        page = pages.read(server.format, server.answer(asked), address=asked)
        found += page.records
        todo += page.following
    return found


@settings(max_examples=40, deadline=None)  # some are walks of hundreds of works
@given(st.sampled_from(["smk", "artic", "cleveland"]), st.integers(0, 450))
def test_a_walk_meets_every_work_once_and_ends(format, total):
    server = Server(format, total)

    found = walk(server, "http://127.0.0.1:8/")

    assert len({work.file for work in found}) == len(found) == total
    assert len(server.asked) <= total // 100 + 1
    assert all(urlsplit(address).netloc == "127.0.0.1:8" for address in server.asked)


def test_a_host_alone_stands_for_its_paintings_and_asks_the_museum_to_choose_them():
    smk = pages.first("smk", "https://api.smk.dk")
    assert smk.startswith(
        "https://api.smk.dk/api/v1/art/search/?keys=*&filters=[has_image:true],[object_names:maleri]&"
    )
    assert "lang" not in query(smk)  # beside it the Danish word finds nothing
    assert query(pages.first("artic", "https://api.artic.edu/"))["query[term][artwork_type_id]"] == "1"
    assert query(pages.first("cleveland", "https://openaccess-api.clevelandart.org"))["type"] == "Painting"


def test_other_classes_are_asked_for_where_one_is_named_and_told_apart_here_where_several_are():
    drawings = pages.first("cleveland", "https://openaccess-api.clevelandart.org", classes=classes.of(["drawing"]))
    both = pages.first("cleveland", "https://openaccess-api.clevelandart.org", classes=classes.of(["drawing", "print"]))
    assert query(drawings)["type"] == "Drawing"
    assert "type" not in query(both)


def test_a_search_of_ones_own_is_kept_as_it_is_and_only_paged():
    address = pages.first(
        "smk", "https://api.smk.dk/api/v1/art/search/?keys=hammershøi&filters=[public_domain:true]&rows=7"
    )
    assert query(address) == {"keys": "hammershøi", "filters": "[public_domain:true]", "rows": "7", "offset": "0"}


def test_chicago_says_where_its_pictures_are_served():
    (work,) = walk(Server("artic", 1), "http://127.0.0.1:8")
    assert work.picture_url.startswith("http://127.0.0.1:8/iiif/2/2d484387")


@pytest.mark.parametrize("format", ["smk", "artic", "cleveland"])
@pytest.mark.parametrize(
    "answer", [[], None, "x", {"error": "rate limit"}, {"items": 3, "data": "no"}, {"message": "x"}]
)
def test_an_answer_that_is_none_is_one_refusal_and_the_end(format, answer):
    page = pages.read(format, answer, address="https://x.org/?page=1")
    assert [entry.reason for entry in page.records] == [remarks.ERROR_DOCUMENT]
    assert page.following == ()


def test_a_page_of_nonsense_costs_its_entries_alone_and_the_walk_goes_on():
    answer = published.smk_answer([7, published.smk_item(), {}], found=9)
    page = pages.read("smk", answer, address="https://api.smk.dk/api/v1/art/search/?offset=3&rows=3")
    assert [type(entry) for entry in page.records] == [Refusal, PaintingRecord, Refusal]
    assert query(page.following[0])["offset"] == "6"
    assert page.total == 9


def test_an_empty_page_ends_a_walk_whatever_the_total_says():
    for format, answer in (
        ("smk", published.smk_answer([], found=900)),
        ("cleveland", published.cleveland_answer([], total=900)),
        ("artic", published.artic_answer([], pages=9)),
    ):
        assert pages.read(format, answer, address="https://x.org/").following == ()


def test_collections_of_manifests_name_what_to_ask_for_next():
    old = published.collection_2("https://x.org/c", ["https://x.org/m1", "file:///etc/passwd"], ("https://x.org/c2",))
    page = pages.read("iiif", old | {"next": "https://x.org/c?page=2"}, address="https://x.org/c")
    assert page.following == ("https://x.org/m1", "https://x.org/c2", "https://x.org/c?page=2")

    whole = published.manifest_3("https://x.org/m3", "https://x.org/i")
    new = published.collection_3(
        "https://x.org/c", [whole, "https://x.org/m4", {"type": "Collection", "id": "https://x.org/c"}]
    )
    page = pages.read("iiif", new, address="https://x.org/c")
    assert [work.file for work in page.records] == ["https://x.org/m3"]
    assert page.following == ("https://x.org/m4",)  # not itself again

    page = pages.read("iiif", whole, address="https://x.org/m3")
    assert ([work.title for work in page.records], page.following) == (["Dance Music"], ())
    page = pages.read("iiif", {"x": 1}, address="https://x.org/m5")
    assert [entry.reason for entry in page.records] == [iiif.NOT_A_MANIFEST]


@pytest.mark.parametrize(
    ("format", "address", "said"),
    [
        ("met", "https://collectionapi.metmuseum.org/", "read from files"),
        ("nga", "https://www.nga.gov/", "read from files"),
        ("smk", "api.smk.dk", "not a web address"),
        ("smk", "file:///etc/passwd", "not a web address"),
    ],
)
def test_what_cannot_be_walked_is_one_clear_line(format, address, said):
    with pytest.raises(UserError, match=said):
        pages.first(format, address)


# which museum a source is of


@pytest.mark.parametrize(
    ("address", "format", "name"),
    [
        ("https://api.smk.dk", "smk", "smk"),
        ("https://api.artic.edu/api/v1/artworks/search?q=monet", "artic", "artic"),
        ("https://api.artic.edu/api/v1/artworks/4/manifest.json", "iiif", "api.artic.edu"),
        ("https://openaccess-api.clevelandart.org/api/artworks/?type=Painting", "cleveland", "cleveland"),
        ("https://iiif.harvardartmuseums.org/manifests/object/299843", "iiif", "iiif.harvardartmuseums.org"),
    ],
)
def test_an_address_tells_its_museum(address, format, name):
    source = detect(address)
    assert (source.format, source.default_name, source.is_museum) == (format, name, True)
    assert source.address.startswith(address.partition("?")[0])
    assert list(source.records()) == []


@pytest.mark.parametrize(
    ("address", "options", "said"),
    [
        ("https://x.org/paintings", {}, "not known"),
        ("https://x.org/paintings", {"format": "folder"}, "reads files"),
        ("https://www.metmuseum.org/", {}, "read from files"),
        ("https://raw.githubusercontent.com/metmuseum/openaccess/master/MetObjects.csv", {}, "not known"),
        ("ftp://x.org/manifest.json", {}, "not a web address"),
    ],
)
def test_an_address_that_tells_nothing_is_one_clear_line(address, options, said):
    with pytest.raises(UserError, match=said):
        detect(address, **options)


def test_a_local_server_may_be_named_with_the_format_it_speaks():
    assert detect("http://127.0.0.1:8123", format="smk").address.startswith("http://127.0.0.1:8123/api/v1/art/search/?")


def test_files_tell_their_museum_by_what_stands_in_them(tmp_path):
    # Given: each museum's file under a name that says nothing.
    (tmp_path / "a.csv").write_text(published.met_text(), encoding="utf-8", newline="")
    published.nga_folder(tmp_path / "b" / "data")
    published.write_json(tmp_path / "c" / "json" / "artworks" / "1.json", published.artic_work())
    published.write_json(tmp_path / "d" / "27992.json", published.artic_work(), bom=True)
    published.write_json(tmp_path / "e.json", published.smk_answer([published.smk_item()]))
    published.write_json(tmp_path / "f.json", [published.cleveland_work()])
    published.write_json(tmp_path / "g.json", published.manifest_2("https://x.org/m", "https://x.org/i"))
    published.write_json(tmp_path / "h" / "m.json", published.manifest_3("https://x.org/m", "https://x.org/i"))
    (tmp_path / "i.csv").write_text("id,accession_number,share_license_status,type,title\n1,2,CC0,Painting,A\n")

    for name, format in (
        *(
            ("a.csv", "met"),
            ("b", "nga"),
            ("b/data", "nga"),
            ("b/data/objects.csv", "nga"),
            ("c", "artic"),
            ("d", "artic"),
        ),
        *(("e.json", "smk"), ("f.json", "cleveland"), ("g.json", "iiif"), ("h", "iiif"), ("i.csv", "cleveland")),
    ):
        source = detect(tmp_path / name)
        assert source.format == format, name
        assert any(isinstance(entry, PaintingRecord) for entry in source.records()), name


def test_a_manifest_of_ones_own_pictures_stays_one_whoever_wrote_its_columns(tmp_path):
    # Given: the museum's columns and one more, in which a person names the pictures that lie beside.
    header, row = published.met_text(published.MET_WORKS[:1], bom=False, dirt=False).splitlines()
    (tmp_path / "MetObjects.csv").write_text(f"{header},Image File\n{row},a.jpg\n", encoding="utf-8")

    published.write_json(tmp_path / "m" / "paintings.json", [published.artic_work() | {"file": "a.jpg"}])
    published.write_json(tmp_path / "n" / "manifest.json", published.manifest_3("https://x.org/m", "https://x.org/i"))

    assert detect(tmp_path / "m").format == "manifest"
    assert detect(tmp_path / "n").format == "iiif"
    assert detect(tmp_path / "MetObjects.csv").format == "manifest"
    assert detect(tmp_path / "MetObjects.csv", format="met").format == "met"


def test_the_classes_that_are_wanted_reach_the_reader(tmp_path):
    source = published.write_json(tmp_path / "f.json", [published.cleveland_work(type="Drawing")])

    (left_out,) = detect(source).records()
    (taken,) = detect(source, classes=classes.of(["drawing"])).records()

    assert isinstance(left_out, Refusal)
    assert isinstance(taken, PaintingRecord)


def test_each_museum_says_what_a_person_needs_to_know_of_it():
    for museum in museums.MUSEUMS.values():
        assert museum.rate > 0
        assert museum.title or museum.format == "iiif"
        assert museum.hint
    assert museums.of_address("https://images.metmuseum.org/x.jpg") is museums.MUSEUMS["met"]
    assert museums.of_address("https://notmetmuseum.org/") is None
    assert museums.of_file("smk/KMS1") is museums.MUSEUMS["smk"]
    assert museums.of_file("https://x.org/m") is museums.MUSEUMS["iiif"]
    assert museums.of_file("a.jpg") is None
