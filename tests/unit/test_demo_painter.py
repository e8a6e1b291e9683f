"""The demo's painter: the same every time, never the same picture twice."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest

pytest.importorskip("cv2", reason="the demo's painter needs the worker extra")

import cv2  # noqa: TID253

from r2r_workers.demo import painter
from r2r_workers.demo.painter_catalogue import MOVEMENTS, MUSEUM

SMALL = 128


def thumbnail(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (12, 12), interpolation=cv2.INTER_AREA).astype(float)


@pytest.fixture(scope="module")
def collection() -> dict[painter.WorkSpec, np.ndarray]:
    return {spec: painter.paint(spec, SMALL) for spec in painter.collection_specs()}


def test_the_collection_is_as_large_and_varied_as_promised(collection):
    assert len(collection) >= 64
    assert len(MOVEMENTS) >= 8
    assert all(len(movement.artists) >= 2 for movement in MOVEMENTS)
    assert len({round(p.shape[1] / p.shape[0], 1) for p in collection.values()}) >= 6
    for picture in collection.values():
        assert picture.dtype == np.uint8
        assert max(picture.shape[:2]) == SMALL
        assert picture.std() > 12, "a picture and not a plain colour"


@pytest.mark.parametrize("movement", range(len(MOVEMENTS)), ids=[m.name for m in MOVEMENTS])
def test_a_work_is_the_same_whenever_and_after_whatever_it_is_painted(collection, movement):
    spec = next(s for s in collection if s.movement == movement)

    assert np.array_equal(painter.paint(spec, SMALL), collection[spec])


def test_the_number_of_threads_changes_nothing(collection):
    spec = next(iter(collection))
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = painter.paint(spec, SMALL)
    finally:
        cv2.setNumThreads(threads)

    assert np.array_equal(alone, collection[spec])


def test_no_two_works_look_alike(collection):
    thumbnails = [(spec, thumbnail(picture)) for spec, picture in collection.items()]
    for (a, first), (b, second) in itertools.combinations(thumbnails, 2):
        distance = np.abs(first - second).mean()
        assert distance > 8, f"{painter.describe(a).title} and {painter.describe(b).title}: {distance:.1f}"


def test_a_work_keeps_its_composition_at_any_size():
    spec = painter.collection_specs()[36]
    small, large = (thumbnail(painter.paint(spec, size)) for size in (192, 384))

    assert np.abs(small - large).mean() < 14


def test_another_seed_is_another_collection(collection):
    spec = painter.collection_specs(seed=2)[0]

    assert np.abs(thumbnail(painter.paint(spec, SMALL)) - thumbnail(next(iter(collection.values())))).mean() > 4


def test_titles_and_files_are_unique_even_when_artists_paint_on():
    works = [painter.describe(spec) for spec in painter.collection_specs(per_artist=14)]

    assert len({work.file for work in works}) == len(works)
    assert len({(work.artist, work.title) for work in works}) == len(works)


def test_the_endless_catalogue_goes_on_and_any_number_can_be_asked_for():
    first = list(itertools.islice(painter.works(seed=3), 12))
    pictures = [painter.paint(spec, 96) for spec in first]

    assert first == [painter.work(number, seed=3) for number in range(12)]
    assert len({picture.tobytes() for picture in pictures}) == 12
    assert painter.paint(painter.work(987_654_321, seed=3), 96).shape[2] == 3


def test_paint_collection_writes_a_manifest_of_what_it_painted(tmp_path, monkeypatch):
    monkeypatch.setattr(painter, "paint", lambda spec, size=64: np.full((48, 64, 3), spec.number * 9, np.uint8))
    seen = []

    works = painter.paint_collection(
        tmp_path / "c", per_artist=1, on_progress=lambda done, total: seen.append((done, total))
    )

    with (tmp_path / "c" / "paintings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "title", "artist", "year", "movement", "medium", "museum"]
    assert [row["file"] for row in rows] == [work.file for work in works]
    assert all((tmp_path / "c" / row["file"]).is_file() for row in rows)
    assert all(row["museum"] == MUSEUM and 1480 <= int(row["year"]) <= 1894 for row in rows)
    assert seen[-1] == (len(works), len(works))
