"""`r2r doctor`: every part is really used, and each that is not well comes with its remedy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from r2r_cli.main import app
from r2r_shared.errors import FilmRefused
from r2r_shared.film.streams import streams
from r2r_shared.local.redis import LocalRedis
from r2r_shared.operating import doctor
from r2r_shared.operating.checks import Check, as_json, look
from r2r_shared.settings import Settings
from r2r_workers import doctor as worker_doctor


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="r2r-home-"))
    yield path
    shutil.rmtree(path)


def test_a_fresh_laptop_is_well_in_every_part(home):
    environ = {k: v for k, v in os.environ.items() if not k.startswith("R2R_")} | {"R2R_HOME": str(home)}
    command = [sys.executable, "-m", "r2r_cli.main", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=280, check=False)

    said = json.loads(done.stdout)
    verdicts = {check["name"]: check["verdict"] for check in said["checks"]}
    assert list(verdicts) == [
        *("python", "packages", "local servers", "postgres", "pgvector", "migrations", "redis", "media store", "disk"),
        *("codecs", "decoders", "shots", "torch", "device", "transformers", "weights"),
    ]
    assert [check for check in said["checks"] if check["verdict"] == "fail"] == []
    assert all(check["remedy"] for check in said["checks"] if check["verdict"] != "ok")
    assert said["ok"]
    assert done.returncode == 0
    assert not (home / "run" / "redis.sock").exists()  # the servers it started are gone


def test_configured_servers_are_looked_at_one_by_one(settings, monkeypatch):
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))
    found = {check.name: check for check in doctor.examine(settings)}

    assert {name for name, check in found.items() if check.verdict == "ok"} == {
        *("python", "packages", "postgres", "pgvector", "migrations", "redis", "media store", "disk")
    }
    assert found["workers"].verdict == "warn"
    assert "r2r worker" in found["workers"].remedy
    assert "0.8" in found["pgvector"].detail
    assert "noeviction" in found["redis"].detail


def test_a_misspelt_variable_is_a_warning_with_the_right_name(monkeypatch):
    monkeypatch.setenv("R2R_LEASE_SECOND", "5")

    assert next(doctor.examine_environment()) == Check(
        "settings", "warn", "nobody reads R2R_LEASE_SECOND", "did you mean R2R_LEASE_SECONDS?"
    )


def test_servers_that_are_away_fail_one_by_one_and_the_rest_is_looked_at_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_worker_parts", lambda _: iter(()))
    settings = Settings(
        home=tmp_path, database_url="postgresql://u:hunter2@127.0.0.1:1/d", broker_url="redis://:hunter2@127.0.0.1:1/0"
    )
    checks = list(doctor.examine(settings))

    failed = {check.name: check for check in checks if check.verdict == "fail"}
    assert set(failed) == {"postgres", "pgvector", "migrations", "redis", "workers"}
    assert all(check.remedy for check in failed.values())
    assert "hunter2" not in str(checks)
    assert not as_json(checks)["ok"]


def test_pending_migrations_are_a_failure_with_the_command_to_run(empty_database_url):
    assert doctor._migrations(empty_database_url) == Check(
        "migrations", "fail", "waiting: 0001, 0002, 0003, 0004, 0005", "r2r db migrate"
    )


def test_a_redis_that_may_throw_messages_away_is_not_well():
    with tempfile.TemporaryDirectory(prefix="r2r-redis-") as name:
        server = LocalRedis(Path(name), Path(name), Path(name) / "log")
        server.start()
        try:
            with server.client() as client:
                client.config_set("maxmemory-policy", "allkeys-lru")
                assert doctor._redis(server.url()).verdict == "fail"
                client.config_set("maxmemory", "0")
                assert doctor._redis(server.url()).verdict == "warn"
                assert "noeviction" in doctor._redis(server.url()).remedy
        finally:
            server.stop()


def test_a_media_store_that_cannot_be_written_is_not_well(tmp_path):
    (tmp_path / "file").touch()
    settings = Settings(home=tmp_path, media_url=str(tmp_path / "file"))
    check = look("media store", lambda: doctor._media(settings))
    assert check.verdict == "fail"
    assert "R2R_MEDIA" in check.remedy


@pytest.mark.parametrize(("free", "verdict"), [(100 << 20, "fail"), (2 << 30, "warn"), (20 << 30, "ok")])
def test_the_disk_is_looked_at_where_home_will_be(tmp_path, monkeypatch, free, verdict):
    asked = []

    def usage(path):
        asked.append(path)
        return shutil._ntuple_diskusage(100 << 30, 0, free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert doctor._disk(Settings(home=tmp_path / "not" / "yet")).verdict == verdict
    assert asked == [tmp_path]


@pytest.mark.parametrize(("local", "verdict"), [(True, "fail"), (False, "warn")])
def test_a_worker_part_that_crashes_is_one_line(tmp_path, monkeypatch, local, verdict):
    """A cluster's command line needs no decoder: there the same is a warning."""
    crashing = tmp_path / "python"
    crashing.write_text(
        "#!/bin/sh\n"
        'echo \'{"name": "codecs", "verdict": "ok", "detail": "all", "remedy": ""}\'\n'
        "echo 'about to load a decoder' >&2\n"
        "kill -SEGV $$\n"
    )
    crashing.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(crashing))
    settings = Settings(home=tmp_path, database_url=None if local else "postgresql://d", broker_url="redis://b")

    codecs, worker = doctor._worker_parts(settings)
    assert codecs == Check("codecs", "ok", "all")
    assert (worker.name, worker.verdict) == ("worker", verdict)
    assert "died of SIGSEGV: about to load a decoder" in worker.detail


def test_the_worker_names_a_profile_whose_weights_are_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    check = worker_doctor.weights("resnet50")
    assert check.verdict == "fail"
    assert check.remedy == "r2r models pull resnet50"


# One film.


def make_film(path: Path, *, video: bool = True) -> Path:
    with av.open(path, "w") as container:
        if video:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for _ in range(25):
                picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        else:
            sound = container.add_stream("aac", rate=44100, layout="stereo")
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
            container.mux(sound.encode(frame))
            container.mux(sound.encode())
    return path


def test_a_film_is_listed_stream_by_stream(tmp_path):
    done = CliRunner().invoke(app, ["doctor", str(make_film(tmp_path / "film.mp4")), "--json"])
    said = json.loads(done.stdout)

    assert done.exit_code == 0
    assert said["streams"] == [{"number": 0, "kind": "video", "codec": "h264", "detail": "64×48, 25.000 fps"}]
    assert said["film"]["frames"] == 25
    assert said["refused"] is None


def test_a_file_that_is_no_film_is_listed_and_refused(tmp_path):
    path = make_film(tmp_path / "sound.mp4", video=False)
    done = CliRunner().invoke(app, ["doctor", str(path)])

    assert done.exit_code == 1
    assert "audio  aac    44100 Hz, 2 channels" in done.stdout
    assert "error: " in done.stderr
    assert "hint: " in done.stderr


def test_a_playlist_is_not_opened(tmp_path):
    playlist = tmp_path / "film.mp4"
    playlist.write_text("#EXTM3U\nhttp://127.0.0.1:1/secret.ts\n")
    with pytest.raises(FilmRefused, match="playlist"):
        streams(playlist)
