"""Films that a worker does not see where the command line saw them: roots, uploads, buckets; real workers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.cli import Cli
from tests.s3_server import S3Server

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(fresh_home: Path, database_url: str, broker_url: str) -> Iterator[Cli]:
    """The command line of one machine, against servers that were configured."""
    cli = Cli(
        fresh_home / "desk",
        {"R2R_DATABASE_URL": database_url, "R2R_BROKER_URL": broker_url, "R2R_MEDIA": str(fresh_home / "store")},
    )
    yield cli
    cli.end()


@contextmanager
def another_machine(cluster: Cli, **differs: str) -> Iterator[None]:
    """A worker that shares nothing with the command line but servers and the media store."""
    machine = Cli(cluster.home.parent / "rack", {**cluster.extra, **differs})
    worker = machine.start("worker")
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=60)
        assert "Traceback" not in err, err


def queue(cluster: Cli, place: object, *options: object) -> int:
    """Queue a film with nobody there to work on it."""
    return cluster.json("ingest", place, "--detach", *options)["films"][0]["job"]["id"]


def other_film(material: Path, at: Path, number: int) -> Path:
    """The film with a tail that no reader looks at: other bytes, another film."""
    at.write_bytes((material / "film.mp4").read_bytes() + bytes(64 * number))
    return at


def test_a_worker_finds_films_under_its_roots_and_in_the_media_store_and_says_how_where_it_does_not(
    cluster: Cli, material: Path, tmp_path: Path
) -> None:
    # Given: a share that is mounted at another place on the worker's machine,
    desk, rack = tmp_path / "desk", tmp_path / "rack"
    desk.mkdir()
    here = Cli(cluster.home, {**cluster.extra, "R2R_FILM_ROOTS": f"archive={desk}"}, cluster.started)
    mounted = queue(here, other_film(material, desk / "film.mp4", 0), "--segment-seconds", "12")
    # a film that was sent to the media store, whose file goes before anyone works on it,
    sent = other_film(material, tmp_path / "sent.mp4", 1)
    uploaded = queue(here, sent, "--upload")
    sent.unlink()
    # and one that was neither.
    unseen = other_film(material, tmp_path / "unseen.mp4", 2)
    lost = queue(here, unseen)
    unseen.rename(tmp_path / "away.mp4")
    desk.rename(rack)

    with another_machine(cluster, R2R_FILM_ROOTS=f"other={tmp_path},archive={rack}"):
        here.run("jobs", "watch", lost, code=1)
        assert here.json("jobs", "watch", mounted)["state"] == "done"
        assert here.json("jobs", "watch", uploaded)["state"] == "done"

    error = here.json("jobs", "show", lost)["error"]
    assert f"{unseen} is not there for this worker" in error
    for way in ("same path", "R2R_FILM_ROOTS", "--upload"):
        assert way in error
    by_path = {film["path"]: film for film in here.json("films", "list")}
    assert by_path["root:archive/film.mp4"]["shots"] == by_path[str(sent)]["shots"] > 0
    assert here.json("films", "show", desk / "film.mp4")["id"] == by_path["root:archive/film.mp4"]["id"]

    uploads = cluster.home.parent / "store" / "uploads"
    assert len(list(uploads.rglob("*.mp4"))) == 1
    here.run("films", "remove", sent, "--yes")
    assert list(uploads.rglob("*.mp4")) == []


def test_films_and_media_in_buckets_from_ingest_to_page(
    cluster: Cli, material: Path, tmp_path: Path, bucket: str, s3_server: S3Server
) -> None:
    s3 = s3_server.client()
    cloud = Cli(cluster.home, {**cluster.extra, "R2R_MEDIA": f"s3://{bucket}/media"}, cluster.started)
    url, replaced = f"s3://{bucket}/archive/film (1999).mp4", f"s3://{bucket}/archive/replaced.mp4"
    s3.upload_file(str(material / "film.mp4"), bucket, "archive/film (1999).mp4")
    s3.upload_file(str(other_film(material, tmp_path / "x.mp4", 1)), bucket, "archive/replaced.mp4")
    whole = queue(cloud, url, "--segment-seconds", "12")
    gone = queue(cloud, replaced)
    s3.put_object(Bucket=bucket, Key="archive/replaced.mp4", Body=b"something else")

    with another_machine(cloud, R2R_SCRATCH_GB="0.5"):
        cloud.run("paintings", "import", material / "paintings")
        assert cloud.json("jobs", "watch", whole)["state"] == "done"
        cloud.run("jobs", "watch", gone, code=1)

    assert f"{replaced} is no longer the film" in cloud.json("jobs", "show", gone)["error"]
    said = cloud.run("timeline", url, "--html", tmp_path / "page.html")
    assert "missing" not in said.stderr
    assert (tmp_path / "page.html").read_text().count("data:image/webp;base64,") > 10
    films_here = (cluster.home.parent / "rack" / "scratch" / "films").iterdir()
    assert [path.suffix for path in films_here if path.name != ".lock"] == [".mp4"]

    cloud.run("films", "remove", url, "--yes")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert any(key.startswith("media/") for key in keys), "the paintings stay"
    assert not any(key.startswith("media/films/") for key in keys)
