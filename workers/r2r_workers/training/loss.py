"""The triplet loss (paper, equation 1) over a batch, under either distance, fixed or mined; and the self term.

All of it works on matrices of distances between the embeddings of one batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from r2r_shared.score import VISUAL_SHARE, Weights

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ((0, 3, 6), (9,), (10,), (11,), (12,), (13,), (14,), (23,))
_WIDTHS = (3, 1, 1, 1, 1, 1, 9, 1)
"""Where each metric of METRICS begins among the 24 columns of a feed: dominant colours are three points, the shadow
pattern is one of nine values."""

_NEAR = 1e-12  # below the square root, whose slope at 0 is infinite


def latent(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distances between unit vectors (n, d) and (m, d): (n, m), 0 to 2."""
    return (2 - 2 * a @ b.T).clamp_min(_NEAR).sqrt()


def affinity(a: Tensor, b: Tensor, weights: Weights) -> Tensor:
    """S_a of pictures by their metrics (n, 24) and (m, 24), each divided by its range: (n, m), 0 to 1."""
    import torch

    total = torch.zeros(len(a), len(b), device=a.device)
    for weight, starts, width in zip(weights.values(), PARTS, _WIDTHS, strict=True):
        difference = torch.zeros_like(total)
        for start in starts:
            difference += torch.cdist(
                a[:, start : start + width], b[:, start : start + width], compute_mode="donot_use_mm_for_euclid_dist"
            )
        total += weight * (1 - difference).clamp_min(0)
    return total


def score_distance(latent_distances: Tensor, affinities: Tensor) -> Tensor:
    """The paper's own distance: 1 − score, 0 to 1."""
    return 1 - (1 - VISUAL_SHARE) * affinities - VISUAL_SHARE / (1 + latent_distances)


def triplet(distances: Tensor, triplets: Tensor, margin: float) -> Tensor:
    """Equation 1, averaged over triplets (t, 3) of row numbers of `distances` (n, n)."""
    anchor, positive, negative = triplets.unbind(1)
    return (distances[anchor, positive] - distances[anchor, negative] + margin).clamp_min(0).mean()


def right(distances: Tensor, triplets: Tensor) -> Tensor:
    """Which triplets have the positive nearer than the negative: (t,) bool."""
    anchor, positive, negative = triplets.unbind(1)
    return distances[anchor, positive] < distances[anchor, negative]


def mined(distances: Tensor, labels: Tensor, sharing: Tensor, *, kind: str) -> Tensor:
    """Triplets of a batch that are hard to get right, as rows (t, 3); none where no artist has two works in it.

    A positive is by the same artist in the same movement, a negative by another artist in another movement. `hard`:
    each anchor's farthest positive and nearest negative (Hermans, Beyer, Leibe 2017). `semi-hard`: each pair's nearest
    negative that is farther away than the positive (Schroff et al. 2015); where there is none, the farthest.

    Args:
        labels: (n, 2) numbers of artist and of movements, -1 where not known: such a work is in no triplet.
        sharing: (k, k) which movements, or lists of them, have one in common.
    """
    import torch

    with torch.no_grad():
        artist, movement = labels.unbind(1)
        placed = (artist >= 0) & (movement >= 0)
        known = placed[:, None] & placed[None, :]
        same_artist, same_movement = artist[:, None] == artist[None, :], sharing[movement][:, movement]
        others = ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        positive = known & same_artist & same_movement & others
        negative = known & ~same_artist & ~same_movement
        infinite = torch.full_like(distances, torch.inf)
        if kind == "hard":
            rows = (positive.any(1) & negative.any(1)).nonzero()[:, 0]
            far = torch.where(positive, distances, -infinite)[rows].argmax(1)
            near = torch.where(negative, distances, infinite)[rows].argmin(1)
            return torch.stack([rows, far, near], dim=1)
        anchors, positives = (positive & negative.any(1)[:, None]).nonzero().unbind(1)
        to_positive = distances[anchors, positives]
        farther = negative[anchors] & (distances[anchors] > to_positive[:, None])
        near = torch.where(farther, distances[anchors], infinite[anchors]).argmin(1)
        farthest = torch.where(negative[anchors], distances[anchors], -infinite[anchors]).argmax(1)
        return torch.stack([anchors, positives, torch.where(farther.any(1), near, farthest)], dim=1)


def self_term(paintings: Tensor, renditions: Tensor, temperature: float) -> Tensor:
    """How badly each painting is told from the rest of the batch by its rendition, and each rendition by its painting.

    Cross entropy of cosines / temperature, both ways (InfoNCE: van den Oord et al. 2018).

    Args:
        paintings, renditions: (n, d) of unit length; row i of one belongs to row i of the other.
    """
    import torch
    from torch.nn import functional

    logits = paintings @ renditions.T / temperature
    truth = torch.arange(len(logits), device=logits.device)
    return 0.5 * (functional.cross_entropy(logits, truth) + functional.cross_entropy(logits.T, truth))
