"""The page of a film: what stands on it, that nothing can escape into it, that it calls nobody."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import page_sample
import pytest

from r2r_cli.page import render, words
from r2r_shared.score import DEFAULT, Weights

WHEN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
MAY_STAY_OPEN = {"td", "th", "tr", "thead", "tbody"}  # as HTML has it
VOID = {"meta", "link", "img", "input", "br", "hr", "path"}


class Document(HTMLParser):
    """The page as a list of elements, with the text inside each and the depth check of a strict reader."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1] in MAY_STAY_OPEN and tag != self.open[-1]:
            self.open.pop()
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"style", "script"}:
            name = "data" if self.elements[-1][1].get("type") == "application/json" else self.open[-1]
            self.raw[name] = self.raw.get(name, "") + data
        else:
            self.text.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [a for t, a in self.elements if t == tag and wanted.items() <= a.items()]

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def image() -> Callable[[str], bytes]:
    stock = [page_sample.picture(seed, 160, 120) for seed in range(4)]
    return lambda key: stock[sum(map(ord, key)) % len(stock)]


def draw(timeline: dict[str, Any], image: Callable[[str], bytes], **more: Any) -> str:
    return render(timeline, image=image, tool_version="9.8.7", generated=WHEN, **more)


@pytest.fixture(scope="module")
def timeline() -> dict[str, Any]:
    return page_sample.timeline(page_sample.paintings(40), shots=20, seed=3)


@pytest.fixture(scope="module")
def page(timeline: dict[str, Any], image: Callable[[str], bytes]) -> str:
    return draw(timeline, image)


@pytest.fixture(scope="module")
def document(page: str) -> Document:
    return Document(page)


