"""The film page as a server gives it: nothing inline but data, everything else by address; and that data itself."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import page_sample
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_cli import page
from r2r_cli.page import data, words
from r2r_shared.queries.palettes import Palettes

WIDE = 13


def serve(timeline: dict[str, Any], **more: Any) -> str:
    return page.served(
        timeline,
        media=lambda key: f"/media/{key}",
        links=page.Links(painting=lambda number: f"/paintings/{number}", exact="/exact", home="/"),
        assets="/assets",
        tool_version="9.8.7",
        generated=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        **more,
    )


def block(document: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/json" id="film-data">(.*?)</script>', document, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


@pytest.fixture(scope="module")
def timeline() -> dict[str, Any]:
    return page_sample.judged(page_sample.timeline(page_sample.paintings(40), shots=12, seed=3))


@pytest.fixture(scope="module")
def document(timeline: dict[str, Any]) -> str:
    return serve(timeline)


def test_nothing_is_inline_and_every_asset_is_there(document: str):
    """A policy of `script-src 'self'; style-src 'self'` lets all of it run."""
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|http-equiv|data:image", document)
    scripts = re.findall(r"<script([^>]*)>", document)
    by_address = [found[1] for one in scripts if (found := re.search(r'src="/assets/([^"]+)"', one))]
    assert len(scripts) == len(by_address) + 1
    sheets = re.findall(r'<link rel="stylesheet" href="/assets/([^"]+)"', document)
    assert {path.name for path in page.ASSETS.iterdir()} == {*by_address, *sheets}


def test_pictures_and_paintings_are_where_the_server_says(document: str, timeline: dict[str, Any]):
    shot = next(shot for shot in timeline["shots"] if shot["matches"])
    painting = shot["matches"][0]["painting"]

    assert f'src="/media/{shot["keyframes"][0]["image"]}"' in document
    assert f'src="/media/{painting["image"]}"' in document
    assert f'href="/paintings/{painting["id"]}"' in document
    links = block(document)["links"]
    assert links == {"exact": "/exact", "home": "/", "picture": "/media/{}", "painting": "/paintings/{}"}


def test_the_data_hold_every_candidate_to_a_ten_thousandth(document: str, timeline: dict[str, Any]):
    found = block(document)

    assert [shot[0] for shot in found["shots"]] == [shot["number"] for shot in timeline["shots"]]
    for shot, row in zip(timeline["shots"], found["candidates"], strict=True):
        assert len(row) == WIDE * len(shot["matches"])
        for place, match in enumerate(shot["matches"]):
            one = row[place * WIDE : (place + 1) * WIDE]
            assert found["paintings"][one[0]][0] == match["painting"]["id"]
            told = [match["score"], match["visual"], *(match["metrics"][m] for m in words.METRIC_LABELS)]
            p_value, corrected = one[-2:]
            assert [value / data.SCALE for value in (*one[1:-2], corrected)] == pytest.approx(
                [*told, match["corrected"]], abs=0.51 / data.SCALE
            )
            assert match["p_value"] - 1e-12 <= p_value / data.SCALE < match["p_value"] + 1 / data.SCALE


@pytest.mark.parametrize(
    ("p_value", "shown"), [(0.05, 500), (0.050025, 501), (0.049999, 500), (1e-7, 1), (1.0, 10_000)]
)
def test_a_match_that_is_just_not_convincing_is_not_shown_as_one(p_value: float, shown: int):
    timeline = page_sample.judged(page_sample.timeline(page_sample.paintings(3), shots=2))
    timeline["shots"][1]["matches"][0]["p_value"] = p_value

    assert block(serve(timeline))["candidates"][1][WIDE - 2] == shown


def test_later_paintings_can_be_kept_and_left_out_on_the_site_alone(timeline: dict[str, Any]):
    kept = timeline | {"profile": timeline["profile"] | {"all_dates": True}}

    assert '<a href="?all_dates=1">keep them</a>' in serve(timeline)
    assert '<a href="?all_dates=0">leave them out</a>' in serve(kept)
    assert "?all_dates=" not in serve(timeline | {"film": timeline["film"] | {"year": None}}), "no painting is later"
    alone = page.render(kept, image=lambda _: page_sample.picture(1), tool_version="1", generated=datetime.now(UTC))
    assert "?all_dates=" not in alone


def test_each_work_is_described_once_with_its_colours_and_its_depth_map(timeline: dict[str, Any]):
    frame = timeline["shots"][1]["keyframes"][0]["frame"]
    colours = (255.4, 0.0, 16.0) * 3
    found = block(
        serve(
            timeline,
            palettes=Palettes({frame: colours}, dict.fromkeys(range(1, 41), colours)),
            depth=lambda key: f"/maps/{key}.png",
        )
    )

    ids = [painting[0] for painting in found["paintings"]]
    assert len(ids) == len(set(ids))
    assert all(painting[8] == "ff0010" * 3 for painting in found["paintings"])
    assert all(painting[11] == f"/maps/paintings/{painting[0]}.jpg.png" for painting in found["paintings"])
    assert found["shots"][1][9] == "ff0010" * 3
    assert found["shots"][0][11] == "", "a blank shot was not measured"


def test_a_timeline_of_before_the_findings_is_shown_with_what_it_lacks_as_not_known():
    old = page_sample.timeline(page_sample.paintings(10), shots=4)

    document = serve(old)

    found = block(document)
    assert found["profile"]["null"] is None
    assert not found["profile"]["hubs"]
    assert {shot[7] for shot in found["shots"]} == {None}
    assert all(
        row[at] is None
        for row in found["candidates"]
        for place in range(0, len(row), WIDE)
        for at in (place + 11, place + 12)
    )
    assert "convincing match:" not in document


def test_of_more_than_twenty_paintings_the_first_twenty_are_candidates():
    works = page_sample.paintings(30)
    timeline = page_sample.timeline(works, shots=2)
    shot = timeline["shots"][1]
    like = shot["matches"][0]
    shot["matches"] = [like | {"rank": rank, "painting": works[rank - 1]} for rank in range(1, 31)]

    assert len(block(serve(timeline))["candidates"][1]) == data.CANDIDATES * WIDE


@given(st.text(alphabet=st.sampled_from("<>/!-\u2028\u2029\"'&{}%scriptSCRIPT \ud83d\x00\x1b"), max_size=40))
def test_no_name_ends_the_data_or_is_changed_by_it(name: str):
    works = page_sample.paintings(2)
    works[0].update(title=name)
    timeline = page_sample.timeline(works, shots=2, title=name)

    document = serve(timeline)

    document.encode()
    found = block(document)
    assert found["film"]["title"] == words.clean(name)
    assert words.clean(name) in {painting[1] for painting in found["paintings"]}
