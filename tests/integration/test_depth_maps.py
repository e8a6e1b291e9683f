"""Depth maps to look at: kept where pictures are measured, and gone with the picture, the film, the model."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from psycopg import sql

from r2r_shared import registering
from r2r_shared.queries import activation, films, paintings, palettes, profiles, shots
from r2r_shared.storage import depth_maps
from r2r_shared.storage.media_store import MediaStore
from r2r_workers.tasks import stored
from tests import catalogue
from tests.catalogue import Catalogue
from tests.in_process import R2R


@pytest.fixture
def held(conn, settings, tmp_path, monkeypatch):
    """A collection and a film under the profile `old`; a model `new` beside it, with the same depth model."""
    with catalogue.here(settings, monkeypatch):
        found = Catalogue(conn, MediaStore(settings.media_root), tmp_path)
        found.film, _, found.keyframes = found.add_film()
        yield found


def digest(held, profile_id):
    found = profiles.get(held.conn, profile_id).depth_digest
    held.conn.commit()
    return found


def image_of(held, table, row_id):
    query = sql.SQL("SELECT image FROM {} WHERE id = %s").format(sql.Identifier(table))
    image = held.conn.execute(query, (row_id,)).fetchone()[0]
    held.conn.commit()
    return image


def put_map(held, image, profile_id=None):
    key = depth_maps.key(image, digest(held, profile_id or held.old))
    held.store.put(key, b"a depth map")
    return key


def test_whatever_is_measured_leaves_a_small_grey_map_beside_its_numbers(held):
    """What another profile has measured is embedded alone: there is no depth to keep anew."""
    unmeasured = held.add_paintings(2, measured=False)
    held.conn.execute("DELETE FROM keyframe_features WHERE keyframe_id = %s", (held.keyframes[0],))
    held.conn.commit()
    activation.ask(held.conn, held.new)
    held.conn.commit()

    held.work()

    model = digest(held, held.new)
    measured = [image_of(held, "paintings", one) for one in unmeasured]
    measured.append(image_of(held, "keyframes", held.keyframes[0]))
    for image in measured:
        with Image.open(io.BytesIO(held.store.get(depth_maps.key(image, model))), formats=["PNG"]) as small:
            assert (small.mode, small.size) == ("L", (96, 64))
            assert small.getextrema() == (0, 255)
    for known in (image_of(held, "paintings", held.paintings[0]), image_of(held, "keyframes", held.keyframes[1])):
        assert not held.store.exists(depth_maps.key(known, model))


def test_a_film_that_is_removed_takes_its_maps_with_it(held):
    other, _, others = held.add_film(1)
    held.conn.execute(
        "UPDATE keyframes SET image = %s || '/x/1.jpg' WHERE id = %s",
        (films.media_prefix(films.get(held.conn, held.film).sha256.hex()), held.keyframes[0]),
    )
    mine, theirs = (put_map(held, image_of(held, "keyframes", one)) for one in (held.keyframes[0], others[0]))

    with held.conn.transaction():
        folders = films.remove(held.conn, held.film)
    for folder in folders:
        held.store.delete_prefix(folder)

    assert films.get(held.conn, other)
    assert not held.store.exists(mine)
    assert held.store.exists(theirs)


def test_an_analysis_that_is_replaced_takes_its_maps_with_it(held):
    image = image_of(held, "keyframes", held.keyframes[0])
    put_map(held, image)
    job = held.conn.execute("SELECT analysis_id FROM films WHERE id = %s", (held.film,)).fetchone()[0]
    copy = held.conn.execute(
        "INSERT INTO jobs (kind, film_id, profile_id, state) SELECT kind, film_id, profile_id, state FROM jobs"
        " WHERE id = %s RETURNING id",
        (job,),
    ).fetchone()[0]

    unused = shots.show(held.conn, film_id=held.film, job_id=copy)
    held.conn.commit()

    folder = image.rpartition("/")[0]
    assert set(unused) == {folder, f"{depth_maps.folder_of_model(digest(held, held.old))}/{folder}"}


def test_a_painting_that_is_removed_takes_its_map_with_it(held, settings, monkeypatch, capsys):
    gone, stays = (put_map(held, image_of(held, "paintings", one)) for one in held.paintings[:2])
    r2r = R2R.on(settings, monkeypatch, capsys)

    ended = r2r("paintings", "remove", "--painting", held.paintings[0], "--yes")

    assert ended.code == 0, ended
    assert not held.store.exists(gone)
    assert held.store.exists(stays)


def test_a_painting_that_is_removed_while_it_is_measured_leaves_no_map(held):
    row = (held.paintings[0], image_of(held, "paintings", held.paintings[0]))
    other = (held.paintings[1], image_of(held, "paintings", held.paintings[1]))

    with stored.maps_of([row, other], held.old, paintings.orphaned):
        gone, stays = put_map(held, row[1]), put_map(held, other[1])
        with held.conn.transaction():
            paintings.remove(held.conn, [row[0]])

    assert not held.store.exists(gone)
    assert held.store.exists(stays)


def test_a_keyframe_that_is_gone_is_told_from_one_that_stays(held):
    """A new analysis has the same pictures under other ids: they stay."""
    rows = [(one, image_of(held, "keyframes", one)) for one in held.keyframes]

    assert shots.orphaned(held.conn, rows) == []
    assert shots.orphaned(held.conn, [*rows, (0, rows[0][1]), (0, "films/nobody.jpg")]) == ["films/nobody.jpg"]


def test_the_maps_of_a_depth_model_go_with_the_last_profile_that_has_it(held):
    image = image_of(held, "paintings", held.paintings[0])
    shared = put_map(held, image)
    registering.remove(held.conn, held.store, "new")
    assert held.store.exists(shared), "the profile that stays measures with the same depth model"

    held.conn.execute("UPDATE profiles SET active = NOT active, depth_digest = 'its own' WHERE id = %s", (held.old,))
    held.conn.execute(
        "INSERT INTO profiles (name, encoder, encoder_digest, depth, depth_digest, metrics_version, dim, active)"
        " VALUES ('third', 'e', 'e', 'd', 'another', 1, 8, true)"
    )
    held.conn.commit()
    own = put_map(held, image)
    registering.remove(held.conn, held.store, "old")
    assert not held.store.exists(own)


def test_palettes_are_those_that_were_measured(held):
    found = palettes.of_film(held.conn, held.film, held.old, painting_ids=held.paintings[:2])

    dc = held.conn.execute(
        "SELECT k.frame, v.dc FROM keyframe_features AS v JOIN keyframes AS k ON k.id = v.keyframe_id"
    ).fetchall()
    assert found.keyframes == {frame: tuple(values.to_list()) for frame, values in dc}
    assert set(found.paintings) == set(held.paintings[:2])
    assert all(len(three) == 9 for three in found.paintings.values())
    assert palettes.of_film(held.conn, held.film, held.new, painting_ids=[]) == palettes.Palettes({}, {})
