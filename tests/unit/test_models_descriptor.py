"""The hand-made profile, what describes the profiles, and the step from JPEG to numbers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from r2r_shared.errors import NotFound, PermanentError, UserError
from r2r_workers.measure import Times, measure
from r2r_workers.metrics import METRICS_VERSION
from r2r_workers.models import STARTER, describe, load, pull

PAINTINGS = Path(__file__).parents[3] / "shared" / "paintings"


def scene(seed: int, width: int = 192, height: int = 128) -> np.ndarray:
    """Discs of a few colours on a ground: something with edges, colours and flat parts. (h, w, 3)"""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    image = np.tile(rng.integers(0, 256, 3), (height, width, 1)).astype(np.float32)
    palette = rng.integers(0, 256, (3, 3))
    for _ in range(14):
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(6, 40)
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = palette[rng.integers(3)]
    return np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def jpeg(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def descriptor():
    return load("descriptor")


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    sizes = [(192, 128), (512, 288), (96, 160), (300, 300), (512, 213)]
    return [jpeg(scene(seed, *size)) for seed, size in enumerate(sizes)]


# the descriptor


def test_embeddings_are_unit_vectors_of_the_described_dimension(descriptor):
    vectors = descriptor.encoder.embed([scene(1), scene(2), scene(3, 64, 200)])

    assert vectors.shape == (3, describe("descriptor")["dim"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert descriptor.encoder.embed([]).shape == (0, descriptor.encoder.dim)


def test_a_mirrored_picture_has_the_same_embedding(descriptor):
    image = scene(4)

    there, back = descriptor.encoder.embed([image, np.ascontiguousarray(image[:, ::-1])])

    assert there @ back > 0.98


def test_a_film_like_rendition_of_a_painting_is_nearest_to_it(descriptor):
    """Of 24 real paintings, none of which the encoder was fitted on."""
    from r2r_workers.models.descriptor_fit import film_like

    files = sorted(PAINTINGS.glob("*.jpg"))[::3]
    if not files:
        pytest.skip(f"no paintings at {PAINTINGS}: the encoder was not tried on real ones")
    paintings = []
    for file in files:
        with Image.open(file) as picture:
            picture.thumbnail((512, 512))
            paintings.append(np.asarray(picture.convert("RGB")))
    rng = np.random.default_rng(0)
    renditions = [film_like(rng, painting) for painting in paintings]

    likeness = descriptor.encoder.embed(renditions) @ descriptor.encoder.embed(paintings).T

    assert (likeness.argmax(axis=1) == np.arange(len(files))).mean() >= 0.9


def test_a_crop_under_a_grade_stays_near_its_picture(descriptor):
    image = scene(1, 320, 240)
    crop = np.clip(image[30:200, 40:290].astype(np.float32) * (0.85, 0.9, 0.95) + 6, 0, 255).astype(np.uint8)

    likeness = descriptor.encoder.embed([crop]) @ descriptor.encoder.embed([scene(n, 320, 240) for n in (1, 0, 2, 4)]).T

    assert likeness[0].argmax() == 0
    assert likeness[0, 0] > 0.5 > likeness[0, 1:].max()


def test_fitting_writes_constants_that_make_an_encoder(tmp_path, monkeypatch):
    """The whole fit, on pictures made here; half as many words, so that it takes seconds."""
    from r2r_workers.models import descriptor_fit
    from r2r_workers.models.descriptor import Codebook, statistics

    monkeypatch.setattr(descriptor_fit, "WORDS", 8)
    names = [f"{number}.jpg" for number in range(6)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(jpeg(scene(number, 96, 96)))
    manifest = tmp_path / "m.csv"
    manifest.write_text("\n".join(["file", *names, "absent.jpg"]))
    out = tmp_path / "out.npz"

    assert descriptor_fit.main([str(manifest), "--leave-out", "absent.jpg", "--out", str(out)]) == 0

    with np.load(out, allow_pickle=False) as fitted:
        books = [
            Codebook(*(fitted[f"{kind}_{part}"] for part in ("mean", "axes", "words")))
            for kind in ("colour", "structure")
        ]
        assert fitted["projection"].shape == (486 + 3 * 16, 256)
        assert statistics(scene(1), *books).shape == fitted["mean"].shape


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 5), (512, 16)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_and_tiny_pictures_have_an_embedding_and_a_map(descriptor, shape, value):
    image = np.full((*shape, 3), value, np.uint8)

    vector, depth = descriptor.encoder.embed([image])[0], descriptor.depth.estimate([image])[0]

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert depth.shape == shape
    assert np.isfinite(depth).all()


# the defocus map


def test_the_defocus_map_is_higher_where_the_picture_is_sharp(descriptor):
    import cv2

    sharp = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    sharp = cv2.GaussianBlur(sharp, (0, 0), 0.8)
    image = np.concatenate([sharp, cv2.GaussianBlur(sharp, (0, 0), 4)], axis=1)

    depth = descriptor.depth.estimate([image])[0]

    assert depth.shape == (256, 512)
    assert 0 <= depth.min() <= depth.max() <= 1000
    assert depth[:, :200].min() > depth[:, -200:].max() + 100


def test_the_defocus_map_does_not_follow_exposure(descriptor):
    image = scene(7)

    bright, dim = descriptor.depth.estimate([image, (image * 0.6).astype(np.uint8)])

    assert abs(bright - dim).mean() < 0.1 * bright.mean()


# measure


def test_numbers_do_not_depend_on_batch_or_order(descriptor, jpegs):
    whole = measure(jpegs, descriptor, batch=16)

    assert [measure(jpegs, descriptor, batch=batch) for batch in (1, 2)] == [whole, whole]
    assert measure(jpegs[::-1], descriptor, batch=3)[::-1] == whole


def test_numbers_do_not_depend_on_the_number_of_threads(jpegs):
    """Bit for bit, in fresh processes: BLAS and OpenCV read their thread counts when they start."""
    code = (
        "import sys, pickle, cv2\n"
        "from r2r_workers.models import load\n"
        "from r2r_workers.measure import measure\n"
        "cv2.setNumThreads(int(sys.argv[1]))\n"
        "print(repr(measure(pickle.load(sys.stdin.buffer), load('descriptor'))))\n"
    )
    import pickle

    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, threads],
            input=pickle.dumps(jpegs),
            capture_output=True,
            check=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    ]

    assert outputs[0] == outputs[1]


def test_features_carry_every_metric(descriptor, jpegs):
    features = measure(jpegs[:1], descriptor)[0]

    assert len(features.dc) == len(features.shadow) == 9
    assert features.min_dof <= features.avg_dof <= features.max_dof
    assert len(features.embedding) == descriptor.encoder.dim


def test_time_is_told_apart(descriptor, jpegs):
    times = Times()

    measure(jpegs, descriptor, times=times)

    assert min(times.decode_s, times.depth_s, times.embed_s, times.metrics_s) > 0


@pytest.mark.parametrize("broken", [b"", b"not a picture", "half"])
def test_a_jpeg_that_does_not_decode_is_named_by_its_position(descriptor, jpegs, broken):
    bad = jpegs[3][: len(jpegs[3]) // 2] if broken == "half" else broken

    with pytest.raises(PermanentError, match="picture 3 "):
        measure([*jpegs[:3], bad, *jpegs[4:]], descriptor, batch=2)


def test_a_png_is_not_a_jpeg(descriptor):
    buffer = io.BytesIO()
    Image.fromarray(scene(1)).save(buffer, "PNG")

    with pytest.raises(PermanentError, match="picture 0 "):
        measure([buffer.getvalue()], descriptor)


def test_a_picture_beyond_the_analysis_size_is_refused(descriptor):
    with pytest.raises(PermanentError, match="513 × 20"):
        measure([jpeg(np.zeros((20, 513, 3), np.uint8))], descriptor)


def test_a_grey_jpeg_is_measured_as_rgb(descriptor):
    grey = scene(2)[..., 0]

    assert measure([jpeg(grey)], descriptor)[0].saturation == 0.0


# profiles


@pytest.mark.parametrize("name", [STARTER, "descriptor"])
def test_what_needs_nothing_is_described_as_it_loads(name):
    facts, loaded = describe(name), load(name)

    assert facts["present"]
    assert pull(name) == []
    assert facts["metrics_version"] == METRICS_VERSION
    for part, model in (("encoder", loaded.encoder), ("depth", loaded.depth)):
        assert (facts[part], facts[f"{part}_digest"]) == (model.name, model.digest)


def test_every_built_in_dimension_fits_an_index():
    from r2r_workers.models.registry import BUILT_IN

    assert all(1 <= describe(name)["dim"] <= 2000 for name in BUILT_IN)


@pytest.mark.parametrize("name", ["", "nonesuch", "/no/such/file.safetensors"])
def test_an_unknown_profile_says_what_there_is(name):
    with pytest.raises(UserError) as unknown:
        describe(name)
    assert unknown.value.hint


def test_an_unknown_profile_is_not_found():
    with pytest.raises(NotFound, match="nonesuch"):
        load("nonesuch")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "r2r_workers.models", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_line_prints_json_lines():
    listed = run("list")
    described = run("describe", STARTER)
    unknown = run("describe", "nonesuch")

    assert json.loads(listed.stdout.splitlines()[0])["name"] == STARTER
    assert json.loads(described.stdout) == describe(STARTER)
    assert unknown.returncode == 1
    assert json.loads(unknown.stdout)["error"].startswith("no profile")
    assert run("frobnicate").returncode == 2


def test_describing_imports_no_torch():
    code = "import sys; from r2r_workers.models import describe, load; describe('resnet50'); load('descriptor'); "
    code += "sys.exit(any(name in sys.modules for name in ('torch', 'torchvision', 'transformers')))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
