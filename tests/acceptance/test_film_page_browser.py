"""The film page in a real browser, as one file: looked at, walked through, doubted with sliders, filtered, cited."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import page_sample
import pytest

from r2r_cli.page import ASSETS, Links, render, served
from r2r_shared.queries.palettes import Palettes
from tests.acceptance.browser import Visit, chromium, visit

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install playwright")
expect = playwright.expect

__all__ = ["chromium", "visit"]  # fixtures

SHOTS = 24
Begin = Callable[..., Visit]
Page = Any


@pytest.fixture(scope="module")
def timeline() -> dict[str, Any]:
    works = page_sample.paintings(30)
    works[0]["title"] = "Donaudampfschifffahrtsgesellschaftskapitänsbildnis" * 3
    works[1]["artist"] = "A" * 120
    return page_sample.judged(page_sample.timeline(works, shots=SHOTS, title="An Uncommonly Long Title " * 4))


@pytest.fixture(scope="module")
def file(timeline: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as `r2r timeline --html` writes it, palettes and depth maps inside."""
    stock = [page_sample.picture(seed, 160, 120) for seed in range(3)]
    frames = [keyframe["frame"] for shot in timeline["shots"] for keyframe in shot["keyframes"]]
    page = render(
        timeline,
        image=lambda key: stock[sum(map(ord, key)) % 3],
        tool_version="1.0",
        generated=datetime(2026, 11, 2, tzinfo=UTC),
        palettes=Palettes(
            keyframes=dict.fromkeys(frames, (200.0, 30.0, 40.0, 20.0, 180.0, 60.0, 10.0, 20.0, 230.0)),
            paintings=dict.fromkeys(range(1, 31), (250.0, 240.0, 230.0, 90.0, 80.0, 70.0, 0.0, 0.0, 0.0)),
        ),
        depth=lambda key: page_sample.depth_map(sum(map(ord, key)) % 3),
    )
    path = tmp_path_factory.mktemp("page") / "film.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture
def page(visit: Begin, file: Path) -> Page:
    """A reader's page; whatever the test is about, nothing may go wrong behind it: see `visit`."""
    return visit(file.as_uri()).open("")


def order(page: Page) -> list[str]:
    """The ids of the open shot's paintings, best first."""
    return page.locator(".order li").evaluate_all("items => items.map((item) => item.dataset.painting)")


def matched(timeline: dict[str, Any]) -> list[dict[str, Any]]:
    return [shot for shot in timeline["shots"] if shot["matches"]]


def slide(page: Page, part: str, value: int) -> None:
    """Move a slider as a hand does: input, then rest."""
    page.locator(f'.weights tr[data-part="{part}"] input').fill(str(value))


def test_a_shot_opens_with_its_frame_its_paintings_and_the_score_taken_apart(page: Page, timeline: dict[str, Any]):
    shot = matched(timeline)[0]

    expect(page.locator("#look-title")).to_have_text(f"Shot {shot['number']}")
    assert order(page) == [str(match["painting"]["id"]) for match in shot["matches"]]
    best = shot["matches"][0]
    expect(page.locator(".of-painting figcaption")).to_contain_text(best["painting"]["title"])
    expect(page.locator(".sum")).to_contain_text(f"{best['score']:.2f}")
    expect(page.locator(".sum")).to_contain_text(f"after hub correction {best['corrected']:.2f}")
    for metric, similarity in best["metrics"].items():
        expect(page.locator(f'tr[data-part="{metric}"] .likeness')).to_have_text(f"{similarity:.2f}")
        brings = 0.5 * timeline["profile"]["weights"][metric] * similarity
        assert float(page.locator(f'tr[data-part="{metric}"] .brings').inner_text()) == pytest.approx(brings, abs=6e-4)
    expect(page.locator(".of-frame .swatches")).to_have_attribute("aria-label", re.compile("#c81e28, #14b43c, #0a14e6"))
    expect(page.locator(".of-painting .depth img")).to_be_visible()


def test_clicking_the_barcode_opens_the_shot_that_runs_there(page: Page, timeline: dict[str, Any]):
    shot = max(matched(timeline), key=lambda shot: shot["end_s"] - shot["start_s"])
    box = page.locator("#film-axis").bounding_box()
    assert box is not None

    middle = (shot["start_s"] + shot["end_s"]) / 2 / timeline["shots"][-1]["end_s"]
    page.mouse.click(box["x"] + middle * box["width"], box["y"] + 30)

    expect(page.locator("#look-title")).to_have_text(f"Shot {shot['number']}")
    assert f"shot={shot['number']}" in page.url


