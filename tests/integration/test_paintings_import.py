"""Imports into a real database: whole, repeated, changed, dirty, killed."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from r2r_shared import db, importing, names
from r2r_shared.collections.detect import detect
from r2r_shared.errors import Unavailable, UserError
from r2r_shared.importing import DUPLICATE, REPEATED, import_paintings, key_of
from r2r_shared.queries import (
    features,
    job_changes,
    job_parts,
    jobs,
    painting_import,
    paintings,
    profiles,
    ranges,
)
from r2r_shared.records import Features, PaintingRecord, Refusal
from r2r_shared.storage.media_store import MediaStore

DIM = 4


@pytest.fixture
def store(tmp_path):
    return MediaStore(str(tmp_path / "media"))


@pytest.fixture
def profile_id(conn):
    made = profiles.ensure(conn, description())
    conn.commit()
    return made.id


def description(name="test"):
    parts = {"encoder": "e", "encoder_digest": "e1", "depth": "d", "depth_digest": "d1"}
    return {"name": name, **parts, "metrics_version": 1, "dim": DIM}


def picture(path, shade=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 16), (shade % 256, 90, shade // 256)).save(path)
    return path


@pytest.fixture
def source(tmp_path):
    """Twelve pictures of two artists."""
    root = tmp_path / "source"
    for number in range(12):
        picture(
            root / "Baroque" / ("Jan Steen" if number % 2 else "Frans Hals") / f"work_{number}_16{number:02d}.png",
            number,
        )
    return root


def run(conn, store, source, profile_id, **options):
    """An import of a folder or a manifest, in the state a command's connection is in."""
    conn.commit()
    found = detect(source)
    return import_paintings(conn, store, found.records(), **{"collection": "c", "profile_id": profile_id} | options)


def rows(conn):
    """Everything that a painting's row says, without ids and times."""
    query = """
        SELECT file, sha256, title, artist, movement, year, year_from, year_to, medium, museum, genre, extra,
               width, height, image
          FROM paintings ORDER BY collection_id, file
    """
    return conn.execute(query).fetchall()


def measure(conn, profile_id, contrast=50.0):
    """Features for every painting that has none, as a worker would write them."""
    ids = [row[0] for row in conn.execute("SELECT id FROM paintings ORDER BY id")]
    there = features.of_paintings(conn, profile_id=profile_id, ids=ids)
    numbers = [
        (i, Features((1.0,) * 9, 1, 2, 0, 3, 4, (5.0,) * 9, contrast + i, (1.0, 0, 0, 0)))
        for i in ids
        if i not in there
    ]
    features.write_paintings(conn, profile_id=profile_id, rows=numbers)
    ranges.refresh(conn, profile_id)
    conn.commit()


def finish_jobs(conn):
    conn.execute("UPDATE jobs SET state = 'done'")
    conn.execute("UPDATE segments SET state = 'done'")
    conn.commit()


def test_a_folder_comes_in_whole_and_again_without_a_change(conn, store, source, profile_id):
    seen = []
    first = run(conn, store, source, profile_id, on_progress=seen.append)
    before = rows(conn)
    again = run(conn, store, source, profile_id)

    assert (first.added, first.stored, first.seen) == (12, 12, 12)
    assert seen == [*range(1, 13), 12]
    assert (again.added, again.updated, again.replaced, again.unchanged) == (0, 0, 0, 12)
    assert rows(conn) == before
    assert again.job_id == first.job_id  # it still waits to be worked on
    steen = paintings.find(conn, "Baroque/Jan Steen/work_1_1601.png")
    assert (steen.artist, steen.movement, steen.title, steen.year_from) == ("Jan Steen", "Baroque", "Work 1", 1601)
    assert (steen.width, steen.height, steen.profiles) == (24, 16, [])
    assert Image.open(io.BytesIO(store.get(steen.image))).size == (24, 16)


