"""deploy/Dockerfile and .dockerignore: two images, nobody's root, nothing in them that was not asked for."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from r2r_shared.settings import Settings
from tests import deploy_files
from tests.deploy_files import DEPLOY

ROOT = DEPLOY.parent
RUNTIME = {"cli": ("run", "cli"), "worker": ("run", "worker")}  # a target, and the stages that its image consists of


def of(target: str, name: str) -> list[str]:
    """What the image of a target is told by an instruction, in order."""
    stages = deploy_files.stages()
    return [one.rest for stage in RUNTIME[target] for one in stages[stage] if one.name == name]


def arguments() -> dict[str, str]:
    """The build arguments with their defaults, a value where any stage gives one."""
    found: dict[str, str] = {}
    for instruction in deploy_files.instructions():
        if instruction.name == "ARG" and "=" in instruction.rest:
            name, _, value = instruction.rest.partition("=")
            assert found.setdefault(name, value) == value, f"{name} has two defaults"
    return found


def test_every_stage_stands_on_an_earlier_one_or_on_a_pinned_image() -> None:
    known = set()
    for instruction in deploy_files.instructions():
        if instruction.name == "FROM":
            image, *rest = instruction.rest.split()
            assert rest[:1] == ["AS"]
            image = re.sub(r"\$\{(\w+)\}", lambda match: arguments()[match[1]], image)
            assert image in known or re.search(r":\d+\.\d+\.\d+", image), f"{image} is not pinned to a version"
            known.add(rest[1])
        for stage in re.findall(r"--from=(\S+)", instruction.rest) if instruction.name == "COPY" else []:
            assert stage in known
    assert {"cli", "worker"} <= known


def test_an_argument_before_the_first_stage_is_declared_again_where_it_is_used() -> None:
    """Docker forgets it otherwise, and ACCELERATOR would be empty."""
    for name, stage in deploy_files.stages().items():
        declared = {one.rest.partition("=")[0] for one in stage if one.name == "ARG"}
        for one in stage:
            if one.name == "RUN":
                used = set(re.findall(r"\$\{?([A-Z_]+)", one.rest))
                assert used <= declared | {"backend"}, f"{name}: {one.rest}"


@pytest.mark.parametrize("target", RUNTIME)
def test_an_image_runs_as_nobody_special(target: str) -> None:
    uid, gid = of(target, "USER")[-1].split(":")
    assert int(uid) == int(gid) == 10001, "numbers, so that Kubernetes can see that it is not root"


@pytest.mark.parametrize("target", RUNTIME)
def test_what_an_image_runs_and_how_its_health_is_asked_are_commands_that_exist(target: str) -> None:
    entry = json.loads(of(target, "ENTRYPOINT")[-1])
    assert entry == ["tini", "--", "r2r"]
    command = json.loads(of(target, "CMD")[-1])
    if command != ["--help"]:
        deploy_files.accept(command)
    _, _, health = of(target, "HEALTHCHECK")[-1].partition(" CMD ")
    assert json.loads(health)[0] == "r2r"
    deploy_files.accept(json.loads(health)[1:])


def test_an_image_logs_for_machines_at_once_and_writes_to_volumes_alone() -> None:
    told = dict(re.findall(r"(\w+)=(\S+)", of("worker", "ENV")[0]))
    assert told["PYTHONUNBUFFERED"] == "1"
    assert told["R2R_LOG"] == "json"
    volumes = json.loads(of("worker", "VOLUME")[-1])
    for place in (told["R2R_HOME"], told["R2R_SCRATCH"], told["HOME"]):
        assert any(place == volume or place.startswith(f"{volume}/") for volume in volumes), place
    assert of("worker", "STOPSIGNAL") == ["SIGTERM"]


def test_torch_and_torchvision_come_from_one_place_and_the_command_line_has_neither() -> None:
    stages = deploy_files.stages()
    (worker,) = [one.rest for one in stages["worker-environment"] if "--extra worker" in one.rest]
    assert "cpu) backend=--torch-backend=cpu" in worker
    assert "cuda) backend=" in worker
    assert "exit 2" in worker, "another accelerator is refused"
    assert worker.count("uv pip install") == 1, "one resolution for both, so that they fit"
    assert not any("--extra worker" in one.rest for one in stages["cli-environment"])
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for environment in ("worker-environment", "cli-environment"):
        for one in stages[environment]:
            assert set(re.findall(r"--extra (\S+)", one.rest)) <= set(extras)


def test_the_image_brings_the_libraries_that_the_decoders_and_opencv_load() -> None:
    """By the wheels themselves: what they load from the system has to be in Debian's slim image or be installed."""
    if not Path("/proc/self/maps").exists():
        pytest.skip("only Linux says what a process has loaded")
    loading = "import cv2, decord, av; print(open('/proc/self/maps').read())"
    maps = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=True).stdout
    loaded = {name for name in re.findall(r"(/\S+\.so\S*)$", maps, re.MULTILINE) if "/site-packages/" not in name}
    names = {Path(name).name for name in loaded if "/lib-dynload/" not in name}
    needed = {re.sub(r"\.so.*", "", name).removesuffix(".0") for name in names if not name.startswith("libpython3")}
    slim = {"ld-linux-x86-64", "libc", "libm", "libdl", "libpthread", "librt", "libutil", "libmvec", "libresolv"}
    slim |= {"libnss_files", "libgcc_s", "libstdc++", "libz", "libcrypt", "libssl", "libcrypto", "libffi", "libbz2"}
    slim |= {"liblzma", "libexpat", "libuuid", "libsqlite3"}
    packages = {
        "libgl1": {"libGL", "libGLX", "libGLdispatch", "libX11", "libxcb", "libXau", "libXdmcp", "libbsd", "libmd"},
        "libglib2.0-0": {"libglib-2", "libgthread-2", "libpcre2-8"},
    }
    assert needed - slim - set.union(*packages.values()) == set()
    installed = " ".join(of("worker", "RUN"))
    for package, libraries in packages.items():
        assert libraries & needed, f"nothing needs {package} any more"
        assert f" {package} " in installed


