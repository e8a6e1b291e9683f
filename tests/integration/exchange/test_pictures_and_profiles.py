"""What goes along only where it is asked for, whose profile it is, and what happens when an import is broken off."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from r2r_shared import db
from r2r_shared.errors import UserError
from r2r_shared.queries import profiles, ranges
from tests import catalogue, data_sets, synthetic, tiny_models
from tests.data_sets import Installation
from tests.synthetic import World


def with_pictures(one: Installation, **how: int) -> int:
    profile_id = data_sets.fill(one.conn, **how)
    for number, (key,) in enumerate(
        one.conn.execute("SELECT image FROM paintings UNION SELECT image FROM keyframes ORDER BY 1").fetchall()
    ):
        one.store.put(key, catalogue.jpeg(number))
    return profile_id


def test_no_picture_goes_along_unless_it_is_asked_for(here: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=5)

    done = here.export(tmp_path / "set", profile_id)

    assert done.pictures == 0
    assert not list((tmp_path / "set").rglob("*.jpg"))


def test_pictures_come_into_the_media_store_under_keys_of_its_own(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = with_pictures(here, paintings=5, films=1, shots=2)

    sent = here.export(tmp_path / "set.zip", profile_id, pictures="all")
    done = there.import_(tmp_path / "set.zip")

    assert (sent.pictures, done.pictures) == (10, 10)
    names = """
        SELECT image, encode(p.sha256, 'hex') FROM paintings AS p
         UNION ALL
        SELECT k.image, encode(f.sha256, 'hex') || k.frame
          FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id JOIN films AS f ON f.id = s.film_id
    """
    ours, theirs = (
        {name: one.store.get(key) for key, name in one.conn.execute(names).fetchall()} for one in (here, there)
    )
    assert theirs == ours
    assert there.import_(tmp_path / "set.zip").changed is False


def test_pictures_that_are_missing_come_with_a_later_import(here: Installation, there: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=5, films=1, shots=2)
    here.export(tmp_path / "bare", profile_id)
    here.export(tmp_path / "full", profile_id, pictures="all")

    there.import_(tmp_path / "bare")
    done = there.import_(tmp_path / "full")

    assert done.pictures == 10
    assert all(there.store.exists(key) for (key,) in there.conn.execute("SELECT image FROM keyframes").fetchall())


def test_pictures_of_one_licence_alone(here: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=6)
    here.conn.execute("UPDATE paintings SET licence = 'cc-by-4.0' WHERE id <= 2")
    here.conn.execute("UPDATE paintings SET licence = '' WHERE id = 3")

    free = here.export(tmp_path / "free", profile_id, pictures="paintings", licences=["public-domain"])
    every = here.export(tmp_path / "every", profile_id, pictures="paintings")

    assert (free.pictures, free.unlicensed) == (3, 0)
    assert (every.pictures, every.unlicensed) == (6, 1)
    assert sorted(path.name for path in (tmp_path / "free").rglob("*.jpg")) == ["4.jpg", "5.jpg", "6.jpg"]


def test_pictures_that_the_media_store_has_lost_are_counted(here: Installation, tmp_path: Path):
    profile_id = with_pictures(here, paintings=5)
    here.store.delete_prefix("paintings/2.jpg")

    done = here.export(tmp_path / "set", profile_id, pictures="paintings")

    assert (done.pictures, done.missing) == (4, 1)


def test_a_profile_of_the_same_name_and_other_models_is_refused_and_kept_beside_under_another_name(
    here: Installation, there: Installation, tmp_path: Path
):
    theirs = data_sets.fill(here.conn)
    ours = data_sets.fill(there.conn, seed=3, collection="Ours")
    there.conn.execute("UPDATE profiles SET encoder_digest = 'ffffffffffffffff'")
    here.export(tmp_path / "set", theirs)
    before = there.content(), there.counts()

    with pytest.raises(UserError, match=r"“synthetic” is of encoder ffffffffffff.*never compared") as refused:
        there.import_(tmp_path / "set")

    assert "--profile-name" in refused.value.hint
    assert (there.content(), there.counts()) == before

    done = there.import_(tmp_path / "set", profile_name="their-synthetic")

    assert (done.profile.name, done.profile_added, done.profile.active) == ("their-synthetic", True, False)
    assert there.timeline("Film 0.0", done.profile.id)["shots"] == here.timeline("Film 0.0", theirs)["shots"]
    assert profiles.get(there.conn, ours).revision == 1
    assert not there.import_(tmp_path / "set", profile_name="their-synthetic").changed


def test_a_profile_with_the_same_models_and_another_dimension_is_refused(
    here: Installation, there: Installation, tmp_path: Path
):
    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    there.conn.execute("INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim)"
                       " VALUES ('synthetic', 'noise', 'a', 'noise', 'b', 1, 32)")  # fmt: skip

    with pytest.raises(UserError, match="embeds in 32 numbers here, the data set in 16"):
        there.import_(tmp_path / "set")


def test_the_numbers_of_a_lab_s_own_model_and_then_the_model_itself(
    here: Installation, there: Installation, tmp_path: Path
):
    """In whichever order they come, they are of one profile."""
    for one in (here, there):
        one.conn.autocommit = True
    model = tiny_models.registered(here.conn, here.store, tmp_path, "theirs", seed=4)
    world = World(dim=tiny_models.CONFIG.dim, seed=4)
    synthetic.add_paintings(here.conn, model.profile_id, world.draw(12))
    ranges.refresh(here.conn, model.profile_id)
    data_sets.add_film(here.conn, model.profile_id, world, title="The film")
    here.export(tmp_path / "set", model.profile_id)

    first = there.import_(tmp_path / "set")
    same = tiny_models.registered(there.conn, there.store, tmp_path, "theirs", seed=4)
    again = there.import_(tmp_path / "set")

    assert (first.models_here, again.models_here) == (False, True)
    assert same.profile_id == first.profile.id == again.profile.id
    assert there.timeline("The film", same.profile_id) == here.timeline("The film", model.profile_id)


@pytest.mark.parametrize("name", ["starter", "../x", "-f", "a b", "model.safetensors"])
def test_a_name_that_no_profile_may_have(there: Installation, data_set: Path, name: str):
    with pytest.raises(UserError):
        there.import_(data_set, profile_name=name)


def test_an_import_that_is_killed_leaves_nothing_and_comes_in_the_next_time(
    here: Installation, there: Installation, second_database_url: str, tmp_path: Path
):
    """At the very end: all rows are written and pictures stored, and the commit never comes."""
    profile_id = with_pictures(here, paintings=5)
    here.export(tmp_path / "set", profile_id, pictures="all")
    code = """
        import os, signal, sys
        from pathlib import Path
        from r2r_shared import db
        from r2r_shared.exchange import bringing_in
        from r2r_shared.storage.media_store import MediaStore

        def on_step(what, done, total):
            if what == "pictures stored" and done == total:
                os.kill(os.getpid(), signal.SIGKILL)

        with db.connect(sys.argv[1], autocommit=True) as conn:
            bringing_in.import_(conn, MediaStore(sys.argv[2]), Path(sys.argv[3]), on_step=on_step)
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), second_database_url, there.store.url, str(tmp_path / "set")],
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    assert there.counts() == dict.fromkeys(data_sets.ROWS, 0)
    there.import_(tmp_path / "set")
    assert there.content() == here.content()