def test_what_was_committed_is_seen_by_others(conn, database_url, store, source, profile_id):
    run(conn, store, source, profile_id)
    with db.connect(database_url) as other:
        assert len(rows(other)) == 12
        assert len(job_parts.listed(other, jobs.listed(other)[0].id)) == 2


def test_the_job_measures_what_is_new_in_batches_and_takes_the_ranges_last(
    conn, store, source, profile_id, monkeypatch
):
    monkeypatch.setattr(painting_import, "PICTURES_PER_SEGMENT", 5)

    job_id = run(conn, store, source, profile_id).job_id

    assert job_id is not None
    job = jobs.get(conn, job_id)
    assert (job.kind, job.about, job.profile_id) == ("paintings", "c", profile_id)
    parts = conn.execute("SELECT kind, state, items FROM segments WHERE job_id = %s ORDER BY id", (job_id,)).fetchall()
    assert [(kind, state, len(items)) for kind, state, items in parts] == [
        (names.PICTURES, "queued", 5),
        (names.PICTURES, "queued", 5),
        (names.PICTURES, "queued", 2),
        (names.RANGES, "blocked", 0),
    ]
    items = [item for _, _, items in parts for item in items]
    assert sorted(items) == [row[0] for row in conn.execute("SELECT id FROM paintings ORDER BY id")]


def test_a_second_import_queues_only_what_is_new(conn, store, source, profile_id):
    first = run(conn, store, source, profile_id)
    new = picture(source / "Rococo" / "new.png", 999)
    second = run(conn, store, source, profile_id)

    assert second.job_id not in (None, first.job_id)
    (painting_id,) = conn.execute("SELECT id FROM paintings WHERE file = 'Rococo/new.png'").fetchone()
    (items,) = conn.execute(
        "SELECT items FROM segments WHERE job_id = %s AND kind = 'pictures'", (second.job_id,)
    ).fetchone()
    assert items == [painting_id]
    assert new.exists()  # the source is never touched


def test_nothing_is_queued_where_all_is_measured_and_all_is_under_another_profile(conn, store, source, profile_id):
    run(conn, store, source, profile_id)
    measure(conn, profile_id)
    finish_jobs(conn)
    assert run(conn, store, source, profile_id).job_id is None

    other = profiles.ensure(conn, description("other") | {"encoder_digest": "e2"})
    job_id = run(conn, store, source, other.id).job_id
    (items,) = conn.execute("SELECT items FROM segments WHERE job_id = %s AND kind = 'pictures'", (job_id,)).fetchone()
    assert len(items) == 12


def test_a_failed_or_cancelled_jobs_paintings_are_queued_again(conn, store, source, profile_id):
    first = run(conn, store, source, profile_id).job_id
    job_changes.cancel(conn, first)
    second = run(conn, store, source, profile_id).job_id
    assert second not in (None, first)


def test_a_changed_picture_loses_its_features_and_the_old_image(conn, store, source, profile_id):
    run(conn, store, source, profile_id)
    measure(conn, profile_id)
    finish_jobs(conn)
    old = paintings.find(conn, "Baroque/Jan Steen/work_1_1601.png")
    revision = profiles.get(conn, profile_id).revision
    picture(source / old.file, 777)

    summary = run(conn, store, source, profile_id)

    assert (summary.replaced, summary.unchanged) == (1, 11)
    new = paintings.find(conn, old.file)
    assert new.id == old.id
    assert new.sha256 != old.sha256
    assert new.image == key_of(new.sha256)
    assert new.profiles == []
    assert not store.exists(old.image)
    assert store.exists(new.image)
    assert profiles.get(conn, profile_id).revision == revision + 1
    (items,) = conn.execute(
        "SELECT items FROM segments WHERE job_id = %s AND kind = 'pictures'", (summary.job_id,)
    ).fetchone()
    assert items == [old.id]