def test_it_is_one_well_formed_document(page: str, document: Document):
    assert page.startswith("<!doctype html>")
    assert document.open == []
    ids = [a["id"] for _, a in document.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"] for _, a in document.elements if (a.get("href") or "").startswith("#")}
    assert {t[1:] for t in targets if t} <= set(ids)


def test_its_title_block_and_citation_say_what_was_measured_and_how(document: Document):
    for word in ("The Painted Reel", "Directed by A. Director", "1927", "20 shots", "profile starter"):
        assert word in document.words
    assert "Reel to Real 9.8.7" in document.words
    assert "against collection samples , revision 7" in document.words
    assert "2 November 2026, 09:30 UTC" in document.words


def test_its_citation_says_which_film_of_which_year_and_the_state_of_the_collections(image: Callable[[str], bytes]):
    found = page_sample.timeline(page_sample.paintings(6), shots=3, year=None, sha256="c" * 64, detector="adaptive")
    found["profile"] |= {"state": "0123456789ab" + "d" * 52}

    document = Document(draw(found, image))

    assert "(year unknown; sha256 cccccccccccc; shots found by adaptive): timeline of 3 shots" in document.words
    assert ", state 0123456789ab; " in document.words


def test_it_says_what_was_chosen_and_not_in_which_folder_the_film_lies(image: Callable[[str], bytes]):
    found = page_sample.timeline(page_sample.paintings(6), shots=3, path="/home/a reader/secret/a film.mp4")
    plain = found["profile"] | {"weights": DEFAULT.named(), "top_k": 5, "hub_correction": True}
    for chosen, said in (
        ({}, "revision 7. Made on"),
        ({"all_dates": True}, "revision 7; all dates. Made on"),
        ({"weights": Weights.parse("dc=1,others=0").named(), "top_k": 2}, "revision 7; weights dc=1 avg_dof=0 "),
    ):
        document = Document(draw(found | {"profile": plain | chosen}, image))

        assert said in document.words
        assert "a film.mp4" in document.words
        assert "secret" not in document.words


def test_every_shot_has_an_anchor_a_timecode_frames_and_a_stripe(document: Document, timeline: dict[str, Any]):
    assert [a["id"] for a in document.all("article")] == [f"shot-{s['number']}" for s in timeline["shots"]]
    for shot in timeline["shots"]:
        assert words.timecode(shot["start_s"]) in document.words
        assert f"frames {shot['start_frame']}–{shot['end_frame'] - 1}" in document.words
    stripes = [a for a in document.all("rect") if a.get("height") == "100%"]
    assert len(stripes) >= len(timeline["shots"])
    assert sum(float((a["width"] or "")[:-1]) for a in stripes[: len(timeline["shots"])]) == pytest.approx(100, abs=0.1)


def test_blank_shots_are_shown_as_not_matched_and_hold_no_painting(page: str, timeline: dict[str, Any]):
    blank = [s for s in timeline["shots"] if s["blank"]]
    assert blank
    for shot in blank:
        article = page.split(f'id="shot-{shot["number"]}"')[1].partition("</article>")[0]
        assert "not matched" in article
        assert 'class="works"' not in article


def test_each_match_shows_its_work_its_score_and_all_that_made_it(page: str, timeline: dict[str, Any]):
    shot = next(s for s in timeline["shots"] if s["matches"])
    article = Document(page.split(f'id="shot-{shot["number"]}"')[1].split(">", 1)[1].partition("</article>")[0])
    for match in shot["matches"]:
        for word in (match["painting"]["title"], match["painting"]["artist"], match["painting"]["movement"]):
            assert word in article.words
        for value in (
            match["score"],
            match["visual"],
            match["semantic"],
            *match["metrics"].values(),
        ):
            assert f"{value:.2f}" in article.words
        for metric, similarity in match["metrics"].items():
            assert f"{similarity:.2f} {100 * match['shares'][metric]:.0f}%" in article.words
    for label in words.METRIC_LABELS.values():
        assert label in article.words
    best = shot["matches"][0]
    assert f"<td class=b{words.hundredth(best['visual'])}>{best['visual']:.2f}" in page


def test_a_paintings_picture_is_in_the_file_once_however_often_it_is_matched(page: str, timeline: dict[str, Any]):
    used = {m["painting"]["id"] for s in timeline["shots"] for m in s["matches"]}
    matches = sum(len(s["matches"]) for s in timeline["shots"])
    keyframes = sum(len(s["keyframes"]) for s in timeline["shots"])

    assert matches > len(used)
    assert page.count("data:image/") == len(used) + keyframes + 1  # and the barcode
    assert all(page.count(f".p{number}{{") == 1 for number in used)


def test_influence_shows_share_chance_and_lift_for_each_view(document: Document, timeline: dict[str, Any]):
    assert [a["value"] for a in document.all("input", type="radio")] == ["movement", "artist", "painting"]
    top = max((r for r in timeline["influence"] if r["by"] == "movement"), key=lambda r: r["share"])
    assert f"{words.percent(top['share'])}" in document.words
    assert words.times(top["lift"]) in document.words
    assert "not proof of influence" in document.words


def test_nothing_is_fetched_and_only_its_own_style_and_script_may_run(page: str, document: Document):
    policy = document.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"] or ""
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(document.raw[tag].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy

    for tag, attributes in document.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        for name in ("src", "href", "srcset", "poster", "action", "data"):
            address = attributes.get(name) or "#"
            assert address.startswith(("#", "data:")), (tag, name, address[:80])
    assert not re.search(r"url\((?!data:image/webp;base64,)", document.raw["style"])
    assert "@import" not in document.raw["style"]
    assert "://" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)


AWKWARD = [
    "</style><script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "{{ 7 * 7 }} {% raw %}",
    "لوحة \u202egnipeels\u202c العشاء",
    "Nuit étoilée 🌌 & <b>Œuvre</b>",
    "lone \ud83d surrogate \x00\x1b[31m",
]


@pytest.mark.parametrize("name", AWKWARD)
def test_no_title_can_leave_its_place(name: str, image: Callable[[str], bytes]):
    works = page_sample.paintings(6)
    for work in works:
        work.update(title=name, artist=name, movement=name)
    plain = Document(draw(page_sample.timeline(page_sample.paintings(6), shots=3), image))

    page = draw(page_sample.timeline(works, shots=3, title=name, director=name, path=name), image)

    page.encode("utf-8")
    found = Document(page)
    assert words.clean(name) in "".join(found.text)
    assert {t for t, _ in found.elements} <= {t for t, _ in plain.elements}
    assert {n for _, a in found.elements for n in a} <= {n for _, a in plain.elements for n in a}
    assert found.raw["script"] == plain.raw["script"]


def test_a_picture_that_is_not_in_the_store_is_counted_and_said(
    timeline: dict[str, Any], image: Callable[[str], bytes]
):
    lost = timeline["shots"][1]["keyframes"][0]["image"]

    def patchy(key: str) -> bytes:
        if key == lost:
            raise FileNotFoundError(key)
        return image(key)

    page = draw(timeline, patchy)

    assert "1 picture was not in the media store" in Document(page).words
    assert "no picture" in page


def test_a_film_without_shots_matches_or_influence_still_has_a_page(image: Callable[[str], bytes]):
    timeline = page_sample.timeline(page_sample.paintings(3), shots=1)
    assert timeline["shots"][0]["blank"]

    found = Document(draw(timeline | {"influence": []}, image))
    empty = Document(draw(timeline | {"influence": [], "shots": []}, image))

    assert "not matched" in found.words
    assert "0 shots" in empty.words


def test_of_very_many_shots_fewer_paintings_are_listed_and_the_page_says_so(image: Callable[[str], bytes]):
    timeline = page_sample.timeline(page_sample.paintings(8), shots=801)

    page = draw(timeline, image)

    assert len(re.findall(r"<span class=\"picture", page)) == 3 * sum(1 for s in timeline["shots"] if s["matches"])
    assert "the nearest 3 paintings of each are listed here" in page


def test_unknown_director_year_artist_and_date_leave_no_gap(image: Callable[[str], bytes]):
    works = page_sample.paintings(6)
    for work in works:
        work.update(artist="", movement="", year_from=None, year_to=None)
    page = draw(page_sample.timeline(works, shots=3, director="", year=None), image)

    assert "None" not in Document(page).words
    assert "Directed by" not in page


MODELS = [  # encoder, depth estimator, what the page says of them, and what it must not say
    ("descriptor", "defocus", ["a fixed descriptor", "by a defocus map", "no measure of distance"], "depth model"),
    ("resnet50-imagenet", "dpt-swinv2-tiny-256", ["trained on photographs (ImageNet)", "depth model"], "defocus"),
    ("my-checkpoint", "defocus", ["the description that a trained network gives", "defocus map"], "ImageNet"),
]


@pytest.mark.parametrize("models", MODELS, ids=lambda models: models[0])
def test_v_r_and_depth_are_explained_as_what_the_profile_makes_them_of(
    timeline: dict[str, Any], image: Callable[[str], bytes], models: tuple[str, str, list[str], str]
):
    encoder, depth, said, unsaid = models
    profile = timeline["profile"] | {"encoder": encoder, "depth": depth}

    found = Document(draw(timeline | {"profile": profile}, image)).words

    assert all(one in found for one in said)
    assert unsaid not in found


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(0, "00:00:00"), (59.999, "00:00:59"), (60, "00:01:00"), (7261.5, "02:01:01"), (360000, "100:00:00")],
)
def test_timecodes(seconds: float, code: str):
    assert words.timecode(seconds) == code


