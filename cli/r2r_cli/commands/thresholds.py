"""r2r thresholds: how near a positive has to be, how far a negative, by one's own collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from r2r_cli import options
from r2r_cli.triplets import choices

if TYPE_CHECKING:
    from r2r_shared.triplets.thresholds import Met, Thresholds

app = typer.Typer(help="Propose thresholds for constrained triplets.", no_args_is_help=True)


@app.command()
def fit(  # noqa: PLR0917
    collection: choices.Collections = None,
    positive_quantile: choices.PositiveQuantile = 0.25,
    negative_quantile: choices.NegativeQuantile = 0.75,
    seed: choices.Seed = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write them, for `r2r triplets form --thresholds FILE`.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Propose thresholds at chosen quantiles of your own collection, and show the paper's beside them.

    Positive pairs are of one artist and movement, negative ones of different artists and movements; “met by” is the
    share of such pairs that meets a threshold. All paintings count: to keep some artists out of it, for a test,
    use `r2r triplets form --thresholds quantile`.

    Example: r2r thresholds fit --positive-quantile .3 --out thresholds.json
    """
    from r2r_cli import context, files, render
    from r2r_cli.triplets import loading
    from r2r_shared.triplets import thresholds

    with context.session() as opened:
        profile = context.profile(opened)
        works = loading.load(opened, profile, collection)
    fitted = thresholds.fit(works, positive_quantile=positive_quantile, negative_quantile=negative_quantile, seed=seed)
    papers = thresholds.paper(works, depth_model=profile.depth, seed=seed)
    both = {
        name: (chosen, thresholds.shares(works, chosen, seed=seed))
        for name, chosen in (("fitted", fitted), ("paper", papers))
    }
    if out is not None:
        files.write_text(out, thresholds.as_text(fitted))
        render.note(f"wrote {out}")
    if json:
        about = {"profile": profile.name, "depth": profile.depth, "paintings": len(works)}
        said = {name: chosen.to_json() | {"met": met.to_json()} for name, (chosen, met) in both.items()}
        render.print_json(about | said)
        return
    _print(*both["fitted"], *both["paper"])
    render.say(f"\npaper: {papers.origin.removeprefix('paper, ')}")


def _print(fitted: Thresholds, fitted_met: Met, papers: Thresholds, papers_met: Met) -> None:
    from r2r_cli import render
    from r2r_shared.records import METRICS

    render.table(
        [
            *("metric", ">near, at most", ">met by", ">paper's", ">met by"),
            *(">far, at least", ">met by", ">paper's", ">met by"),
        ],
        [
            (
                metric,
                *(f"{fitted.positive[metric]:.1f}", f"{fitted_met.positive[metric]:.0%}"),
                *(f"{papers.positive[metric]:.1f}", f"{papers_met.positive[metric]:.0%}"),
                *(f"{fitted.negative[metric]:.1f}", f"{fitted_met.negative[metric]:.0%}"),
                *(f"{papers.negative[metric]:.1f}", f"{papers_met.negative[metric]:.0%}"),
            )
            for metric in METRICS
        ],
    )
