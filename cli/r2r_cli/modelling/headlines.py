"""The numbers of an evaluation that fit into one table beside another's."""

from __future__ import annotations

from typing import Any


def headlines(report: dict[str, Any]) -> dict[str, float]:
    """A report's main numbers by what they are, of the model alone; see evaluation.schema.json."""
    found: dict[str, float] = {}
    results: list[dict[str, Any]] = report.get("results", [])
    if not results:
        return found
    model = results[0]
    for test in model["triplets"]:
        found[f"{test['policy']} triplets right, by {test['distance']}"] = test["accuracy"]
    for drawn in model["figure8"]:
        if drawn["result"] is not None:
            found[f"Pearson's r, {drawn['of']}"] = drawn["result"]["r"]
    for search in model["retrieval"]:
        if search["distance"] == "latent" and not search["corrected"]:
            found |= {f"{search['by']} mAP@{k}": value for k, value in search["map"].items()}
    for hubs in model["hubness"]:
        if hubs["distance"] == "latent":
            found[f"hubness{', corrected' if hubs['corrected'] else ''}"] = hubs["skewness"]
    for films in model["films"]:
        for k, recall in films["recall"].items():
            found[f"film frames, strength {films['strength']:g}, recall@{k} by {films['distance']}"] = recall["share"]
    return found
