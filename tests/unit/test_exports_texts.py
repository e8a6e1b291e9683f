"""Whatever a title, a name or a date says, files keep their shape, and say it again where they can."""

from __future__ import annotations

import copy
import csv
import io
import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from r2r_shared import exports
from r2r_shared.exports import places
from r2r_shared.exports.text import harmless, in_xml, one_line
from r2r_shared.exports.timecode import STANDARD, Rate
from tests.unit.export_samples import CITATION, timeline

SHAPE = timeline([40, 100, 160], matches=2)
# Postgres stores any text but U+0000 and lone surrogates; what is syntax somewhere comes more often than by chance.
SYNTAX = st.sampled_from(
    ["\n", "\r\n", "-->", "\u2028", "\x85", "* LOC: ", "<", "&amp;", "]]>", '"', ",", "=", "\t", "\x0b"]
)
TEXT = st.lists(
    SYNTAX | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8), max_size=6
).map("".join)


def retold(title: str, artist: str, movement: str, year: str):
    found = copy.deepcopy(SHAPE)
    found["film"] |= {"title": title, "director": artist}
    for shot in found["shots"]:
        for match in shot["matches"]:
            match["painting"] = match["painting"] | {
                "title": title, "artist": artist, "movement": movement, "year": year
            }  # fmt: skip
    return found


def write(name, found):
    return exports.write(exports.FORMATS[name], found, CITATION)


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_text_changes_the_shape_of_a_file(title, artist, movement, year):
    found = retold(title, artist, movement, year)

    assert len(write("edl", found).decode().splitlines()) == len(write("edl", SHAPE).decode().splitlines())
    assert write("vtt", found).decode().count("-->") == len(found["shots"])
    blocks = [block for block in write("vtt", found).decode().split("\n\n") if "-->" in block]
    assert [len(block.splitlines()) for block in blocks] == [3, 3, 3]
    assert len(write("jsonl", found).decode().splitlines()) == 2 + len(found["shots"])
    rows = list(csv.reader(io.StringIO(write("csv", found).decode(), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 7
    tiers = {tier.get("TIER_ID"): tier for tier in etree.fromstring(write("eaf", found)).iter("TIER")}
    assert len(tiers["shots"]) == len(tiers["painting"]) == 3
    assert {one.text for one in tiers["painting"].iter("ANNOTATION_VALUE")} == {in_xml(title) or "untitled"}


@given(TEXT)
def test_one_line_is_one_line(text):
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert one_line(line) == line
    assert [c for c in text if c.isalnum()] == [c for c in line if c.isalnum()]


@given(TEXT)
def test_nothing_in_a_table_is_a_formula(text):
    assert harmless(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert harmless(text) in (text, f"'{text}")


@given(
    st.lists(st.floats(0, 10, allow_nan=False), min_size=2, max_size=30).map(sorted),
    st.sampled_from(STANDARD),
    st.booleans(),
)
def test_shots_on_a_track_are_in_order_and_none_is_empty_or_over_another(borders, fps, by_time):
    shots = [
        {"start_frame": n, "end_frame": n + 1, "start_s": start, "end_s": end}
        for n, (start, end) in enumerate(itertools.pairwise(borders))
    ]

    placed = places.of_shots({"shots": shots}, Rate(Fraction(fps), by_time))

    assert all(start < end for start, end in placed)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(placed))
