"""deploy/compose.yaml: it refuses to start open, says nothing that the settings do not read, and runs what exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from r2r_shared import names
from r2r_shared.settings import Settings
from tests import deploy_files
from tests.deploy_files import DEPLOY, NOT_OF_A_CLUSTER, PASSWORDS, variables_read

ROOT = DEPLOY.parent
OURS = ("migrate", "control", "video", "train", "beat", "metrics", "cli")


@pytest.fixture(scope="module")
def services() -> dict:
    return deploy_files.compose(deploy_files.filled_in())["services"]


@pytest.mark.parametrize("name", [*PASSWORDS, "FILMS_DIR"])
def test_nothing_starts_without_its_passwords_and_its_films(name: str) -> None:
    with pytest.raises(deploy_files.Refused, match=name):
        deploy_files.compose(deploy_files.filled_in(**{name: ""}))


def test_the_example_holds_no_password() -> None:
    example = deploy_files.env_example()
    assert {name: value for name, value in example.items() if re.search("PASSWORD|SECRET|KEY", name) and value} == {}


def test_every_variable_is_one_that_something_reads() -> None:
    """In the example: one that compose.yaml uses. Anywhere under deploy/: one of the settings'."""
    read = variables_read()
    compose = deploy_files.read("compose.yaml")
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", compose)) | set(re.findall(r"^  (AWS_[A-Z_]+):$", compose, re.MULTILINE))
    assert set(deploy_files.env_example()) - used == set(), "in env.example, and nobody uses it"
    assert used - set(deploy_files.env_example()) == set(), "used, and not in env.example"

    for path in deploy_files.files():
        named = set(re.findall(r"\bR2R_[A-Z0-9_]*[A-Z0-9]\b", path.read_text(encoding="utf-8")))
        assert named - read - {"R2R_VERSION"} == set(), f"{path.name} names what no setting reads"


def test_every_setting_of_a_cluster_can_be_made(services: dict) -> None:
    for name in OURS:
        told = set(services[name]["environment"])
        assert variables_read() - NOT_OF_A_CLUSTER - told == set(), f"{name} cannot be told these"
    set_by_compose = {"R2R_FILM_ROOTS", "R2R_SCRATCH"}  # they name places inside the container
    missing = variables_read() - NOT_OF_A_CLUSTER - set_by_compose - set(deploy_files.env_example())
    assert missing == set()


def test_the_settings_take_what_compose_gives_them(services: dict) -> None:
    for name in OURS:
        given = {key: value for key, value in services[name]["environment"].items() if value is not None}
        settings = Settings.from_env(given | {"R2R_HOME": "/var/lib/r2r"})
        assert settings.database_url == "postgresql://r2r:postgrespassword0123@postgres:5432/r2r"
        assert settings.broker_url == "redis://:redispassword0123@redis:6379/0"
        assert settings.train_broker_url == "redis://:redispassword0123@redis:6379/1"
        assert settings.film_roots == {"archive": Path("/films")}
        assert settings.media_url == "/media-store"
        assert settings.log == "json"


def test_the_example_gives_the_defaults_of_the_settings(services: dict) -> None:
    """So that a variable left out of .env means the same as the one in the example."""
    bare = {name: value for name, value in deploy_files.filled_in().items() if name in (*PASSWORDS, "FILMS_DIR")}
    assert deploy_files.compose(bare)["services"] == services


def test_servers_elsewhere_take_the_place_of_those_here() -> None:
    away = {
        "R2R_DATABASE_URL": "postgresql://db.example/r2r?sslmode=verify-full",
        "R2R_BROKER_URL": "rediss://r.example/0",
    }
    told = deploy_files.compose(deploy_files.filled_in(**away))["services"]["video"]["environment"]
    assert {name: told[name] for name in away} == away


