"""Which profile here a data set's numbers are of: found by its models, made where it is new."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from psycopg import Connection

from r2r_shared import registering
from r2r_shared.errors import UserError
from r2r_shared.exchange.manifest import Identity
from r2r_shared.queries import exchange_settle, profiles

_HINT = "it was changed or made by another program: have it exported again by `r2r export`"


def wanted(said: Identity, name: str | None) -> dict[str, Any]:
    """What the profile is to be here, under its own name or another.

    Raises:
        UserError: its own is none that a profile may have.
    """
    found = asdict(said) | ({} if name is None else {"name": name})
    del found["revision"]
    if name is None and not registering.is_name(said.name):
        raise UserError(
            f"the data set's profile is called “{said.name}”, which is no name that can be typed here",
            "give it one: --profile-name NAME",
        )
    return found


def settle(conn: Connection[Any], identity: dict[str, Any]) -> tuple[int, bool]:
    """The profile of that identity here, made where it is new; and whether it was.

    Raises:
        UserError: one of that name was made otherwise.
    """
    there = exchange_settle.named(conn, identity["name"])
    made_of = ("encoder_digest", "depth_digest", "metrics_version")
    for known in there:
        if all(getattr(known, name) == identity[name] for name in made_of):
            if known.dim != identity["dim"]:
                raise UserError(
                    f"the profile “{identity['name']}” embeds in {known.dim} numbers here, the data set in "
                    f"{identity['dim']}",
                    _HINT,
                )
            return known.id, False
    if there:
        raise UserError(
            f"the profile “{identity['name']}” is {_made_of(asdict(there[0]))} here, and "
            f"{_made_of(identity)} in the data set: numbers of different models are never compared",
            "keep it beside yours: --profile-name ANOTHER; or measure with the same models: r2r models list",
        )
    return profiles.ensure(conn, identity).id, True


def _made_of(profile: dict[str, Any]) -> str:
    return (
        f"of encoder {profile['encoder_digest'][:12]}, depth {profile['depth_digest'][:12]}, "
        f"metrics {profile['metrics_version']}"
    )
