"""The command line as a person uses it: real processes on a stack of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from r2r_shared.local.stack import open_stack
from r2r_shared.settings import Settings
from tests.acceptance.cli import Cli


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A home no command has seen. Short: sockets live in it."""
    path = Path(tempfile.mkdtemp(prefix="r2r-home-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def fresh(fresh_home: Path) -> Iterator[Cli]:
    """A stack that nobody has used yet, open for the length of the test."""
    with open_stack(Settings(home=fresh_home)):
        cli = Cli(fresh_home)
        yield cli
        cli.end()


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small painted collection and a film rendered from it: paintings/, film.mp4, film.truth.json."""
    out = tmp_path_factory.mktemp("material")
    for args in (
        ("paint", str(out / "paintings"), "--seed", "5", "--per-artist", "1"),
        ("film", str(out / "paintings"), str(out / "film.mp4"), "--seed", "5", "--seconds", "24"),
    ):
        subprocess.run([sys.executable, "-m", "r2r_workers.demo", *args], check=True, stdout=subprocess.DEVNULL)
    return out


@pytest.fixture(scope="session")
def ingested(material: Path) -> Iterator[Cli]:
    """A stack that holds the material: tests that only look may share it."""
    home = Path(tempfile.mkdtemp(prefix="r2r-home-"))
    cli = Cli(home)
    with open_stack(Settings(home=home)):
        cli.run("paintings", "import", material / "paintings", "--collection", "painted")
        cli.run("ingest", material / "film.mp4", "--title", "The Film", "--year", "1999")
        yield cli
    shutil.rmtree(home, ignore_errors=True)
