"""Models of one's own: brought in, kept in the media store, used by every worker, compared, removed."""

from __future__ import annotations

import itertools
import json
import pickle
import struct
from dataclasses import replace

import numpy as np
import pytest

from r2r_shared import registering
from r2r_shared.errors import PermanentError, UserError
from r2r_shared.queries import activation, comparison, features, jobs, matches, models, profiles, ranges
from r2r_shared.storage import model_files
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import runtime
from r2r_workers.models import registry
from tests import catalogue, synthetic, tiny_models
from tests.catalogue import Catalogue
from tests.in_process import R2R
from tests.synthetic import Shot, World


@pytest.fixture
def store(settings):
    return MediaStore(settings.media_root)


@pytest.fixture
def r2r(settings, monkeypatch, capsys, conn):
    conn.autocommit = True
    return R2R.on(settings, monkeypatch, capsys)


@pytest.fixture
def file(tmp_path):
    return tiny_models.checkpoint(tmp_path / "mine.safetensors", lineage={"name": "mine", "epochs": 3})


# names, files, rows


def test_the_same_file_under_the_same_name_is_the_same_model(conn, store, tmp_path):
    first = tiny_models.registered(conn, store, tmp_path, "mine")
    store.delete_prefix(first.file)

    again = tiny_models.registered(conn, store, tmp_path, "mine")

    assert again == first
    assert store.exists(first.file), "what was lost is there again"
    profile = profiles.get(conn, first.profile_id)
    assert (profile.name, profile.encoder_digest, profile.dim, profile.active) == ("mine", first.digest, 8, False)


def test_another_file_under_the_same_name_is_refused_and_nothing_has_changed(conn, store, tmp_path):
    first = tiny_models.registered(conn, store, tmp_path, "mine", seed=1)

    with pytest.raises(UserError, match="already, with other weights"):
        tiny_models.registered(conn, store, tmp_path, "mine", seed=2)

    assert models.listed(conn) == [first]


@pytest.mark.parametrize(
    "name", ["", ".hidden", "-rf", "a b", "a/b", "../x", "x.safetensors", "é", "a\n", "x" * 65, "starter", "resnet50"]
)
def test_names_that_would_be_mistaken_for_something_else_are_refused(name):
    with pytest.raises(UserError):
        registering.check_name(name)


def test_every_built_in_profile_has_a_reserved_name():
    assert set(registry.BUILT_IN) <= registering.RESERVED


def test_import_show_and_export_bring_the_same_file_out_again(r2r, file, tmp_path):
    made = json.loads(r2r("models", "import", file, "--name", "mine", "--json").out)
    shown = json.loads(r2r("models", "show", "mine", "--json").out)
    listed = json.loads(r2r("models", "list", "--json").out)

    out = tmp_path / "out.safetensors"
    assert r2r("models", "export", "mine", out).code == 0

    assert out.read_bytes() == file.read_bytes()
    assert made["lineage"] == shown["model"]["lineage"] == {"name": "mine", "epochs": 3}
    assert shown["model"]["config"]["backbone"] == "resnet10"
    assert shown["filled"] == {"paintings": 0, "of_paintings": 0, "keyframes": 0, "of_keyframes": 0}
    (mine,) = [row for row in listed if row["name"] == "mine"]
    assert (mine["stored"], mine["active"], mine["present"], mine["dim"]) == (True, False, True, 8)
    assert r2r("models", "export", "mine", out).is_one_complaint(), "a file that is there is not replaced unasked"
    assert r2r("models", "export", "mine", out, "--force").code == 0
    for command in (("list",), ("show", "mine"), ("show", "starter")):
        words = r2r("models", *command)
        assert (words.code, command[-1] in words.out or "mine" in words.out) == (0, True), words


def header(length: int, text: bytes) -> bytes:
    return struct.pack("<Q", length) + text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps({"weights": 1}), "not a safetensors file"),
        (b"", "not a safetensors file"),
        (header(1 << 40, b"{"), "not a safetensors file"),
        (header(5 << 20, b"{" + b" " * (5 << 20)), "describes itself in 5,242,880 bytes"),
        (header(2, b"{}"), "does not say which encoder it holds"),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_a_line_and_leaves_no_row(r2r, conn, tmp_path, content, said):
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(content)

    ended = r2r("models", "import", path, "--name", "mine")

    assert ended.code == 1
    assert ended.is_one_complaint(), ended
    assert said in ended.err
    assert models.listed(conn) == []


