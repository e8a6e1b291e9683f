"""r2r train: a Tripartite Contrastive Network from the paintings that are here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from r2r_cli import options
from r2r_cli.triplets import choices

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.jobs import Job
    from r2r_shared.train_spec import TrainSpec

NETWORK, LEARNING, TRIPLETS = "The network", "Learning", "Triplets"


def train(  # noqa: PLR0917
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the model is to be called.")],
    recipe: Annotated[
        str, typer.Option(help="paper: ResNet-50 and triplets; starter: small, from nothing, by renditions.")
    ] = "paper",
    collection: choices.Collections = None,
    backbone: Annotated[str | None, typer.Option(help="resnet50, 34, 18, 14 or 10.", rich_help_panel=NETWORK)] = None,
    width: Annotated[
        int | None, typer.Option(help="Channels of its first stage, 4 to 64.", rich_help_panel=NETWORK)
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="N,N", help="Widths of the MLP; the last is the embedding's.", rich_help_panel=NETWORK),
    ] = None,
    side: Annotated[int | None, typer.Option(help="Side of its pictures, pixels.", rich_help_panel=NETWORK)] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="imagenet|none|FILE",
            help="What the backbone begins with; a FILE is a state dict, .pth or .safetensors.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many.", rich_help_panel=LEARNING)] = None,
    batch: Annotated[int | None, typer.Option(help="Triplets, or pictures, a step.", rich_help_panel=LEARNING)] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.", rich_help_panel=LEARNING)] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="End after so many idle epochs; 0: never.", rich_help_panel=LEARNING),
    ] = None,
    distance: Annotated[
        str | None, typer.Option(help="score, the paper's, or latent.", rich_help_panel=LEARNING)
    ] = None,
    margin: Annotated[float | None, typer.Option(help="The triplet loss's.", rich_help_panel=LEARNING)] = None,
    mining: Annotated[
        str | None,
        typer.Option(help="fixed triplets, or hard or semi-hard ones of each batch.", rich_help_panel=LEARNING),
    ] = None,
    triplet_weight: Annotated[
        float | None, typer.Option(help="What triplets count for.", rich_help_panel=LEARNING)
    ] = None,
    self_weight: Annotated[
        float | None,
        typer.Option(help="What a painting and its film-like rendition count for.", rich_help_panel=LEARNING),
    ] = None,
    temperature: Annotated[float | None, typer.Option(help="Of that term.", rich_help_panel=LEARNING)] = None,
    strength: Annotated[
        str | None, typer.Option(metavar="LOW,HIGH", help="How hard renditions are, 0 to 1.", rich_help_panel=LEARNING)
    ] = None,
    blend: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Add hand-made statistics, fitted on N renditions of each picture; 0: none.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    half: Annotated[
        bool | None,
        typer.Option("--half/--single", help="Store the weights in half precision.", rich_help_panel=LEARNING),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all that is drawn.", rich_help_panel=LEARNING)] = None,
    policy: Annotated[
        str, typer.Option(help="naive or constrained; see r2r triplets form.", rich_help_panel=TRIPLETS)
    ] = "constrained",
    k_pos: Annotated[str, typer.Option(metavar="K", help="1 to 8, any, all.", rich_help_panel=TRIPLETS)] = "4",
    k_neg: Annotated[str, typer.Option(metavar="K", help="1 to 8, any, all.", rich_help_panel=TRIPLETS)] = "3",
    thresholds: Annotated[
        str, typer.Option(metavar="paper|quantile|FILE", help="How near, how far.", rich_help_panel=TRIPLETS)
    ] = "paper",
    held_out: choices.HeldOut = 0.25,
    salt: choices.Salt = "",
    priority: options.Priority = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Queue it and return.")] = False,
    json: options.Json = False,
) -> None:
    """Train a network on the measured paintings and register it as a model.

    It runs as a job of the queue `train`: on this machine's own stack a worker is started for it, on a cluster
    `r2r worker --queues train` serves it, with all GPUs of its machine. Killed or interrupted, it goes on after its
    last whole epoch. Progress: here, `r2r jobs watch`, and TensorBoard on R2R_HOME/training.

    Example: r2r train my-model --recipe starter --epochs 60
    """
    changes = {
        "backbone": backbone, "width": width, "head": _numbers(head, "--head"), "side_px": side, "epochs": epochs,
        "batch": batch, "rate": rate, "patience": patience, "distance": distance, "margin": margin, "mining": mining,
        "triplet_weight": triplet_weight, "self_weight": self_weight, "temperature": temperature,
        "strength": _pair(strength, "--strength"), "blend": blend, "half": half, "seed": seed,
        "initial": _initial(weights),
    }  # fmt: skip
    spec = _spec(recipe, {key: value for key, value in changes.items() if value is not None})
    from r2r_cli import context, render
    from r2r_cli.jobs import waiting
    from r2r_cli.triplets import loading, rules
    from r2r_shared import registering
    from r2r_shared.queries import jobs, training

    registering.check_name(name)
    rules.parse(policy, k_pos, k_neg)
    with context.session() as opened:
        profile = context.profile(opened)
        works = loading.load(opened, profile, collection, pictured=True)
        rule = None
        if spec.triplet_weight:
            rule = rules.resolve(
                works,
                profile,
                policy=policy,
                k_pos=k_pos,
                k_neg=k_neg,
                thresholds=thresholds,
                held_out=held_out,
                salt=salt,
                seed=spec.seed,
            )
            render.note(f"thresholds: {rule.thresholds.origin or thresholds}")
        whole: dict[str, Any] = {
            "train": spec.to_json(),
            "rule": rule.to_json() if rule else None,
            "held_out": {"share": held_out, "salt": salt},
            "collections": collection,
            "initial": _upload(opened, weights),
        }
        if whole["initial"]:
            whole["train"]["initial"] = Path(whole["initial"]).name
        job_id = training.create(opened.conn, name=name, spec=whole, profile_id=profile.id, priority=priority)
        waiting.sweep(opened)
        if detach:
            render.note(f"queued as job {job_id}: r2r jobs watch {job_id}")
            job = jobs.get(opened.conn, job_id)
        else:
            try:
                job = waiting.wait_for_jobs(opened, [job_id], quiet=json)[0]
            except KeyboardInterrupt:
                render.note(
                    f"\nstopped; it goes on with r2r jobs watch {job_id}, or ends with r2r jobs cancel {job_id}"
                )
                raise SystemExit(130) from None
        _report(opened, job, name, json=json)


def _report(opened: Session, job: Job, name: str, *, json: bool) -> None:
    from dataclasses import asdict

    from r2r_cli import render
    from r2r_cli.jobs import waiting
    from r2r_shared.queries import models

    made = models.named(opened.conn, name)
    if json:
        render.print_json({"job": asdict(job), "model": asdict(made) if made else None})
    elif made is not None:
        render.say(
            f"{name}: {waiting.describe(job)}; r2r models show {name}, r2r evaluate {name}, r2r models activate {name}"
        )
    elif job.state != "queued":
        render.say(f"{name}: {waiting.describe(job)}")
    if job.state in ("failed", "cancelled"):
        raise typer.Exit(1)


def _spec(recipe: str, changes: dict[str, Any]) -> TrainSpec:
    from r2r_shared import recipes

    if recipe not in recipes.RECIPES:
        raise typer.BadParameter(f"use {' or '.join(recipes.RECIPES)}", param_hint="--recipe")
    try:
        spec = recipes.make(recipe, changes)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="the network") from error
    if spec.initial == "imagenet" and not spec.config.published:
        raise typer.BadParameter(
            f"there are no ImageNet weights of {spec.config.backbone} at this width: use none", param_hint="--weights"
        )
    return spec


def _numbers(text: str | None, option: str) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise typer.BadParameter("write whole numbers by comma, such as 1024,256", param_hint=option) from None


def _pair(text: str | None, option: str) -> list[float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter("write two numbers by comma, such as 0.3,1", param_hint=option) from None
    return [low, high]


def _initial(weights: str | None) -> str | None:
    """What the spec says of the first weights; of a file, once it is stored."""
    return {None: None, "none": "", "imagenet": "imagenet"}.get(weights, "")


def _upload(opened: Session, weights: str | None) -> str | None:
    """A file of weights into the media store, where the worker finds it: its key."""
    if weights in (None, "none", "imagenet"):
        return None
    import hashlib

    from r2r_shared.errors import UserError

    path = Path(weights)
    if path.suffix not in (".pth", ".pt", ".safetensors"):
        raise typer.BadParameter("use imagenet, none, or a .pth or .safetensors file", param_hint="--weights")
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "name a state dict") from error
    suffix = ".safetensors" if path.suffix == ".safetensors" else ".pth"
    key = f"weights/{digest.hexdigest()}{suffix}"
    if not opened.store.exists(key):
        opened.store.put_file(key, path, sha256=digest.digest())
    return key
