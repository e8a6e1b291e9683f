"""What deploy/README.md tells people to type is there to be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests import deploy_files
from tests.deploy_files import DEPLOY

ROOT = DEPLOY.parent


def lines() -> list[str]:
    """The indented lines of commands, and those in backticks; comments left out, broken lines joined."""
    text = deploy_files.read("README.md")
    inline = [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", text)]
    blocks = re.findall(r"^    (\S.*?)(?:  +#.*)?$", text, re.MULTILINE)
    return [*inline, *blocks]


def of_ours() -> list[list[str]]:
    """The words after `r2r`, or after the service `cli`."""
    found = []
    for line in lines():
        match = re.match(r"(?:kubectl .* -- )?r2r (.+)|docker compose run .* cli (.+)", line)
        if match:
            found.append(shlex.split(match[1] or match[2]))
    return found


@pytest.mark.parametrize("words", of_ours(), ids=" ".join)
def test_every_command_of_ours_is_one_that_the_command_line_takes(words: list[str], tmp_path: Path) -> None:
    here = {"/films": tmp_path, "/paintings": tmp_path}  # what has to exist when the command line reads it
    deploy_files.accept([str(here.get(word, word)) for word in words if word != "…"])


def test_there_are_commands_to_look_at() -> None:
    assert len(of_ours()) >= 6


def test_services_profiles_and_files_that_are_named_exist() -> None:
    described = deploy_files.compose(deploy_files.filled_in())
    profiles = {profile for service in described["services"].values() for profile in service.get("profiles", [])}
    for line in lines():
        assert set(re.findall(r"--profile (\w+)", line)) <= profiles
        if match := re.match(r"docker compose (?:stop|exec -T|up --\S+ --wait) (.+)", line):
            words = match[1].split()
            services = words if "stop" in line else words[:1]
            assert set(services) <= set(described["services"]), line
        for volume in re.findall(r"reel-to-real_(\w+)", line):
            assert volume in described["volumes"]
    for path in re.findall(r"`((?:kubernetes|prometheus|grafana|base)/[\w./-]*)`", deploy_files.read("README.md")):
        assert (DEPLOY / path).exists() or (DEPLOY / "kubernetes" / path).exists(), path
    for overlay in re.findall(r"overlays/([\w-]+)", deploy_files.read("README.md")):
        assert (DEPLOY / "kubernetes/overlays" / overlay / "kustomization.yaml").exists()
