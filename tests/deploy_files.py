"""What lies under deploy/, read as Docker, Compose and Kubernetes read it. No engine runs here, so this stands in for
their readers, never for what they start."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml

from r2r_cli.main import app

DEPLOY = Path(__file__).parents[1] / "deploy"
# What only a machine with a stack of its own, or a person at a terminal, needs.
NOT_OF_A_CLUSTER = {"R2R_HOME", "R2R_DEBUG", "R2R_WEB_TOKEN", "R2R_UPLOAD_MB"}  # `r2r serve` is a person’s own so far
PASSWORDS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD", "FLOWER_PASSWORD")


class Refused(Exception):
    """Compose would stop here: a variable that must be set is not."""


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continuation lines joined."""

    name: str
    rest: str


def variables_read() -> set[str]:
    """The R2R_ variables that the product reads: the settings', from their source, and main.py's one."""
    source = (DEPLOY.parent / "shared/r2r_shared/settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'"(R2R_[A-Z0-9_]+)"', source)) | {"R2R_DEBUG"}


def read(path: str) -> str:
    return (DEPLOY / path).read_text(encoding="utf-8")


def files() -> list[Path]:
    """Everything that is ours under deploy/; not an operator's own .env, dumps and media."""
    kinds = {".yaml", ".yml", ".json", ".md", ".conf", ".example"}
    return sorted(path for path in DEPLOY.rglob("*") if path.suffix in kinds or path.name == "Dockerfile")


@functools.cache
def documents(path: Path) -> list[Any]:
    """The YAML documents of a file; empty ones left out."""
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def env_example() -> dict[str, str]:
    """The variables of env.example, those that are commented out included."""
    found = re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", read("env.example"), re.MULTILINE)
    assert len(found) == len(dict(found)), "a variable is there twice"
    return dict(found)


def filled_in(**more: str) -> dict[str, str]:
    """deploy/.env as an operator writes it: env.example with passwords and the directory of films."""
    lines = re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", read("env.example"), re.MULTILINE)
    secrets = {name: f"{name.lower().replace('_', '')}0123" for name in PASSWORDS}
    return dict(lines) | secrets | {"FILMS_DIR": "/srv/films"} | more


def compose(environ: Mapping[str, str], *names: str) -> dict[str, Any]:
    """compose.yaml, or several files over each other, with their variables filled in.

    Raises:
        Refused: a variable that must be set is not.
    """
    merged: dict[str, Any] = {}
    for name in names or ("compose.yaml",):
        merged = _over(merged, _interpolated(documents(DEPLOY / name)[0], environ))
    return merged


def instructions(path: str = "Dockerfile") -> list[Instruction]:
    text = re.sub(r"^\s*#.*\n", "", read(path), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [Instruction(*line.split(maxsplit=1)) for line in lines]


def stages() -> dict[str, list[Instruction]]:
    """The Dockerfile's stages by name; what stands before the first is under ""."""
    found: dict[str, list[Instruction]] = {"": []}
    current = ""
    for instruction in instructions():
        if instruction.name == "FROM":
            current = instruction.rest.split()[-1]
            found[current] = []
        found[current].append(instruction)
    return found


def kubernetes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Kubernetes object with the file it is in; kustomizations and patches, which are none, left out."""
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        for document in documents(path):
            if isinstance(document, dict) and "kustomize.config.k8s.io" not in document["apiVersion"]:
                yield str(path.relative_to(DEPLOY)), document


def pods() -> dict[str, dict[str, Any]]:
    """The pod templates' specifications, by the name of what makes them."""
    kinds = ("Deployment", "StatefulSet", "Job")
    return {
        found["metadata"]["name"]: found["spec"]["template"]["spec"]
        for _, found in kubernetes()
        if found["kind"] in kinds
    }


def accept(args: list[str]) -> None:
    """Let the command line read a command, without running it.

    Raises:
        click.UsageError: it does not take these words.
    """
    command: Any = typer.main.get_command(app)
    context: Any = None
    name = "r2r"
    while True:
        context = command.make_context(name, list(args), parent=context)
        if not hasattr(command, "resolve_command"):
            return
        rest = [*context._protected_args, *context.args]
        name, command, args = command.resolve_command(context, rest)


def seconds(text: str) -> float:
    """`90s`, `2m` as seconds."""
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def free_of_r2r() -> dict[str, str]:
    """This process's environment without what would configure the product."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("R2R_", "AWS_"))}


def _over(under: Any, over: Any) -> Any:
    """How Compose lays one file over another, as far as ours use it: maps are merged, anything else is replaced."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return {key: _over(under.get(key), over[key]) if key in over else under[key] for key in {**under, **over}}


def _interpolated(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _interpolated(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [_interpolated(inner, environ) for inner in value]
    return _substituted(value, environ) if isinstance(value, str) else value


def _substituted(text: str, environ: Mapping[str, str]) -> str:
    """${NAME}, ${NAME:-default}, ${NAME:?complaint} and $$; a default may hold further ones."""
    out, at = "", 0
    while at < len(text):
        if text.startswith("$$", at):
            out, at = out + "$", at + 2
        elif text.startswith("${", at):
            end = _closing(text, at + 2)
            match = re.fullmatch(r"([A-Z][A-Z0-9_]*)(?:(:-|:\?)(.*))?", text[at + 2 : end], re.DOTALL)
            assert match is not None, f"{text!r} is not in the form that is read here"
            name, operator, rest = match.groups()
            if value := environ.get(name):
                out += value
            elif operator == ":?":
                raise Refused(f"{name}: {rest}")
            elif operator == ":-":
                out += _substituted(rest, environ)
            at = end + 1
        else:
            assert text[at] != "$", f"{text!r}: a dollar without a brace"
            out, at = out + text[at], at + 1
    return out


def _closing(text: str, at: int) -> int:
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at - 1