def write_manifest(source, lines):
    (source / "paintings.csv").write_text("file,title,year,movement\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return source / "paintings.csv"


def test_changed_words_update_the_row_and_keep_its_features(conn, store, tmp_path, profile_id):
    picture(tmp_path / "s" / "a.png")
    run(conn, store, write_manifest(tmp_path / "s", ["a.png,Old,1650,Baroque"]), profile_id)
    measure(conn, profile_id)
    finish_jobs(conn)
    revision = profiles.get(conn, profile_id).revision

    titled = run(conn, store, write_manifest(tmp_path / "s", ["a.png,New,1650,Baroque"]), profile_id)
    assert titled.updated == 1
    assert titled.job_id is None
    assert profiles.get(conn, profile_id).revision == revision  # no match depends on a title

    dated = run(conn, store, write_manifest(tmp_path / "s", ["a.png,New,c. 1900,Baroque"]), profile_id)
    found = paintings.find(conn, "a.png")
    assert dated.updated == 1
    assert (found.title, found.year, found.year_from, found.profiles) == ("New", "c. 1900", 1900, ["test"])
    assert profiles.get(conn, profile_id).revision == revision + 1  # the chronology does depend on a year


def test_dirt_is_counted_by_its_reason_and_stops_nothing(conn, store, tmp_path, profile_id):
    root = tmp_path / "s"
    picture(root / "good.png", 1)
    shutil.copy(picture(root / "original.png", 2), root / "same.png")
    (root / "page.jpg").write_text("<html>404</html>")
    (root / "empty.jpg").touch()
    (root / "cut.png").write_bytes((root / "good.png").read_bytes()[:60])
    lines = [f"{name},T,," for name in ("good.png", "original.png", "same.png", "page.jpg", "empty.jpg", "cut.png")]
    lines += ["gone.png,T,,", "good.png,again,,"]

    summary = run(conn, store, write_manifest(root, lines), profile_id)

    assert summary.added == 2
    assert {reason: (t.count, t.examples) for reason, t in summary.duplicates.items()} == {
        DUPLICATE: (1, ["same.png (as original.png)"]),
        REPEATED: (1, ["good.png"]),
    }
    assert {reason: t.examples for reason, t in summary.refused.items()} == {
        "the picture file is missing": ["gone.png (line 8)"],
        "not a picture that can be read": ["page.jpg (it is a web page)"],
        "the file is empty": ["empty.jpg"],
        "damaged": summary.refused["damaged"].examples,
    }
    assert summary.seen == 8
    assert len(rows(conn)) == 2


def test_examples_are_bounded_counts_are_not(conn, store, profile_id):
    entries = [Refusal(f"{number}.jpg", "gone") for number in range(1000)]
    conn.commit()
    summary = import_paintings(conn, store, entries, collection="c", profile_id=profile_id)
    assert summary.refused["gone"].count == 1000
    assert len(summary.refused["gone"].examples) == importing.EXAMPLES


def test_a_source_without_a_usable_work_leaves_no_trace(conn, store, tmp_path, profile_id):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "page.jpg").write_text("<html>")
    summary = run(conn, store, tmp_path / "s", profile_id)
    assert (summary.collection_id, summary.job_id, summary.stored) == (None, None, 0)
    (tmp_path / "s" / "m.csv").write_text("id\n1\n")
    with pytest.raises(UserError):
        run(conn, store, tmp_path / "s", profile_id)
    assert conn.execute("SELECT (SELECT count(*) FROM collections), (SELECT count(*) FROM jobs)").fetchone() == (0, 0)


def test_cleaning_names_what_it_drops(conn, store, tmp_path, profile_id):
    for number, name in enumerate(["a.png", "b.png", "c.png"]):
        picture(tmp_path / "s" / name, number)
    lines = ["a.png,A Painting,1650,", "b.png,Study for a hand,1650,", "c.png,Late,1900,"]
    summary = run(conn, store, write_manifest(tmp_path / "s", lines), profile_id, clean=True)
    assert summary.added == 1
    assert {reason: t.examples for reason, t in summary.dropped.items()} == {
        "a sketch or drawing": ["b.png"],
        "later than 1895": ["c.png"],
    }


