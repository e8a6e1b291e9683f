"""A lab shares its analysis without sharing the films: export in one home, import in another."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.cli import Cli
from tests.data_sets import without_ids


def test_a_lab_shares_its_analysis_without_the_film(ingested: Cli, fresh: Cli, material: Path, tmp_path: Path) -> None:
    data_set = tmp_path / "the-film.zip"

    ingested.run("export", data_set, "--film", "The Film")
    ours = ingested.json("timeline", "The Film")
    said = fresh.run("import", data_set)

    assert "films: 1 added" in said.stdout
    assert "(new here)" in said.stdout
    theirs = fresh.json("timeline", "The Film")
    assert without_ids(theirs) == without_ids(ours)
    assert theirs["shots"][0]["keyframes"]

    # The film turns up, and the collection: both are known, and nothing is measured again.
    found = fresh.json("ingest", material / "film.mp4")
    assert found["films"][0]["known"]
    assert found["films"][0]["job"] is None
    again = fresh.json("paintings", "import", material / "paintings", "--collection", "painted")
    assert (again["added"], again["replaced"], again["job"]) == (0, 0, None)
    assert without_ids(fresh.json("timeline", "The Film")) == without_ids(ours)
    assert not fresh.json("import", data_set)["changed"]


def test_another_model_is_used_where_an_analysis_came_without_its_pictures(
    ingested: Cli, fresh: Cli, material: Path, tmp_path: Path
) -> None:
    """Without them first, then with the works themselves, by real workers."""
    ingested.run("export", tmp_path / "set", "--film", "The Film")
    fresh.run("import", tmp_path / "set")

    refused = fresh.run("models", "activate", "descriptor", code=1)
    assert "came without pictures" in refused.stderr
    gone_on = fresh.json("models", "activate", "descriptor", "--leave-out")
    assert (gone_on["active"], gone_on["left_out"]["films"]) == (True, 1)
    assert "came without a picture" in fresh.run("timeline", "The Film", code=1).stderr

    fresh.run("paintings", "import", material / "paintings", "--collection", "painted")
    preview = fresh.run("ingest", material / "film.mp4", "--dry-run")
    assert "to be analysed again" in preview.stdout + preview.stderr
    fresh.run("ingest", material / "film.mp4")
    assert fresh.json("timeline", "The Film")["profile"]["name"] == "descriptor"
