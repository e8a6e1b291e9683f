"""What the dashboard, the alerts and the autoscaler ask for is what `r2r metrics` and the schema have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from r2r_shared import db, names
from r2r_shared.operating.watch import Watch
from r2r_shared.settings import Settings
from tests import deploy_files

# Of Prometheus itself, not of ours.
ITS_OWN = {"up": {"job"}}
WORDS = {"sum", "min", "max", "rate", "increase", "absent", "by", "on", "and", "or", "unless", "offset"}


def asked() -> Iterator[tuple[str, str]]:
    """Every PromQL expression with where it stands."""
    for panel in json.loads(deploy_files.read("grafana/dashboard.json"))["panels"]:
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    for group in yaml.safe_load(deploy_files.read("prometheus/alerts.yml"))["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


@pytest.fixture
def exposed(settings: Settings, conn: db.Connection) -> dict[str, set[str]]:
    """The samples that `r2r metrics` exposes, with the labels of each, when there is something to tell of each."""
    conn.execute("INSERT INTO beats (host, swept_at) VALUES ('here', now())")
    conn.commit()
    registry = CollectorRegistry()
    registry.register(Watch(settings, settings.database_url or "", settings.broker_url or ""))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    found = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    return {name: labels for name, labels in found.items() if not name.endswith("_created")} | ITS_OWN


def test_every_metric_and_label_that_is_asked_for_is_exposed(exposed: dict[str, set[str]]) -> None:
    seen = set()
    for where, expression in asked():
        bare = re.sub(r'"[^"]*"', '""', expression)
        metrics = set(re.findall(r"\b(?:r2r_[a-z_]+|up)\b", bare))
        assert metrics, f"{where} asks for nothing"
        assert metrics <= set(exposed), f"{where}: {metrics - set(exposed)}"
        for metric, labels in re.findall(r"\b(r2r_[a-z_]+|up)\{([^}]*)\}", bare):
            named = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels))
            assert named <= exposed[metric], f"{where}: {metric} has no label {named - exposed[metric]}"
        kept = {
            label for group in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", bare) for label in re.findall(r"\w+", group)
        }
        assert kept <= set.union(*(exposed[metric] for metric in metrics)), where
        words = set(re.findall(r"\b[a-z_]+\b(?!\s*(?:=|!))", re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)))
        assert words - WORDS - metrics - kept <= {"h", "m"}, f"{where}: {words - WORDS - metrics - kept}"
        assert all(bare.count(one) == bare.count(other) for one, other in ("()", "{}", "[]")), where
        seen |= metrics
    assert exposed.keys() - seen <= {"r2r_build_info"}, "exposed, and nobody looks at it"


def test_a_value_that_a_label_is_compared_with_is_one_it_can_have(
    exposed: dict[str, set[str]], settings: Settings
) -> None:
    registry = CollectorRegistry()
    registry.register(Watch(settings, settings.database_url or "", settings.broker_url or ""))
    values: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    values["job"] = {yaml.safe_load(deploy_files.read("prometheus/prometheus.yml"))["scrape_configs"][0]["job_name"]}
    for where, expression in asked():
        for label, value in re.findall(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"', expression):
            assert value in values[label], f"{where}: {label} is never {value}"
    del exposed


def test_an_alert_says_what_is_wrong_and_what_to_do() -> None:
    alerts = [
        rule
        for group in yaml.safe_load(deploy_files.read("prometheus/alerts.yml"))["groups"]
        for rule in group["rules"]
    ]
    assert len({alert["alert"] for alert in alerts}) == len(alerts)
    for alert in alerts:
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
        assert alert["annotations"].keys() == {"summary", "remedy"}
        for line in re.findall(r"`r2r ([^`{]+)`", " ".join(alert["annotations"].values())):
            deploy_files.accept([word if word != "JOB" else "1" for word in line.split()])


def test_prometheus_asks_the_metrics_service_and_reads_the_alerts() -> None:
    services = deploy_files.compose(deploy_files.filled_in())["services"]
    prometheus = yaml.safe_load(deploy_files.read("prometheus/prometheus.yml"))
    (target,) = prometheus["scrape_configs"][0]["static_configs"][0]["targets"]
    host, port = target.split(":")
    assert services[host]["command"][-1].endswith(f":{port}")
    assert set(services["prometheus"]["networks"]) & set(services[host]["networks"])
    mounted = {
        place: source for source, place, _ in (volume.split(":") for volume in services["prometheus"]["volumes"][1:])
    }
    for rules in prometheus["rule_files"]:
        directory, _, name = rules.rpartition("/")
        assert (deploy_files.DEPLOY / mounted[directory] / name).is_file()


def test_grafana_finds_its_source_and_its_dashboard() -> None:
    services = deploy_files.compose(deploy_files.filled_in())["services"]
    (source,) = yaml.safe_load(deploy_files.read("grafana/provisioning/datasources/prometheus.yaml"))["datasources"]
    dashboard = json.loads(deploy_files.read("grafana/dashboard.json"))
    used = {target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]}
    assert used == {source["uid"]}
    host = source["url"].removeprefix("http://").split(":")[0]
    assert set(services[host]["networks"]) & set(services["grafana"]["networks"])
    (provider,) = yaml.safe_load(deploy_files.read("grafana/provisioning/dashboards/reel-to-real.yaml"))["providers"]
    places = [volume.split(":")[1] for volume in services["grafana"]["volumes"]]
    assert f"{provider['options']['path']}/reel-to-real.json" in places


def test_the_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(deploy_files.read("grafana/dashboard.json"))["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def keda_query() -> str:
    (scaled,) = [one for _, one in deploy_files.kubernetes() if one["kind"] == "ScaledObject"]
    return scaled["spec"]["triggers"][0]["metadata"]["query"]


def test_the_autoscaler_counts_what_waits_and_what_runs_and_nothing_else(conn: db.Connection) -> None:
    """Counting the queued ones alone would take pods away from the running ones."""
    profile = conn.execute("""
        INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim)
        VALUES ('p', 'e', 'e', 'd', 'd', 1, 3) RETURNING id
    """).fetchone()
    assert profile is not None
    job = conn.execute("INSERT INTO jobs (kind, profile_id) VALUES ('ingest', %s) RETURNING id", profile).fetchone()
    assert job is not None
    states = ["blocked", "queued", "queued", "running", "done", "failed", "cancelled"]
    for number, state in enumerate(states):
        for kind in (names.FILM, names.MATCH):  # the second is of another queue
            conn.execute(
                "INSERT INTO segments (job_id, kind, number, state) VALUES (%s, %s, %s, %s)",
                [*job, kind, number, state],
            )

    found = conn.execute(keda_query().encode()).fetchone()

    assert found == (3,)
    assert isinstance(found[0], int)


def test_the_autoscalers_query_is_answered_by_an_index(conn: db.Connection) -> None:
    """It is asked every 15 seconds, of a table that keeps every segment that ever was."""
    conn.execute("SET LOCAL enable_seqscan = off")
    plan = "\n".join(line for (line,) in conn.execute(b"EXPLAIN " + keda_query().encode()))
    assert "segments_open" in plan or "segments_next" in plan, plan