def test_two_files_that_swap_their_pictures_and_a_renamed_one_come_out_right(conn, store, tmp_path, profile_id):
    root = tmp_path / "s"
    for number, name in enumerate(["a.png", "b.png", "c.png"]):
        picture(root / name, number)
    run(conn, store, root, profile_id)
    was = {p.file: p.sha256 for p in paintings.search(conn)}

    (root / "a.png").rename(root / "x")
    (root / "b.png").rename(root / "a.png")
    (root / "x").rename(root / "b.png")
    (root / "c.png").rename(root / "d.png")
    picture(root / "c.png", 9)
    summary = run(conn, store, root, profile_id)

    now = {p.file: p.sha256 for p in paintings.search(conn)}
    assert (now["a.png"], now["b.png"], now["d.png"]) == (was["b.png"], was["a.png"], was["c.png"])
    assert (summary.replaced, summary.added, summary.duplicates) == (3, 1, {})
    assert all(store.exists(p.image) for p in paintings.search(conn))


def test_a_file_that_became_a_copy_of_another_goes(conn, store, tmp_path, profile_id):
    root = tmp_path / "s"
    picture(root / "a.png", 1)
    picture(root / "b.png", 2)
    run(conn, store, root, profile_id)
    shutil.copy(root / "a.png", root / "b.png")
    summary = run(conn, store, root, profile_id)
    assert [p.file for p in paintings.search(conn)] == ["a.png"]
    assert summary.duplicates[DUPLICATE].examples == ["b.png (as a.png)"]


def test_the_same_picture_may_be_in_two_collections_and_outlives_one(conn, store, tmp_path, profile_id):
    picture(tmp_path / "s" / "a.png")
    run(conn, store, tmp_path / "s", profile_id, collection="one")
    run(conn, store, tmp_path / "s", profile_id, collection="two")
    image = paintings.find(conn, "a.png", collection="one").image

    with conn.transaction():
        removed = paintings.remove_collection(conn, paintings.collection_named(conn, "one"))
    assert (removed.paintings, removed.images) == (1, ())
    with conn.transaction():
        removed = paintings.remove_collection(conn, paintings.collection_named(conn, "two"))
    assert removed.images == (image,)
    importing.delete_images(store, removed.images)
    assert not store.exists(image)


def test_a_lost_image_is_put_back(conn, store, source, profile_id):
    run(conn, store, source, profile_id)
    image = paintings.search(conn)[0].image
    store.delete_prefix(image)
    assert run(conn, store, source, profile_id).unchanged == 12
    assert store.exists(image)


def test_a_store_that_takes_no_more_ends_the_import_and_keeps_what_is_in(conn, store, source, profile_id, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 5)
    put, taken = store.put, []

    class Full(MediaStore):
        def put(self, key, data):
            if len(taken) >= 7:
                raise Unavailable("no space left")
            taken.append(key)
            put(key, data)

    with pytest.raises(Unavailable):
        run(conn, Full(store.url), source, profile_id)
    assert len(rows(conn)) == 5

    assert (summary := run(conn, store, source, profile_id)).added == 7
    assert summary.unchanged == 5


@pytest.mark.parametrize("committed", [0, 1, 2])
def test_an_import_that_broke_off_at_a_commit_is_finished_by_the_next(  # noqa: PLR0917
    conn, store, source, profile_id, monkeypatch, committed
):
    monkeypatch.setattr(importing, "BATCH", 5)
    insert, calls = painting_import.insert, []

    def breaking(*args):
        if len(calls) == committed:
            raise KeyboardInterrupt
        calls.append(1)
        insert(*args)

    monkeypatch.setattr(painting_import, "insert", breaking)
    with pytest.raises(KeyboardInterrupt):
        run(conn, store, source, profile_id)
    assert len(rows(conn)) == 5 * committed

    monkeypatch.setattr(painting_import, "insert", insert)
    summary = run(conn, store, source, profile_id)

    assert (summary.added, summary.unchanged) == (12 - 5 * committed, 5 * committed)
    resumed = rows(conn)
    with conn.transaction():
        paintings.remove_collection(conn, summary.collection_id)
    run(conn, store, source, profile_id)
    assert rows(conn) == resumed


