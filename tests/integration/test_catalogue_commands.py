"""`r2r catalogue`, from its arguments to its exit code: tables, documents as their schema says, files."""

from __future__ import annotations

import csv
import json

import jsonschema
import pytest

from r2r_cli.catalogue import export
from r2r_shared import schemas
from r2r_shared.queries import catalogue, matches, profiles, ranges, unrelated
from r2r_shared.records import METRICS
from r2r_workers.models import registry
from tests import synthetic
from tests.in_process import R2R
from tests.synthetic import Shot, World


@pytest.fixture
def r2r(settings, conn, monkeypatch, capsys):
    """Commands, on a collection of 60 paintings and three films of one director, matched."""
    profile = profiles.ensure(conn, registry.describe("starter"))
    world = World(dim=profile.dim)
    paintings = world.draw(60)
    synthetic.add_paintings(conn, profile.id, paintings, artists=10)
    ranges.refresh(conn, profile.id)
    unrelated.refresh(conn, profile.id)
    for number in range(3):
        shots = [Shot(4, [paintings[7 * number + shot]]) for shot in range(6)]
        film_id, _, _ = synthetic.add_film(conn, profile.id, shots, year=1920 + number)
        conn.execute(
            "UPDATE films SET title = %s, director = 'Dreyer', country = '=Denmark' WHERE id = %s",
            (f"Film {number}", film_id),
        )
        matches.match_film(conn, film_id, profile.id)
    conn.commit()
    return R2R.on(settings, monkeypatch, capsys)


def document(r2r, *args):
    ended = r2r("catalogue", *args, "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    jsonschema.Draft202012Validator(schemas.catalogue()).validate(found)
    return found


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_the_schema_itself_is_sound():
    jsonschema.Draft202012Validator.check_schema(schemas.catalogue())


def test_every_answer_is_what_the_schema_says(r2r):
    by_director = document(r2r, "influence", "--of", "artist")
    assert [group["name"] for group in by_director["influence"]["groups"]] == ["Dreyer"]
    assert by_director["coverage"]["counted"] == 3
    one = document(r2r, "influence", "--by", "film", "--only", "Film 1", "--of", "painting", "--convincing")
    assert [group["name"] for group in one["influence"]["groups"]] == ["Film 1"]
    assert len(document(r2r, "similar", "Film 0")["similar"]) == 2
    echoes = document(r2r, "echoes", "No. 1")["echoes"]
    assert echoes["painting"]["title"] == "No. 1"
    assert echoes["echoes"][0]["title"] == "Film 0"
    assert echoes["echoes"][0]["convincing"]
    assert len(document(r2r, "hubs", "--limit", "3")["hubs"]) == 3


def test_tables_say_what_their_numbers_are(r2r):
    said = r2r("catalogue", "influence", "--by", "decade")
    assert "1920s" in said.out
    assert "Likeness, not proof of influence" in said.out
    assert "no interval of fewer than 5 films" in said.err
    assert "18 of 18 matched shots have a convincing match; by chance alone about 1 would, more where" in said.err
    assert "Artist 0" in r2r("catalogue", "similar", "Film 0").out
    assert "convincing" in r2r("catalogue", "echoes", "No. 1").out
    assert "nearness" in r2r("catalogue", "hubs").out


def test_rows_can_be_written_as_csv_that_no_spreadsheet_computes(r2r, tmp_path):
    path = tmp_path / "countries.csv"

    ended = r2r("catalogue", "influence", "--by", "country", "--csv", path)

    assert (ended.code, ended.out) == (0, "")
    first, *_ = rows_of(path)
    assert first["country"] == "'=Denmark"
    assert float(first["share"]) > 0
    for words in (("similar", "Film 0"), ("echoes", "No. 1"), ("hubs",)):
        assert r2r("catalogue", *words, "--csv", path).code == 0
        assert len(rows_of(path)) > 1


def test_an_export_has_every_table_and_one_document(r2r, tmp_path):
    folder = tmp_path / "out" / "catalogue"

    ended = r2r("catalogue", "export", folder, "--json")

    files = sorted(path.name for path in folder.iterdir())
    assert sorted(json.loads(ended.out)["files"]) == [str(folder / name) for name in files]
    assert len(files) == 4 * 3 + 3
    whole = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schemas.catalogue()).validate(whole)
    assert len(whole["influences"]) == 12
    assert whole["citation"]["collection_revision"] == whole["profile"]["revision"]
    assert (folder / "CITATION.txt").read_text(encoding="utf-8").startswith(f"{whole['citation']['text']}\n")
    rows = rows_of(folder / "influence-by-film-of-artist.csv")
    assert {row["film"] for row in rows} == {"Film 0", "Film 1", "Film 2"}


