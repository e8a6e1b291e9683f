"""`r2r health` where something is not well, and `r2r doctor --remote` without anyone to ask."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest

from r2r_shared import __version__
from r2r_shared.errors import UserError
from r2r_shared.operating import health
from r2r_shared.operating.doctor_verdicts import judge
from r2r_shared.queries import profiles
from r2r_shared.settings import Settings
from r2r_workers import facts
from r2r_workers.models import registry
from tests.in_process import R2R


@pytest.fixture
def r2r(settings, monkeypatch, capsys) -> R2R:
    return R2R.on(settings, monkeypatch, capsys)


def test_servers_that_answer_are_three_lines(r2r):
    ended = r2r("health")

    assert ended.code == 0
    assert [line[:4] for line in ended.out.splitlines()] == ["ok  "] * 3


def test_a_database_that_waits_for_a_migration_is_not_well(r2r, conn):
    conn.execute("UPDATE alembic_version SET version_num = '0001'")
    conn.commit()

    ended = r2r("health")

    assert ended.code == 1
    assert "FAIL schema: waiting: 0002, 0003, 0004, 0005; r2r db migrate" in ended.out


def test_servers_that_are_away_are_named_without_their_passwords(r2r, monkeypatch):
    monkeypatch.setenv("R2R_DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/d")
    monkeypatch.setenv("R2R_BROKER_URL", "redis://:hunter2@127.0.0.1:1/0")

    ended = r2r("health")

    assert ended.code == 1
    assert [line.split(":")[0] for line in ended.out.splitlines()] == ["FAIL database", "FAIL broker"]
    assert "hunter2" not in ended.out + ended.err


def test_without_a_worker_or_a_beat_of_this_host_it_says_no(r2r, conn):
    conn.execute("INSERT INTO beats VALUES ('another-host', now())")
    conn.commit()

    ended = r2r("health", "--worker", "--beat")

    assert ended.code == 1
    host = socket.gethostname()
    assert f"FAIL worker: no worker of {host} answers" in ended.out
    assert f"FAIL beat: no beat of {host} has ever swept" in ended.out


@pytest.mark.parametrize(("age_s", "verdict"), [(30, "ok"), (90, "fail")])
def test_a_beat_is_alive_while_it_sweeps(conn, database_url, age_s, verdict):
    query = "INSERT INTO beats VALUES (%s, now() - make_interval(secs => %s))"
    conn.execute(query, (socket.gethostname(), age_s))
    conn.commit()

    assert health.beat(database_url, local=False).verdict == verdict


def test_a_machine_without_a_stack_is_not_given_one(tmp_path):
    with pytest.raises(UserError, match="there is no stack"):
        health.addresses(Settings(home=tmp_path / "home"))

    assert not (tmp_path / "home").exists()


def test_a_laptops_stack_that_is_stopped_is_started_with_r2r_up(tmp_path, monkeypatch, capsys):
    (tmp_path / "run").mkdir()
    laptop = R2R.on(Settings(home=tmp_path), monkeypatch, capsys)

    ended, others = laptop("health"), laptop("health", "--worker", "--beat")

    assert (ended.code, others.code) == (1, 1)
    lines = [*ended.out.splitlines(), *others.out.splitlines()]
    assert [line.split(":")[0] for line in lines] == ["FAIL database", "FAIL broker", "FAIL worker", "FAIL beat"]
    assert all("does not answer" in line and line.endswith("; " + health._UP) for line in lines)


def test_without_any_worker_the_remote_doctor_says_what_to_start(r2r):
    ended = r2r("doctor", "--remote")

    assert ended.code == 1
    assert "workers: start `r2r worker`" in ended.out


def test_a_film_and_remote_is_a_wrong_call(r2r):
    assert r2r("doctor", "film.mp4", "--remote").code == 2


# What a worker says, and what is made of it.


@pytest.fixture
def told(settings, conn, tmp_path, monkeypatch):
    """Settings, a profile, and what a worker with those settings says of itself."""
    profile = profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    root = tmp_path / "films"
    root.mkdir()
    settings = replace(settings, film_roots={"archive": root}, media_url=str(tmp_path / "store"))
    monkeypatch.setattr(facts.runtime, "settings", lambda: settings)
    said = facts.gather(settings, worker="w@h", probe="", profile_id=profile.id)
    ready = {"queues": ["video"], "processes": 1, "wrote": True, "media": said["media"] | {"read": True}}
    return settings, profile, said | ready


def test_a_worker_like_this_machine_is_one_good_line(told):
    settings, profile, said = told

    (check,) = judge("w@h", said, settings, profile)

    assert check.verdict == "ok"
    for part in (__version__, "queues video", "profile starter", "media read and written", "film roots archive"):
        assert part in check.detail


@pytest.mark.parametrize(
    ("said", "verdict", "detail"),
    [
        ({"version": "0.0.9"}, "warn", "it is version 0.0.9"),
        ({"lease_s": 5.0}, "warn", "R2R_LEASE_SECONDS is 5.0"),
        ({"max_attempts": 9}, "warn", "R2R_MAX_ATTEMPTS is 9"),
        ({"clock": {"ahead_s": -3600.0}}, "warn", "-3600.0 s off"),
        ({"clock": {"error": "away"}}, "fail", "does not reach the database: away"),
        ({"device": {"wanted": "cuda", "kind": "cpu"}}, "fail", "finds no GPU"),
        ({"profile": {"error": "no such profile"}}, "fail", "cannot use the profile “starter”: no such profile"),
        ({"media": {"url": "/m", "read": False}}, "fail", "/m does not hold what was written from here"),
        ({"wrote": False}, "fail", "not to be found from here"),
        ({"film_roots": {"archive": False}}, "fail", "film root archive is not there"),
        ({"film_roots": {}}, "warn", "no film root archive"),
        ({"scratch": {"path": "/s", "free_bytes": 1 << 20}}, "warn", "0.0 GB are free under /s"),
    ],
)
def test_what_is_not_well_with_a_worker_is_a_line_with_a_remedy(told, said, verdict, detail):
    settings, profile, well = told

    head, trouble = judge("w@h", well | said, settings, profile)

    assert (head.verdict, trouble.verdict) == (verdict, verdict)
    assert detail in trouble.detail
    assert trouble.remedy


def test_models_that_are_not_the_profiles_are_named(told):
    settings, profile, well = told
    other = well | {"profile": well["profile"] | {"encoder_digest": "another", "missing": ["resnet50"]}}

    _, digest, missing = judge("w@h", other, settings, profile)

    assert (digest.verdict, missing.verdict) == ("fail", "warn")
    assert "its encoder is another" in digest.detail
    assert "r2r models pull starter" in missing.remedy


def test_a_worker_that_does_not_know_the_question_is_a_warning(settings):
    (check,) = judge("w@h", {"queues": ["video"], "error": "'No such command'"}, settings, None)

    assert check.verdict == "warn"
    assert __version__ in check.remedy


def test_a_probe_is_the_only_thing_that_a_message_makes_a_worker_touch(told, tmp_path):
    settings, _, _ = told
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "secret").write_text("x")
    for probe in ("secret", "../films", "doctor-" + "0" * 31, "doctor-" + "0" * 32 + "/../secret"):
        said = facts.gather(settings, worker="w@h", probe=probe, profile_id=None)
        assert said["media"] == {"url": settings.media_url, "read": False}

    assert [path.name for path in (tmp_path / "store").iterdir()] == ["secret"]


def test_a_part_that_hangs_does_not_hold_the_worker_up(told, monkeypatch):
    settings, _, _ = told
    monkeypatch.setattr(facts, "LIMIT_S", 0.2)
    released = threading.Event()
    monkeypatch.setattr(facts, "_media", lambda *_: released.wait(30))

    said = facts.gather(settings, worker="w@h", probe="", profile_id=None)

    released.set()

    assert "no answer within" in said["media"]["error"]
    assert said["film_roots"] == {"archive": True}