def test_tensors_that_do_not_fit_their_description_are_refused_before_anyone_uses_them(r2r, conn, tmp_path):
    import torch
    from safetensors.torch import save_file

    from r2r_workers.models.checkpoint import to_metadata

    path = tmp_path / "odd.safetensors"
    save_file({"head.0.weight": torch.zeros(3)}, path, metadata=to_metadata(tiny_models.CONFIG))

    ended = r2r("models", "import", path, "--name", "odd")

    assert ended.is_one_complaint(), ended
    assert "do not fit" in ended.err
    assert models.listed(conn) == []


def test_weights_that_make_no_point_of_a_picture_are_refused(r2r, tmp_path):
    import torch

    from r2r_workers.models import tcn

    path = tmp_path / "nan.safetensors"
    network = tcn.build(tiny_models.CONFIG)
    torch.nn.init.constant_(network.get_submodule("head")[0].weight, float("nan"))
    tcn.save(network, tiny_models.CONFIG, path)

    ended = r2r("models", "import", path, "--name", "nan")

    assert ended.is_one_complaint(), ended
    assert "length nan" in ended.err


def test_embeddings_that_no_index_takes_are_refused(conn, store, file):
    wide = registry.describe(str(file)) | {"dim": 2048}
    with pytest.raises(UserError, match="2048 numbers"):
        registering.register(conn, store, path=file, description=wide, name="wide", lineage={}, run_id=None)


# used by workers


def test_a_worker_has_the_weights_from_the_media_store(conn, store, settings, tmp_path, monkeypatch):
    made = tiny_models.registered(conn, store, tmp_path, "mine", seed=5)
    conn.commit()
    (tmp_path / "mine.safetensors").unlink()
    picture = np.random.default_rng(1).integers(0, 256, (50, 60, 3), np.uint8)
    direct = registry.load(str(tiny_models.checkpoint(tmp_path / "again.safetensors", seed=5)), "cpu")

    with catalogue.here(replace(settings, device="cpu"), monkeypatch):
        encoder = runtime.models(made.profile_id).encoder

    assert encoder.digest == made.digest
    np.testing.assert_array_equal(encoder.embed([picture]), direct.encoder.embed([picture]))


def test_a_damaged_copy_is_fetched_again_and_a_damaged_original_is_refused(conn, store, tmp_path):
    made = tiny_models.registered(conn, store, tmp_path, "mine")
    home = tmp_path / "a worker's home"
    path = model_files.cached(store, made.digest, home)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")

    assert model_files.cached(store, made.digest, home).read_bytes() == whole

    path.unlink()
    store.put(made.file, whole[:-1] + b"x")
    with pytest.raises(PermanentError, match="another file in place of the model"):
        model_files.cached(store, made.digest, home)
    assert list(path.parent.iterdir()) == [], "nothing half-written is left"
    store.delete_prefix(made.file)
    with pytest.raises(PermanentError, match="has lost the model"):
        model_files.cached(store, made.digest, home)


def test_a_model_is_named_like_any_profile(r2r, conn, store, tmp_path, monkeypatch):
    """R2R_PROFILE: nothing is described anew, for a name stands for one file."""
    made = tiny_models.registered(conn, store, tmp_path, "mine")
    (tmp_path / "paintings").mkdir()
    (tmp_path / "paintings" / "one.jpg").write_bytes(catalogue.jpeg(1))
    monkeypatch.setenv("R2R_PROFILE", "mine")

    ended = r2r("paintings", "import", tmp_path / "paintings", "--detach", "--json")

    assert ended.code == 0, ended
    job = json.loads(ended.out)["job"]
    assert jobs.get(conn, job["id"]).profile_id == made.profile_id
    monkeypatch.setenv("R2R_PROFILE", "nonesuch")
    unknown = r2r("paintings", "import", tmp_path / "paintings", "--detach")
    assert unknown.is_one_complaint()
    assert "a model of your own" in unknown.err


# removed


@pytest.fixture
def stored(conn, store, settings, tmp_path, monkeypatch):
    with catalogue.here(settings, monkeypatch):
        found = Catalogue(conn, store, tmp_path)
        found.add_film()
        yield found


def test_a_model_in_use_is_not_removed(stored, store):
    conn = stored.conn
    with pytest.raises(UserError, match="old is the active model"):
        registering.remove(conn, store, "old")
    job = activation.ask(conn, stored.new).job_id
    conn.commit()

    with pytest.raises(UserError, match=f"job {job} uses new"):
        registering.remove(conn, store, "new")

    assert [model.name for model in models.listed(conn)] == ["new", "old"]


