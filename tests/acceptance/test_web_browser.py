"""The site in a real browser, on a real stack: a reader looks, adds a film, cancels it, and searches by a picture."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.browser import Scheme, Visit, chromium, visit
from tests.acceptance.cli import Cli
from tests.acceptance.web_site import serving

__all__ = ["chromium", "visit"]

PAGES = ("/", "/paintings", "/paintings/1", "/search", "/catalogue", "/catalogue/similar?film=1", "/catalogue/hubs")

DROP = """([name, bytes]) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/jpeg" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the site may take films from."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def site(ingested: Cli, films: Path, chromium: Any) -> Iterator[str]:
    """The site on the stack that holds the material. After `chromium`: where there is none, neither is this."""
    del chromium
    with serving(ingested, films=films) as base:
        yield base
    for film in ingested.json("films", "list"):  # others look at the stack as it was
        if film["id"] != 1:
            ingested.run("films", "remove", film["id"], "--yes")


def cut_short(source: Path, target: Path, seconds: float) -> None:
    """A film of the first seconds of another, as another file: its bytes make it another film."""
    import av

    with av.open(str(source)) as there, av.open(str(target), "w") as here:
        old = there.streams.video[0]
        new = here.add_stream_from_template(old)
        for packet in there.demux(old):
            if packet.dts is None or float(packet.pts * old.time_base) > seconds:
                continue
            packet.stream = new
            here.mux(packet)


def require_place(page: Any) -> None:
    """A reader without a mouse goes on where a button was, not at the top of the page."""
    page.locator(":focus").wait_for(state="attached")  # the page itself never is


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_open_to_all_readers_and_fits_every_screen(
    site: str, visit: Callable[..., Visit], scheme: Scheme
) -> None:
    for width in (390, 1280, 1920):
        reader = visit(site, scheme=scheme, width=width)
        for path in PAGES:
            page = reader.open(path)

            assert reader.overflow() == 0, f"{path} is wider than {width} px"
            assert page.locator("h1").count() == 1
            if width == 1280:
                assert reader.barriers() == []


def test_a_reader_without_a_mouse_gets_to_a_film(site: str, visit: Callable[..., Visit]) -> None:
    page = visit(site).open()

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    for _ in range(12):
        page.keyboard.press("Tab")
        if "poster" in page.evaluate("document.activeElement.className"):
            break
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/films/1"))
    assert page.locator("h1").inner_text() == "The Film"


def test_films_are_found_by_words(site: str, visit: Callable[..., Visit]) -> None:
    page = visit(site).open()

    page.get_by_label("Title, director").fill("nothing of that name")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("No film answers to these words").is_visible()

    page.get_by_label("Title, director").fill("1999 film")
    page.get_by_role("button", name="Show").click()
    assert page.locator(".card .title").all_inner_texts() == ["The Film"]
    assert page.locator(".card img").evaluate("image => image.complete && image.naturalWidth") > 0


def test_a_film_is_named_watched_and_looked_at(
    site: str, films: Path, material: Path, visit: Callable[..., Visit]
) -> None:
    cut_short(material / "film.mp4", films / "short.mp4", 6)
    reader = visit(site)
    page = reader.open()

    page.get_by_text("Add a film").click()
    assert reader.barriers() == []
    page.get_by_label("Or name a file").fill("short.mp4")
    page.get_by_text("Title, director, year, country").click()
    page.get_by_label("Title", exact=True).fill("A Short One")
    page.get_by_label("Year", exact=True).fill("1950")
    page.get_by_role("button", name="Analyse it").click()

    page.get_by_role("heading", name="Being worked on").wait_for()
    assert reader.barriers() == []
    card = page.locator(".card[data-state=ready]", has_text="A Short One")
    card.wait_for(timeout=90_000)  # nobody loads the page again: it keeps itself true
    card.locator("a.poster").click()
    page.wait_for_url(re.compile(r"/films/\d+"))
    assert page.locator("h1").inner_text() == "A Short One"


def test_a_film_that_is_sent_can_be_cancelled_and_tried_again(
    site: str, tmp_path: Path, visit: Callable[..., Visit], ingested: Cli, shared_dir: Path
) -> None:
    film = tmp_path / "Sent along.mp4"
    shutil.copy(shared_dir / "media" / "big_buck_bunny_60s.mp4", film)
    page = visit(site).open()

    page.get_by_text("Add a film").click()
    page.get_by_label("Drop a film anywhere").set_input_files(film)
    row = page.locator(".job", has_text="Sent along").filter(has=page.get_by_role("button", name=re.compile("^Cancel")))
    row.get_by_role("button", name=re.compile("^Cancel")).click()

    card = page.locator(".card[data-state=cancelled]", has_text="Sent along")
    card.wait_for(timeout=60_000)
    require_place(page)
    (job,) = [job for job in ingested.json("jobs", "list")["jobs"] if job["about"] == "Sent along"]
    assert job["state"] == "cancelled"
    assert not list((ingested.home / "uploads").iterdir())
    place = ingested.json("films", "show", "Sent along")["path"]
    assert place.startswith("media:uploads/"), "it lies in the media store alone, for every worker to read"

    card.get_by_role("button", name=re.compile("^Try again")).click()
    card.wait_for(state="detached")
    require_place(page)
    page.locator(".job", has_text="Sent along").get_by_role("button", name=re.compile("^Cancel")).click()
    page.locator(".card[data-state=cancelled]", has_text="Sent along").wait_for(timeout=60_000)
    require_place(page)


