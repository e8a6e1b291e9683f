"""`r2r` from its arguments to its exit code, in this process: as quick as its work, and open to a test's hands."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import pytest

from r2r_cli.main import main
from r2r_shared.settings import Settings


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def is_one_complaint(self) -> bool:
        """One line that says what is wrong and one that says what to do, after notes at most."""
        heads = [line.split(":")[0] for line in self.err.splitlines()]
        return heads[-2:] == ["error", "hint"] and heads.count("error") == 1 and "Traceback" not in self.err


@dataclass(frozen=True)
class R2R:
    """Runs commands against servers that were configured."""

    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @staticmethod
    def on(settings: Settings, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> R2R:
        for name in [name for name in os.environ if name.startswith("R2R_")]:
            patch.delenv(name)
        patch.setenv("R2R_HOME", str(settings.home))
        patch.setenv("R2R_DATABASE_URL", settings.database_url or "")
        patch.setenv("R2R_BROKER_URL", settings.broker_url or "")
        return R2R(patch, capsys)

    def __call__(self, *args: object) -> Ended:
        self.patch.setattr(sys, "argv", ["r2r", *map(str, args)])
        self.capsys.readouterr()
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        else:
            code = 0
        return Ended(code, *self.capsys.readouterr())
