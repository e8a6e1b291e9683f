"""The page of an evaluation: drawn of what the evaluation's own parts make of a synthetic collection."""

from __future__ import annotations

import copy
import json
import math
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_cli.report import figures, render, words
from r2r_shared import schemas
from r2r_shared.records import METRICS
from r2r_shared.score import DEFAULT
from r2r_shared.triplets.works import Works
from r2r_workers.evaluation import figure8, film_test, neighbourhood, sums, triplet_test
from r2r_workers.evaluation.likeness import Measured
from tests.synthetic import World, stack

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
RANGES = {
    "dc": 600.0, "avg_dof": 2000.0, "max_dof": 4000.0, "min_dof": 1500.0,
    "saturation": 200.0, "balance": 80.0, "shadow": 600.0, "contrast": 200.0,
}  # fmt: skip
HOSTILE = '<script>alert("a")</script>&"\' \u202e {{ 7 * 7 }}'


def result(name, works, seed):
    """What one candidate comes to on these works, with embeddings of a drawn world."""
    drawn = stack(World(seed=seed).draw(len(works)))["embedding"].astype(np.float32)
    mine = Measured(works.metrics, drawn)
    made = triplet_test.rounds(works, works, depth_model="defocus", seed=1, count=2)
    rows = np.arange(0, len(works), 4)
    films = [
        {"strength": strength} | one
        for strength in (0.5, 1.0)
        for one in film_test.found_again(mine.take(rows), rows, mine, RANGES, seed=1)
    ]
    return {
        "name": name,
        "encoder": "noise",
        "digest": "ab" * 32,
        "dim": 16,
        "apart": True,
        "triplets": triplet_test.judge(made, mine, RANGES),
        "figure8": figure8.correlate(mine, sums.weighted(works.metrics), RANGES, seed=1),
        **neighbourhood.survey(works, mine, RANGES),
        "films": films,
    }, triplet_test.about(made)


@pytest.fixture(scope="module")
def report():
    n = 60
    metrics = stack(World(seed=1).draw(n))
    shaped = {m: metrics[m].reshape(n, *{"dc": (3, 3), "shadow": (9,)}.get(m, ())) for m in METRICS}
    artists = [f"Artist {number % 12}" for number in range(n)]
    movements = [f"Movement {number % 12 % 3}" for number in range(n)]
    works = Works(np.arange(1, n + 1), artists, movements, [f"{number}.jpg" for number in range(n)], shaped)
    (mine, about), (other, _) = result("mine", works, 2), result("other", works, 3)
    return {
        "version": 1,
        "tool": "0.1.0",
        "profile": {"name": "starter", "depth": "defocus", "revision": 3},
        "collections": None,
        "model": {"name": "mine", "encoder": "noise", "digest": "ab" * 32, "lineage": {}},
        "seed": 1,
        "rounds": 2,
        "depth": "defocus",
        "weights": DEFAULT.named(),
        "ranges": RANGES,
        "paintings": n,
        "held_out": {
            "share": 1.0,
            "salt": "",
            "by": "option",
            "works": n,
            "tested": n,
            "artists": sorted(set(artists)),
            "movements": sorted(set(movements)),
        },
        "triplets": about,
        "results": [mine, other],
        "seconds": 1.5,
        "job": 4,
        "evaluated_at": "2026-02-03T04:05:06+00:00",
    }