@pytest.mark.parametrize("service", [name for name in OURS if name != "cli"])
def test_every_command_and_health_check_is_one_that_the_command_line_takes(services: dict, service: str) -> None:
    deploy_files.accept(services[service]["command"])
    health = services[service]["healthcheck"]
    if not health.get("disable"):
        assert health["test"][:2] == ["CMD", "r2r"]
        deploy_files.accept(health["test"][2:])


def test_the_reader_of_commands_refuses_what_the_command_line_refuses() -> None:
    with pytest.raises(Exception, match="No such option"):
        deploy_files.accept(["worker", "--queue", "video"])
    with pytest.raises(Exception, match="No such command"):
        deploy_files.accept(["db", "upgrade"])


def test_the_workers_serve_every_queue_between_them(services: dict) -> None:
    served = [service["command"][2] for service in services.values() if service.get("command", [""])[0] == "worker"]
    assert sorted(",".join(served).split(",")) == sorted(names.QUEUES)


def test_ports_are_bound_to_loopback_and_the_servers_are_published_nowhere(services: dict) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(ports) == {"flower", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["data"]
    assert deploy_files.compose(deploy_files.filled_in())["networks"]["data"] == {"internal": True}


def test_every_image_is_pinned_to_a_version(services: dict) -> None:
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name, service in services.items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{name}: {service['image']}"
        if name in OURS:
            assert tag == release


def test_every_container_is_confined(services: dict) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert not any("docker.sock" in volume for volume in service.get("volumes", [])), name
        if name != "postgres":  # its entry point makes directories of its own before it becomes `postgres`
            assert service["read_only"] is True, name
        films = [volume for volume in service.get("volumes", []) if ":/films" in volume]
        assert all(volume.endswith(":ro") for volume in films), name


def test_every_service_that_stays_has_a_health_check_limits_and_a_restart(services: dict) -> None:
    for name, service in services.items():
        if name in ("migrate", "cli"):
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"], name
        assert service["deploy"]["resources"]["limits"]["memory"], name


def test_a_worker_has_longer_to_stop_than_its_soft_shutdown_takes(services: dict, settings: Settings) -> None:
    from r2r_shared import broker

    soft_s = broker.make_app(settings, settings.broker_url or "").conf.worker_soft_shutdown_timeout
    for name in ("control", "video", "train"):
        assert deploy_files.seconds(services[name]["stop_grace_period"]) >= 1.5 * soft_s, name


def test_everything_waits_for_the_schema(services: dict) -> None:
    for name in set(OURS) - {"migrate"}:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name
    assert set(services["migrate"]["depends_on"]) == {"postgres", "redis"}


def test_a_mounted_file_exists_and_a_volume_is_declared(services: dict) -> None:
    declared = deploy_files.compose(deploy_files.filled_in())["volumes"]
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (
                (DEPLOY / source).exists() if source.startswith("./") else source in declared or source == "/srv/films"
            )


def test_redis_never_throws_a_hint_away() -> None:
    lines = deploy_files.read("kubernetes/base/redis.conf").splitlines()
    assert {"maxmemory-policy noeviction", "appendonly yes"} <= set(lines)
    assert not any(line.startswith("requirepass") for line in lines), "the password comes from the environment"


def test_with_cuda_the_workers_reserve_a_gpu_and_keep_their_limits() -> None:
    services = deploy_files.compose(deploy_files.filled_in(), "compose.yaml", "compose.cuda.yaml")["services"]
    for name in ("video", "train"):
        worker = services[name]
        assert worker["image"] == "reel-to-real-worker:0.1.0-cuda"
        assert worker["build"]["args"] == {"ACCELERATOR": "cuda"}
        assert worker["build"]["target"] == "worker"
        assert worker["environment"]["R2R_DEVICE"] == "cuda"
        assert worker["environment"]["R2R_WORKERS"] == "1"
        resources = worker["deploy"]["resources"]
        assert resources["reservations"]["devices"] == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
        assert resources["limits"]["memory"]
    assert "reservations" not in services["control"]["deploy"]["resources"]