def test_a_server_that_goes_away_in_the_middle_leaves_nothing(
    here: Installation, there: Installation, second_database_url: str, tmp_path: Path
):
    from r2r_shared.exchange import bringing_in

    profile_id = with_pictures(here, paintings=5)
    here.export(tmp_path / "set", profile_id, pictures="all")
    with db.connect(second_database_url, autocommit=True) as conn:
        (number,) = conn.execute("SELECT pg_backend_pid()").fetchone()

        def on_step(what: str, done: int, total: int) -> None:
            if what == "pictures stored" and done == 5:
                there.conn.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))
                there.conn.commit()

        with pytest.raises(Exception, match=r"terminat|closed|lost"):
            bringing_in.import_(conn, there.store, tmp_path / "set", on_step=on_step)

    assert there.counts() == dict.fromkeys(data_sets.ROWS, 0)
    assert there.files() == set()


def test_an_export_that_fails_leaves_nothing(here: Installation, tmp_path: Path):
    """A vector of another length than the profile's: the database does not forbid it."""
    profile_id = data_sets.fill(here.conn)
    here.conn.execute("UPDATE keyframe_features SET embedding = '[1,2]' WHERE keyframe_id = 1")
    here.conn.commit()
    with pytest.raises(ValueError, match=r"keyframe_features\.embedding|inhomogeneous"):
        here.export(tmp_path / "set", profile_id)

    assert not list(tmp_path.glob("*set*"))
    assert not list(tmp_path.glob(".*"))


def test_nothing_that_is_there_is_overwritten_unasked(here: Installation, tmp_path: Path):
    from r2r_shared.exchange import exporting

    profile_id = data_sets.fill(here.conn)
    here.export(tmp_path / "set", profile_id)
    first = json.loads((tmp_path / "set" / "manifest.json").read_bytes())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.odt").write_text("x")
    profile = profiles.get(here.conn, profile_id)
    here.conn.commit()

    def export(name: str, *, force: bool) -> None:
        exporting.export(here.conn, here.store, profile, exporting.Wanted(), tmp_path / name, force=force)
        here.conn.commit()

    with pytest.raises(UserError, match="is there already"):
        export("set", force=False)
    with pytest.raises(UserError, match="is no data set"):
        export("mine", force=True)
    with pytest.raises(UserError, match="is no folder"):
        export("no/where", force=False)
    here.conn.execute("UPDATE films SET title = 'Anew' WHERE id = 1")
    here.conn.commit()
    export("set", force=True)

    assert json.loads((tmp_path / "set" / "manifest.json").read_bytes())["tables"]["films"] != first["tables"]["films"]
    assert (tmp_path / "mine" / "thesis.odt").exists()
    assert not list(tmp_path.glob(".*"))
