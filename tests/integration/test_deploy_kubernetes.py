"""deploy/kubernetes/: the same commands as compose, confined, and built by kustomize where that is at hand."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from r2r_shared import broker
from r2r_shared.settings import Settings
from tests import deploy_files
from tests.deploy_files import DEPLOY, NOT_OF_A_CLUSTER, variables_read

OURS = ("migrate", "control", "video", "train", "beat", "metrics")
KUBERNETES = DEPLOY / "kubernetes"


def named(kind: str, name: str) -> dict:
    (found,) = [one for _, one in deploy_files.kubernetes() if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def containers() -> list[tuple[str, dict]]:
    return [
        (name, container)
        for name, pod in deploy_files.pods().items()
        for container in [*pod.get("initContainers", []), *pod["containers"]]
    ]


def probes(container: dict) -> list[dict]:
    return [container[name] for name in ("startupProbe", "readinessProbe", "livenessProbe") if name in container]


def test_the_pods_run_the_commands_of_compose() -> None:
    services = deploy_files.compose(deploy_files.filled_in())["services"]
    for name in OURS:
        (container,) = deploy_files.pods()[name]["containers"]
        assert container["args"] == services[name]["command"]
        assert container["image"] == services[name]["image"].rpartition(":")[0]


def test_every_command_and_probe_is_one_that_the_command_line_takes() -> None:
    asked = 0
    for name, container in containers():
        if name not in OURS:
            continue
        deploy_files.accept(container["args"])
        for probe in probes(container):
            if "exec" in probe:
                assert probe["exec"]["command"][0] == "r2r"
                deploy_files.accept(probe["exec"]["command"][1:])
                asked += 1
    assert asked


def test_a_pod_that_stays_is_watched() -> None:
    for name, pod in deploy_files.pods().items():
        if name != "migrate":
            assert probes(pod["containers"][0]), name


def test_nothing_waits_for_a_database_by_being_restarted() -> None:
    """Liveness asks for what a restart mends: `r2r health` without a question would follow Postgres down."""
    for _, container in containers():
        command = container.get("livenessProbe", {}).get("exec", {}).get("command", [])
        assert command[:2] != ["r2r", "health"] or command[2:] in (["--worker"], ["--beat"])


def test_every_container_is_confined_and_bounded() -> None:
    for name, pod in deploy_files.pods().items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert "hostNetwork" not in pod, name
        assert not any("hostPath" in volume for volume in pod["volumes"]), name
    for name, container in containers():
        security = container["securityContext"]
        assert security == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
        assert "memory" in container["resources"]["limits"], name


def test_every_mount_is_of_a_volume_and_nobody_writes_to_films() -> None:
    for _, found in deploy_files.kubernetes():
        if found["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        pod = found["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        volumes |= {claim["metadata"]["name"] for claim in found["spec"].get("volumeClaimTemplates", [])}
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            films = [mount for mount in container["volumeMounts"] if mount["name"] == "films"]
            assert all(mount["readOnly"] for mount in films)


def test_a_selector_finds_its_pods() -> None:
    labels = {}
    for _, found in deploy_files.kubernetes():
        if found["kind"] in ("Deployment", "StatefulSet"):
            labels[found["metadata"]["name"]] = found["spec"]["template"]["metadata"]["labels"]
            assert found["spec"]["selector"]["matchLabels"].items() <= labels[found["metadata"]["name"]].items()
    for _, found in deploy_files.kubernetes():
        if found["kind"] == "Service":
            assert found["spec"]["selector"].items() <= labels[found["metadata"]["name"]].items()
        if found["kind"] == "PodDisruptionBudget":
            wanted = found["spec"]["selector"]["matchLabels"].items()
            assert any(wanted <= has.items() for has in labels.values())


def test_a_worker_has_longer_to_stop_than_its_soft_shutdown_takes(settings: Settings) -> None:
    soft_s = broker.make_app(settings, settings.broker_url or "").conf.worker_soft_shutdown_timeout
    for name in ("control", "video", "train"):
        assert deploy_files.pods()[name]["terminationGracePeriodSeconds"] >= 1.5 * soft_s, name


def test_the_configuration_and_the_secret_are_all_that_a_cluster_can_be_told() -> None:
    config = named("ConfigMap", "r2r")["data"]
    secret = named("Secret", "r2r")["stringData"]
    assert set(config) & set(secret) == set()
    told = {name for name in [*config, *secret] if name.startswith("R2R_")}
    assert told == variables_read() - NOT_OF_A_CLUSTER - {"R2R_PROFILE"}, "R2R_PROFILE: by default the active one"
    urls = {"R2R_DATABASE_URL": "postgresql://postgres/r2r", "R2R_BROKER_URL": "redis://redis/0"}
    assert Settings.from_env(config | urls | {"R2R_HOME": "/var/lib/r2r"}).film_roots == {"archive": Path("/films")}


def test_the_secret_is_a_template_and_is_applied_by_nothing() -> None:
    assert set(named("Secret", "r2r")["stringData"].values()) == {""}
    for kustomization in KUBERNETES.rglob("kustomization.yaml"):
        assert "secret" not in kustomization.read_text()
    asked = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for _, container in containers()
        for variable in container.get("env", [])
        if "valueFrom" in variable
    }
    assert asked <= set(named("Secret", "r2r")["stringData"])


def test_the_autoscaler_reaches_the_database_and_the_workers() -> None:
    scaled, trigger = named("ScaledObject", "video"), named("ScaledObject", "video")["spec"]["triggers"][0]
    assert scaled["spec"]["scaleTargetRef"]["name"] in deploy_files.pods()
    assert "replicas" not in named("Deployment", "video")["spec"], "`kubectl apply` would set back what KEDA has set"
    assert trigger["type"] == "postgresql"
    # The fields of KEDA's scaler, all text, as `pkg/scalers/postgresql_scaler.go` reads them.
    fields = {
        "host",
        "port",
        "userName",
        "dbName",
        "sslmode",
        "query",
        "targetQueryValue",
        "activationTargetQueryValue",
    }
    assert set(trigger["metadata"]) == fields
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert trigger["metadata"]["targetQueryValue"] == named("ConfigMap", "r2r")["data"]["R2R_WORKERS"]
    assert trigger["metadata"]["host"].split(".")[0] == named("Service", "postgres")["metadata"]["name"]
    (target,) = named("TriggerAuthentication", trigger["authenticationRef"]["name"])["spec"]["secretTargetRef"]
    assert target["parameter"] == "password"
    assert target["key"] in named("Secret", "r2r")["stringData"]


def test_only_our_pods_reach_the_servers() -> None:
    assert named("NetworkPolicy", "deny")["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for _, found in deploy_files.kubernetes():
        if found["kind"] in ("Deployment", "Job"):
            assert found["spec"]["template"]["metadata"]["labels"]["r2r"] == "client"
    for server, port in (("postgres", 5432), ("redis", 6379)):
        (rule,) = named("NetworkPolicy", server)["spec"]["ingress"]
        assert {"podSelector": {"matchLabels": {"r2r": "client"}}} in rule["from"]
        assert rule["ports"] == [{"protocol": "TCP", "port": port}]


def test_every_manifest_is_in_a_kustomization() -> None:
    for directory in (KUBERNETES / "base", KUBERNETES / "keda"):
        listed = set(yaml.safe_load((directory / "kustomization.yaml").read_text())["resources"])
        assert listed == {path.name for path in directory.glob("*.yaml")} - {"kustomization.yaml"}


def test_images_of_others_are_pinned_and_ours_get_their_release_from_kustomize() -> None:
    given = {
        image["name"]: image["newTag"]
        for image in yaml.safe_load((KUBERNETES / "base/kustomization.yaml").read_text())["images"]
    }
    for name, container in containers():
        if name in OURS:
            assert given[container["image"]] == "0.1.0"
        else:
            assert re.search(r":\d+\.\d+\.\d+", container["image"]), container["image"]
            compose = deploy_files.compose(deploy_files.filled_in())["services"]
            assert container["image"] == compose[name]["image"]


@pytest.mark.parametrize("overlay", ["cluster", "cluster-cuda"])
def test_kustomize_builds_it(overlay: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which has kustomize in it, is not installed")
    command = [kubectl, "kustomize", KUBERNETES / "overlays" / overlay]  # reads files; asks no cluster
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    objects = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(built)}
    assert all(one["metadata"].get("namespace", "r2r") == "r2r" for one in objects.values())

    video = objects["Deployment", "video"]["spec"]["template"]["spec"]
    (worker,) = video["containers"]
    gpus = worker["resources"]["limits"].get("nvidia.com/gpu")
    least = objects["ScaledObject", "video"]["spec"]["minReplicaCount"]
    if overlay == "cluster":
        assert (worker["image"], gpus, least) == ("reel-to-real-worker:0.1.0", None, 1)
    else:
        assert (worker["image"], gpus, least) == ("reel-to-real-worker:0.1.0-cuda", "1", 0)
        assert {"name": "R2R_DEVICE", "value": "cuda"} in worker["env"]
        assert worker["resources"]["limits"]["memory"], "what was there is still there"
    (config,) = [name for kind, name in objects if kind == "ConfigMap" and name.startswith("redis-config-")]
    redis = objects["StatefulSet", "redis"]["spec"]["template"]["spec"]
    assert {"name": "config", "configMap": {"name": config}} in redis["volumes"]