KILLED = """
import sys
from pathlib import Path
from r2r_shared import db, importing
from r2r_shared.collections.detect import detect
from r2r_shared.storage.media_store import MediaStore
importing.BATCH = 20
url, media, source, profile_id = sys.argv[1:]
with db.connect(url, autocommit=True) as conn:
    importing.import_paintings(conn, MediaStore(media), detect(Path(source)).records(),
                               collection="c", profile_id=int(profile_id))
"""


def test_a_killed_import_run_again_equals_one_that_was_not(conn, database_url, store, tmp_path, profile_id):
    root = tmp_path / "many"
    for number in range(300):
        picture(root / f"{number:03d}.png", number)
    command = [sys.executable, "-c", KILLED, database_url, store.url, str(root), str(profile_id)]
    killed = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    while conn.execute("SELECT count(*) FROM paintings").fetchone()[0] < 60:
        conn.commit()
        assert killed.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    conn.commit()
    there = conn.execute("SELECT count(*) FROM paintings").fetchone()[0]
    conn.commit()
    assert 0 < there < 300

    summary = run(conn, store, root, profile_id)

    assert (summary.added, summary.unchanged) == (300 - there, there)
    assert len(rows(conn)) == len({row[1] for row in rows(conn)}) == 300
    assert len(list((Path(store.url) / "paintings").rglob("*.jpg"))) == 300
    queued = conn.execute("SELECT unnest(items) FROM segments WHERE kind = 'pictures'").fetchall()
    assert len(queued) == len(set(queued)) == 300


def test_two_imports_of_one_source_at_once_add_everything_once(conn, database_url, store, tmp_path, profile_id):
    root = tmp_path / "many"
    for number in range(120):
        picture(root / f"{number:03d}.png", number)
    command = [sys.executable, "-c", KILLED, database_url, store.url, str(root), str(profile_id)]
    both = [subprocess.Popen(command), subprocess.Popen(command)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert len(rows(conn)) == 120
    queued = conn.execute("SELECT unnest(items) FROM segments WHERE kind = 'pictures'").fetchall()
    assert len(queued) == len(set(queued)) == 120


# queries


@pytest.fixture
def gallery(conn, store, tmp_path, profile_id):
    root = tmp_path / "gallery"
    lines = [
        "wave.png,The Great Wave,Katsushika Hokusai,1831,Ukiyo-e",
        "fuji.png,Red Fuji,Katsushika Hokusai,1831,Ukiyo-e",
        "irises.png,Irises,Vincent van Gogh,1889,Post-Impressionism",
        "irises2.png,Irises,Ogata Korin,1705,Rinpa",
        "percent.png,100% _blue_,Unknown,,",
    ]
    for number, line in enumerate(lines):
        picture(root / line.split(",")[0], number)
    (root / "paintings.csv").write_text("file,title,artist,year,movement\n" + "\n".join(lines), encoding="utf-8")
    run(conn, store, root, profile_id, collection="gallery")
    return conn


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("wave.png", "wave.png"),
        ("the great wave", "wave.png"),
        ("hokusai wave", "wave.png"),
        ("GOGH", "irises.png"),
        ("korin irises", "irises2.png"),
        ("100%", "percent.png"),
        ("_blue_", "percent.png"),
    ],
)
def test_a_painting_is_found_by_any_unambiguous_piece(gallery, name, file):
    assert paintings.find(gallery, name).file == file
    by_id = paintings.find(gallery, name).id
    assert paintings.find(gallery, str(by_id)).file == file


