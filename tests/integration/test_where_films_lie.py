"""`r2r ingest` of films in directories, under roots, in buckets and sent to the media store: what is kept of each."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from r2r_cli.ingesting import film_search
from r2r_cli.ingesting.asked import Call, place_of
from r2r_cli.ingesting.bulk import Asked, Refusal
from r2r_shared.errors import PermanentError, Unavailable, UserError
from r2r_shared.queries import profiles
from r2r_shared.storage import objects
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.storage.scratch import Scratch
from r2r_workers.models import registry
from tests.in_process import R2R
from tests.unit.media_films import coded_film


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return coded_film(tmp_path_factory.mktemp("films") / "Faust (1926).mp4")


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    return R2R.on(settings, monkeypatch, capsys)


@pytest.fixture
def ingest(r2r):
    """Queues films and tells what came of it, as JSON."""

    def run(*args: object, code: int = 0) -> dict:
        ended = r2r("ingest", *args, "--detach", "--json")
        assert ended.code == code, ended.err
        return json.loads(ended.out)

    return run


def places(conn) -> list[str]:
    conn.rollback()
    return [row[0] for row in conn.execute("SELECT path FROM film_files ORDER BY path")]


def shown_at(conn) -> str:
    conn.rollback()
    return conn.execute("SELECT path FROM films").fetchone()[0]


def test_a_film_under_a_root_is_kept_by_its_name_there(ingest, r2r, conn, film, tmp_path, monkeypatch):  # noqa: PLR0917
    mine = tmp_path / "mine" / "silent" / film.name
    mine.parent.mkdir(parents=True)
    shutil.copy2(film, mine)
    monkeypatch.setenv("R2R_FILM_ROOTS", f"archive={tmp_path / 'mine'}")

    first = ingest(mine)["films"][0]

    assert places(conn) == ["root:archive/silent/Faust (1926).mp4"]
    assert shown_at(conn) == "root:archive/silent/Faust (1926).mp4"
    assert ingest(mine)["films"][0]["known"]

    # Another machine, where the same share is mounted elsewhere.
    (tmp_path / "mine").rename(tmp_path / "theirs")
    theirs = tmp_path / "theirs" / "silent" / film.name
    monkeypatch.setenv("R2R_FILM_ROOTS", f"archive={tmp_path / 'theirs'}")
    monkeypatch.setattr(
        "r2r_cli.ingesting.film_source.stamps.digest", lambda _: pytest.fail("it is known without being read")
    )
    for name in (theirs, "root:archive/silent/Faust (1926).mp4"):
        shown = json.loads(r2r("films", "show", name, "--json").out)
        assert shown["id"] == first["film"]
    assert ingest(theirs)["films"][0]["film"] == first["film"]
    assert places(conn) == ["root:archive/silent/Faust (1926).mp4"]

    theirs.unlink()  # nor where it is not there at all
    assert json.loads(r2r("films", "show", theirs, "--json").out)["id"] == first["film"]


def test_a_film_that_was_known_by_its_path_is_kept_under_a_root_that_was_named_since(
    ingest, conn, film, tmp_path, monkeypatch
):
    path = tmp_path / film.name
    shutil.copy2(film, path)
    ingest(path)
    monkeypatch.setenv("R2R_FILM_ROOTS", f"archive={tmp_path}")

    assert ingest(path)["films"][0]["known"]

    assert places(conn) == [str(path), f"root:archive/{film.name}"]
    assert shown_at(conn) == f"root:archive/{film.name}"


def test_an_upload_is_sent_once_and_goes_with_its_film(ingest, r2r, conn, film, settings, tmp_path):  # noqa: PLR0917
    path = tmp_path / film.name
    shutil.copy2(film, path)
    store = MediaStore(settings.media_root)

    ingest(path, "--upload")

    upload = next(place for place in places(conn) if place.startswith("media:"))
    copy = store.path_or_none(upload.removeprefix("media:"))
    assert copy is not None
    assert copy.read_bytes() == film.read_bytes()
    assert shown_at(conn) == str(path)

    before = copy.stat().st_ino
    other_name = tmp_path / "other name.mp4"
    path.rename(other_name)
    ingest(other_name, "--upload")
    assert [place for place in places(conn) if place.startswith("media:")] == [upload]
    assert copy.stat().st_ino == before, "the same bytes were not sent again"

    copy.write_bytes(b"damaged")
    ingest(other_name, "--upload")
    assert copy.read_bytes() == film.read_bytes()

    assert r2r("films", "remove", "1", "--yes").code == 0
    assert not copy.exists()


def test_an_upload_that_fails_leaves_no_film(ingest, r2r, conn, film, settings):
    Path(settings.media_root).write_text("no directory")

    said = r2r("ingest", film, "--upload", "--detach")

    assert said.code == 1
    assert said.is_one_complaint(), said.err
    assert "cannot write the media store" in said.err or "cannot read the media store" in said.err
    assert conn.execute("SELECT count(*) FROM films").fetchone() == (0,)


def test_a_film_in_a_bucket_is_known_again_without_being_read(  # noqa: PLR0917
    ingest, r2r, conn, film, bucket, s3_server, monkeypatch, settings
):
    s3 = s3_server.client()
    url = f"s3://{bucket}/silent/{film.name}"
    s3.upload_file(str(film), bucket, f"silent/{film.name}")

    found = ingest(url)["films"][0]

    assert (found["path"], found["title"], found["known"]) == (url, "Faust", False)
    assert places(conn) == [url]
    copies = [path for path in (settings.scratch_root / "films").iterdir() if path.suffix == ".mp4"]
    assert [path.read_bytes() for path in copies] == [film.read_bytes()]

    with monkeypatch.context() as patch:
        patch.setattr("r2r_cli.ingesting.film_source.probe", lambda _: pytest.fail("it is known by its stamp"))
        assert ingest(url)["films"][0]["known"]
    assert json.loads(r2r("films", "show", url, "--json").out)["id"] == found["film"]

    # Other bytes under the same name are another film.
    with film.open("rb") as file:
        s3.put_object(Bucket=bucket, Key=f"silent/{film.name}", Body=file.read() + bytes(64))
    assert ingest(url)["films"][0]["film"] != found["film"]


def test_a_prefix_is_searched_page_by_page_in_order(bucket, s3_server):
    s3 = s3_server.client()
    for key in ("a/2.mp4", "a/1.mkv", "a/notes.txt", "a/b/3.mp4", "a/b/", "ab/4.mp4", "5.mp4"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    def found(*names: str) -> list[str]:
        named = [f"s3://{bucket}{name}" for name in names]
        return [str(url).removeprefix(f"s3://{bucket}") for url in film_search.expand(named, recursive=True)]

    assert found("/a/") == found("/a") == ["/a/1.mkv", "/a/2.mp4", "/a/b/3.mp4"]
    assert found("") == ["/5.mp4", "/a/1.mkv", "/a/2.mp4", "/a/b/3.mp4", "/ab/4.mp4"]
    assert found("/a/2.mp4", "/a/", "/a/b/") == ["/a/2.mp4", "/a/1.mkv", "/a/b/3.mp4"]
    pages = film_search.objects.listed(f"s3://{bucket}/a/", page_keys=2)
    assert [url.rpartition("/")[2] for url in pages] == ["1.mkv", "2.mp4", "3.mp4", "notes.txt"]
    with pytest.raises(UserError, match="holds no film"):
        found("/c/")
    with pytest.raises(UserError, match="is a directory"):
        list(film_search.expand([f"s3://{bucket}/a/"], recursive=False))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nothing/there.mp4", "does not exist"),
        ("no film.mp4", "no film.mp4 is text, not a film"),
        ("", "is a directory"),
        ("a/", "is a directory"),
    ],
)
def test_what_a_bucket_does_not_hold_is_one_line(r2r, conn, bucket, s3_server, what, said):  # noqa: PLR0917
    s3_server.client().put_object(Bucket=bucket, Key="no film.mp4", Body=b"no film at all")

    ended = r2r("ingest", f"s3://{bucket}/{what}", "--detach")

    assert ended.code == 1
    assert ended.is_one_complaint(), ended.err
    assert said in ended.err
    assert conn.execute("SELECT count(*) FROM films").fetchone() == (0,)
    assert "scratch" not in ended.err


@pytest.mark.parametrize("how", ["no such bucket", "wrong keys", "no keys", "away"])
def test_a_bucket_that_does_not_serve_is_one_line_without_secrets(r2r, conn, bucket, s3_server, monkeypatch, how):  # noqa: PLR0917
    url = f"s3://{bucket}/film.mp4"
    if how == "no such bucket":
        url = f"s3://no-{bucket}/film.mp4"
    elif how == "no keys":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    elif how == "away":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    if how == "wrong keys":
        with s3_server.checking_keys():
            ended = r2r("ingest", url, "--detach")
    else:
        ended = r2r("ingest", url, "--detach")

    assert ended.code == 1
    assert ended.is_one_complaint(), ended.err
    for secret in ("verysecret", "AKIATEST"):
        assert secret not in ended.err
    assert conn.execute("SELECT count(*) FROM films").fetchone() == (0,)


def test_a_bucket_that_is_away_costs_its_own_films_and_the_others_are_queued(  # noqa: PLR0917
    ingest, film, bucket, s3_server, monkeypatch, tmp_path
):
    s3_server.client().upload_file(str(film), bucket, film.name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    found = ingest(f"s3://{bucket}/{film.name}", film, code=1)

    assert found["counts"] == {"refused": 1, "queued": 1}
    assert found["reasons"] == {"is not reachable now": 1}
    dry = ingest(f"s3://{bucket}/{film.name}", film, "--dry-run", code=1)
    assert dry["counts"] == {"refused": 1, "going on": 1}


def test_after_many_films_in_a_row_that_are_away_no_more_are_tried(r2r, conn, film, bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("r2r_cli.ingesting.bulk.MOST_AWAY", 2)
    away = [f"s3://{bucket}/{number}.mp4" for number in range(3)]

    ended = r2r("ingest", away[0], film, *away[1:], "--detach")

    assert ended.code == 1
    assert "error: 2 films in a row are not reachable, and no more are tried" in ended.err
    assert conn.execute("SELECT count(*) FROM segments WHERE sent_at IS NOT NULL").fetchone() == (1,)


def test_a_film_from_a_bucket_can_be_sent_to_the_media_store_of_workers_without_its_keys(  # noqa: PLR0917
    ingest, conn, film, bucket, s3_server, monkeypatch
):
    s3_server.client().upload_file(str(film), bucket, film.name)
    monkeypatch.setenv("R2R_MEDIA", f"s3://{bucket}/media")

    ingest(f"s3://{bucket}/{film.name}", "--upload")

    upload = next(place for place in places(conn) if place.startswith("media:")).removeprefix("media:")
    store = MediaStore(f"s3://{bucket}/media")
    assert store.get(upload) == film.read_bytes()
    sent = store.look(upload)
    ingest(f"s3://{bucket}/{film.name}", "--upload")
    assert store.look(upload) == sent


def test_an_object_that_is_replaced_while_it_is_copied_is_no_copy(bucket, s3_server, tmp_path):
    s3 = s3_server.client()
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=b"a film")
    found = objects.look(f"s3://{bucket}/a.mp4")
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=b"a gilm")

    # What was looked at is not there any more: the next attempt looks again.
    assert objects.look(f"s3://{bucket}/a.mp4").stamp != found.stamp
    scratch = Scratch(tmp_path, 100)
    with pytest.raises(PermanentError), scratch.copy_of(found, expected=hashlib.sha256(b"a film").digest()):
        pass
    assert [path.name for path in (tmp_path / "films").iterdir()] == [".lock"]

    s3.put_object(Bucket=bucket, Key="a.mp4", Body=bytes(20 << 20))
    found = objects.look(f"s3://{bucket}/a.mp4")
    pieces = found.chunks()
    next(pieces)
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=bytes(20 << 20)[:-1] + b"x")
    with pytest.raises(Unavailable, match="no longer exists"):
        list(pieces)


# which files a directory holds


def test_directories_are_searched_in_order_without_following_links_in_circles(tmp_path):
    for name in ("b/2.mp4", "b/1.MKV", "b/c/3.mp4", "a.mp4", "b/x.txt", "d.mp4/4.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "b" / "c" / "round").symlink_to(tmp_path)
    (tmp_path / "b" / "gone.mp4").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "b" / "pipe.mp4")

    def found(*named: str) -> list[str]:
        paths = [tmp_path / name for name in named]
        return [str(path.relative_to(tmp_path)) for path in film_search.expand(paths, recursive=True)]

    assert found("") == ["a.mp4", "b/1.MKV", "b/2.mp4", "b/c/3.mp4", "d.mp4/4.mp4"]
    assert found("b/2.mp4", "b", "b/c", "", "a.mp4") == ["b/2.mp4", "b/1.MKV", "b/c/3.mp4", "a.mp4", "d.mp4/4.mp4"]


def test_a_directory_of_many_is_not_looked_through_before_its_first_film_comes(tmp_path):
    for n in range(3):
        (tmp_path / f"{n}").mkdir()
        (tmp_path / f"{n}" / "film.mp4").write_bytes(b"x")
    films = film_search.expand([tmp_path], recursive=True)
    assert next(films) == tmp_path / "0" / "film.mp4"
    (tmp_path / "2" / "later.mp4").write_bytes(b"x")

    assert tmp_path / "2" / "later.mp4" in list(films)


def test_a_directory_that_cannot_be_searched_is_a_refusal_and_the_others_are_searched(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "film.mp4").write_bytes(b"x")
    films = Call([tmp_path], recursive=True, catalogue=None, described={}).films()
    assert next(films) == Asked(tmp_path / "a" / "film.mp4", {})
    shutil.rmtree(tmp_path / "b")

    why, last = films

    assert isinstance(why, Refusal)
    assert (why.place, why.reason) == (str(tmp_path / "b"), "cannot be searched: No such file or directory")
    assert last == Asked(tmp_path / "c" / "film.mp4", {})


def test_a_name_that_cannot_be_looked_up_ends_no_search(tmp_path):
    (tmp_path / "a.mp4").symlink_to("x" * 300)
    (tmp_path / "b.mp4").write_bytes(b"x")

    assert list(film_search.expand([tmp_path], recursive=True)) == [tmp_path / "a.mp4", tmp_path / "b.mp4"]


def test_a_place_under_a_root_is_a_file_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("R2R_FILM_ROOTS", f"archive={tmp_path}")

    assert place_of("root:archive/silent/a.mp4") == tmp_path / "silent" / "a.mp4"
    with pytest.raises(UserError, match="this machine has no film root “other”"):
        place_of("root:other/a.mp4")
    assert place_of("root:archive/../a.mp4") == Path("root:archive/../a.mp4")
