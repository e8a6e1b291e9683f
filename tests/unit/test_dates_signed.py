"""Years with a sign, as databases export them: before our era. A dash that is no sign is not taken for one."""

from __future__ import annotations

import pytest

from r2r_shared.dates import parse_years


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("-500", (-500, -500)),
        ("−500", (-500, -500)),
        ("-0500", (-500, -500)),
        ("c. -500", (-500, -500)),
        ("-500/-450", (-500, -450)),
        ("-500--450", (-500, -450)),
        ("-500 - -450", (-500, -450)),
        ("-500 to 100", (-500, 100)),
        # an open start, a range, a bullet
        ("–1503", (1503, 1503)),
        ("1490 -1500", (1490, 1500)),
        ("- 1503", (1503, 1503)),
    ],
)
def test_a_sign_is_before_our_era(text, years):
    assert parse_years(text) == years
