"""r2r health: for containers and whoever watches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from r2r_cli import options

if TYPE_CHECKING:
    from r2r_shared.operating.checks import Check
    from r2r_shared.settings import Settings


def health(
    worker: Annotated[bool, typer.Option("--worker", help="Ask whether a worker of this host answers.")] = False,
    beat: Annotated[bool, typer.Option("--beat", help="Ask whether a beat of this host has swept lately.")] = False,
    json: options.Json = False,
) -> None:
    """Say whether the servers answer and the schema is current, or whether this host's worker or beat is alive.

    One line for each; the exit code is 1 where one is not well. Nothing is started for it. It is made for the health
    checks of containers: with --worker or --beat it looks at that alone, which restarting the container can mend.

    Example: r2r health · r2r health --worker · r2r health --beat
    """
    from r2r_cli import render
    from r2r_shared.operating.checks import as_json
    from r2r_shared.settings import Settings

    checks = _look(Settings.from_env(), worker=worker, beat=beat)
    if json:
        render.print_json(as_json(checks))
    else:
        for check in checks:
            remedy = f"; {check.remedy}" if check.remedy else ""
            render.say(f"{'ok  ' if check.verdict == 'ok' else 'FAIL'} {check.name}: {check.detail}{remedy}")
    if any(check.verdict == "fail" for check in checks):
        raise typer.Exit(1)


def _look(settings: Settings, *, worker: bool, beat: bool) -> list[Check]:
    from r2r_shared.operating import health as look

    database_url, broker_url = look.addresses(settings)
    if not worker and not beat:
        return list(look.servers(database_url, broker_url, local=settings.local))
    checks: list[Check] = []
    if worker:
        checks.append(look.worker(settings, broker_url))
    if beat:
        checks.append(look.beat(database_url, local=settings.local))
    return checks
