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
            told += [match["p_value"], match["corrected"]]
            assert [value / data.SCALE for value in one[1:]] == pytest.approx(told, abs=0.51 / data.SCALE)


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
