"""Places as text: every form comes back as it was, and none leads anywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.errors import PermanentError
from r2r_shared.film.places import InBucket, InRoot, OnDisk, Uploaded, of_file, parse, texts_of, upload_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("/mnt/films/a b.mp4", OnDisk(Path("/mnt/films/a b.mp4"))),
        ("/root:archive/a.mp4", OnDisk(Path("/root:archive/a.mp4"))),
        ("root:archive/silent/Der müde Tod.mkv", InRoot("archive", "silent/Der müde Tod.mkv")),
        ("root:a/s3://x", None),
        ("s3://films/silent/a:b (1921).mp4", InBucket("s3://films/silent/a:b (1921).mp4")),
        ("s3://films/a::file:///etc/passwd", InBucket("s3://films/a::file:///etc/passwd")),  # a key, no chain
        (f"media:uploads/{'0f' * 32}/a.mp4", Uploaded(f"uploads/{'0f' * 32}/a.mp4")),
    ],
)
def test_each_form_is_read_as_what_it_is(text, place):
    if place is None:
        with pytest.raises(ValueError, match="not a place under a root"):
            parse(text)
        return
    assert parse(text) == place
    assert str(place) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.mp4",
        "./a.mp4",
        "~/a.mp4",
        "/a\0.mp4",
        "root:archive",
        "root:archive/",
        "root:/etc/passwd",
        "root:archive//etc/passwd",
        "root:archive/../../etc/passwd",
        "root:archive/a/..",
        "root:archive/./a.mp4",
        "root:ar chive/a.mp4",
        "root:archive/a\0.mp4",
        "s3://films",
        "s3://films/",
        "s3://films/silent/",
        "s3:///a.mp4",
        "s3://films/a/../b.mp4",
        "s3://films/a.mp4?versionId=1",
        "s3://key:secret@films/a.mp4",
        "http://films/a.mp4",
        "file:///etc/passwd",
        "media:films/ab/1.jpg",
        "media:uploads/../films/a.mp4",
        f"media:uploads/{'0f' * 32}/../../a.mp4",
        f"media:uploads/{'0f' * 32}/.hidden",
    ],
)
def test_what_is_no_place_is_refused(text):
    with pytest.raises(ValueError, match="not a"):
        parse(text)


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(lambda t: "\0" not in t))
def test_a_root_s_place_never_leaves_it(rest):
    """Whatever the database holds: it is refused, or lies under the root."""
    root = Path("/nowhere/at/all")
    try:
        place = parse(f"root:archive/{rest}")
        assert isinstance(place, InRoot)
        path = place.on({"archive": root})
    except (ValueError, PermanentError, OSError):
        return
    assert path.is_relative_to(root)
    assert path != root
    assert parse(str(of_file(path, {"archive": root}))) == place


def test_a_file_is_kept_under_the_deepest_root_that_holds_it():
    roots = {"all": Path("/mnt"), "silent": Path("/mnt/silent"), "other": Path("/mnt/silent films")}

    assert str(of_file(Path("/mnt/silent/a.mp4"), roots)) == "root:silent/a.mp4"
    assert str(of_file(Path("/mnt/silent films/a.mp4"), roots)) == "root:other/a.mp4"
    assert str(of_file(Path("/mnt/a.mp4"), roots)) == "root:all/a.mp4"
    assert str(of_file(Path("/media/a.mp4"), roots)) == "/media/a.mp4"
    assert texts_of(Path("/mnt/silent/a.mp4"), roots) == [
        "/mnt/silent/a.mp4",
        "root:all/silent/a.mp4",
        "root:silent/a.mp4",
    ]


@given(st.text(), st.binary(min_size=32, max_size=32))
def test_an_upload_has_a_key_that_the_store_takes_whatever_its_name(name, sha256):
    place = upload_of(sha256, name)

    assert parse(str(place)) == place
    assert place.key.startswith(f"uploads/{sha256.hex()}/")
    assert len(place.key) < 200
