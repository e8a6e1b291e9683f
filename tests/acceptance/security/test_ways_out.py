"""Archives, links and names that lead out of a folder: nothing outside is read, nothing outside is written."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from r2r_shared import db
from r2r_shared.queries import films, paintings
from r2r_shared.storage.media_store import MediaStore
from tests.acceptance.security.canaries import Tripwire
from tests.in_process import R2R
from tests.unit.media_films import coded_film


def picture(shade: int = 100) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 90, 30)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Tripwire]:
    """A picture that could be read, outside every folder that is named; it notices when it is."""
    path = tmp_path / "outside.png"
    path.write_bytes(picture())
    wire = Tripwire(path)
    path.read_bytes()
    assert wire.opened() == 1, "it does not notice: the rest would prove nothing"
    yield wire
    wire.close()


def archives(folder: Path) -> list[Path]:
    """A film and a picture, packed, with names that climb out when they are unpacked; some called films."""
    film = coded_film(folder / "film.mp4", 5).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("../escaped.mp4", "/tmp/escaped.mp4", "film.mp4", "a.png"):  # noqa: S108
            archive.writestr(name, picture() if name.endswith("png") else film)
    taped = io.BytesIO()
    with tarfile.open(fileobj=taped, mode="w") as tape:
        for name in ("../escaped.mp4", "film.mp4"):
            entry = tarfile.TarInfo(name)
            entry.size = len(film)
            tape.addfile(entry, io.BytesIO(film))
        link = tarfile.TarInfo("link.mp4")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tape.addfile(link)
    (folder / "film.mp4").unlink()
    made = []
    for name, data in [("a.zip", packed), ("zip.mp4", packed), ("zip.csv", packed), ("zip.json", packed),
                       ("a.tar", taped), ("tar.mkv", taped)]:  # fmt: skip
        (folder / name).write_bytes(data.getvalue())
        made.append(folder / name)
    return made


def test_an_archive_is_neither_a_film_nor_a_collection_and_is_not_unpacked(
    r2r: R2R, tmp_path: Path, conn: db.Connection
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = archives(folder)

    refused = json.loads(r2r("ingest", *files, "--detach", "--json").out)["refused"]
    assert len(refused) == len(files)
    for path in files:
        ended = r2r("paintings", "import", path)
        assert ended.code == 1
        assert ended.is_one_complaint(), ended
        ended = r2r("match", path)
        assert ended.is_one_complaint(), ended

    conn.rollback()
    assert (films.listed(conn), paintings.search(conn)) == ([], [])
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(path.name for path in files)
    assert not Path("/tmp/escaped.mp4").exists()  # noqa: S108


def test_no_entry_of_a_manifest_leads_out_and_the_good_one_comes_in(
    r2r: R2R, tmp_path: Path, outside: Tripwire, conn: db.Connection
) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "good.png").write_bytes(picture(7))
    (folder / "link.png").symlink_to(outside.path)
    (folder / "up").symlink_to(tmp_path)
    (folder / "device.png").symlink_to("/dev/zero")
    names = [
        "good.png",
        "../outside.png",
        "sub/../../outside.png",
        "..\\outside.png",
        str(outside.path),
        f"file://{outside.path}",
        f"FILE:{outside.path}",
        f"http://127.0.0.1:9{outside.path}",
        f"\\\\localhost\\{outside.path.name}",
        f"//localhost{outside.path}",
        "~/outside.png",
        "$HOME/outside.png",
        "link.png",
        "up/outside.png",
        "device.png",
        "/dev/zero",
        "/proc/self/environ",
        "good.png\0../outside.png",
        "../" * 2_000 + "etc/passwd",
        "x" * 10_000,
        "%2e%2e/outside.png",
        "C:\\Windows\\win.ini",
        "",
        ".",
        "sub",
    ]
    for kind, text in (
        ("json", json.dumps([{"file": name} for name in names])),
        ("jsonl", "\n".join(json.dumps({"image": name}) for name in names)),
    ):
        (folder / f"m.{kind}").write_text(text, encoding="utf-8")

        ended = r2r("paintings", "import", folder / f"m.{kind}", "--collection", kind, "--detach", "--json")

        assert ended.code == 0, ended
        said = json.loads(ended.out)
        not_asked = said["fetch"]["refused"]["an address that is not on the public internet"]["count"]
        assert not_asked == 1  # the web address, of this very machine
        assert sum(reason["count"] for reason in said["refused"].values()) == len(names) - 2, ended.out
        assert "root:" not in ended.out
    conn.rollback()
    assert [found.file for found in paintings.search(conn)] == ["good.png", "good.png"]
    assert outside.opened() == 0


def test_layouts_of_wikiart_lead_nowhere_either(
    r2r: R2R, tmp_path: Path, outside: Tripwire, conn: db.Connection
) -> None:
    artgan = tmp_path / "artgan" / "Baroque"
    artgan.mkdir(parents=True)
    (artgan / "jan-steen_good-1650.png").write_bytes(picture(9))
    (artgan / "jan-steen_link-1650.png").symlink_to(outside.path)
    (tmp_path / "artgan" / "Cubism").symlink_to(tmp_path)

    ended = r2r("paintings", "import", tmp_path / "artgan", "--format", "artgan", "--detach", "--json")

    assert ended.code == 0, ended
    general = tmp_path / "general"
    (general / "images").mkdir(parents=True)
    (general / "meta").mkdir()
    entries = [
        {
            "title": "x",
            "artistName": "y",
            "contentId": content,
            "artistUrl": url,
            "url": url,
            "image": str(outside.path),
        }
        for content, url in ((1, "../../outside"), ("../../outside", "../.."), (f"/{outside.path}", str(tmp_path)))
    ]
    (general / "meta" / "..%2f..%2foutside.json").write_text(json.dumps(entries), encoding="utf-8")
    (general / "meta" / "artists.json").write_text(json.dumps([{"url": "../..", "artistName": "y"}]), encoding="utf-8")
    ended = r2r("paintings", "import", general, "--detach", "--json")

    assert "Traceback" not in ended.err
    conn.rollback()
    assert [found.file for found in paintings.search(conn)] == ["Baroque/jan-steen_good-1650.png"]
    assert outside.opened() == 0


def test_a_folder_of_films_is_searched_without_following_links_in_circles(
    r2r: R2R, tmp_path: Path, conn: db.Connection
) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    coded_film(folder / "sub" / "good.mp4", 5)
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "passwd.mp4").symlink_to("/etc/passwd")
    (folder / "zero.mp4").symlink_to("/dev/zero")
    (folder / "self.mp4").symlink_to(folder / "self.mp4")

    ended = r2r("ingest", "--recursive", folder, "--detach", "--json")

    said = json.loads(ended.out)
    assert [Path(row["path"]).name for row in said["films"]] == ["good.mp4"]
    assert {Path(row["path"]).name for row in said["refused"]} <= {"passwd.mp4", "zero.mp4", "self.mp4"}
    assert "root:" not in ended.out + ended.err


@pytest.mark.parametrize(
    "key",
    ["../x", "a/../../x", "/etc/x", "a//b", "a/./b", "", ".", "..", "a\0b", "a\\..\\b", "C:x", "s3://b/k", "x" * 600],
)
def test_no_key_of_the_media_store_leads_out_for_any_of_its_acts(tmp_path: Path, key: str) -> None:
    root = tmp_path / "media"
    store = MediaStore(str(root))
    store.put("kept/a.jpg", b"kept")
    before = sorted(tmp_path.rglob("*"))

    for act in (lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.exists(key),
                lambda: store.delete_prefix(key), lambda: store.path_or_none(key)):  # fmt: skip
        with pytest.raises(ValueError, match="not a key"):
            act()

    assert sorted(tmp_path.rglob("*")) == before


def test_a_row_that_names_a_key_outside_reads_nothing_there(
    r2r: R2R, tmp_path: Path, outside: Tripwire, conn: db.Connection
) -> None:
    """Who can write rows owns the results, and still not the files of the machine that draws the page."""
    from tests import synthetic

    profile_id = conn.execute("SELECT id FROM profiles").fetchone()[0]  # type: ignore[index]
    synthetic.add_film(conn, profile_id, [synthetic.Shot(4, synthetic.World(dim=_dim(conn)).draw(1))])
    conn.execute("UPDATE keyframes SET image = %s", (f"../../../../../../..{outside.path}",))
    conn.commit()

    with pytest.raises(ValueError, match="not a key"):  # no mistake of a person's: it keeps its traceback
        r2r("timeline", "1", "--html", tmp_path / "page.html")

    assert not (tmp_path / "page.html").exists()
    assert outside.opened() == 0


def _dim(conn: db.Connection) -> int:
    return conn.execute("SELECT dim FROM profiles").fetchone()[0]  # type: ignore[index]
