"""How the site writes numbers, names and remedies."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from r2r_cli.web.words import clean, count, decimals, percent, remedy, swatches


def test_a_command_in_a_remedy_is_set_as_one() -> None:
    said = remedy("`r2r films list` shows <all>; or `r2r doctor`")

    assert said == "<code>r2r films list</code> shows &lt;all&gt;; or <code>r2r doctor</code>"
    assert remedy("one ` alone <b>") == "one ` alone &lt;b&gt;"


@given(st.text())
def test_whatever_a_remedy_says_it_makes_no_markup_but_code(text: str) -> None:
    said = remedy(text)

    assert "<" not in re.sub("</?code>", "", said)
    assert html.unescape(re.sub("</?code>", "`", said)) == clean(text)


def test_shares_are_written_as_exactly_as_they_are_read() -> None:
    assert [percent(share) for share in (0, 0.004, 0.0994, 0.1, 0.126, 1)] == [
        "0 %",
        "0.4 %",
        "9.9 %",
        "10 %",
        "13 %",
        "100 %",
    ]
    assert count(12345) == "12,345"
    assert (decimals(0.71349), decimals(float("nan")), decimals(2, 1)) == ("0.713", "–", "2.0")


def test_a_palette_is_three_colours_the_largest_first() -> None:
    assert swatches((255, 0, 0, 0, 127.6, 0, -3, 8, 300)) == ["#ff0000", "#008000", "#0008ff"]