class Page(HTMLParser):
    """Tags, their attributes, and the text outside of the style sheet."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._quiet = False
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._quiet = tag == "style"

    def handle_endtag(self, tag):
        self._quiet = False

    def handle_data(self, data):
        self.text += "" if self._quiet else data


def test_the_report_that_the_page_is_drawn_of_fits_the_schema(report):
    jsonschema.validate(report, schemas.evaluation())


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(report):
    document = render(report)

    page = Page(document)
    assert not [tag for tag, _ in page.tags if tag in ("script", "iframe", "object", "img")]
    assert [a["href"] for _, a in page.tags if a.get("href")] == ["data:,"]
    assert not [a for _, a in page.tags if "src" in a or "style" in a or any(name.startswith("on") for name in a)]
    assert "@import" not in document
    assert not re.search(r"url\((?!data:)", document)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_every_number_that_a_reader_came_for_is_on_it(report):
    text = " ".join(Page(render(report)).text.split())

    for one in report["results"]:
        for test in one["triplets"]:
            assert words.plus_minus(test["accuracy"], test["deviation"]).replace("\xa0", " ") in text
        for correlated in one["figure8"]:
            assert words.correlation(correlated["result"]) in text
        for row in one["retrieval"]:
            assert f"{row['map']['10']:.3f}" in text
        for hub in one["hubness"]:
            assert words.signed(hub["skewness"]) in text
    assert all(artist in text for artist in report["held_out"]["artists"])


def test_each_candidate_has_its_four_matrices_and_three_scatters(report):
    page = Page(render(report))

    assert sum(tag == "table" and a.get("class") == "matrix" for tag, a in page.tags) == 8
    assert sum(tag == "path" and "dots" in (a.get("class") or "") for tag, a in page.tags) == 6
    assert sum("many" in (a.get("class") or "") for _, a in page.tags) == 4  # 1,000 pairs: smaller dots


def test_hostile_names_stay_text(report):
    evil = copy.deepcopy(report)
    evil["results"][0]["name"] = evil["results"][1]["encoder"] = HOSTILE
    evil["model"]["name"] = evil["profile"]["name"] = HOSTILE
    evil["held_out"] |= {"salt": HOSTILE, "artists": [HOSTILE, "\x1b[31m red \ud800"]}
    evil["collections"] = [HOSTILE]
    evil["triplets"]["naive"]["others"] = {HOSTILE: 3}

    document = render(evil)

    page = Page(document)
    assert "script" not in {tag for tag, _ in page.tags}
    assert '<script>alert("a")</script>' in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "\x1b" not in document
    document.encode()


def test_a_model_alone_without_films_or_triplets_has_a_page_too(report):
    bare = copy.deepcopy(report)
    bare["results"] = bare["results"][:1]
    bare["results"][0] |= {"films": [], "triplets": []}
    bare["triplets"] = {}
    for row in bare["results"][0]["figure8"]:
        row |= {"result": None, "points": []}

    text = Page(render(bare)).text

    assert "No triplet can be formed" in text
    assert "No film frames were asked for" in text
    assert "no correlation" in text


@pytest.mark.parametrize(
    ("encoder", "apart", "warned"),
    [("mine", None, "may know some"), ("mine", False, "it knows some"), ("mine", True, ""),
     ("descriptor", None, ""), ("resnet50-imagenet", None, "")],
)  # fmt: skip
def test_a_network_that_may_know_the_artists_it_is_tested_on_is_not_trusted(report, encoder, apart, warned):
    other = copy.deepcopy(report)
    other["results"][1] |= {"encoder": encoder, "apart": apart}

    assert warned in words.may_know(other["results"][1])
    assert bool(words.may_know(other["results"][1])) == bool(warned)
    assert ("know some of these" in Page(render(other)).text.replace("knows", "know")) == bool(warned)


def test_what_the_descriptor_was_fitted_to_is_said_where_it_is_measured(report):
    other = copy.deepcopy(report)
    other["results"][1]["encoder"] = "descriptor"

    assert words.FITTED[1:] in " ".join(Page(render(other)).text.split())
    assert words.FITTED[1:] not in " ".join(Page(render(report)).text.split())


# geometry


@given(st.floats(1e-6, 1e6))
def test_an_axis_has_three_to_six_round_steps(greatest):
    step = figures.round_step(greatest)

    assert 1.9 < greatest / step <= 5.5
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(mantissa - m) for m in (1, 2, 5)) < 1e-6


points = st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=20)


@given(points, st.floats(-50, 50), st.floats(-5, 5))
def test_nothing_is_drawn_outside_of_its_plot(cloud, slope, intercept):
    fit = {"n": 9, "r": 0.5, "low": 0.1, "high": 0.8, "p": 0.1, "slope": slope, "intercept": intercept}

    drawn = figures.scatter(
        {"points": [list(point) for point in cloud], "pairs": len(cloud), "result": fit}, heading="", across="", up=""
    )

    at = [tuple(map(float, dot)) for dot in re.findall(r"M([\d.-]+) ([\d.-]+)h0", drawn.path)]
    ends = [] if drawn.line is None else [drawn.line[:2], drawn.line[2:]]
    assert len(at) == len(cloud)
    for x, y in [*at, *ends]:
        assert figures.LEFT - 0.06 <= x <= figures.WIDTH - figures.RIGHT + 0.06
        assert figures.TOP - 0.06 <= y <= figures.HEIGHT - figures.BOTTOM + 0.06


def test_a_dot_and_the_line_stand_where_their_numbers_say():
    """x from 0 to 2 over 274 units from 54, y from 0 to 1 over 242 units up from 254."""
    fit = {"n": 9, "r": 1.0, "low": 1.0, "high": 1.0, "p": 0.0, "slope": 0.25, "intercept": 0.5}

    drawn = figures.scatter(
        {"points": [[1.0, 0.5], [2.0, 1.0]], "pairs": 2, "result": fit}, heading="", across="", up=""
    )

    assert drawn.path == "M191.0 133.0h0M328.0 12.0h0"
    assert drawn.line == (54.0, 133.0, 328.0, 12.0)
    assert [tick.label for tick in drawn.x_ticks] == ["0", "0.5", "1", "1.5", "2"]


def test_numbers_in_words():
    assert [words.percent(share) for share in (None, 0.0, 0.004, 0.5, 1.0)] == [
        "–",
        "0\xa0%",
        "0.4\xa0%",
        "50\xa0%",
        "100\xa0%",
    ]
    assert words.signed(-0.001) == "0.00"
    assert words.signed(-0.19) == "−0.19"
    assert words.said_of(-0.6) == "strong, and negative"
    assert words.said_of(0.05) == "next to none"


# in a browser

WRAPPER = """<!doctype html><meta charset="utf-8"><body>%s<script>
addEventListener("load", () => setTimeout(() => {
  const seen = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const root = frame.contentDocument.documentElement;
    seen[frame.width] = root.scrollWidth - root.clientWidth;
  }
  const result = document.createElement("pre");
  result.id = "seen";
  result.textContent = JSON.stringify(seen);
  document.body.append(result);
}, 300));
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the page is not tried in a browser")
def test_nothing_overflows_at_any_width(report, tmp_path):
    page = render(report)
    frames = "".join(f'<iframe width="{w}" height="900" srcdoc="{escape(page)}"></iframe>' for w in (320, 700, 1400))
    (tmp_path / "wrapper.html").write_text(WRAPPER % frames, encoding="utf-8")

    dumped = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--virtual-time-budget=8000", "--dump-dom", (tmp_path / "wrapper.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip

    found = re.search(r'<pre id="seen">(.*?)</pre>', dumped)
    assert found is not None
    assert json.loads(found[1]) == {"320": 0, "700": 0, "1400": 0}