def test_keys_walk_the_shots_and_zoom(page: Page, timeline: dict[str, Any]):
    first = matched(timeline)[0]["number"]
    axis = page.locator("#film-axis")

    for key in ("j", "j", "ArrowRight", "k"):
        page.keyboard.press(key)
    expect(page.locator("#look-title")).to_have_text(f"Shot {first + 2}")
    axis.focus()
    page.keyboard.press("End")
    expect(axis).to_have_attribute("aria-valuenow", str(SHOTS))
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator(".in-view")).to_contain_text(f"of {SHOTS} shots")
    assert "view=" in page.url
    page.keyboard.press("0")
    expect(page.locator(".in-view")).to_have_text(f"the whole film, {SHOTS} shots")
    page.keyboard.press("Home")
    expect(axis).to_have_attribute("aria-valuetext", re.compile("shot 1, 00:00:00, not matched"))


def test_wheel_and_drag_move_through_the_film(page: Page):
    box = page.locator("#film-axis").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)

    page.mouse.wheel(0, -400)
    expect(page.locator(".in-view")).to_contain_text(" of ")
    before = page.locator(".in-view").text_content()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 150, box["y"] + 30, steps=4)
    page.mouse.up()

    assert page.locator(".in-view").text_content() != before


def best_under(shot: dict[str, Any], weights: dict[str, float], share: float) -> list[str]:
    """A shot's paintings ranked by hand under other weights: by the plain score."""
    total = sum(weights.values())

    def key(match: dict[str, Any]) -> float:
        style = sum(weights[metric] / total * match["metrics"][metric] for metric in weights)
        return share * match["visual"] + (1 - share) * style

    return [str(match["painting"]["id"]) for match in sorted(shot["matches"], key=key, reverse=True)]


def test_a_slider_ranks_anew_at_once_and_can_be_taken_back(page: Page, timeline: dict[str, Any]):
    shot = matched(timeline)[0]
    stored, table = order(page), page.locator(".bands-movement tbody").inner_text()
    weights = {metric: 100 * weight for metric, weight in timeline["profile"]["weights"].items()}

    slide(page, "visual", 0)
    for metric in weights:
        slide(page, metric, 100 if metric == "contrast" else 0)
    alone = dict.fromkeys(weights, 0.0) | {"contrast": 100.0}

    assert order(page) == best_under(shot, alone, 0.0) != stored
    assert page.locator(".bands-movement tbody").inner_text() != table or len(shot["matches"]) == 5
    expect(page.locator(".basis")).to_contain_text("candidates of this page")
    expect(page.locator("#spoken")).to_contain_text("nearest now: 1,")
    listed = page.locator(f"#shot-{shot['number']} .works .title")
    listed.first.scroll_into_view_if_needed()
    titles = {str(match["painting"]["id"]): match["painting"]["title"] for match in shot["matches"]}
    expect(listed).to_have_text([titles[one] for one in best_under(shot, alone, 0.0)])

    page.get_by_role("button", name="Reset the weights").click()
    assert order(page) == stored
    expect(listed).to_have_text([titles[one] for one in stored])
    page.go_back()
    assert order(page) == best_under(shot, alone, 0.0)


def test_filters_leave_the_shots_that_answer(page: Page, timeline: dict[str, Any]):
    form = page.locator(".filter")

    def shown() -> list[str]:
        return page.locator(".shot:not([hidden])").evaluate_all("shots => shots.map((shot) => shot.id)")

    def with_one(answers: Any) -> list[str]:
        return [f"shot-{shot['number']}" for shot in timeline["shots"] if any(map(answers, shot["matches"]))]

    form.locator("[name=movement]").select_option("Baroque")
    baroque = with_one(lambda match: match["painting"]["movement"] == "Baroque")
    assert shown() == baroque
    expect(form.locator("output")).to_have_text(f"{len(baroque)} of {SHOTS} shots")

    form.get_by_role("button", name="Clear").click()
    assert len(shown()) == SHOTS
    form.locator("[name=from]").fill("1700")
    form.locator("[name=to]").fill("1800")
    form.locator("[name=to]").press("Enter")
    in_years = with_one(lambda m: m["painting"]["year_to"] >= 1700 and m["painting"]["year_from"] <= 1800)
    assert shown() == in_years

    form.get_by_role("button", name="Clear").click()
    form.locator("[name=convincing]").check()
    convincing = [f"shot-{shot['number']}" for shot in timeline["shots"] if shot["convincing"]]
    assert shown() == convincing
    assert set(convincing) < set(with_one(lambda match: match["convincing"])), "a shot is judged by its nearest alone"
    expect(page.locator(".verdicts")).to_contain_text(f"{len(convincing)} of ")
    expect(form.locator("output")).to_have_text(f"{len(convincing)} of {SHOTS} shots")
    form.locator("[name=least]").fill("0.99")
    form.locator("[name=least]").press("Enter")
    assert shown() == []
    expect(page.locator(".none")).to_have_text("No shot answers to this filter.")


