"""What a stranger's data set says is compared with itself and with what is here, and what it changes is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from r2r_cli.ingesting import intake
from r2r_shared.errors import UserError
from r2r_shared.exchange import arrow as arrows
from r2r_shared.exchange import manifest, place, staging
from r2r_shared.exchange.manifest import MANIFEST, SUMS
from r2r_shared.film.index import FilmIndex
from r2r_shared.queries import exchange_origin, exchange_recount, films, matches, ranges
from tests import data_sets
from tests.data_sets import Installation


def test_the_range_that_a_painting_widens_is_named(here: Installation, there: Installation, tmp_path: Path):
    """One painting with a number that may be, and is far from all others: every score changes with it."""
    data_sets.fill(there.conn, seed=7, paintings=30, films=1, collection="Ours")
    theirs = data_sets.fill(here.conn, seed=8, paintings=1, films=0, collection="Gift")
    here.conn.execute("UPDATE painting_features SET avg_dof = 900000")
    ranges.refresh(here.conn, theirs)
    here.export(tmp_path / "set", theirs)
    before = ranges.of_profile(there.conn, 1)["avg_dof"]

    done = there.import_(tmp_path / "set")

    assert list(done.widened) == ["avg_dof"]
    assert done.widened["avg_dof"] == pytest.approx((900_000 - before.low) / before.range)
    assert done.outdated == 1


def test_paintings_like_those_that_are_here_widen_nothing(here: Installation, there: Installation, tmp_path: Path):
    data_sets.fill(there.conn, seed=7, paintings=200, films=0, collection="Ours")
    here.export(tmp_path / "set", data_sets.fill(here.conn, seed=8, paintings=30, films=0, collection="Theirs"))

    assert there.import_(tmp_path / "set").widened == {}


def test_an_empty_installation_has_no_range_to_widen(data_set: Path, there: Installation):
    assert there.import_(data_set).widened == {}


def test_other_numbers_of_the_same_pictures_are_counted_and_ours_are_kept(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, paintings=12)
    here.export(tmp_path / "one", profile_id)
    there.import_(tmp_path / "one")
    ours = there.content()
    here.conn.execute("UPDATE painting_features SET saturation = saturation / 2 WHERE painting_id <= 3")
    here.conn.execute("UPDATE keyframe_features SET balance = balance + 1 WHERE keyframe_id = 1")
    ranges.refresh(here.conn, profile_id)
    for title in ("Film 0.0", "Film 0.1"):
        here.timeline(title, profile_id)
    here.export(tmp_path / "two", profile_id)

    done = there.import_(tmp_path / "two")

    assert (done.paintings.differing, done.films.differing) == (3, 1)
    assert (done.changed, done.matched, done.to_match, done.outdated) == (False, 0, 0, 0)
    assert there.content() == ours
    again = there.import_(tmp_path / "one")
    assert (again.paintings.differing, again.films.differing) == (0, 0)


def test_films_that_were_to_be_matched_before_are_not_called_outdated_by_an_import(
    here: Installation, there: Installation, tmp_path: Path
):
    """A year was corrected here, which an import has nothing to do with."""
    data_sets.fill(there.conn, seed=7, paintings=10, films=2, collection="Ours")
    there.conn.execute("UPDATE films SET year = 1960 WHERE title = 'Film 7.0'")
    here.export(tmp_path / "set", data_sets.fill(here.conn, seed=8, paintings=10, films=0, collection="Theirs"))

    done = there.import_(tmp_path / "set")

    assert done.outdated == 1


def forge(data_set: Path) -> None:
    """Give every match a score that is the mean of its parts, and is not what the numbers give."""

    def change(found: pa.Table) -> pa.Table:
        wrong = np.linspace(0.9, 0.8, 6)[np.asarray(found.column("rank")) - 1]
        metrics = pa.FixedSizeListArray.from_arrays(
            pa.array(np.repeat(wrong, 8).astype(np.float32)), type=found.schema.field("metrics").type
        )
        for name in ("score", "visual", "semantic"):
            found = found.set_column(found.schema.get_field_index(name), found.schema.field(name), pa.array(wrong))
        return found.set_column(found.schema.get_field_index("metrics"), found.schema.field("metrics"), metrics)

    data_sets.edit(data_set, "matches", change)


def test_matches_that_the_numbers_do_not_give_are_refused(empty: Installation, data_set: Path):
    forge(data_set)

    with pytest.raises(UserError, match="the data set's matches are not what its numbers give"):
        empty.import_(data_set)

    assert empty.counts() == dict.fromkeys(data_sets.ROWS, 0)


def test_one_wrong_match_of_few_is_found(empty: Installation, data_set: Path):
    """So few keyframes are all asked. Each number is within what the others allow it."""
    found = pq.read_table(data_set / "matches.parquet")
    row = 5
    score, visual = (found.column(name)[row].as_py() for name in ("score", "visual"))
    # The last of its keyframe's matches, so that it stays the least.
    assert found.column("rank")[row].as_py() == 6
    data_sets.put(data_set, "matches", "visual", visual - 0.01, row=row)
    data_sets.put(data_set, "matches", "score", score - 0.005, row=row)

    with pytest.raises(UserError, match="are not what its numbers give"):
        empty.import_(data_set)


def test_a_match_with_a_painting_that_is_later_than_the_film_is_refused(empty: Installation, data_set: Path):
    data_sets.put(data_set, "film_matches", "film_year", 1500)

    with pytest.raises(UserError, match="are not what its numbers give"):
        empty.import_(data_set)


def test_matches_that_leave_the_best_painting_out_are_computed_here(
    here: Installation, there: Installation, data_set: Path
):
    """Each that is left is true. Somebody has left out what does not suit him, or exported while new ones came."""

    def change(found: pa.Table) -> pa.Table:
        left = found.filter(pc.greater(found.column("rank"), 1))
        return left.set_column(1, found.schema.field("rank"), pc.subtract(left.column("rank"), 1).cast(pa.int16()))

    best = pq.read_table(data_set / "matches.parquet").column("score").to_pylist()[0]
    data_sets.edit(data_set, "matches", change)

    done = there.import_(data_set)

    assert (done.films.added, done.matched, done.to_match) == (2, 0, 2)
    there.timeline("Film 0.0", done.profile.id)
    assert there.conn.execute("SELECT max(score) FROM matches WHERE keyframe_id = 1").fetchone() == (best,)


def test_of_many_keyframes_some_of_every_film_are_computed_again(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, paintings=8, films=4, shots=3)
    here.export(tmp_path / "set", profile_id)
    said = manifest.read(*((tmp_path / "set" / name).read_bytes() for name in (MANIFEST, SUMS)))
    with there.conn.transaction(), place.opened(tmp_path / "set") as source:
        staging.stage(arrows.load(), there.conn, source, said, lambda what, done, total: None)

        exchange_recount.sample(there.conn, keyframes=4)

        found = there.conn.execute("""
            SELECT count(*), count(DISTINCT s.film_id)
              FROM in_sample AS q
              JOIN in_keyframes AS k ON k.id = q.keyframe_id
              JOIN in_shots AS s ON s.id = k.shot_id
        """).fetchone()
    assert found == (4, 4)


def test_ranges_that_do_not_reach_over_the_paintings_themselves_are_not_taken(
    here: Installation, there: Installation, tmp_path: Path
):
    """Of a part of a collection the ranges are its sender's; narrower ones than its own paintings' are nobody's."""
    profile_id = data_sets.fill(here.conn, paintings=60, films=1)
    here.export(tmp_path / "set", profile_id, matched_only=True)
    row = pq.read_table(tmp_path / "set" / "metric_ranges.parquet").column("metric").to_pylist().index("saturation")
    data_sets.put(tmp_path / "set", "metric_ranges", "high", 1.0, row=row)
    data_sets.put(tmp_path / "set", "metric_ranges", "low", 0.0, row=row)
    data_sets.put(tmp_path / "set", "metric_ranges", "range", 1.0, row=row)
    for table in ("film_matches", "matches"):
        data_sets.edit(tmp_path / "set", table, lambda found: found.slice(0, 0))

    done = there.import_(tmp_path / "set")

    low, high = there.conn.execute("SELECT min(saturation), max(saturation) FROM painting_features").fetchone()
    found = ranges.of_profile(there.conn, done.profile.id)["saturation"]
    assert (found.low, found.high, found.range) == (low, high, high - low)


