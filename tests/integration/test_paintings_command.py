"""`r2r paintings`, from its arguments to its exit code, against servers that were configured."""

from __future__ import annotations

import json
import os
import sys

import pytest
from PIL import Image

from r2r_cli.main import main
from r2r_shared.queries import jobs, profiles
from r2r_workers.models import registry


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    """Runs `r2r paintings …`: exit code, stdout, stderr. The profile is there, so that nothing is said of it."""
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    for name in [name for name in os.environ if name.startswith("R2R_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("R2R_HOME", str(settings.home))
    monkeypatch.setenv("R2R_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("R2R_BROKER_URL", settings.broker_url)

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["r2r", "paintings", *map(str, args)])
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        else:
            code = 0
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "My Museum"
    for number, name in enumerate(["Baroque/Jan Steen/feast_1660.png", "Rococo/swing.png", "with\x1b[31mred.png"]):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 16), (number * 50, 9, 9)).save(path)
    (root / "page.jpg").write_text("<html>")
    return root


def test_a_collection_is_imported_listed_shown_and_removed(r2r, source, conn):
    code, out, err = r2r("import", source, "--detach")
    assert code == 0
    assert "collection “My Museum”: 3 added" in out
    assert "1 refused: not a picture that can be read\n    page.jpg (it is a web page)" in out
    assert "queued as job" in err
    assert len(jobs.listed(conn)) == 1
    conn.commit()

    code, out, _ = r2r("import", source, "--detach")
    assert (code, "3 unchanged" in out) == (0, True)

    assert "My Museum" in r2r("list")[1]
    code, out, _ = r2r("list", "--search", "png")
    assert code == 0
    assert "Jan Steen" in out
    assert "\x1b" not in out
    assert "1660" in r2r("show", "steen feast")[1]

    code, out, _ = r2r("remove", "--painting", "swing", "--yes")
    assert (code, "1 painting" in out) == (0, True)
    code, out, _ = r2r("remove", "My Museum", "--yes")
    assert (code, "2 paintings" in out) == (0, True)
    assert conn.execute("SELECT count(*) FROM paintings").fetchone() == (0,)
    assert source.joinpath("Rococo/swing.png").exists()


def test_json_is_one_document_and_nothing_else(r2r, source):
    code, out, err = r2r("import", source, "--detach", "--json", "--collection", "m")
    summary = json.loads(out)
    assert (code, err) == (0, "")
    assert (summary["collection"], summary["added"], summary["format"]) == ("m", 3, "folder")
    assert summary["refused"] == {
        "not a picture that can be read": {"count": 1, "examples": ["page.jpg (it is a web page)"]}
    }
    assert summary["job"]["state"] == "queued"

    (collection,) = json.loads(r2r("list", "--json")[1])
    assert (collection["name"], collection["paintings"], collection["measured"]) == ("m", 3, 0)
    listed = json.loads(r2r("list", "--collection", "m", "--json")[1])
    assert len(listed) == 3
    shown = json.loads(r2r("show", listed[0]["id"], "--json")[1])
    assert shown == listed[0]
    assert json.loads(r2r("remove", "m", "--yes", "--json")[1])["paintings"] == 3


def test_what_is_wrong_is_one_line_and_an_exit_code(r2r, tmp_path, conn):
    (tmp_path / "empty").mkdir()
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.jpg").write_text("<html>")
    for code, args, said in [
        (1, ("import", tmp_path / "nowhere"), "error: "),
        (1, ("import", tmp_path / "empty"), "holds no pictures"),
        (1, ("import", tmp_path / "pages"), ""),
        (2, ("import", tmp_path, "--format", "lido"), "use folder, manifest, artgan, wikiart, met"),
        (2, ("import",), "Missing argument"),
        (2, ("remove",), "name a collection"),
        (1, ("remove", "nothing", "--yes"), "there is no collection nothing"),
        (2, ("remove", "m", "--data-set", "set", "--yes"), "stands alone"),
        (1, ("remove", "--data-set", "set", "--yes"), "no data set of the name set was brought in"),
        (1, ("show", "nothing"), "no painting answers"),
        (1, ("list", "--data-set", "set"), "no data set of the name set was brought in"),
        (2, ("list", "--data-set", "set", "--awaited"), "brings paintings"),
        (1, ("list", "--collection", "nothing"), "there is no collection nothing"),
    ]:
        got, _, err = r2r(*args)
        assert (got, args) == (code, args)
        assert said in err
    assert conn.execute("SELECT (SELECT count(*) FROM collections), (SELECT count(*) FROM jobs)").fetchone() == (0, 0)


def test_every_command_has_help_with_an_example(r2r):
    for command in ("import", "fetch", "list", "show", "remove"):
        code, out, _ = r2r(command, "--help")
        assert code == 0
        assert "Example:" in out
        assert "--json" in out