def test_a_shot_that_is_gone_to_in_the_list_keeps_filters_and_weights_in_the_address(
    page: Page, timeline: dict[str, Any]
):
    shot = matched(timeline)[-1]
    page.locator(".filter [name=nearest]").check()
    slide(page, "dc", 77)

    page.evaluate("number => { location.hash = `shot-${number}`; }", shot["number"])

    expect(page.locator("#look-title")).to_have_text(f"Shot {shot['number']}")
    page.wait_for_function("location.hash.startsWith('#shot=')")
    kept = parse_qs(urlsplit(page.url).fragment)
    assert kept["shot"] == [str(shot["number"])]
    assert kept["nearest"] == ["1"]
    assert kept["weights"][0].startswith("77-")


def test_a_shot_without_a_convincing_match_says_so(page: Page, timeline: dict[str, Any]):
    doubtful = next(shot for shot in timeline["shots"] if shot["convincing"] is False)
    sure = next(shot for shot in timeline["shots"] if shot["convincing"])

    for shot, words in ((doubtful, "No convincing match"), (sure, "A convincing match")):
        page.goto(f"{page.url.partition('#')[0]}#shot={shot['number']}")
        expect(page.locator(".verdict")).to_contain_text(words)
    expect(page.locator(f"#shot-{doubtful['number']} .when")).to_contain_text("no convincing match")


def test_a_cited_address_shows_the_same_in_a_fresh_browser(page: Page, visit: Begin, timeline: dict[str, Any]):
    shot = matched(timeline)[3]
    page.get_by_text("Artist", exact=True).first.click()
    page.locator(".filter [name=movement]").select_option("Baroque")
    slide(page, "visual", 10)
    page.keyboard.press("Tab")
    page.locator(f"#t{shot['number']} a").evaluate("link => link.click()")
    page.locator(".order button").nth(2).click()
    page.locator('[data-zoom="in"]').click()

    def state(page: Page) -> list[Any]:
        return [
            page.locator("#look-title").inner_text(), order(page), page.locator(".in-view").inner_text(),
            page.locator('.order button[aria-pressed="true"] .title').inner_text(),
            page.locator(".filter output").inner_text(), page.locator(".bands-artist tbody").inner_text(),
            page.locator('tr[data-part="visual"] output').inner_text(),
        ]  # fmt: skip

    page.get_by_role("button", name="Copy citation").click()
    expect(page.locator(".copied")).to_contain_text("Reel to Real")
    cited = page.locator(".copied").inner_text()
    address = cited[cited.index("file://") :]
    assert "Reel to Real 1.0" in cited
    assert "profile starter" in cited
    assert "revision 7" in cited
    assert "weights of the reader's own" in cited

    there = visit(address).open("")
    assert state(there) == state(page)
    expect(there.locator("#look-title")).to_be_in_viewport()


def test_back_returns_to_the_shot_before(page: Page, timeline: dict[str, Any]):
    first = matched(timeline)[0]["number"]
    page.keyboard.press("j")
    page.keyboard.press("j")

    page.go_back()
    expect(page.locator("#look-title")).to_have_text(f"Shot {first + 1}")
    page.go_forward()
    expect(page.locator("#look-title")).to_have_text(f"Shot {first + 2}")


SENSELESS = [
    "#shot=999",
    "#shot=x&view=9-1&by=__proto__&from=abc&least=7&weights=1-2-3&visual=-5",
    "#weights=0-0-0-0-0-0-0-0&visual=0&painting=-1&view=0-0.0001",
    "#=&&%E0%A4%A",
    "#top",
]


def test_an_address_that_makes_no_sense_still_opens_the_film(visit: Begin, file: Path, timeline: dict[str, Any]):
    reader = visit(file.as_uri())
    for address in SENSELESS:
        page = reader.open("")
        page.goto("about:blank")
        page.goto(file.as_uri() + address)

        expect(page.locator("#look-title")).to_have_text(f"Shot {matched(timeline)[0]['number']}")
        assert len(order(page)) == 5


