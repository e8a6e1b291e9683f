"""The film page as `r2r serve` gives it, on a film that was really ingested: the same page, and exact answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.browser import Visit, chromium, visit
from tests.acceptance.cli import Cli
from tests.acceptance.web_site import serving

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install playwright")
expect = playwright.expect

__all__ = ["chromium", "visit"]  # fixtures

Begin = Callable[..., Visit]


@pytest.fixture(scope="module")
def site(ingested: Cli, chromium: Any) -> Iterator[str]:
    """The site on the stack of the story's material. After `chromium`: where there is none, neither is this."""
    del chromium
    with serving(ingested) as base:
        yield base


def order(page: Any) -> list[str]:
    return page.locator(".order li").evaluate_all("items => items.map((item) => item.dataset.painting)")


def test_a_shot_stands_beside_its_painting_with_palettes_and_depth_maps(site: str, visit: Begin):
    page = visit(site).open("/films/1")

    expect(page.locator("#look")).to_be_visible()
    for side in (".of-frame", ".of-painting"):
        shown = page.locator(f"{side} .big img")
        expect(shown).to_be_visible()
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 90
        expect(page.locator(f"{side} .swatches i")).to_have_count(3)
        depth = page.locator(f"{side} .depth img")
        expect(depth).to_be_visible()
        assert (
            depth.evaluate("image => image.decode().then(() => Math.max(image.naturalWidth, image.naturalHeight))")
            == 96
        )


def test_weights_are_answered_by_the_page_at_once_and_then_by_the_server_exactly(
    site: str, visit: Begin, ingested: Cli
):
    page = visit(site).open("/films/1")
    stored = order(page)

    for metric in ("dc", "avg_dof", "max_dof", "min_dof", "saturation", "balance", "shadow"):
        page.locator(f'.weights tr[data-part="{metric}"] input').fill("0")
    page.locator('.weights tr[data-part="visual"] input').fill("0")
    expect(page.locator(".basis")).to_contain_text("candidates of this page")
    at_once = order(page)
    expect(page.locator(".basis")).to_contain_text("every painting of the collection compared")

    number = int(page.locator("#look-title").inner_text().removeprefix("Shot "))
    answer = page.request.get(f"{site}/api/films/1/matches?shot={number}&weights=contrast=1,others=0&visual=0").json()
    exact = [str(match["painting"]["id"]) for match in answer["matches"]]
    assert order(page) == exact
    assert set(at_once) == set(stored)
    assert answer["matches"][-1]["score"] >= 0
    best = answer["matches"][0]
    assert best["metrics"]["contrast"] == pytest.approx(
        max(match["metrics"]["contrast"] for match in answer["matches"])
    )
    pictures = page.locator(".order .picture")
    assert pictures.evaluate_all("images => images.every((image) => image.tagName === 'IMG')")


def test_with_later_paintings_kept_the_server_is_asked_for_them_too(site: str, visit: Begin):
    page = visit(site).open("/films/1?all_dates=1")

    with page.expect_response(re.compile(r"/api/films/1/matches\?all_dates=1&shot=\d+&")) as answer:
        page.locator('.weights tr[data-part="visual"] input').fill("20")

    assert answer.value.json()["all_dates"] is True
    expect(page.locator(".basis")).to_contain_text("every painting of the collection compared")
    page.get_by_role("link", name="leave them out").click()
    page.wait_for_url(re.compile(r"/films/1\?all_dates=0$"))
    expect(page.get_by_role("link", name="keep them")).to_be_attached()


def test_an_address_of_the_site_shows_the_same_to_everybody_and_leads_on(site: str, visit: Begin):
    page = visit(site).open("/films/1")
    page.keyboard.press("j")
    page.locator(".order button").nth(1).click()
    page.locator('.weights tr[data-part="visual"] input').fill("20")
    expect(page.locator(".basis")).to_contain_text("compared")

    other = visit(site).open(page.url.removeprefix(site))

    expect(other.locator(".basis")).to_contain_text("compared")
    assert other.locator("#look-title").inner_text() == page.locator("#look-title").inner_text()
    assert order(other) == order(page)
    chosen = '.order button[aria-pressed="true"] .title'
    assert other.locator(chosen).inner_text() == page.locator(chosen).inner_text()
    title = other.locator(".of-painting cite").inner_text()
    other.locator(".of-painting figcaption a").click()
    expect(other.locator("h1")).to_contain_text(title)


def test_the_served_page_is_open_to_all_readers_and_fits_every_screen(site: str, visit: Begin):
    reader = visit(site, scheme="dark")
    page = reader.open("/films/1")
    expect(page.locator("#look")).to_be_visible()

    assert reader.barriers() == []
    for width in (390, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert reader.overflow() == 0


def test_the_same_film_as_one_file_has_its_palettes_and_depth_maps_inside(ingested: Cli, visit: Begin, tmp_path: Path):
    file = tmp_path / "film.html"
    ingested.run("timeline", "1", "--html", file)

    page = visit(file.as_uri()).open("")

    for side in (".of-frame", ".of-painting"):
        expect(page.locator(f"{side} .swatches i")).to_have_count(3)
        expect(page.locator(f"{side} .depth img")).to_have_attribute("src", re.compile("^data:image/webp;base64,"))
    assert file.stat().st_size <= 15_000_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_files_can_be_taken_along_by_keyboard(site: str, visit: Begin, scheme: str):
    one = visit(site, scheme=scheme)
    page = one.open("/films/1")
    downloads = page.get_by_role("region", name="Download")

    expect(downloads.get_by_role("link")).to_have_count(10)
    link = downloads.get_by_role("link", name=".vtt")
    downloads.get_by_role("link", name=".edl").focus()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    with page.expect_download() as taken:
        page.keyboard.press("Enter")
    assert taken.value.suggested_filename == "film.vtt"
    assert Path(taken.value.path()).read_text(encoding="utf-8").startswith("WEBVTT")
    assert not [line for line in one.barriers() if "downloads" in line]
    assert one.overflow() == 0