def test_a_timecode_that_is_none_is_left_out_and_a_good_one_stays(data_set: Path, there: Installation):
    for row, label in enumerate(("99:99:99;99", "10:00:00:12")):
        probe = json.loads(pq.read_table(data_set / "films.parquet").column("probe")[row].as_py())
        data_sets.put(data_set, "films", "probe", json.dumps(probe | {"start_timecode": label}), row=row)

    there.import_(data_set)

    found = [films.probe_of(there.conn, film_id).start_timecode for film_id in (1, 2)]
    assert found == [None, "10:00:00:12"]


def test_a_museums_page_is_a_web_address_or_nothing(data_set: Path, there: Installation):
    """It is a link that others will follow."""
    data_sets.put(data_set, "paintings", "page", "javascript:alert(1)")
    data_sets.put(data_set, "paintings", "page", "https://museum.example/works/1", row=1)
    data_sets.sign(data_set)

    there.import_(data_set)

    pages = [page for (page,) in there.conn.execute("SELECT page FROM paintings ORDER BY id LIMIT 2")]
    assert pages == ["", "https://museum.example/works/1"]


def test_a_film_knows_which_data_set_it_came_from(here: Installation, there: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, paintings=5, films=1)
    sent = here.export(tmp_path / "lab", profile_id)
    there.import_(tmp_path / "lab")

    origin = exchange_origin.of_film(there.conn, 1)

    assert origin is not None
    assert (origin.name, origin.digest) == ("lab", sent.digest)
    assert origin.tool.startswith("Reel to Real ")
    (today,) = there.conn.execute("SELECT now()::date::text").fetchone()
    assert origin.date == today
    assert exchange_origin.of_film(here.conn, 1) is None


