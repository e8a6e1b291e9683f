"""An evaluation from its command to its report: real rows, real pictures, the real step; two made-up networks."""

from __future__ import annotations

import io
import json
import threading

import jsonschema
import numpy as np
import pytest
from PIL import Image

from r2r_shared import names, schemas
from r2r_shared.queries import evaluations, features, job_changes, job_parts, jobs, models, profiles, ranges, segments
from r2r_shared.queries.evaluations import Asked
from r2r_shared.storage.media_store import MediaStore
from r2r_shared.triplets import held_out
from r2r_workers import runtime
from r2r_workers.measure import measure
from r2r_workers.models import describe
from r2r_workers.models.checkpoint import TcnConfig
from r2r_workers.models.registry import BUILT_IN
from r2r_workers.tasks.work import work
from tests import synthetic
from tests.in_process import R2R

DESCRIPTOR = next(name for name, spec in BUILT_IN.items() if spec.encoder == "descriptor")
ARTISTS = 10
EACH = 4


def scene(artist: int, number: int) -> bytes:
    """Discs in an artist's own colours, in light that is the work's: a JPEG."""
    hand, rng = np.random.default_rng(artist), np.random.default_rng([artist, number])
    palette = hand.integers(0, 256, (4, 3))
    y, x = np.mgrid[:72, :96]
    image = np.tile(palette[0], (72, 96, 1)).astype(np.float32)
    for _ in range(12):
        cx, cy, r = rng.uniform(0, 96), rng.uniform(0, 72), rng.uniform(3, 22)
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = palette[rng.integers(1, 4)]
    image = np.clip(image * rng.uniform(0.85, 1.1) + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture(scope="module")
def gallery():
    """(jpeg, features) of forty pictures by ten artists, artist by artist: 0, 1, … 9, 0, 1, …"""
    jpegs = [scene(number % ARTISTS, number // ARTISTS) for number in range(ARTISTS * EACH)]
    return list(zip(jpegs, measure(jpegs, runtime.registry.load(DESCRIPTOR)), strict=True))


@pytest.fixture
def store(settings):
    made = MediaStore(settings.media_root)
    made.make()
    return made


@pytest.fixture
def worker(settings, monkeypatch):
    """This process works as a worker would."""
    monkeypatch.setattr(runtime, "settings", lambda: settings)
    caches = (runtime.store, runtime.post, runtime._load)
    for cached in caches:
        cached.cache_clear()
    yield work
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def stored(conn, store, gallery, worker):
    """The profile under which the gallery has been measured."""
    profile = profiles.ensure(conn, describe(DESCRIPTOR))
    ids = synthetic.add_paintings(conn, profile.id, [found for _, found in gallery], artists=ARTISTS)
    for painting_id, (jpeg, _) in zip(ids, gallery, strict=True):
        store.put(f"paintings/{painting_id}.jpg", jpeg)
    ranges.refresh(conn, profile.id)
    conn.commit()
    return profile


@pytest.fixture
def r2r(settings, stored, monkeypatch, capsys):
    return R2R.on(settings, monkeypatch, capsys)


def asked(model, **other):
    plain = {"beside": None, "collections": None, "held_out": 0.6, "salt": "", "seed": 1, "frames": 3}
    return Asked(model=model, **(plain | other))


def queue(conn, stored, what):
    """A queued job of that evaluation: its id, and its segment's."""
    job_id = jobs.create(conn, kind="evaluate", profile_id=stored.id, options=what.to_options())
    segments.add_batches(conn, job_id, names.EVALUATION, [[]])
    conn.commit()
    segment_id = job_parts.listed(conn, job_id)[0].id
    conn.rollback()
    return job_id, segment_id


def evaluated(conn, stored, what):
    job_id, segment_id = queue(conn, stored, what)
    work(segment_id)
    job = jobs.get(conn, job_id)
    assert job.state == "done", job.error
    return evaluations.of_job(conn, job_id)


def checkpoint(path, *, lineage=None, seed=0):
    """A small network of drawn weights."""
    import torch

    from r2r_workers.models import tcn

    torch.manual_seed(seed)
    config = TcnConfig(backbone="resnet10", width=4, head=(16,), side_px=32, depth="defocus")
    tcn.save(tcn.build(config), config, path, lineage=lineage)
    return path


def test_a_report_fits_its_schema_and_says_what_it_was_made_of(conn, stored):
    done = evaluated(conn, stored, asked(stored.id))

    document = done.report | {"job": done.job_id, "evaluated_at": done.created_at.isoformat()}
    jsonschema.validate(document, schemas.evaluation())
    assert done.profile_id == stored.id
    assert document["paintings"] == ARTISTS * EACH
    kept_out = {f"Artist {n}" for n in range(ARTISTS) if held_out.is_held_out(f"Artist {n}", share=0.6)}
    assert set(document["held_out"]["artists"]) == kept_out
    assert document["held_out"]["tested"] == EACH * len(kept_out)


def test_pictures_in_an_artists_own_colours_are_told_apart(conn, stored):
    """What was built in comes out: an artist's works are alike, and frames look like their paintings."""
    (result,) = evaluated(conn, stored, asked(stored.id, held_out=0.9)).report["results"]

    for test in result["triplets"]:
        assert test["accuracy"] > 0.9, test
        assert sum(map(sum, test["rounds"][0]["confusion"])) == test["rounds"][0]["triplets"]
        assert [one["seed"] for one in test["rounds"]] == [1, 2, 3]
    by_artist = [row for row in result["retrieval"] if row["by"] == "artist" and not row["corrected"]]
    assert all(row["map"]["1"] > 3 * row["chance_map"]["1"] for row in by_artist)
    gentle = [row for row in result["films"] if row["strength"] == 0.5]
    assert [row["distance"] for row in gentle] == ["score", "latent"]
    assert all(row["recall"]["5"]["share"] > row["recall"]["5"]["chance"] for row in gentle)


def test_the_same_question_has_the_same_answer_and_another_seed_another(conn, stored):
    first, again, other = (
        evaluated(conn, stored, asked(stored.id, seed=seed)).report | {"seconds": 0} for seed in (5, 5, 6)
    )

    assert first == again
    assert first["results"] != other["results"]


def test_a_trained_model_is_tested_on_the_artists_that_its_own_training_kept_out(conn, stored, tmp_path):
    lineage = {"name": "tiny", "spec": {"held_out": {"share": 0.8, "salt": "pepper"}}}
    path = checkpoint(tmp_path / "tiny.safetensors", lineage=lineage)
    model = profiles.ensure(conn, describe(str(path)), first_is_active=False)

    report = evaluated(conn, stored, asked(model.id, beside=stored.id, held_out=0.1, frames=2)).report

    assert (report["held_out"]["share"], report["held_out"]["salt"]) == (0.8, "pepper")
    assert report["held_out"]["by"] == "lineage"
    assert report["model"]["lineage"] == lineage
    assert [result["apart"] for result in report["results"]] == [True, None]
    assert [result["name"] for result in report["results"]] == [str(path), DESCRIPTOR]
    assert [result["dim"] for result in report["results"]] == [16, stored.dim]


def test_a_model_of_ones_own_is_found_in_the_media_store(conn, stored, store, tmp_path):
    from r2r_shared import registering

    path = checkpoint(tmp_path / "own.safetensors")
    lineage = {"spec": {"held_out": {"share": 0.7, "salt": ""}}}
    conn.autocommit = True
    own = registering.register(
        conn, store, path=path, description=describe(str(path)), name="own", lineage=lineage, run_id=None
    )
    conn.autocommit = False
    path.unlink()

    report = evaluated(conn, stored, asked(own.profile_id)).report

    assert report["results"][0]["name"] == "own"
    assert report["held_out"]["share"] == 0.7
    assert models.evaluations(conn, own.profile_id)[0][1] == report


@pytest.mark.parametrize(
    "lineage",
    [{}, {"spec": None}, {"spec": {"held_out": 3}}, {"spec": {"held_out": {"share": "all"}}},
     {"spec": {"held_out": {"share": float("inf")}}}, {"spec": {"held_out": {"share": 0.5, "salt": 7}}}],
)  # fmt: skip
def test_a_lineage_that_says_nothing_usable_is_not_believed(lineage):
    from r2r_workers.evaluation.lineage import own_rule

    assert own_rule(lineage) is None


def test_too_few_held_out_works_are_said_and_not_tried_again(conn, stored):
    job_id, segment_id = queue(conn, stored, asked(stored.id, held_out=0.0001))

    work(segment_id)

    job = jobs.get(conn, job_id)
    assert job.state == "failed"
    assert "0 of 40 measured paintings" in (job.error or "")
    assert job_parts.listed(conn, job_id)[0].attempt == 1


def test_a_picture_that_is_lost_is_named(conn, stored, store):
    row = conn.execute("SELECT image FROM paintings WHERE artist = 'Artist 0' LIMIT 1").fetchone()
    assert row is not None
    store.delete_prefix(row[0])
    job_id, segment_id = queue(conn, stored, asked(stored.id, held_out=1.0))

    work(segment_id)

    assert row[0] in (jobs.get(conn, job_id).error or "")


def test_a_cancelled_evaluation_ends_before_its_time(conn, stored, monkeypatch):
    """Cancelled while the first pictures are embedded: nothing is kept."""
    job_id, segment_id = queue(conn, stored, asked(stored.id))
    begun, cancelled = threading.Event(), threading.Event()
    get = runtime.store().get

    def slow(key):
        begun.set()
        cancelled.wait(20)
        return get(key)

    monkeypatch.setattr(runtime.store(), "get", slow)
    at_work = threading.Thread(target=work, args=(segment_id,))
    at_work.start()
    assert begun.wait(30)
    job_changes.cancel(conn, job_id)
    conn.commit()
    cancelled.set()
    at_work.join(30)

    assert jobs.get(conn, job_id).state == "cancelled"
    assert evaluations.of_job(conn, job_id) is None


# the command


def test_what_was_asked_before_is_joined_and_then_shown_at_once(conn, r2r, worker, tmp_path):
    question = ("evaluate", DESCRIPTOR, "--held-out", 0.6, "--frames", 2, "--beside", "none")

    first = r2r(*question, "--detach", "--json")
    second = r2r(*question, "--detach", "--json")

    assert (first.code, second.code) == (0, 0), first.err + second.err
    job_id = json.loads(first.out)["job"]
    assert json.loads(second.out) == {"job": job_id}

    worker(job_parts.listed(conn, job_id)[0].id)
    conn.rollback()
    page = tmp_path / "report.html"
    shown = r2r(*question, "--json", "--report", page)

    document = json.loads(shown.out)
    jsonschema.validate(document, schemas.evaluation())
    assert document["job"] == job_id
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    told = r2r(*question)
    assert told.code == 0
    for title in ("Triplets", "Figure 8", "Neighbours", "Hubness", "Film frames"):
        assert title in told.out
    assert "--again measures anew" in told.err


def test_a_changed_collection_is_another_question(conn, r2r, stored, worker):
    question = ("evaluate", DESCRIPTOR, "--held-out", 0.6, "--frames", 0, "--beside", "none", "--detach", "--json")
    job_id = json.loads(r2r(*question).out)["job"]
    worker(job_parts.listed(conn, job_id)[0].id)
    conn.rollback()
    assert json.loads(r2r(*question).out)["job"] == job_id  # not detached: it is there

    ids = [row[0] for row in conn.execute("SELECT id FROM paintings ORDER BY id LIMIT 1")]
    known = features.of_paintings(conn, profile_id=stored.id, ids=ids)
    changed = [(painting_id, synthetic.World(dim=stored.dim).draw(1)[0]) for painting_id in known]
    features.write_paintings(conn, profile_id=stored.id, rows=changed)
    ranges.refresh(conn, stored.id)
    conn.commit()

    assert json.loads(r2r(*question).out)["job"] != job_id


def test_a_corrected_artist_is_another_question(conn, r2r, stored, worker):
    question = ("evaluate", DESCRIPTOR, "--held-out", 0.6, "--frames", 0, "--beside", "none", "--detach", "--json")
    job_id = json.loads(r2r(*question).out)["job"]
    worker(job_parts.listed(conn, job_id)[0].id)
    conn.rollback()

    conn.execute("UPDATE paintings SET artist = 'Artist 1' WHERE id = (SELECT min(id) FROM paintings)")
    conn.commit()

    assert json.loads(r2r(*question).out)["job"] != job_id


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("nothing-like-it",), "nothing-like-it"),
        (("there/is/none.safetensors",), "no checkpoint at"),
        ((DESCRIPTOR, "--collection", "nowhere"), "there is no collection nowhere"),
    ],
)
def test_a_wrong_name_is_one_complaint_and_makes_no_job(conn, r2r, args, says):
    ended = r2r("evaluate", *args, "--detach")

    assert ended.code == 1
    assert says in ended.err
    assert ended.is_one_complaint()
    assert conn.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_a_collection_that_was_not_measured_is_said_before_a_job_is_made(conn, settings, monkeypatch, capsys):
    ended = R2R.on(settings, monkeypatch, capsys)("evaluate", DESCRIPTOR)

    assert ended.code == 1
    assert "no painting has been measured" in ended.err
    assert ended.is_one_complaint()
    assert conn.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_a_depth_panel_has_the_picture_the_map_and_the_three_numbers(r2r, tmp_path):
    picture, panel = tmp_path / "-still.jpg", tmp_path / "panel.png"
    picture.write_bytes(scene(1, 1))

    ended = r2r("depth", "--json", "--out", panel, "--", picture)

    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["estimator"] == "defocus"
    assert 0 <= found["min"] < found["avg"] < found["max"] <= 1000
    with Image.open(panel) as drawn:
        assert drawn.size[0] >= 2 * 96
        inside = np.asarray(drawn.convert("RGB"))[28:100, 28:124].astype(int)
    original = np.asarray(Image.open(io.BytesIO(scene(1, 1))).convert("RGB")).astype(int)
    assert np.abs(inside - original).mean() < 6  # taken in as a JPEG once more


@pytest.mark.parametrize(("name", "what"), [("none.jpg", None), ("text.jpg", b"not a picture")])
def test_a_depth_panel_of_no_picture_is_one_complaint(r2r, tmp_path, name, what):
    if what is not None:
        (tmp_path / name).write_bytes(what)

    ended = r2r("depth", tmp_path / name, "--out", tmp_path / "panel.png")

    assert ended.code == 1
    assert ended.is_one_complaint()
    assert not (tmp_path / "panel.png").exists()
