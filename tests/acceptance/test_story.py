"""The main job, end to end, by the commands a newcomer types."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from r2r_shared import schemas
from tests.acceptance.cli import Cli


def truth(material: Path) -> dict[str, object]:
    return json.loads((material / "film.truth.json").read_text())


def test_the_timeline_keeps_its_contract(ingested: Cli, material: Path) -> None:
    found = ingested.json("timeline", material / "film.mp4")

    jsonschema.validate(found, schemas.timeline(), cls=jsonschema.Draft202012Validator)
    shots = found["shots"]
    assert shots[0]["start_frame"] == 0
    assert shots[-1]["end_frame"] == found["film"]["frames"] == truth(material)["frames"]
    assert all(a["end_frame"] == b["start_frame"] for a, b in itertools.pairwise(shots))
    assert [shot["number"] for shot in shots] == list(range(1, len(shots) + 1))
    for shot in shots:
        corrected = [match["corrected"] for match in shot["matches"]]
        assert corrected == sorted(corrected, reverse=True)
        assert shot["convincing"] == (shot["matches"][0]["p_value"] <= 0.05 if shot["matches"] else None)
        assert all(shot["start_frame"] <= k["frame"] < shot["end_frame"] for k in shot["keyframes"])
        for match in shot["matches"]:
            assert match["score"] == pytest.approx(0.5 * match["visual"] + 0.5 * match["semantic"])
    for by in ("movement", "artist", "painting"):
        assert sum(row["share"] for row in found["influence"] if row["by"] == by) == pytest.approx(1)


def test_the_film_s_paintings_are_found_again(ingested: Cli, material: Path) -> None:
    """The figures of the README come from the benchmarks; this guards against the pipeline losing its way."""
    report = json.loads(_check(ingested, material))

    shots = len(report["shots"])
    assert shots >= 4
    assert report["first"] >= 0.6 * shots, report
    assert report["in_first_five"] >= 0.8 * shots, report
    assert report["cuts_found"] == report["cuts"], report


def _check(ingested: Cli, material: Path) -> str:
    import subprocess
    import sys

    timeline = material / "timeline.json"
    timeline.write_text(json.dumps(ingested.json("timeline", material / "film.mp4")))
    command = [sys.executable, "-m", "r2r_workers.demo", "check", str(timeline), str(material / "film.truth.json")]
    return subprocess.run([*command, "--json"], check=True, capture_output=True, text=True).stdout.splitlines()[-1]


def test_a_film_is_known_by_its_content(ingested: Cli, material: Path, tmp_path: Path) -> None:
    again = ingested.run("ingest", material / "film.mp4")
    assert "nothing to do" in again.stderr

    copy = tmp_path / "another name.mp4"
    shutil.copyfile(material / "film.mp4", copy)
    said = ingested.json("ingest", copy)

    assert said["films"][0]["known"] is True
    assert said["films"][0]["job"] is None
    assert len(ingested.json("films", "list")) == 1


def test_a_film_answers_to_path_id_and_a_piece_of_its_title(ingested: Cli, material: Path) -> None:
    film = ingested.json("films", "list")[0]
    assert film["state"] == "ready"
    for name in (material / "film.mp4", film["id"], "the fi"):
        assert ingested.json("films", "show", name)["id"] == film["id"]

    said = ingested.run("timeline", "no such film", code=1)
    assert "no film answers to" in said.stderr
    assert "hint:" in said.stderr


def test_a_name_that_several_films_answer_to_lists_them(fresh: Cli, material: Path, tmp_path: Path) -> None:
    for number, year in enumerate((1972, 2002)):
        copy = tmp_path / f"{number}.mp4"
        shutil.copyfile(material / "film.mp4", copy)
        with copy.open("ab") as file:
            file.write(b"\0" * 8 * (number + 1))  # other bytes, so another film
        fresh.run("ingest", copy, "--title", "Solaris", "--year", year, "--detach")

    for command in (("films", "show"), ("timeline",), ("films", "remove", "--yes")):
        said = fresh.run(*command, "solaris", code=1).stderr
        assert "error: “solaris” could be: 1 Solaris (1972); 2 Solaris (2002)" in said
        assert "hint:  name it by its number" in said
    assert fresh.json("films", "show", "2")["year"] == 2002


def test_the_films_of_a_directory(fresh: Cli, material: Path, tmp_path: Path) -> None:
    (tmp_path / "one" / "two").mkdir(parents=True)
    shutil.copyfile(material / "film.mp4", tmp_path / "one" / "two" / "Deep.Film (1931).mp4")
    (tmp_path / "one" / "notes.txt").write_text("not a film, and not named as one")

    said = fresh.run("ingest", tmp_path, code=1).stderr
    assert "is a directory" in said
    assert "--recursive" in said
    report = fresh.json("ingest", "--recursive", tmp_path, "--detach")

    assert [(film["title"], film["state"]) for film in report["films"]] == [("Deep Film", "queued")]
    assert report["refused"] == []
    assert fresh.json("films", "list")[0]["year"] == 1931


def test_paintings_later_than_the_film_are_left_out_unless_all_dates_are_wanted(
    fresh: Cli, material: Path, tmp_path: Path
) -> None:
    shutil.copytree(material / "paintings", tmp_path / "paintings")
    (manifest,) = (tmp_path / "paintings").glob("*.csv")
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["year"] = "1990" if number % 2 else "1890"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    fresh.run("paintings", "import", manifest)
    fresh.run("ingest", material / "film.mp4", "--year", "1931")

    def years(*options: str) -> set[int]:
        shots = fresh.json("timeline", "1", "--top", "40", *options)["shots"]
        return {match["painting"]["year_from"] for shot in shots for match in shot["matches"]}

    assert years() == {1890}
    assert years("--all-dates") == {1890, 1990}


def test_exact_scans_and_finds_the_same(ingested: Cli, material: Path) -> None:
    """So small a collection is scanned anyway; recall of the lists has tests and a benchmark of its own."""
    usual, exact = ingested.json("timeline", "The Film"), ingested.json("timeline", "The Film", "--exact")
    assert exact["profile"]["how"] == "exact"
    assert exact["profile"]["unproven"] == 0
    assert exact["shots"] == usual["shots"]

    picture = sorted((material / "paintings").rglob("*.jpg"))[0]
    assert ingested.json("match", picture, "--exact")["matches"] == ingested.json("match", picture)["matches"]


def test_models_that_can_be_used_are_listed(ingested: Cli) -> None:
    rows = {row["name"]: row for row in ingested.json("models", "list")}

    assert rows["starter"]["present"]
    assert rows["starter"]["active"]
    assert {"resnet18", "resnet50"} <= set(rows)
    assert not any(row["active"] for name, row in rows.items() if name != "starter")
    table = ingested.run("models", "list").stdout
    assert "descriptor" in table
    assert "active" in table


def test_the_timeline_as_table_csv_and_page(ingested: Cli, material: Path, tmp_path: Path) -> None:
    table = ingested.run("timeline", "The Film", "--by", "artist").stdout
    assert "by chance" in table
    assert "not proof" in table

    ingested.run("timeline", "The Film", "--csv", tmp_path / "t.csv", "--html", tmp_path / "t.html", "--top", "3")

    shots = ingested.json("timeline", "The Film", "--top", "3")["shots"]
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(max(len(shot["matches"]), 1) for shot in shots)
    assert {int(row["shot"]) for row in rows} == {shot["number"] for shot in shots}
    page = (tmp_path / "t.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "The Film" in page

    said = ingested.run("timeline", "The Film", "--csv", tmp_path / "missing" / "t.csv", code=1)
    assert "cannot be written" in said.stderr


def test_weights_change_the_score_and_wrong_ones_are_refused(ingested: Cli) -> None:
    usual = ingested.json("timeline", "The Film")
    colour = ingested.json(
        "timeline",
        "The Film",
        "--weights",
        "dc=1,avg_dof=0,max_dof=0,min_dof=0,saturation=0,balance=0,shadow=0,contrast=0",
    )

    assert colour["profile"]["weights"]["dc"] == pytest.approx(1)
    for shot in colour["shots"]:
        for match in shot["matches"]:
            assert match["semantic"] == pytest.approx(match["metrics"]["dc"], abs=1e-6)
    assert usual["shots"] != colour["shots"]
    for words in (("timeline", "The Film"), ("match", "no-such.png")):
        assert "names no metric" in ingested.run(*words, "--weights", "colour=1", code=2).stderr


def test_any_picture_against_the_collection(ingested: Cli, material: Path) -> None:
    painting = sorted((material / "paintings").glob("*.jpg"))[3]

    found = ingested.json("match", painting, "--top", "3")["matches"]

    assert found[0]["painting"]["file"] == painting.name
    assert found[0]["score"] > 0.95
    assert len(found) == 3
    assert not [
        job for job in ingested.json("jobs", "list")["jobs"] if job["kind"] == "match"
    ]  # nothing is left behind


def test_segments_change_neither_shots_nor_keyframes(fresh: Cli, material: Path) -> None:
    """Promise 2, through the command line: one segment, then one a second."""
    whole = _analysis(fresh, material, 600)
    pieces = _analysis(fresh, material, 1)

    assert whole[1] == 1
    assert pieces[1] > 2
    assert pieces[0] == whole[0]


def _analysis(cli: Cli, material: Path, segment_s: float) -> tuple[object, int]:
    job = cli.json("ingest", material / "film.mp4", "--force", "--segment-seconds", segment_s)["films"][0]["job"]
    assert job["state"] == "done", job
    parts = cli.json("jobs", "show", job["id"])["parts"]
    shots = cli.json("timeline", material / "film.mp4")["shots"]
    keyframes = {path.name: path.read_bytes() for path in sorted((cli.home / "media" / "films").rglob("*.jpg"))}
    return (shots, keyframes), sum(part["kind"] == "film" for part in parts)


def test_removing_a_film_leaves_nothing_of_it(fresh: Cli, material: Path) -> None:
    fresh.run("ingest", material / "film.mp4")
    assert list((fresh.home / "media" / "films").rglob("*.jpg"))

    fresh.run("films", "remove", "1", "--yes")

    assert fresh.json("films", "list") == []
    assert not list((fresh.home / "media" / "films").rglob("*.jpg"))
    assert (material / "film.mp4").exists()


def test_paintings_that_come_after_the_film_are_found_by_the_next_look(fresh: Cli, material: Path) -> None:
    fresh.run("ingest", material / "film.mp4")
    assert all(not shot["matches"] for shot in fresh.json("timeline", "1")["shots"])

    fresh.run("paintings", "import", material / "paintings")

    assert any(shot["matches"] for shot in fresh.json("timeline", "1")["shots"])
