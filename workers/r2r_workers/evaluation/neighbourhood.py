"""Who is whose neighbour among the held-out works: by artist, by movement, and how many are nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from r2r_shared.triplets.kinship import artist_of, movements_of
from r2r_shared.triplets.works import Works
from r2r_workers.evaluation import csls
from r2r_workers.evaluation.hubness import hubness
from r2r_workers.evaluation.likeness import HOWS, Measured, similarities
from r2r_workers.evaluation.retrieval import by_labels, nearest

MAP_AT = (1, 10)
RECALL_AT = (1, 5, 10)
NEIGHBOURS = 10


def survey(test: Works, measured: Measured, ranges: Mapping[str, float]) -> dict[str, list[dict[str, Any]]]:
    """Retrieval by artist and movement, and hubness, for each distance, as it is and corrected by CSLS."""
    labels = {
        "artist": [frozenset(filter(None, [artist_of(artist)])) for artist in test.artists],
        "movement": [movements_of(movement) for movement in test.movements],
    }
    retrieval: list[dict[str, Any]] = []
    hubs: list[dict[str, Any]] = []
    for how in HOWS:
        plain = similarities(how, measured, measured, ranges)
        for corrected in (False, True):
            similarity = csls.corrected(plain) if corrected else plain
            neighbours = nearest(similarity, NEIGHBOURS)
            of = {"distance": how, "corrected": corrected}
            retrieval += [of | {"by": by} | _retrieved(neighbours, of_each) for by, of_each in labels.items()]
            hubs.append(of | _hubness(neighbours, test))
    return {"retrieval": retrieval, "hubness": hubs}


def _retrieved(neighbours: NDArray[np.int64], labels: list[frozenset[str]]) -> dict[str, Any]:
    found = by_labels(neighbours, labels, ks=MAP_AT, recalls=RECALL_AT)
    return {
        "queries": found.queries,
        "map": _keyed(found.map),
        "recall": _keyed(found.recall),
        "chance_map": _keyed(found.chance_map),
        "chance_recall": _keyed(found.chance_recall),
    }


def _hubness(neighbours: NDArray[np.int64], test: Works) -> dict[str, Any]:
    found = hubness(neighbours, len(test))
    return {
        "k": found.k,
        "works": found.works,
        "skewness": found.skewness,
        "anti_hubs": found.anti_hubs,
        "largest": found.largest,
        "painting": int(test.ids[found.work]),
    }


def _keyed(by_k: Mapping[int, float]) -> dict[str, float]:
    return {str(k): value for k, value in by_k.items()}
