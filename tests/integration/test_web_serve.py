"""`r2r serve` as it is called: what it refuses before anybody can come."""

from __future__ import annotations

from pathlib import Path

import pytest

from r2r_cli.web import serving
from r2r_shared.settings import Settings
from tests.in_process import R2R


@pytest.fixture
def r2r(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> R2R:
    return R2R.on(settings, monkeypatch, capsys)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104
def test_others_are_let_in_only_with_a_token(r2r: R2R, host: str) -> None:
    ended = r2r("serve", "--host", host, "--port", 0)

    assert ended.code == 1
    assert ended.is_one_complaint()
    assert "no token is set" in ended.err
    assert "R2R_WEB_TOKEN" in ended.err


def test_a_folder_that_is_none_and_a_port_that_is_taken_are_one_complaint(r2r: R2R, tmp_path: Path) -> None:
    ended = r2r("serve", "--films", tmp_path / "none", "--port", 0)
    assert ended.code == 1
    assert ended.is_one_complaint()

    with serving.listen("127.0.0.1", 0) as taken:
        ended = r2r("serve", "--films", tmp_path, "--port", taken.getsockname()[1])
    assert ended.code == 1
    assert ended.is_one_complaint()
    assert "--port" in ended.err


@pytest.mark.parametrize("asked", [("--port", "70000"), ("--port", "-1"), ("--token",)])
def test_a_wrong_call_exits_with_two(r2r: R2R, asked: tuple[str, ...]) -> None:
    assert r2r("serve", *asked).code == 2