def test_a_folder_that_cannot_be_made_is_one_complaint(r2r, tmp_path):
    (tmp_path / "file").touch()

    ended = r2r("catalogue", "export", tmp_path / "file" / "inside")

    assert ended.code == 1
    assert ended.is_one_complaint()


def test_wrong_calls_are_refused(r2r):
    assert r2r("catalogue", "influence", "--by", "studio").code == 2
    assert r2r("catalogue", "influence", "--of", "museum").code == 2
    for words in (("similar", "No such film"), ("echoes", "No such painting")):
        ended = r2r("catalogue", *words)
        assert ended.code == 1
        assert ended.is_one_complaint()


def test_a_catalogue_of_yesterday_says_so_and_is_refreshed(r2r, conn):
    profile = profiles.active(conn)
    synthetic.add_paintings(conn, profile.id, World(dim=profile.dim, seed=5).draw(3), collection="more")
    ranges.refresh(conn, profile.id)
    conn.commit()
    before = r2r("catalogue", "influence")
    assert "3 of 3 films are not counted" in before.err
    assert "r2r catalogue refresh" in before.err

    ended = r2r("catalogue", "refresh", "--json")

    assert json.loads(ended.out) == {"null": True, "matched": 3, "counted": 0}
    assert "matched film" in ended.err
    assert catalogue.coverage(conn, profile.id).judged == 3
    again = r2r("catalogue", "refresh", "--json")
    assert json.loads(again.out) == {"null": False, "matched": 0, "counted": 0}


def test_an_empty_catalogue_has_empty_answers(settings, conn, monkeypatch, capsys):
    profiles.ensure(conn, registry.describe("starter"))
    conn.commit()
    r2r = R2R.on(settings, monkeypatch, capsys)

    assert document(r2r, "influence")["influence"]["groups"] == []
    assert document(r2r, "hubs")["hubs"] == []
    assert r2r("catalogue", "hubs").code == 0


def test_a_timeline_tells_convincing_matches_from_others(r2r, conn, tmp_path):
    profile = profiles.active(conn)
    frames = World(dim=profile.dim, seed=8).draw(20)
    film_id, _, _ = synthetic.add_film(conn, profile.id, [Shot(2, [frame]) for frame in frames])
    conn.commit()

    said = r2r("timeline", film_id)

    found = json.loads(r2r("timeline", film_id, "--json").out)
    count = sum(shot["convincing"] for shot in found["shots"])
    assert sum(shot["convincing"] is False for shot in found["shots"]) > 0
    assert said.out.count("no convincing match") == 20 - count
    assert f"{count} of 20 matched shots have a convincing match (p ≤ 0.05" in said.out
    assert "by chance alone about 1 would" in said.out
    # And the CSV has both scores, p, and the verdict
    path = tmp_path / "film.csv"
    r2r("timeline", film_id, "--csv", path)
    first, *_ = rows_of(path)
    best = found["shots"][0]["matches"][0]
    assert float(first["corrected"]) == best["corrected"] != best["score"] == float(first["score"])
    assert (float(first["p_value"]), first["convincing"]) == (best["p_value"], str(best["convincing"]))
    assert {float(first[metric]) for metric in METRICS} == set(best["metrics"].values())
    # And the table has both
    assert "corrected" in said.out
    assert f"{best['corrected']:.3f}" in said.out
    assert "corrected  " not in r2r("timeline", film_id, "--no-hub-correction").out
    plain = json.loads(r2r("timeline", film_id, "--no-hub-correction", "--json").out)
    assert not plain["profile"]["hub_correction"]
    assert plain["shots"][0]["matches"][0]["corrected"] is None
    assert "p: not known" in r2r("timeline", film_id, "--weights", "dc=.3").out


