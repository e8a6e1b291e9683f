"""An evaluation as tables in a terminal."""

from __future__ import annotations

from typing import Any

from r2r_cli import render
from r2r_cli.report import words


def print_report(report: dict[str, Any]) -> None:
    """Five tables: the triplet test, Figure 8, neighbours, hubs, film frames; each model beside the other."""
    held_out, results = report["held_out"], report["results"]
    artists = len(held_out["artists"])
    render.say(
        f"{' beside '.join(result['name'] for result in results)}: {held_out['tested']:,} works by {artists:,} artists "
        f"that are held out, of {report['paintings']:,} paintings; seed {report['seed']}"
    )
    for warning in filter(None, map(words.may_know, results)):
        render.say(warning)
    if any(result["encoder"] == "descriptor" for result in results):
        render.say(words.FITTED)
    _triplets(results)
    _figure8(results)
    _neighbours(results)
    _hubs(results)
    _films(results)


def _triplets(results: list[dict[str, Any]]) -> None:
    rows = [
        (
            result["name"],
            words.POLICIES[test["policy"]],
            words.DISTANCES[test["distance"]],
            words.plus_minus(test["accuracy"], test["deviation"]),
            test["triplets"],
        )
        for result in results
        for test in result["triplets"]
    ]
    if not rows:
        render.say("\nno triplets: no two of these works are by one artist and of one movement")
        return
    render.say("")
    render.table(
        ["model", "which picture is the anchor's kin", "by", ">right", ">triplets"],
        rows,
        title="Triplets (chance: 50 %)",
    )


def _figure8(results: list[dict[str, Any]]) -> None:
    named = {"sums": "difference of weighted sums (the paper's)", "affinity": "1 − semantic affinity (an addition)"}
    render.say("")
    render.table(
        ["model", "latent distance against", ">pairs", ">Pearson's r, 95 %"],
        [
            (result["name"], named[one["of"]], one["pairs"], words.correlation(one["result"]))
            for result in results
            for one in result["figure8"]
        ],
        title="Figure 8",
    )


def _neighbours(results: list[dict[str, Any]]) -> None:
    rows = [
        (
            result["name"],
            one["by"],
            words.DISTANCES[one["distance"]],
            words.CORRECTED[one["corrected"]],
            *(f"{one['map'][k]:.3f}" for k in ("1", "10")),
            *(f"{one['recall'][k]:.3f}" for k in ("5", "10")),
            f"{one['chance_map']['1']:.3f} / {one['chance_map']['10']:.3f}",
        )
        for result in results
        for one in sorted(result["retrieval"], key=lambda one: str(one["by"]))
    ]
    render.say("")
    columns = ["model", "same", "by", "", ">mAP@1", ">mAP@10", ">recall@5", ">recall@10", ">mAP by chance"]
    render.table(columns, rows, title="Neighbours")


def _hubs(results: list[dict[str, Any]]) -> None:
    rows = [
        (
            result["name"],
            words.DISTANCES[one["distance"]],
            words.CORRECTED[one["corrected"]],
            words.signed(one["skewness"]),
            words.percent(one["anti_hubs"]),
            one["largest"],
        )
        for result in results
        for one in result["hubness"]
    ]
    render.say("")
    columns = ["model", "by", "", ">skewness", ">nobody's neighbour", ">largest hub"]
    render.table(columns, rows, title="Hubness of the ten nearest")


def _films(results: list[dict[str, Any]]) -> None:
    rows = [
        (
            result["name"],
            f"{one['strength']:g}",
            words.DISTANCES[one["distance"]],
            *(words.percent(one["recall"][k]["share"]) for k in ("1", "5", "10")),
            words.between(one["recall"]["1"]["low"], one["recall"]["1"]["high"]),
            f"{one['frames']} / {one['gallery']}",
        )
        for result in results
        for one in result["films"]
    ]
    if not rows:
        return
    render.say("")
    columns = ["model", ">strength", "by", ">first", ">of five", ">of ten", ">first, 95 %", ">frames / works"]
    render.table(columns, rows, title="Film frames that find their painting")
