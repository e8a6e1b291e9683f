"""The media store: whole files or none, keys that stay inside, clear words when it cannot."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest

from r2r_shared.errors import PermanentError, Unavailable, UserError
from r2r_shared.film.stamps import Stamp, digest
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.storage.objects import RemoteObject


@pytest.fixture(params=["directory", "file url", "s3"])
def store(request, tmp_path):
    """The same promises for a directory and for a bucket."""
    if request.param == "s3":
        return MediaStore(f"s3://{request.getfixturevalue('bucket')}/media")
    return MediaStore({"directory": "", "file url": "file://"}[request.param] + str(tmp_path / "media"))


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


def test_a_bucket_without_the_extra_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)  # as where it is not installed
    monkeypatch.delitem(import_module("fsspec.registry")._registry, "s3", raising=False)
    with pytest.raises(UserError, match="s3://films/stills needs a package") as refused:
        MediaStore("s3://films/stills")
    assert refused.value.hint == "pip install 'reel-to-real[s3]'"


def test_an_unknown_kind_of_store_is_refused():
    with pytest.raises(UserError, match="of no known kind"):
        MediaStore("carrierpigeon://films")


@pytest.mark.parametrize("size", [3, 20 << 20], ids=["at once", "in parts"])
def test_a_file_is_stored_whole_and_known_by_its_digest(store, tmp_path, size):
    film = tmp_path / "film.mp4"
    film.write_bytes(os.urandom(size))
    sha256, told = digest(film), []

    stamp = store.put_file("uploads/film.mp4", film, sha256=sha256, on_bytes=told.append)

    assert told[-1] == size
    found = store.look("uploads/film.mp4")
    assert stamp == (found.stamp if isinstance(found, RemoteObject) else Stamp.of(found))
    assert stamp.size_bytes == size
    assert store.get("uploads/film.mp4") == film.read_bytes()
    assert store.holds("uploads/film.mp4", size_bytes=size, sha256=sha256)
    assert not store.holds("uploads/film.mp4", size_bytes=size, sha256=bytes(32))
    assert not store.holds("uploads/film.mp4", size_bytes=size + 1, sha256=sha256)
    assert not store.holds("uploads/other.mp4", size_bytes=size, sha256=sha256)


@pytest.mark.parametrize("size", [3, 20 << 20], ids=["at once", "in parts"])
def test_a_file_that_changes_while_it_is_sent_is_not_stored(store, tmp_path, size):
    film = tmp_path / "film.mp4"
    film.write_bytes(os.urandom(size))

    with pytest.raises(PermanentError, match="changed while it was being read"):
        store.put_file("uploads/film.mp4", film, sha256=digest(film)[::-1])

    assert not store.exists("uploads/film.mp4")
    with pytest.raises(PermanentError, match="cannot be read"):
        store.put_file("uploads/film.mp4", tmp_path / "gone.mp4", sha256=bytes(32))


def test_what_is_stopped_while_it_is_sent_leaves_nothing(store, tmp_path, s3_server):
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(40 << 20))

    def stop(done: int) -> None:
        if done > 30 << 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put_file("uploads/film.mp4", film, sha256=digest(film), on_bytes=stop)

    assert not store.exists("uploads/film.mp4")
    if store.url.startswith("s3://"):
        open_uploads = s3_server.client().list_multipart_uploads(Bucket=store.url.split("/")[2])
        assert "Uploads" not in open_uploads
    else:
        assert list((tmp_path / "media" / "uploads").iterdir()) == []


def test_what_a_killed_process_left_half_written_goes_with_the_next_upload(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    folder = tmp_path / "media" / "uploads" / "x"
    folder.mkdir(parents=True)
    (folder / ".dead.part").write_bytes(b"fi")
    os.utime(folder / ".dead.part", (1, 1))
    (folder / ".other.part").write_bytes(b"someone sends this now")

    MediaStore(str(tmp_path / "media")).put_file("uploads/x/film.mp4", film, sha256=digest(film))

    assert sorted(path.name for path in folder.iterdir()) == [".other.part", "film.mp4"]


# buckets that do not serve


def everything_of(store, tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    return (
        lambda: store.put("a.jpg", b"x"),
        lambda: store.get("a.jpg"),
        lambda: store.exists("a.jpg"),
        lambda: store.look("a.jpg"),
        lambda: store.delete_prefix("a"),
        lambda: store.put_file("a.mp4", film, sha256=digest(film)),
    )


def complaint(use) -> Unavailable:
    with pytest.raises(Unavailable) as gone:
        use()
    assert "\n" not in gone.value.message + gone.value.hint
    assert "R2R_MEDIA" in gone.value.hint
    for secret in ("verysecret", "AKIATEST"):
        assert secret not in gone.value.message
    return gone.value


def test_a_bucket_that_is_not_there_is_named(bucket, tmp_path):
    for use in everything_of(MediaStore(f"s3://no-{bucket}/media"), tmp_path):
        assert "there is no such bucket" in complaint(use).message


def test_wrong_keys_are_refused_without_being_told(bucket, s3_server, tmp_path):
    store = MediaStore(f"s3://{bucket}/media")
    with s3_server.checking_keys():
        for use in everything_of(store, tmp_path):
            assert "AWS_ACCESS_KEY_ID" in complaint(use).hint


def test_no_keys_at_all_are_asked_for(bucket, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "AWS_ACCESS_KEY_ID" in complaint(lambda: MediaStore(f"s3://{bucket}/media").get("a.jpg")).hint


def test_a_store_that_is_away_says_so_in_bounded_time(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    assert "127.0.0.1:9" in complaint(lambda: MediaStore(f"s3://{bucket}/media").put("a.jpg", b"x")).message
    assert time.monotonic() - began < 30


def test_a_store_that_was_there_and_is_gone_is_neither_made_anew_nor_called_empty(tmp_path: Path) -> None:
    """A share that was taken away: what a worker wrote in its place, nobody would find again."""
    store = MediaStore(str(tmp_path / "share"), there=True)
    store.make()
    store.put("films/17.jpg", b"kept")
    (tmp_path / "share").rename(tmp_path / "away")

    with pytest.raises(Unavailable, match="is gone"):
        store.put("films/18.jpg", b"lost")
    with pytest.raises(Unavailable, match="is gone"):
        store.get("films/17.jpg")

    assert not (tmp_path / "share").exists()
    (tmp_path / "away").rename(tmp_path / "share")
    assert store.get("films/17.jpg") == b"kept"
