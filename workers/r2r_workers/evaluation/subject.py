"""What is evaluated: encoders on the works of artists that were kept out of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import PermanentError
from r2r_shared.triplets import held_out
from r2r_shared.triplets.works import Works
from r2r_workers.models.protocols import DepthEstimator, Encoder

MOST_WORKS = 6000
"""So many of the held-out works are looked at, drawn by the seed: every matrix among them has 144 MB."""

FEWEST_WORKS = 4
FILM_QUERIES = 200
STRENGTHS = (0.5, 1.0)
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Which artists are kept out, and who says so.

    Attributes:
        share, salt: as `held_out.is_held_out` has them.
        by: "lineage": the model's own training; "option": whoever asks. Then a trained model may know them.
    """

    share: float
    salt: str
    by: Literal["lineage", "option"]

    def covers(self, other: HeldOut) -> bool:
        """Whether all whom `other` holds out are held out here, too: by the same salt, and no smaller share."""
        return self.salt == other.salt and self.share >= other.share


@dataclass(frozen=True, slots=True)
class Subject:
    """All that the evaluation works with.

    Attributes:
        works: every painting with stored metrics; ranges: of those metrics, by name.
        depth: the estimator that the stored metrics were made with, for the film frames' own.
        picture: media key to JPEG.
        rounds: how often triplets are formed, each time by another seed.
        film_queries: works that are rendered as film frames, at most.
    """

    works: Works
    ranges: Mapping[str, float]
    held_out: HeldOut
    depth: DepthEstimator
    picture: Callable[[str], bytes]
    seed: int = 0
    rounds: int = ROUNDS
    film_queries: int = FILM_QUERIES

    def kept_out(self) -> NDArray[np.int64]:
        """The rows of the works by artists that are held out, ascending.

        Raises:
            PermanentError: they are too few.
        """
        found = np.flatnonzero(held_out.mask(self.works.artists, share=self.held_out.share, salt=self.held_out.salt))
        if len(found) < FEWEST_WORKS:
            raise PermanentError(
                f"{len(found)} of {len(self.works)} measured paintings are by artists that are held out "
                f"({self.held_out.share:.0%} of all artists): too few to test on; import more paintings, or hold out "
                "more artists with --held-out"
            )
        return found

    def rows(self, kept_out: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of them that are tested on: MOST_WORKS at most, drawn by the seed."""
        if len(kept_out) <= MOST_WORKS:
            return kept_out
        return np.sort(np.random.default_rng([self.seed, 6]).choice(kept_out, MOST_WORKS, replace=False))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An encoder by the name that people know it by.

    Attributes:
        apart: which artists its own training kept out; None where nobody says.
    """

    name: str
    encoder: Encoder
    apart: HeldOut | None = None
