"""The page in a real browser, without Playwright: its script runs under its own policy and asks for nothing.

Chromium is not part of the project: these tests skip where there is none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import page_sample
import pytest

from r2r_cli.page import render

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=8000",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the page is not tried in a browser")


def browse(path: Path, profile: Path) -> tuple[str, str]:
    """The document after its scripts have run, and what the browser logged."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def timeline() -> dict[str, Any]:
    works = page_sample.paintings(12)
    works[0]["title"] = "Donaudampfschifffahrtsgesellschaftskapitänsbildnis" * 3
    works[1]["artist"] = "A" * 120
    return page_sample.timeline(works, shots=15, title="An Uncommonly Long Title for So Short a Film " * 3)


@pytest.fixture(scope="module")
def page(timeline: dict[str, Any]) -> str:
    stock = [page_sample.picture(seed, 160, 120) for seed in range(3)]
    return render(
        timeline,
        image=lambda key: stock[sum(map(ord, key)) % 3],
        tool_version="1.0",
        generated=datetime(2026, 11, 2, tzinfo=UTC),
    )


def test_its_script_runs_under_its_own_policy_and_asks_for_nothing(page: str, tmp_path: Path):
    file = tmp_path / "film.html"
    file.write_text(page, encoding="utf-8")

    dom, log = browse(file, tmp_path / "profile")

    assert '<form class="filter" hidden' in page
    assert re.search(r'<form class="filter" aria-label', dom), "the script did not run"
    assert not re.findall(r".*(?:Content Security Policy|Uncaught|Refused to).*", log)