def outside(extras: set[str]) -> list[str]:
    """The import names that are installed here and would not be in an image that installs the project with `extras`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    waiting, brought = [Requirement(line) for line in asked], set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), tuple(sorted(wanted.extras)))
        if key in brought:
            continue
        brought.add(key)
        for further in map(Requirement, importlib.metadata.requires(wanted.name) or []):
            if further.marker is None or any(further.marker.evaluate({"extra": one}) for one in {"", *wanted.extras}):
                waiting.append(further)
    names = {name for name, _ in brought} | {"reel-to-real"}
    return sorted(
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if not {canonicalize_name(one) for one in distributions} & names
    )


RUN_WITHOUT = """
import json, sys

class Missing:
    def __init__(self, names):
        self.names = set(names)
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing, commands = json.loads(sys.argv[1])
sys.meta_path.insert(0, Missing(missing))
import r2r_shared.beat, r2r_shared.operating.metrics_server, r2r_shared.operating.watch  # what `beat` and `metrics` run
from r2r_cli.main import main

for command in commands:
    sys.argv = ["r2r", *command]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, command
print("all of them")
"""


def test_the_small_image_has_all_that_its_services_import(settings: Settings) -> None:
    """`migrate`, `beat`, `metrics` and `cli` run from it: with what the base install asks for, and no package more."""
    missing = outside({"s3"})
    assert {"torch", "cv2", "decord", "pytest"} <= set(missing)
    commands = [["db", "migrate"], ["health"], ["films", "list"], ["jobs", "list"]]
    env = {
        **deploy_files.free_of_r2r(),
        "R2R_HOME": str(settings.home),
        "R2R_DATABASE_URL": settings.database_url or "",
        "R2R_BROKER_URL": settings.broker_url or "",
    }
    command = [sys.executable, "-c", RUN_WITHOUT, json.dumps([missing, commands])]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("all of them\n"), done.stderr


def test_the_build_sees_what_the_wheel_is_made_of_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*", "a list of what is let in"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source
        for stage in deploy_files.stages().values()
        for one in stage
        if one.name == "COPY" and "--from=" not in one.rest
        for source in one.rest.split()[:-1]
    }
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_no_image_is_given_a_secret() -> None:
    told = " ".join(one.rest for one in deploy_files.instructions() if one.name in ("ARG", "ENV"))
    assert not re.search(r"PASSWORD|SECRET|TOKEN|KEY|://\S+:\S+@", told)