def test_a_database_of_an_earlier_release_is_judged_by_one_refresh(r2r, conn):
    # Given a database as migration 0004 leaves it
    conn.execute("UPDATE profiles SET names = NULL, artists = NULL")
    conn.execute("TRUNCATE unrelated, painting_nearness, film_paintings, film_names")
    conn.execute(
        "UPDATE film_matches SET seconds = NULL, convincing_s = NULL, shots = NULL, convincing_shots = NULL, "
        "judged = false"
    )
    conn.commit()

    ended = r2r("catalogue", "refresh", "--json")

    assert json.loads(ended.out) == {"null": True, "matched": 0, "counted": 3}
    assert "18 of 18 matched shots" in ended.err
    assert "r2r catalogue refresh" not in ended.err
    assert catalogue.coverage(conn, profiles.active(conn).id).judged == 3


def test_films_that_are_not_measured_are_said_with_the_remedy(r2r, conn):
    other = synthetic.add_profile(conn, dim=16, name="other")
    synthetic.add_paintings(conn, other, World().draw(3), collection="more")
    conn.commit()
    r2r.patch.setenv("R2R_PROFILE", "other")

    ended = r2r("catalogue", "refresh")

    assert ended.out == "0 films matched, 0 more counted anew\n"
    assert "3 films are not measured under “other”; `r2r models activate other`" in ended.err
    assert "`r2r catalogue refresh`" not in ended.err


def test_a_group_that_is_not_there_is_said_and_case_does_not_matter(r2r):
    ended = r2r("catalogue", "influence", "--only", "Kubrik")
    assert ended.code == 1
    assert ended.is_one_complaint()
    assert "“Kubrik”" in ended.err
    assert "`r2r catalogue influence --by director` lists" in ended.err
    assert "Dreyer" in r2r("catalogue", "influence", "--only", "dreyer").out


def test_an_empty_answer_says_why_it_is_empty(r2r, conn):
    profile_id = profiles.active(conn).id
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, World(dim=profiles.active(conn).dim).draw(1))])
    conn.commit()
    assert "the film is not counted" in r2r("catalogue", "similar", film_id).err

    conn.execute("DELETE FROM unrelated")
    conn.commit()
    for words in (("echoes", "No. 1"), ("influence",)):
        ended = r2r("catalogue", *words, "--convincing")
        assert ended.code == 0
        assert "it is not known which matches are convincing" in ended.err

    conn.execute("UPDATE paintings SET artist = 'Artist 0'")
    ranges.refresh(conn, profile_id)
    conn.commit()
    ended = r2r("catalogue", "refresh")
    assert "fewer than two artists, so that there is nothing unrelated to compare with" in ended.err
    assert "`r2r catalogue refresh`" not in ended.err
    ended = r2r("timeline", film_id)
    assert "of a collection that names fewer than two artists" in ended.out


def test_of_too_few_paintings_the_nearest_is_shown_and_not_judged(r2r, conn):
    # Given a collection of 18 paintings
    profile_id = profiles.active(conn).id
    conn.execute("DELETE FROM paintings WHERE id > 18")
    ranges.refresh(conn, profile_id)
    conn.commit()

    ended = r2r("timeline", "Film 0")

    assert "No. 1" in ended.out
    assert "no convincing match" not in ended.out
    assert "of 18 paintings by several artists, which is too few" in ended.out
    ended = r2r("catalogue", "refresh")
    assert "18 paintings by several artists are too few" in ended.err
    assert "by chance" not in ended.err


def test_an_export_says_what_it_leaves_out(r2r, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "GROUPS", 2)
    monkeypatch.setattr(export, "NAMES", 3)
    monkeypatch.setattr(export, "HUBS", 1)

    said = r2r("catalogue", "export", tmp_path).err

    assert "influence-by-film-of-artist.csv: the 2 groups of the longest matched time; 1 more" in said
    assert "influence-by-director-of-painting.csv: the 3 names of the largest share alone, of 1 groups" in said
    assert "hubs.csv: the first 1;" in said
