"""A data set that was damaged, cut off, packed otherwise or never was one: one line, and nothing of it is here."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from r2r_shared.errors import UserError
from r2r_shared.exchange.format import TABLES
from r2r_shared.exchange.manifest import MANIFEST, SUMS
from tests import data_sets
from tests.data_sets import Installation

NOTHING = dict.fromkeys(data_sets.ROWS, 0)
FILES = (MANIFEST, SUMS, *(table.file for table in TABLES))


def refuse(empty: Installation, path: Path, said: str) -> None:
    with pytest.raises(UserError) as refused:
        empty.import_(path)
    assert said in refused.value.message
    assert refused.value.hint
    assert empty.counts() == NOTHING
    assert empty.files() == set()


@pytest.fixture(scope="module")
def copy(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for many flips: each is undone."""
    return Path(shutil.copytree(exported, tmp_path_factory.mktemp("copy") / "set"))


@examples(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_flipped_byte_is_refused(empty: Installation, copy: Path, data: st.DataObject):
    paths = sorted(path for path in copy.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(paths))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(1, 255))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ other]) + whole[at + 1 :])
    try:
        with pytest.raises(UserError):
            empty.import_(copy)
    finally:
        path.write_bytes(whole)
    assert empty.counts() == NOTHING
    assert empty.files() == set()


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_in_a_zip_is_refused_or_does_no_harm(
    empty: Installation, exported: Path, tmp_path: Path, data: st.DataObject
):
    """The dates of a zip's members and the like are nobody's business."""
    packed = pack(exported, tmp_path / "set.zip")
    whole = packed.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1) | st.integers(len(whole) - 4000, len(whole) - 1))
    packed.write_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])
    try:
        done = empty.import_(packed, dry_run=True)
    except UserError:
        pass
    else:
        assert (done.paintings.added, done.films.added, done.matched) == (12, 2, 2)
    assert empty.counts() == NOTHING


def pack(folder: Path, target: Path, *, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(target, "w", how) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


@pytest.mark.parametrize("name", [*FILES, "pictures/paintings/1.jpg", "pictures/keyframes/1.jpg"])
def test_a_file_that_is_missing_or_cut_off(empty: Installation, data_set: Path, name: str):
    path = data_set / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(UserError):
        empty.import_(data_set)
    path.unlink()

    refuse(empty, data_set, f"{name} is missing")


@pytest.mark.parametrize("name", [MANIFEST, "matches.parquet", "pictures/paintings/1.jpg"])
def test_a_file_that_is_a_link_or_a_pipe(empty: Installation, data_set: Path, tmp_path: Path, name: str):
    """A link may lead to a stranger's secrets, a pipe never ends."""
    path = data_set / name
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    refuse(empty, data_set, name)

    path.unlink()
    os.mkfifo(path)
    refuse(empty, data_set, f"{name} is no plain file")


def test_a_folder_of_pictures_that_is_a_link(empty: Installation, data_set: Path, tmp_path: Path):
    (data_set / "pictures").rename(tmp_path / "elsewhere")
    (data_set / "pictures").symlink_to(tmp_path / "elsewhere")

    refuse(empty, data_set, "lies behind a link")


def test_files_that_are_none_of_the_data_set_are_not_looked_at(
    empty: Installation, data_set: Path, there: Installation
):
    (data_set / ".DS_Store").write_bytes(b"x")
    (data_set / "notes").mkdir()
    (data_set / "notes" / "todo.txt").write_text("write to the archive")

    done = there.import_(data_set)

    assert done.unread == [".DS_Store", "notes/todo.txt"]
    assert done.films.added == 2


def test_what_is_no_data_set(empty: Installation, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "film.mp4").write_bytes(bytes(100_000))
    (tmp_path / "empty.zip").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")

    refuse(empty, tmp_path / "nowhere", "nowhere does not exist")
    refuse(empty, tmp_path / "folder", "manifest.json is missing")
    refuse(empty, tmp_path / "film.mp4", "neither a folder nor a whole zip")
    refuse(empty, tmp_path / "empty.zip", "neither a folder nor a whole zip")


def test_a_zip_that_unpacks_to_more_than_it_is(empty: Installation, exported: Path, tmp_path: Path):
    """A bomb is compressed; what r2r writes is not."""
    packed = pack(exported, tmp_path / "set.zip", how=zipfile.ZIP_DEFLATED)

    refuse(empty, packed, "is compressed or encrypted inside set.zip")


def test_a_zip_whose_members_lead_elsewhere(exported: Path, there: Installation, tmp_path: Path):
    packed = pack(exported, tmp_path / "set.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../../outside.txt", "x")
        archive.writestr("/etc/outside.txt", "x")

    done = there.import_(packed)

    assert done.unread == ["../../outside.txt", "/etc/outside.txt"]
    assert not list(tmp_path.rglob("outside.txt"))
    assert not (tmp_path.parent / "outside.txt").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_holds_a_file_twice(empty: Installation, exported: Path, tmp_path: Path):
    packed = pack(exported, tmp_path / "set.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("shots.parquet", "x")

    refuse(empty, packed, "holds a file twice")


def test_a_zip_that_is_cut_off(empty: Installation, exported: Path, tmp_path: Path):
    packed = pack(exported, tmp_path / "set.zip")
    os.truncate(packed, packed.stat().st_size // 2)

    refuse(empty, packed, "neither a folder nor a whole zip")


def test_a_zip_that_claims_a_list_of_members_of_gigabytes(empty: Installation, exported: Path, tmp_path: Path):
    """The list is read whole, so it is not begun."""
    packed = pack(exported, tmp_path / "set.zip")
    whole = bytearray(packed.read_bytes())
    end = whole.rfind(b"PK\5\6")
    whole[end + 12 : end + 16] = (0xFFFFFFF0).to_bytes(4, "little")
    packed.write_bytes(whole)

    refuse(empty, packed, "lists more files than a data set has")
