"""What holds for every command: help with an example, JSON, exit codes, speed, light imports."""

from __future__ import annotations

import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from r2r_cli.main import app
from tests.acceptance.cli import Cli

HEAVY = ("torch", "torchvision", "transformers", "decord", "cv2")
TWO_COMMANDS = """
import typer
app = typer.Typer()
@app.command()
def one(name: str) -> None:
    "Say one."
@app.command()
def two(count: int = 1) -> None:
    "Say two."
app()
"""


def commands() -> list[tuple[str, ...]]:
    """Every command of the app, as the words that call it."""
    found: list[tuple[str, ...]] = []

    def walk(group: object, words: tuple[str, ...]) -> None:
        inner = getattr(group, "commands", None)
        if inner is None:
            found.append(words)
            return
        for name, command in inner.items():
            walk(command, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


def test_the_commands_are_the_ones_the_readme_and_the_issue_name() -> None:
    assert {" ".join(words) for words in commands()} == {
        "paintings import",
        "paintings fetch",
        "paintings list",
        "paintings show",
        "paintings remove",
        "ingest",
        "films list",
        "films show",
        "films remove",
        "timeline",
        "match",
        "catalogue influence",
        "catalogue similar",
        "catalogue echoes",
        "catalogue hubs",
        "catalogue export",
        "catalogue refresh",
        "beat",
        "jobs list",
        "jobs priority",
        "jobs show",
        "jobs watch",
        "jobs cancel",
        "jobs retry",
        "worker",
        "up",
        "db migrate",
        "db status",
        "models list",
        "models show",
        "models compare",
        "models activate",
        "models export",
        "models import",
        "models remove",
        "models pull",
        "triplets form",
        "thresholds fit",
        "train",
        "evaluate",
        "depth",
        "export",
        "import",
        "doctor",
        "health",
        "metrics",
        "serve",
        "demo",
    }


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_is_in_the_readme(words: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]

    assert command.help
    assert "Example: " in command.help
    assert "r2r " + " ".join(words) in command.help.split("Example: ")[1]
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert "r2r " + " ".join(words) in readme


def test_the_example_of_worker_serves_every_queue() -> None:
    """Who copies it gets films that are matched: `--queues video` alone never does that."""
    command = typer.main.get_command(app).commands["worker"]  # type: ignore[attr-defined]

    assert command.help.split("Example: ")[1].strip() == "r2r worker"
    (queues,) = (option for option in command.params if option.name == "queues")
    assert queues.default == "control,video,paintings"
    assert "`--queues video` is for further machines" in queues.help


@pytest.mark.parametrize(
    "words", [w for w in commands() if w[0] not in ("worker", "up", "beat", "metrics", "serve")], ids=" ".join
)
def test_every_command_that_ends_offers_json(words: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert any("--json" in option.opts for option in command.params)


def test_help_takes_at_most_half_as_long_again_as_a_two_command_script(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(TWO_COMMANDS)
    ours = [sys.executable, "-c", "from r2r_cli.main import main; main()", "--help"]
    theirs = [sys.executable, str(script), "--help"]

    # As where it is installed: with the byte code of both beside them.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def once(command: list[str]) -> float:
        """Seconds of a processor: what the clock says is of the other processes here, too."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    once(ours), once(theirs)  # the first writes the byte code
    ratios = [once(ours) / once(theirs) for _ in range(9)]  # side by side: these machines are noisy

    assert statistics.median(ratios) <= 1.5, ratios


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['r2r', '--help']\n"
        "from r2r_cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(re.findall(r"'(\w+)'", done.stdout.split("LOADED")[1]))

    late = {"celery", "psycopg", "numpy", "kombu", "redis", "PIL", "av", "jinja2", "starlette", "uvicorn"}
    assert not loaded & {*HEAVY, *late}


def test_no_module_of_the_command_line_or_the_shared_package_loads_the_heavy_libraries() -> None:
    code = (
        "import sys, pkgutil, importlib, r2r_cli, r2r_shared\n"
        "for package in (r2r_cli, r2r_shared):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.endswith('__main__'):\n"
        "            importlib.import_module(found.name)\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_a_wrong_call_exits_with_two_and_a_wrong_setting_with_one(fresh_home: Path) -> None:
    cli = Cli(fresh_home, {})
    cli.run("ingest", code=2)
    cli.run("timeline", "x", "--by", "director", code=2)
    cli.run("jobs", "list", "--state", "odd", code=2)

    alone = Cli(fresh_home, {"R2R_DATABASE_URL": "postgresql://nowhere/x"})
    said = alone.run("films", "list", code=1)
    assert "R2R_BROKER_URL is not set" in said.stderr
    assert "hint:" in said.stderr


def test_servers_that_do_not_answer_are_one_clear_line(fresh_home: Path) -> None:
    cli = Cli(
        fresh_home,
        {
            "R2R_DATABASE_URL": "postgresql://scholar:secret@127.0.0.1:9/r2r",
            "R2R_BROKER_URL": "redis://:secret@127.0.0.1:9/0",
        },
    )

    said = cli.run("films", "list", code=1)

    assert said.stderr.count("error:") == 1
    assert "Traceback" not in said.stderr
    assert "secret" not in said.stderr + said.stdout