def test_what_was_measured_goes_with_a_model_and_films_stay(stored, store):
    """The film was analysed under it: its shots are the film's, not the model's."""
    conn = stored.conn
    activation.ask(conn, stored.new)
    conn.commit()
    stored.work()
    film, analysis = conn.execute("SELECT id, analysis_id FROM films").fetchone()
    file = models.get(conn, "old").file
    conn.commit()

    registering.remove(conn, store, "old")

    assert [profile.name for profile in profiles.listed(conn)] == ["new"]
    assert stored.measured(stored.old) == (set(), set())
    assert not store.exists(file)
    assert conn.execute("SELECT analysis_id FROM films WHERE id = %s", (film,)).fetchone() == (analysis,)
    assert conn.execute("SELECT count(*) FROM shots").fetchone()[0] > 0
    assert jobs.get(conn, analysis).profile_id == stored.new
    assert stored.matched(stored.new) == {film}


def test_a_file_that_two_models_share_stays_as_long_as_one_of_them(conn, store, tmp_path):
    one, other = (tiny_models.registered(conn, store, tmp_path, name) for name in ("one", "other"))
    assert one.file == other.file
    conn.commit()

    registering.remove(conn, store, "one")
    assert store.exists(other.file)
    registering.remove(conn, store, "other")
    assert not store.exists(other.file)


def test_remove_asks_first_and_says_what_is_not_there(r2r, conn, store, tmp_path):
    tiny_models.registered(conn, store, tmp_path, "mine")

    assert r2r("models", "remove", "mine").code == 2
    assert r2r("models", "remove", "nonesuch", "--yes").is_one_complaint()
    assert r2r("models", "remove", "starter", "--yes").is_one_complaint()
    assert json.loads(r2r("models", "remove", "mine", "--yes", "--json").out) == {"removed": "mine"}
    assert models.listed(conn) == []


# compared


def test_two_profiles_are_compared_by_what_both_have_matched(r2r, conn):
    """Against the definitions, picture by picture."""
    one, other = (synthetic.add_profile(conn, dim=6, name=name) for name in ("one", "other"))
    worlds = World(dim=6, seed=1), World(dim=6, seed=2)
    ids = synthetic.add_paintings(conn, one, worlds[0].draw(15))
    features.write_paintings(conn, profile_id=other, rows=list(zip(ids, worlds[1].draw(15), strict=True)))
    film, _, shots = synthetic.add_film(conn, one, [Shot(1.0, worlds[0].draw(1)) for _ in range(12)])
    keyframes = [ids for (ids,) in shots]
    features.write_keyframes(conn, profile_id=other, rows=list(zip(keyframes, worlds[1].draw(12), strict=True)))
    for profile in (one, other):
        ranges.refresh(conn, profile)
        matches.match_film(conn, film, profile, k=12)

    found = comparison.alike(conn, one, other, film_id=film)

    lists = {
        profile: {
            keyframe: [row[0] for row in conn.execute(
                "SELECT painting_id FROM matches WHERE profile_id = %s AND keyframe_id = %s ORDER BY rank",
                (profile, keyframe),
            )]
            for keyframe in keyframes
        }
        for profile in (one, other)
    }  # fmt: skip
    pairs = [(lists[one][keyframe], lists[other][keyframe]) for keyframe in keyframes]
    assert found.keyframes == 12
    assert found.same_first == pytest.approx(np.mean([a[0] == b[0] for a, b in pairs]))
    assert found.overlap == pytest.approx(np.mean([len(set(a[:10]) & set(b[:10])) / 10 for a, b in pairs]))
    correlations = []
    for pair in pairs:
        common = sorted(set(pair[0]) & set(pair[1]))
        places = [[ranked.index(painting) for painting in common] for ranked in pair]
        among = [[sorted(mine).index(place) for place in mine] for mine in places]
        correlations.append(np.corrcoef(*among)[0, 1])
    assert found.ranked == 12
    assert found.rank_correlation == pytest.approx(np.mean(correlations))
    words = r2r("models", "compare", "one", "other")
    assert f"{found.overlap:.1%}" in words.out
    itself = json.loads(r2r("models", "compare", "one", "one", "--film", film, "--json").out)["alike"]
    assert (itself["same_first"], itself["overlap"], itself["rank_correlation"]) == (1, 1, pytest.approx(1))


def test_profiles_without_a_film_in_common_say_so_and_what_to_do(r2r, conn):
    for name in ("one", "other"):
        synthetic.add_profile(conn, dim=6, name=name)

    words = r2r("models", "compare", "one", "other")

    assert words.code == 0
    assert "no keyframe was matched under both" in words.out
    assert "r2r models activate other" in words.err
    assert r2r("models", "compare", "one", "nonesuch").is_one_complaint()


def test_activate_refuses_what_it_cannot_do_in_a_line(r2r, file):
    for arguments in itertools.chain(((str(file),), ("nonesuch",)), (("--back",),)):
        ended = r2r("models", "activate", *arguments)
        assert ended.code == 1
        assert ended.is_one_complaint(), ended
    assert r2r("models", "activate").code == 2
    assert r2r("models", "activate", "starter", "--back").code == 2
