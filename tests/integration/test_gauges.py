"""What `r2r metrics` counts, held against rows that were counted by hand."""

from __future__ import annotations

import contextlib
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from r2r_shared import db
from r2r_shared.broker import Post
from r2r_shared.errors import UserError
from r2r_shared.operating.exposition import Rising
from r2r_shared.operating.metrics_server import MetricsServer
from r2r_shared.operating.watch import Watch
from r2r_shared.queries import gauges
from r2r_shared.queries.segments import Message
from tests.in_process import R2R

# Two films: one is through, one is half way and stuck. One import of paintings failed.
ROWS = """
    INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim)
    VALUES ('p', 'e', 'd', 'x', 'y', 1, 8);
    INSERT INTO jobs (kind, state, profile_id, created_at) VALUES
        ('ingest', 'done', 1, now() - interval '2 hours'),
        ('ingest', 'running', 1, now() - interval '1 hour'),
        ('paintings', 'failed', 1, now());
    INSERT INTO segments (job_id, kind, number, state, attempt, worker, heartbeat_at, stats) VALUES
        (1, 'film', 0, 'done', 1, 'a:1/7', now(), '{"frames": 1000, "decode_s": 2.5, "model_s": 1.25, "shots": 9}'),
        (1, 'film', 1, 'done', 1, 'a:1/8', now(), '{"frames": 500, "decode_s": 1.5, "model_s": 0.75}'),
        (1, 'match', 0, 'done', 1, 'b:2/3', now(), '{"match_s": 0.5}'),
        (2, 'film', 0, 'running', 1, 'a:1/7', now() - interval '10 seconds', '{"frames": 77, "decode_s": 9}'),
        (2, 'film', 1, 'running', 1, 'a:1/8', now() - interval '100 seconds', '{}'),
        (2, 'film', 2, 'running', 2, 'c:3/4', NULL, '{}'),
        (2, 'film', 3, 'queued', 0, NULL, NULL, '{}'),
        (2, 'match', 0, 'blocked', 0, NULL, NULL, '{}'),
        (3, 'pictures', 0, 'failed', 3, 'b:2/3', now(), '{}');
    INSERT INTO failures (segment_id, attempt, worker, reason, error) VALUES
        (6, 1, 'c:3/4', 'silent', 'killed'), (9, 1, 'b:2/3', 'refused', 'x'), (9, 2, 'b:2/3', 'refused', 'x');
    INSERT INTO beats (host, swept_at) VALUES ('here', now() - interval '3 seconds');
"""


@pytest.fixture
def rows(conn: db.Connection) -> db.Connection:
    conn.execute(ROWS)
    conn.commit()
    return conn


def test_segments_jobs_and_failures_are_counted(rows):
    found = gauges.read(rows)

    assert {(group.queue, group.kind, group.state): group.count for group in found.segments} == {
        ("control", "match", "blocked"): 1,
        ("control", "match", "done"): 1,
        ("paintings", "pictures", "failed"): 1,
        ("video", "film", "done"): 2,
        ("video", "film", "queued"): 1,
        ("video", "film", "running"): 3,
    }
    assert found.jobs == (("ingest", "done", 1), ("ingest", "running", 1), ("paintings", "failed", 1))
    assert found.failures == {"refused": 2, "silent": 1}


def test_work_is_summed_over_what_is_done_alone(rows):
    done = [group for group in gauges.read(rows).segments if group.state == "done"]

    assert [(group.kind, group.frames, group.decode_s, group.model_s, group.match_s) for group in done] == [
        ("match", 0, 0.0, 0.0, 0.5),
        ("film", 1500, 4.0, 2.0, 0.0),
    ]


def test_leases_and_waiting_are_aged_on_the_databases_clock(rows):
    found = gauges.read(rows)

    assert found.oldest_lease_s == pytest.approx(100, abs=10)
    assert found.stale_leases == 2  # one silent for 100 s, one never heard
    assert found.workers == 2
    assert found.oldest_queued_s == {"video": pytest.approx(3600, abs=10)}
    assert found.sweep_s == {"here": pytest.approx(3, abs=10)}


def test_an_empty_database_counts_nothing(conn):
    assert gauges.read(conn) == gauges.Gauges((), (), {}, 0.0, 0, 0, {}, {})


def test_a_sum_that_falls_is_a_counter_that_stands_still():
    rising = Rising()

    assert [rising("frames", total) for total in (100, 150, 40, 60)] == [100, 150, 150, 170]
    assert rising("other", 5) == 5