@pytest.mark.parametrize(
    ("year_from", "year_to", "text"),
    [
        (-350, -300, "350 BCE–300 BCE"),
        (1503, 1506, "1503–1506"),
        (1889, 1889, "1889"),
        (None, 1600, "before 1600"),
        (1600, None, "after 1600"),
        (None, None, ""),
    ],
)
def test_years(year_from: int | None, year_to: int | None, text: str):
    assert words.years({"year_from": year_from, "year_to": year_to}) == text


def test_lift_without_expectation_is_a_dash():
    assert words.times(None) == words.times(float("inf")) == "–"
    assert words.times(1.64) == "1.6 ×"
    assert [words.percent(x) for x in (0, 0.0004, 0.034, 0.31)] == ["0 %", "< 0.1 %", "3.4 %", "31 %"]


@pytest.mark.parametrize(
    ("lift", "low", "beyond"),
    [(1.4, None, True), (0.9, None, False), (1.4, 0.8, False), (1.4, 1.1, True), (None, None, False)],
)
def test_a_lift_is_above_chance_where_all_of_its_interval_is(lift: float | None, low: float | None, beyond: bool):
    assert words.beyond_chance({"lift": lift, "lift_low": low}) is beyond


def test_p_values_and_intervals_in_words():
    assert [words.p_value(p) for p in (None, 0.0002, 0.0123, 0.4)] == ["", "p < 0.001", "p = 0.012", "p = 0.40"]
    assert [words.interval(*ends) for ends in ((None, None), (1.04, 2.26))] == ["", "1.0–2.3"]


def test_findings_are_said_in_words_where_they_are_known_and_left_out_where_not(
    timeline: dict[str, Any], image: Callable[[str], bytes]
):
    judged = page_sample.judged(timeline)
    sure = sum(1 for shot in judged["shots"] if shot["convincing"])
    doubtful = sum(1 for shot in judged["shots"] if shot["convincing"] is False)

    found, old = Document(draw(judged, image)).words, Document(draw(timeline, image)).words

    assert sure
    assert doubtful
    assert f"{sure} of {sure + doubtful} matched shots have a convincing match" in found
    assert found.count("no convincing match") == doubtful
    assert "200 of its own paintings were compared" in found
    assert "hub has to be nearer" in found
    best = next(shot for shot in judged["shots"] if shot["matches"])["matches"][0]
    assert f"corrected {best['corrected']:.2f}" in found
    assert "no match is called convincing or not" in old
    assert "corrected 0" not in old
