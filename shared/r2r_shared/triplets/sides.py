"""Triplets to train on and triplets to test on: formed apart, so that no artist is in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from r2r_shared.triplets import held_out
from r2r_shared.triplets.form import Formed, Rule, form
from r2r_shared.triplets.kinship import Kinship
from r2r_shared.triplets.works import Works


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The works of one side, and the triplets formed of them; their row numbers are those of `works`."""

    works: Works
    formed: Formed


@dataclass(frozen=True, slots=True)
class Summary:
    """A side in numbers: 3 · triplets and `others` (works in no triplet, by reason) add up to the paintings.

    `artists` and `movements` are those of the works whose artist and movement are both known.
    """

    paintings: int
    artists: int
    movements: int
    triplets: int
    others: dict[str, int]


def split(works: Works, *, share: float, salt: str = "") -> tuple[Works, Works]:
    """The works to train on and those kept out for the test, by artist (`held_out`)."""
    held = held_out.mask(works.artists, share=share, salt=salt)
    return works.take(~held), works.take(held)


def form_sides(works: Works, rule: Rule, *, share: float, salt: str = "") -> tuple[Side, Side]:
    """Triplets to train on, and triplets to test on, each of works of its own side alone."""
    train, test = split(works, share=share, salt=salt)
    return Side(train, form(train, rule)), Side(test, form(test, rule))


def ids(side: Side) -> list[tuple[int, int, int]]:
    """Painting ids of anchor, positive and negative, in the order the triplets were formed."""
    return [(a, p, n) for a, p, n in np.asarray(side.works.ids)[side.formed.rows].tolist()]


def summary(side: Side) -> Summary:
    """What a side consists of, and what became of it."""
    kinship = Kinship(side.works)
    return Summary(
        len(side.works), len(kinship.by_artist()), kinship.movements(), len(side.formed), dict(side.formed.others)
    )
