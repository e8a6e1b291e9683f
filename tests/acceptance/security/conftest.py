"""What the security tests share: commands in this process against real servers."""

from __future__ import annotations

import pytest

from r2r_shared import db
from r2r_shared.queries import profiles
from r2r_shared.settings import Settings
from r2r_workers.models import registry
from tests.in_process import R2R


@pytest.fixture
def r2r(
    settings: Settings, conn: db.Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> R2R:
    """Commands on a database that has the starter profile."""
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    return R2R.on(settings, monkeypatch, capsys)