def test_a_film_without_shots_or_matches_complains_of_nothing(visit: Begin, tmp_path: Path):
    """Given all that the page draws, nothing of it is there."""
    whole = page_sample.timeline(page_sample.paintings(3), shots=1)
    for name, timeline in (("blank", whole | {"influence": []}), ("empty", whole | {"influence": [], "shots": []})):
        file = tmp_path / f"{name}.html"
        picture = page_sample.picture(1, 160, 120)
        file.write_text(
            render(timeline, image=lambda _, picture=picture: picture, tool_version="1.0", generated=datetime.now(UTC)),
            encoding="utf-8",
        )
        page = visit(file.as_uri()).open("")

        for key in ("j", "k", "+", "0"):
            page.keyboard.press(key)
        expect(page.locator(".film-axis")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(visit: Begin, file: Path, scheme: str):
    reader = visit(file.as_uri(), scheme=scheme)
    expect(reader.open("").locator("#look")).to_be_visible()

    assert reader.barriers() == []


def test_nothing_overflows_from_a_phone_to_a_projector(visit: Begin, file: Path):
    reader = visit(file.as_uri())
    page = reader.open("")
    expect(page.locator("#look")).to_be_visible()

    def over(width: int) -> int:
        page.set_viewport_size({"width": width, "height": 900})
        return reader.overflow()

    widths = (320, 390, 768, 1100, 1280, 1920)
    assert {width: over(width) for width in widths} == dict.fromkeys(widths, 0)


TIMES = """
    () => {
      const timed = (what) => {
        const began = performance.now();
        what();
        document.body.offsetHeight;  // laid out anew, as it will be painted
        return performance.now() - began;
      };
      const slide = (part, value) => () => {
        const slider = document.querySelector(`[data-part=${part}] input`);
        slider.value = value;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      };
      const movement = document.querySelector(".filter").elements.movement;
      const choose = () => {
        movement.selectedIndex = 1;
        movement.dispatchEvent(new Event("change", { bubbles: true }));
      };
      return {
        "first paint": performance.getEntriesByName("first-contentful-paint")[0].startTime,
        "first slider": timed(slide("dc", 90)),
        "next slider": timed(slide("contrast", 70)),
        "filter": timed(choose),
      };
    }
"""


def test_a_two_hour_film_is_there_within_a_second_and_ranked_anew_within_a_third(
    visit: Begin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """1,500 shots with 20 candidates each of 21,000 paintings, as the server gives them.

    Opened until both aims are met, five times at most: neighbours on the machine add to a time, nothing takes from it.
    """
    works = page_sample.paintings(21_000)
    timeline = page_sample.judged(page_sample.timeline(works, shots=1500, mean_shot_s=4.8, matches=20))
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(page_sample.picture(1, 160, 120))
    file = tmp_path / "film.html"
    document = served(
        timeline,
        media=lambda _: picture.as_uri(),
        links=Links(painting=lambda number: f"#painting-{number}"),
        assets=ASSETS.as_uri(),
        tool_version="1.0",
        generated=datetime(2026, 11, 2, tzinfo=UTC),
    )
    file.write_text(document, encoding="utf-8")

    def look() -> dict[str, float]:
        page = visit(file.as_uri()).open("")
        expect(page.locator("#look")).to_be_visible(timeout=20_000)
        took_ms = page.evaluate(TIMES)
        page.close()
        with capsys.disabled():
            said = ", ".join(f"{what} {milliseconds:.0f} ms" for what, milliseconds in took_ms.items())
            print(f"\nfilm page, 1,500 shots × 20 candidates, {len(document) / 1e6:.1f} MB: {said}")
        return took_ms

    paints: list[float] = []
    rankings: list[float] = []
    while len(paints) < 5 and not (paints and min(paints) <= 1000 and min(rankings) <= 300):
        took_ms = look()
        paints.append(took_ms["first paint"])
        rankings.append(max(took_ms["first slider"], took_ms["next slider"]))

    assert min(paints) <= 1000
    assert min(rankings) <= 300


def test_it_can_be_read_without_script(chromium: Any, file: Path, timeline: dict[str, Any]):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())

    expect(page.locator(".look")).to_be_hidden()
    expect(page.locator(".barcode")).to_be_visible()
    expect(page.locator(f"#shot-{matched(timeline)[0]['number']} .works li")).to_have_count(5)
    expect(page.locator(".bands-movement tbody tr").first).to_be_visible()
    context.close()