def test_what_cannot_be_ingested_is_said_where_it_was_asked_for(
    site: str, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    film = tmp_path / "broken.mp4"
    film.write_bytes(b"no film at all")
    page = visit(site).open()

    page.get_by_text("Add a film").click()
    page.get_by_label("Drop a film anywhere").set_input_files(film)

    said = page.locator(".job[data-state=refused]", has_text="broken.mp4")
    said.wait_for()
    assert str(tmp_path) not in said.inner_text()
    said.get_by_role("button", name=re.compile("^Dismiss")).click()
    said.wait_for(state="detached")
    require_place(page)


def test_a_dropped_picture_finds_its_painting_and_its_shot(
    site: str, material: Path, ingested: Cli, visit: Callable[..., Visit]
) -> None:
    shown = ingested.json("timeline", "1")
    best = max((m for shot in shown["shots"] for m in shot["matches"]), key=lambda match: match["score"])
    picture = material / "paintings" / best["painting"]["file"]
    reader = visit(site)
    page = reader.open("/search")

    with page.expect_navigation(url=re.compile(r"/search/[0-9a-f]+"), timeout=90_000):
        page.evaluate(DROP, [picture.name, list(picture.read_bytes())])

    assert reader.barriers() == []
    paintings = page.locator("section[aria-labelledby=paintings] .card")
    assert paintings.first.locator(".title").inner_text() == best["painting"]["title"]
    assert "score 1.000" in paintings.first.inner_text()
    page.goto(page.url + "?weights=dc=1,others=0")
    assert "dominant colours 1.00" in page.locator("main").inner_text()
    page.get_by_role("link", name="Use the default weights").click()
    page.wait_for_url(re.compile(r"/search/[0-9a-f]+$"))
    shot = page.locator("section[aria-labelledby=shots] .card").first
    assert shot.locator("a").get_attribute("href", timeout=1000).startswith("/films/1#shot=")
    shot.locator("a").click()
    page.wait_for_url(re.compile(r"/films/1#"))


def test_a_painting_leads_to_the_shots_that_echo_it(site: str, ingested: Cli, visit: Callable[..., Visit]) -> None:
    shown = ingested.json("timeline", "1")
    shot = next(shot for shot in shown["shots"] if shot["matches"])
    painting = shot["matches"][0]["painting"]
    page = visit(site).open("/paintings")

    page.get_by_label("Artist, title or file").fill(painting["title"])
    page.get_by_role("button", name="Show").click()
    page.locator(".card a").first.click()

    assert page.locator("h1").inner_text() == painting["title"]
    assert page.locator(".palette rect").count() == 3
    echoes = page.locator("section[aria-labelledby=echoes] .card a")
    assert f"/films/1#shot={shot['number']}&painting={painting['id']}" in [
        one.get_attribute("href") for one in echoes.all()
    ]


def test_the_catalogue_is_a_table_with_numbers_in_it(site: str, visit: Callable[..., Visit]) -> None:
    page = visit(site).open("/catalogue")

    page.get_by_label("Films by").select_option("film")
    page.get_by_label("against").select_option("artist")
    page.get_by_role("button", name="Show").click()

    page.wait_for_url(re.compile("by=film"))
    rows = page.locator("table.heat tbody tr")
    assert "The Film" in rows.locator("th").all_inner_texts()
    assert any(re.search(r"× \d", text) for text in rows.first.locator("td").all_inner_texts())
    page.get_by_role("link", name="Hubs").click()
    assert page.locator("tbody tr").count() > 0


def test_a_site_with_a_token_asks_for_it_and_then_goes_where_one_was_going(
    ingested: Cli, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    locked = Cli(ingested.home, {"R2R_WEB_TOKEN": "a long and random text"})
    with serving(locked, films=tmp_path) as base:
        reader = visit(base)
        page = reader.open("/films/1#shot=3&by=artist")
        page.get_by_label("The token").fill("a guess")
        page.get_by_role("button", name="Sign in").click()
        assert page.get_by_role("alert").inner_text() == "That is not the token."
        assert reader.barriers() == []

        page.get_by_label("The token").fill("a long and random text")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/films/1#shot=3&by=artist$"))
        assert page.locator("#look-title").inner_text() == "Shot 3"
        page.goto(f"{base}/catalogue")
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")

        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("The token").wait_for()
        reader.complaints.clear()  # Chromium reports the 403 that the guess was answered with
