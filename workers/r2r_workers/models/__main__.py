"""python -m r2r_workers.models list | describe NAME | check NAME | pull NAME: one JSON object a line.

The command line calls this in a process of its own, because it may not import what is here. Exit
code 0; 1 with {"error", "hint"} where a person has to do something; 2 for wrong usage. Progress
bars go to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from r2r_shared.errors import UserError
from r2r_workers.models import registry


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m r2r_workers.models", description="Profiles and their weights.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every built-in profile")
    for name, about in (
        ("describe", "one profile"),
        ("check", "as describe, after its models were built and used once"),
        ("pull", "fetch the weights a profile lacks"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("profile", help="a built-in profile, or the path of a .safetensors checkpoint")
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            for name in registry.BUILT_IN:
                _print(registry.describe(name))
        elif options.command == "describe":
            _print(registry.describe(options.profile))
        elif options.command == "check":
            registry.check(options.profile)
            _print(registry.describe(options.profile))
        else:
            fetched = registry.pull(options.profile)
            _print({**registry.describe(options.profile), "fetched": fetched})
    except UserError as error:
        _print({"error": error.message, "hint": error.hint})
        return 1
    return 0


def _print(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
