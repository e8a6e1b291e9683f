"""The page in a real browser: its script runs under its own policy, nothing overflows, keys and filters work.

Chromium is not part of the project: these tests skip where there is none.
"""

from __future__ import annotations

import html
import json
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

# A page of our own around the page under test: frames of each width, the reader's acts, and what was seen.
WRAPPER = """<!doctype html><meta charset="utf-8"><body>
%s
<script>
const seen = {};
async function main() {
  const pause = () => new Promise((go) => setTimeout(go, 300));
  const frames = [...document.querySelectorAll("iframe")];
  const loaded = (f) => f.contentDocument.readyState === "complete" || new Promise((go) => f.onload = go);
  await Promise.all(frames.map(loaded));
  await pause();
  seen.overflow = {};
  for (const f of frames) {
    const root = f.contentDocument.documentElement;
    seen.overflow[f.width] = root.scrollWidth - root.clientWidth;
  }
  const view = frames[0].contentWindow, doc = view.document;
  const key = (name) => (doc.activeElement || doc.body).dispatchEvent(
    new view.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const shown = () => [...doc.querySelectorAll(".shot")].filter((s) => !s.hidden).map((s) => s.id);
  seen.all = shown().length;
  key("j"); key("j"); key("j"); key("k");
  await pause();
  seen.focused = doc.activeElement.id;
  const select = doc.querySelector("select[name=movement]");
  select.value = "0";
  select.dispatchEvent(new view.Event("change", { bubbles: true }));
  seen.movement = select.selectedOptions[0].text;
  seen.filtered = shown();
  seen.count = doc.querySelector(".filter output").textContent;
  seen.paled = doc.querySelectorAll(".barcode rect.off").length;
  doc.querySelector(".filter").reset();
  await pause();
  seen.after = shown().length;
  seen.bar = view.getComputedStyle(doc.querySelector(".score")).backgroundSize;
  const result = document.createElement("pre");
  result.id = "seen";
  result.textContent = JSON.stringify(seen);
  document.body.append(result);
}
main();
</script>"""


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


def test_a_reader_can_filter_and_walk_and_nothing_overflows(page: str, timeline: dict[str, Any], tmp_path: Path):
    frames = "".join(
        f'<iframe width="{w}" height="900" srcdoc="{html.escape(page)}"></iframe>' for w in (1280, 320, 390, 768, 1920)
    )
    file = tmp_path / "wrapper.html"
    file.write_text(WRAPPER % frames, encoding="utf-8")

    dom, _ = browse(file, tmp_path / "profile")
    found = re.search(r'<pre id="seen">(.*?)</pre>', dom)
    assert found, "the reader never came to an end"
    seen = json.loads(html.unescape(found[1]))

    assert seen["overflow"] == dict.fromkeys(("1280", "320", "390", "768", "1920"), 0)
    assert seen["all"] == seen["after"] == 15
    assert seen["focused"] == "shot-2"
    with_it = [
        f"shot-{shot['number']}"
        for shot in timeline["shots"]
        if any(m["painting"]["movement"] == seen["movement"] for m in shot["matches"])
    ]
    assert seen["filtered"] == with_it
    assert seen["count"] == f"{len(with_it)} of 15 shots"
    assert seen["paled"] == 15 - len(with_it)
    assert re.match(r"\d+% 2px, 100% 2px", seen["bar"])
