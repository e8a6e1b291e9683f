"""The media store: whole files or none, keys that stay inside, clear words when it cannot."""

from __future__ import annotations

import importlib.util
import stat
import threading
from pathlib import Path

import pytest

from r2r_shared.errors import Unavailable, UserError
from r2r_shared.media_store import MediaStore


@pytest.fixture(params=["directory", "file url", "fsspec"])
def store(request, tmp_path):
    """The same promises for a directory and for fsspec's way (its in-memory file system stands on the same API)."""
    url = {
        "directory": str(tmp_path / "media"),
        "file url": f"file://{tmp_path / 'media'}",
        "fsspec": f"memory://{tmp_path.name}",
    }[request.param]
    return MediaStore(url)


def test_what_is_put_can_be_got_replaced_and_removed(store):
    assert not store.exists("films/1/000.jpg")
    store.put("films/1/000.jpg", b"one")
    store.put("films/1/001.jpg", b"two")
    store.put("films/10/000.jpg", b"another film")
    store.put("films/1/000.jpg", b"one again")

    assert store.get("films/1/000.jpg") == b"one again"
    assert store.exists("films/1/001.jpg")
    assert not store.exists("films/1")

    store.delete_prefix("films/1")
    assert not store.exists("films/1/000.jpg")
    assert store.get("films/10/000.jpg") == b"another film"
    store.delete_prefix("films/1")  # nothing there is no error


def test_a_missing_key_is_a_missing_file(store):
    with pytest.raises(FileNotFoundError):
        store.get("nothing/here.jpg")
    assert store.path_or_none("nothing/here.jpg") is None


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../secret",
        "films/../../secret",
        "films//x",
        "films/./x",
        "a\\b",
        "C:x",
        "nul\0",
        "x" * 600,
        "x/",
    ],
)
def test_a_key_cannot_lead_out_of_the_store(store, key):
    for use in (store.get, store.exists, store.delete_prefix, store.path_or_none, lambda k: store.put(k, b"")):
        with pytest.raises(ValueError, match="not a key"):
            use(key)


def test_a_directory_is_private_and_tells_its_paths(tmp_path):
    store = MediaStore(str(tmp_path / "deep" / "media"))
    store.put("films/1/000.jpg", b"x")

    path = store.path_or_none("films/1/000.jpg")
    assert path == tmp_path / "deep" / "media" / "films" / "1" / "000.jpg"
    assert stat.S_IMODE((tmp_path / "deep" / "media").stat().st_mode) == 0o700


def test_a_directory_that_exists_keeps_the_permissions_its_owner_gave_it(tmp_path):
    """R2R_MEDIA may name a folder that a group shares; its doors are not ours to shut."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2775)
    MediaStore(str(shared)).put("a.jpg", b"x")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o2775


def test_a_reader_never_sees_a_part_of_a_file(tmp_path):
    store = MediaStore(str(tmp_path))
    versions = [bytes([number]) * 3_000_000 for number in (1, 2)]
    store.put("frame.jpg", versions[0])
    writer = threading.Thread(target=lambda: [store.put("frame.jpg", versions[i % 2]) for i in range(40)])
    writer.start()
    seen = []
    while writer.is_alive():
        seen.append(store.get("frame.jpg"))
    writer.join()

    assert seen
    assert all(data in versions for data in seen)


def test_a_write_that_fails_leaves_the_old_bytes_and_no_scraps(tmp_path, monkeypatch):
    store = MediaStore(str(tmp_path))
    store.put("frame.jpg", b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Unavailable, match=r"cannot write the media store .*No space left") as gone:
        store.put("frame.jpg", b"new")
    assert "R2R_MEDIA" in gone.value.hint
    assert store.get("frame.jpg") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["frame.jpg"]


def test_a_place_where_no_directory_can_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot write the media store"):
        MediaStore(str(tmp_path / "file" / "media")).put("a.jpg", b"x")


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="the s3 extra is installed")
def test_a_bucket_without_the_extra_names_the_extra():
    with pytest.raises(UserError, match="s3://films/stills needs a package") as refused:
        MediaStore("s3://films/stills")
    assert refused.value.hint == "pip install 'reel-to-real[s3]'"


def test_an_unknown_kind_of_store_is_refused():
    with pytest.raises(UserError, match="of no known kind"):
        MediaStore("carrierpigeon://films")
