"""A digest of a painting's features and date that is the same in every installation.

ranges.py has one of its own, which is quicker and tells a change in place; it goes by ids and type numbers, and those
differ from one database to another.
"""

from __future__ import annotations

from typing import LiteralString

FINGERPRINT: LiteralString = """
    sha256(vector_send(v.dc) || float8send(v.avg_dof) || float8send(v.max_dof) || float8send(v.min_dof)
           || float8send(v.saturation) || float8send(v.balance) || vector_send(v.shadow) || float8send(v.contrast)
           || vector_send(v.embedding) || coalesce(int4send(p.year_from), ''::bytea))
"""
"""Of `v`, a row with the columns of painting_features, and `p`, one with those of paintings."""