def test_several_candidates_are_listed_and_none_is_said(gallery):
    with pytest.raises(UserError) as several:
        paintings.find(gallery, "Irises")
    assert "Vincent van Gogh, Irises (1889)" in several.value.hint
    assert "Ogata Korin, Irises (1705)" in several.value.hint
    for nothing in ("picasso", "", "  ", "' OR 1=1", "9999999"):
        with pytest.raises(UserError, match="no painting"):
            paintings.find(gallery, nothing)
    with pytest.raises(UserError) as unknown:
        paintings.collection_named(gallery, "galery")
    assert unknown.value.hint == "there are: gallery"


def test_paintings_are_searched_and_collections_counted(gallery, profile_id):
    assert [p.file for p in paintings.search(gallery, artist="hokusai")] == ["wave.png", "fuji.png"][::-1]
    assert [p.file for p in paintings.search(gallery, movement="rinpa")] == ["irises2.png"]
    assert len(paintings.search(gallery, collection="gallery", limit=2, offset=4)) == 1
    assert paintings.search(gallery, collection="other") == []
    (row,) = paintings.collections(gallery, profile_id=profile_id)
    assert (row.paintings, row.measured, row.movements, row.artists) == (5, 0, 3, 4)
    assert (row.year_from, row.year_to) == (1705, 1889)
    measure(gallery, profile_id)
    assert paintings.collections(gallery, profile_id=profile_id)[0].measured == 5
    assert paintings.collections(gallery)[0].measured == 0


def test_removing_a_painting_takes_its_numbers_and_changes_the_ranges(gallery, profile_id):
    measure(gallery, profile_id)
    finish_jobs(gallery)
    before = ranges.of_profile(gallery, profile_id)["contrast"].high
    last = max(p.id for p in paintings.search(gallery))

    with gallery.transaction():
        removed = paintings.remove(gallery, [last])

    assert removed.paintings == 1
    assert ranges.of_profile(gallery, profile_id)["contrast"].high == before - 1
    assert gallery.execute("SELECT count(*) FROM painting_features").fetchone() == (4,)


def test_numbers_of_a_picture_that_changed_meanwhile_are_told_apart(gallery):
    everything = paintings.images(gallery, [p.id for p in paintings.search(gallery)])
    changed, gone = everything[0][0], everything[1][0]
    gallery.execute("UPDATE paintings SET image = 'other' WHERE id = %s", (changed,))
    paintings.remove(gallery, [gone])
    assert paintings.unchanged(gallery, everything) == {painting_id for painting_id, _ in everything[2:]}


def test_hostile_words_are_stored_as_they_are(conn, store, tmp_path, profile_id):
    path = picture(tmp_path / "a.png")
    words = "'; DROP TABLE paintings; -- %s \\ \N{PILE OF POO}"
    record = PaintingRecord(file=words, path=str(path), title=words, artist=words, extra={words: [words, 1.5, None]})
    conn.commit()
    import_paintings(conn, store, [record], collection=words, profile_id=profile_id)
    again = import_paintings(conn, store, [record], collection=words, profile_id=profile_id)
    assert again.unchanged == 1
    found = paintings.find(conn, words)
    assert (found.file, found.collection, found.extra) == (words, words, {words: [words, 1.5, None]})


def test_the_real_paintings_come_in(conn, store, shared_dir, profile_id):
    summary = run(conn, store, shared_dir / "paintings", profile_id)
    assert (summary.added, summary.refused, summary.duplicates) == (72, {}, {})


def test_the_large_real_collection_comes_in_by_manifest_and_by_name(conn, store, shared_dir, profile_id):
    small = shared_dir / "paintings_small"
    by_manifest = run(conn, store, small, profile_id, collection="manifest")
    by_name = run(conn, store, small / "w", profile_id, collection="artgan")
    assert by_manifest.refused == by_name.refused == {}
    assert by_manifest.seen == 2120
    assert by_name.seen == 1615
    assert by_manifest.added == 2120
    assert by_name.added == 1615
