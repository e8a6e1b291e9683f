"""Hubness: in many dimensions few points are neighbours of very many, and many of none (Radovanović et al. 2010).

A painting that is a hub answers to every film. How often each work is among the k nearest of the others, its
k-occurrence N_k, has mean k whatever the space; its skewness says how unequally it is spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hubness:
    """The spread of N_k.

    Attributes:
        k, works: neighbours looked at, of how many works.
        skewness: third standardised moment of N_k; 0 is even, above 1 strong.
        anti_hubs: share of works that are nobody's neighbour.
        largest: N_k of the largest hub; work: its row.
    """

    k: int
    works: int
    skewness: float
    anti_hubs: float
    largest: int
    work: int


def hubness(neighbours: NDArray[np.int64], works: int) -> Hubness:
    """Of (n, k) neighbour lists among n works."""
    counts = occurrences(neighbours, works)
    top = int(counts.argmax())
    return Hubness(
        k=neighbours.shape[1],
        works=works,
        skewness=skewness(counts),
        anti_hubs=float(np.mean(counts == 0)),
        largest=int(counts[top]),
        work=top,
    )


def occurrences(neighbours: NDArray[np.int64], works: int) -> NDArray[np.int64]:
    """(n,) N_k: in how many of the lists each work stands."""
    return np.bincount(neighbours.ravel(), minlength=works).astype(np.int64)


def skewness(values: NDArray[np.int64]) -> float:
    """E[(N − μ)³] / σ³; 0 where all are equal."""
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    return float(np.mean(centred**3)) / variance**1.5 if variance > 0 else 0.0