def test_a_film_that_turns_up_with_other_frame_times_than_were_told_is_doubted(
    here: Installation, there: Installation, data_set: Path
):
    there.import_(data_set)
    told = films.probe_of(there.conn, 1)
    index = FilmIndex.from_bytes(told.index)
    late = replace(index, pts=index.pts + np.arange(index.frames), end_pts=index.end_pts + index.frames)

    assert intake.doubted(there.conn, 1, told) == ""
    said = intake.doubted(there.conn, 1, replace(told, index=late.to_bytes()))
    assert said == f", whose frame times are not those of data set “{data_set.name}”"
    # A film that was analysed here is its own witness
    data_sets.fill(here.conn, paintings=3, films=1)
    assert intake.doubted(here.conn, 1, replace(told, index=late.to_bytes())) == ""


def test_a_film_of_which_very_many_paintings_are_kept_goes_along(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn, paintings=12, films=1)
    matches.match_film(here.conn, 1, profile_id, k=2_000_000)
    here.export(tmp_path / "set", profile_id)

    done = there.import_(tmp_path / "set")

    assert done.matched == 1
    assert there.conn.execute("SELECT top_k FROM film_matches").fetchone() == (10_000,)
    assert there.content()["matches"] == here.content()["matches"]


def test_while_paintings_are_measured_matches_stay_behind(here: Installation, there: Installation, tmp_path: Path):
    """Their numbers are new ones already, and the matches those of the old."""
    profile_id = data_sets.fill(here.conn, paintings=12, films=1)
    here.conn.execute("UPDATE painting_features SET contrast = contrast / 3 WHERE painting_id <= 6")
    (job_id,) = here.conn.execute(
        "INSERT INTO jobs (kind, state, profile_id) VALUES ('paintings', 'running', %s) RETURNING id", (profile_id,)
    ).fetchone()
    here.conn.execute("INSERT INTO segments (job_id, kind, number) VALUES (%s, 'ranges', 1)", (job_id,))

    sent = here.export(tmp_path / "set", profile_id)
    done = there.import_(tmp_path / "set")

    assert sent.unmatched == ["Film 0.0"]
    assert (done.films.added, done.to_match) == (1, 1)


def test_a_value_that_no_data_set_may_hold_is_no_fault_of_the_one_who_exports(here: Installation, tmp_path: Path):
    profile_id = data_sets.fill(here.conn, paintings=5, films=0)
    here.conn.execute("UPDATE painting_features SET max_dof = 1e7 WHERE painting_id = 1")

    with pytest.raises(UserError, match="a value of this installation cannot go into a data set") as refused:
        here.export(tmp_path / "set", profile_id)

    assert "nobody changed" not in refused.value.hint
    assert not (tmp_path / "set").exists()


def test_a_data_set_of_a_newer_release_says_so(data_set: Path, there: Installation):
    data_sets.sign(data_set, schema="0999", made_by="Reel to Real 9.9")

    assert there.import_(data_set).newer == "Reel to Real 9.9"


def test_a_data_set_of_this_release_does_not(data_set: Path, there: Installation):
    assert there.import_(data_set).newer == ""


def test_a_citation_is_one_line_without_what_steers_a_terminal(data_set: Path, there: Installation):
    said = json.loads((data_set / "manifest.json").read_bytes())["citation"]
    data_sets.sign(data_set, citation=said | {"text": "a\x1b]0;pwn\x07\nb", "by": ["x\x00", {"\x1b": 1.5}]})

    done = there.import_(data_set)

    assert (done.citation["text"], done.citation["by"]) == ("a ]0;pwn b", ["x", {"": 1.5}])
    assert there.conn.execute("SELECT citation->>'text' FROM data_sets").fetchone() == ("a ]0;pwn b",)


@pytest.mark.parametrize("name", ["set.csv", "set.parquet", "set.tar", "Barry.Lyndon"])
def test_a_folder_that_would_be_called_like_a_file_is_not_made(here: Installation, tmp_path: Path, name: str):
    with pytest.raises(UserError) as refused:
        here.export(tmp_path / name, data_sets.fill(here.conn, paintings=5, films=0))

    stem = name.split(".", maxsplit=1)[0]
    assert refused.value.hint == f"write a folder, {tmp_path / stem}, or one file, {tmp_path / stem}.zip"
    assert not list(tmp_path.glob("[sB]*"))


@pytest.mark.parametrize("name", ["set-1.2", "set.ZIP", "No. 5 of 7"])
def test_names_with_a_dot_that_a_data_set_may_have(here: Installation, there: Installation, tmp_path: Path, name: str):
    here.export(tmp_path / name, data_sets.fill(here.conn, paintings=5, films=0))

    assert there.import_(tmp_path / name).paintings.added == 5
