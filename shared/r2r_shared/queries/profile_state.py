"""What state a profile's collections are in: a digest that is the same in every installation.

It covers all that a film's numbers depend on besides the film and the models: of every measured painting its features,
the earliest year, artist and movement, in whatever order they came; and the ranges that differences are divided by.
Titles, pictures' files and names of collections it does not cover. The paintings' part is made when ranges are taken,
and kept with the profile; the ranges are eight rows, and may be a data set's own: they come in when it is read.
"""

from __future__ import annotations

from typing import LiteralString

from r2r_shared.queries.exchange_fingerprint import FINGERPRINT

OF_PAINTING: LiteralString = f"""
    sha256({FINGERPRINT} || sha256(convert_to(p.artist, 'UTF8')) || sha256(convert_to(p.movement, 'UTF8')))
"""
"""Of `v`, a row with the columns of painting_features, and `p`, one with those of paintings."""

STATE: LiteralString = """
    coalesce(encode(sha256(state || (SELECT string_agg(convert_to(r.metric, 'UTF8') || float8send(r.range), ''::bytea
                                                       ORDER BY r.metric COLLATE "C")
                                       FROM metric_ranges AS r WHERE r.profile_id = id)), 'hex'), '') AS state
"""
"""Of a row of profiles: in hexadecimal, empty where it has no paintings or no ranges were taken yet."""