@contextlib.contextmanager
def serving(watch: Watch) -> Iterator[str]:
    server = MetricsServer("127.0.0.1", 0, watch)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def scrape(url: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of the labels' names."""
    code, text = asked(f"{url}/metrics")
    assert code == 200
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def asked(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  (of a server of ours)
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_prometheus_reads_the_rows_and_the_depth_of_redis(rows, settings):
    Post(settings, settings.broker_url).send([Message(7, "video"), Message(7, "video"), Message(1, "train")])

    with serving(Watch(settings, settings.database_url, settings.broker_url)) as url:
        found = scrape(url)

    assert found["r2r_database_up",] == found["r2r_broker_up",] == 1
    assert found["r2r_segments", "film", "video", "running"] == 3
    assert found["r2r_segments", "film", "video", "cancelled"] == 0
    assert found["r2r_jobs", "paintings", "failed"] == 1
    assert found["r2r_segments_done_total", "film", "video"] == 2
    assert found["r2r_frames_done_total",] == 1500
    assert found["r2r_decode_seconds_total",] == 4.0
    assert found["r2r_model_seconds_total",] == 2.0
    assert found["r2r_match_seconds_total",] == 0.5
    assert found["r2r_failures_total", "refused"] == 2
    assert found["r2r_failures_total", "decoder"] == 0
    assert found["r2r_stale_leases",] == 2
    assert found["r2r_workers_holding_leases",] == 2
    assert found["r2r_oldest_queued_age_seconds", "video"] == pytest.approx(3600, abs=20)
    assert found["r2r_oldest_queued_age_seconds", "control"] == 0
    assert found["r2r_beat_sweep_age_seconds", "here"] == pytest.approx(3, abs=20)
    assert found["r2r_broker_messages", "video"] == 2
    assert found["r2r_broker_messages", "train"] == 1
    assert found["r2r_broker_messages", "control"] == 0
    assert not [name for name, *_ in found if not name.startswith("r2r_")]  # nothing of the exporter's own process


def test_a_removed_film_takes_nothing_from_the_counters(rows, settings):
    with serving(Watch(settings, settings.database_url, settings.broker_url, keep_s=0)) as url:
        before = scrape(url)
        rows.execute("DELETE FROM jobs WHERE id = 1")
        rows.commit()
        after = scrape(url)

    for counter in (("r2r_frames_done_total",), ("r2r_segments_done_total", "film", "video")):
        assert after[counter] == before[counter] > 0
    assert after["r2r_segments", "film", "video", "done"] == 0


def test_many_scrapes_cost_the_database_one_look(rows, settings, monkeypatch):
    looks: list[float] = []
    really = gauges.read
    monkeypatch.setattr(gauges, "read", lambda conn, **kwargs: (looks.append(1), really(conn, **kwargs))[1])

    with serving(Watch(settings, settings.database_url, settings.broker_url, keep_s=60)) as url:
        threads = [threading.Thread(target=scrape, args=(url,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(looks) == 1


def test_health_is_200_while_all_is_well_and_503_with_the_reason_while_it_is_not(rows, settings):
    with serving(Watch(settings, settings.database_url, settings.broker_url, keep_s=0)) as url:
        assert asked(f"{url}/health")[0] == 200
        rows.execute("UPDATE alembic_version SET version_num = '0001'")
        rows.commit()
        code, said = asked(f"{url}/health")
        assert asked(f"{url}/other")[0] == 404

    assert code == 503
    assert "r2r db migrate" in said


def test_without_servers_it_says_so_and_nothing_else(settings):
    away = "postgresql://u:hunter2@127.0.0.1:1/d", "redis://:hunter2@127.0.0.1:1/0"
    with serving(Watch(settings, *away)) as url:
        found = scrape(url)
        code, said = asked(f"{url}/health")

    assert {name: value for (name, *_), value in found.items()} == {
        "r2r_build_info": 1,
        "r2r_database_up": 0,
        "r2r_broker_up": 0,
    }
    assert code == 503
    assert "hunter2" not in said


def test_a_database_without_tables_is_not_up(settings, empty_database_url):
    with serving(Watch(settings, empty_database_url, settings.broker_url)) as url:
        found = scrape(url)

    assert (found["r2r_database_up",], found["r2r_broker_up",]) == (0, 1)


def test_a_port_that_is_taken_is_one_line_with_a_remedy(settings):
    watch = Watch(settings, settings.database_url, settings.broker_url)
    with serving(watch) as url, pytest.raises(UserError, match="already in use") as refused:
        MetricsServer("127.0.0.1", int(url.rsplit(":", 1)[1]), watch)

    assert "--listen" in refused.value.hint


@pytest.mark.parametrize("listen", ["9464", "here:", "::1:9464", "127.0.0.1:99999", ":9464"])
def test_metrics_wants_a_host_and_a_port(settings, monkeypatch, capsys, listen):
    ended = R2R.on(settings, monkeypatch, capsys)("metrics", "--listen", listen)

    assert ended.code == 2
    assert "HOST:PORT" in ended.err
