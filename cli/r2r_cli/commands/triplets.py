"""r2r triplets: anchor, positive, negative, for training and for the test."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from r2r_cli import options
from r2r_cli.triplets import choices

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_cli.triplets.rows import Triplet
    from r2r_shared.triplets.sides import Summary

app = typer.Typer(help="Form triplets of paintings.", no_args_is_help=True)


@app.command()
def form(  # noqa: PLR0917
    policy: Annotated[str, typer.Option(help="naive: by artist and movement; constrained: by the metrics, too.")] = (
        "constrained"
    ),
    k_pos: Annotated[
        str, typer.Option(metavar="K", help="In so many of the 8 metrics a positive is near: 1 to 8, any, all.")
    ] = "4",
    k_neg: Annotated[
        str, typer.Option(metavar="K", help="In so many of the 8 metrics a negative is far: 1 to 8, any, all.")
    ] = "3",
    thresholds: Annotated[
        str, typer.Option(metavar="paper|quantile|FILE", help="How near, how far: `r2r thresholds fit` writes a FILE.")
    ] = "paper",
    positive_quantile: choices.PositiveQuantile = 0.25,
    negative_quantile: choices.NegativeQuantile = 0.75,
    collection: choices.Collections = None,
    held_out: choices.HeldOut = 0.25,
    salt: choices.Salt = "",
    seed: choices.Seed = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv|.jsonl", help="Write a row for each triplet.")] = None,
    show: Annotated[int, typer.Option(min=0, max=60, help="Draw the first so many, as the paper's Figure 6.")] = 0,
    sheet: Annotated[Path | None, typer.Option(metavar="FILE.jpg", help="Where to; triplets.jpg by default.")] = None,
    json: options.Json = False,
) -> None:
    """Form triplets of the measured paintings: the paper's Algorithm 1.

    An anchor, a positive of the same artist and movement that is near it in at least k of the eight metrics, and a
    negative of another artist and movement that is far in at least k. Each painting is in one triplet at most. Artists
    are either trained on or tested on, by a hash of their name. Of several movements, two works need to share one to be
    of the same, and share none to be of different ones.

    Example: r2r triplets form --k-pos 4 --k-neg 3 --out triplets.csv --show 6
    """
    from r2r_cli import context, render
    from r2r_cli.triplets import loading, rows, rules
    from r2r_shared.triplets import sides

    rules.parse(policy, k_pos, k_neg)
    if out is not None:
        rows.require_writable_kind(out)
    with context.session() as opened:
        profile = context.profile(opened)
        works = loading.load(opened, profile, collection)
        rule = rules.resolve(
            works,
            profile,
            policy=policy,
            k_pos=k_pos,
            k_neg=k_neg,
            thresholds=thresholds,
            held_out=held_out,
            salt=salt,
            seed=seed,
            positive_quantile=positive_quantile,
            negative_quantile=negative_quantile,
        )
        render.note(f"thresholds: {rule.thresholds.origin or thresholds}")
        train, test = sides.form_sides(works, rule, share=held_out, salt=salt)
        found = [*rows.of_side("train", train, rule.thresholds), *rows.of_side("test", test, rule.thresholds)]
        if out is not None:
            _write(opened, out, found)
        if show or sheet is not None:
            _draw(opened, sheet or Path("triplets.jpg"), found[: show or 6])
    if json:
        about = {"profile": profile.name, "rule": rule.to_json(), "held_out": {"share": held_out, "salt": salt}}
        render.print_json(about | {"train": asdict(sides.summary(train)), "test": asdict(sides.summary(test))})
    else:
        _print(sides.summary(train), sides.summary(test))
    if not found:
        render.note(
            "no triplet: a smaller k takes more, and `r2r thresholds fit` shows how many pairs each metric takes"
        )
        raise typer.Exit(1)


def _write(opened: Session, path: Path, found: list[Triplet]) -> None:
    from r2r_cli import render
    from r2r_cli.triplets import rows
    from r2r_shared.queries import works

    rows.write(path, found, works.labels(opened.conn, [number for one in found for number in one.ids]))
    render.note(f"wrote {path}")


def _draw(opened: Session, path: Path, found: list[Triplet]) -> None:
    from r2r_cli import files, render
    from r2r_cli.triplets import contact_sheet
    from r2r_shared.queries import works

    if not found:
        return
    labels = works.labels(opened.conn, [number for one in found for number in one.ids])
    picture, missing = contact_sheet.draw(found, labels, opened.store.get)
    files.write_bytes(path, picture)
    render.note(f"wrote {path}")
    if missing:
        render.note(f"pictures missing from the media store {opened.store.url}: {missing}")


def _print(train: Summary, test: Summary) -> None:
    from r2r_cli import render
    from r2r_shared.triplets.form import REASONS

    render.table(
        ["", ">train", ">test"],
        [
            ("paintings", train.paintings, test.paintings),
            ("artists", train.artists, test.artists),
            ("movements", train.movements, test.movements),
            ("triplets", train.triplets, test.triplets),
            ("paintings in a triplet", 3 * train.triplets, 3 * test.triplets),
            *(
                (f"  not: {reason}", train.others.get(reason, 0), test.others.get(reason, 0))
                for reason in REASONS
                if reason in train.others or reason in test.others
            ),
        ],
    )
