"""Models in tables: all of them, one, two side by side."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from r2r_cli import context, render
from r2r_cli.modelling.headlines import headlines
from r2r_shared.errors import NotFound
from r2r_shared.queries import comparison, models, pictureless, profiles

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import Profile


def rows(opened: Session) -> list[dict[str, Any]]:
    """Every built-in profile, then every model of one's own."""
    stored = {profile.name: profile for profile in reversed(profiles.listed(opened.conn))}
    found: list[dict[str, Any]] = [
        {**row, "stored": row["name"] in stored, "active": row["name"] in stored and stored[row["name"]].active}
        for row in context.run_models("list")
    ]
    for model in models.listed(opened.conn):
        profile = profiles.get(opened.conn, model.profile_id)
        made = asdict(profile)
        about = f"a model of your own ({model.config.get('backbone')})"
        found.append(
            {key: made[key] for key in ("name", "encoder", "encoder_digest", "dim", "depth", "depth_digest")}
            | {"metrics_version": profile.metrics_version, "about": about, "present": True, "missing": list[str]()}
            | {"config": model.config, "lineage": model.lineage, "stored": True, "active": profile.active}
        )
    return found


def print_rows(found: list[dict[str, Any]]) -> None:
    render.table(
        ["profile", "encoder", "depth", "weights here", "state"],
        [
            (
                row["name"],
                row["encoder"] if row["config"] is None else row["config"].get("backbone"),
                row["depth"],
                "yes" if row["present"] else f"no: r2r models pull {row['name']}",
                "active" if row["active"] else ("in the database" if row["stored"] else ""),
            )
            for row in found
        ],
    )
    render.note("use another for a command or a session: R2R_PROFILE=name; for good: r2r models activate name")


def known(opened: Session, name: str) -> Profile:
    """The profile of a built-in name or of a model, as it is in the database.

    Raises:
        NotFound: nothing was ever made under it.
    """
    profile = profiles.named(opened.conn, name)
    if profile is None:
        raise NotFound(f"nothing is stored under the profile {name}", f"r2r models activate {name} measures with it")
    return profile


def one(opened: Session, name: str) -> dict[str, Any]:
    """All that is known of a model, or of a built-in profile."""
    conn = opened.conn
    model = models.named(conn, name)
    described: dict[str, Any] = {} if model is not None else context.describe(name)
    profile = profiles.named(conn, name)
    told: dict[str, Any] = {
        "name": name,
        "active": profile is not None and profile.active,
        "profile": described if profile is None else asdict(profile),
        "model": None if model is None else asdict(model),
        "training": [] if model is None or model.run_id is None else _training(opened, model.run_id),
        "evaluations": [],
        "filled": None,
        "without_picture": None,
    }
    if profile is not None:
        told["filled"] = asdict(models.filled(conn, profile.id))
        told["without_picture"] = asdict(pictureless.left_out(conn, profile.id))
        told["evaluations"] = [
            {"at": at, "numbers": headlines(report)} for at, report in models.evaluations(conn, profile.id)
        ]
    return told


def _training(opened: Session, run_id: int) -> list[dict[str, Any]]:
    return [asdict(epoch) for epoch in models.epochs(opened.conn, run_id)]


def print_one(told: dict[str, Any]) -> None:
    made, model, filled = told["profile"], told["model"], told["filled"]
    said: list[tuple[str, Any]] = [
        ("name", f"{told['name']}{', the active one' if told['active'] else ''}"),
        ("encoder", f"{made['encoder']}, {made['dim']} numbers, {made['encoder_digest']}"),
        ("depth", f"{made['depth']}, {made['depth_digest']}"),
    ]
    if model is not None:
        said += [
            ("network", ", ".join(f"{key} {value}" for key, value in model["config"].items())),
            ("file", f"{model['file']}, {model['size_bytes'] / 1e6:.1f} MB"),
            *((key.replace("_", " "), _short(value)) for key, value in model["lineage"].items() if key != "name"),
        ]
    if filled is not None:
        for what in ("paintings", "keyframes"):
            measured = f"{filled[what]:,} of {filled[f'of_{what}']:,} measured"
            without = told["without_picture"][what]
            said.append((what, f"{measured}, {without:,} without a picture" if without else measured))
    render.table(["", ""], said)
    if told["training"]:
        render.say("")
        render.table(
            [">epoch", ">loss", ">held-out loss", ">right", ">rate", ">s"],
            [
                (
                    *(row["epoch"], f"{row['loss']:.4f}", _number(row["held_loss"]), _number(row["held_right"])),
                    *(f"{row['rate']:.2g}", f"{row['seconds']:.0f}"),
                )
                for row in told["training"]
            ],
        )
    for evaluation in told["evaluations"][:1]:
        render.say(f"\nevaluated {evaluation['at']:%Y-%m-%d %H:%M}:")
        render.table(["", ">"], [(what, _number(value)) for what, value in evaluation["numbers"].items()])


def _short(value: Any) -> str:
    return render.short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 400)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def side_by_side(opened: Session, names: tuple[str, str], *, film_id: int | None) -> dict[str, Any]:
    """How alike two profiles' answers are, and what each was evaluated at."""
    first, second = (known(opened, name) for name in names)
    found = comparison.alike(opened.conn, first.id, second.id, film_id=film_id)
    latest = {
        profile.name: next(
            (headlines(report) for _, report in models.evaluations(opened.conn, profile.id)), dict[str, float]()
        )
        for profile in (first, second)
    }
    return {"names": list(names), "film": film_id, "alike": asdict(found), "evaluations": latest}


def print_side_by_side(found: dict[str, Any]) -> None:
    one_name, other_name = found["names"]
    alike: dict[str, Any] = found["alike"]
    if alike["keyframes"]:
        films = f"{alike['films']:,} films" if alike["films"] != 1 else "one film"
        render.say(f"{alike['keyframes']:,} keyframes of {films} that both have matched:")
        render.table(
            ["", ">"],
            [
                ("the same first painting", f"{alike['same_first']:.1%}"),
                (f"of the first {comparison.TOP} in common", f"{alike['overlap']:.1%}"),
                ("rank correlation of those in common", _number(alike["rank_correlation"])),
            ],
        )
    else:
        render.say("no keyframe was matched under both")
        render.note(f"hint: r2r models activate {other_name} measures and matches what is stored")
    numbers = found["evaluations"]
    if whats := list(dict.fromkeys(what for mine in numbers.values() for what in mine)):
        render.say("")
        render.table(
            ["evaluated", f">{one_name}", f">{other_name}"],
            [(what, *(_number(numbers[name].get(what)) for name in (one_name, other_name))) for what in whats],
        )
    else:
        render.note(f"neither was evaluated: r2r evaluate {one_name}")
