"""Shots and keyframes: written with the segment that found them, shown once the whole film is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import Connection

from r2r_shared.queries import profiles
from r2r_shared.records import FoundShot
from r2r_shared.storage import depth_maps


def write(
    conn: Connection[Any],
    *,
    film_id: int,
    job_id: int,
    segment_id: int,
    shots: Sequence[FoundShot],
    image_key: Callable[[int], str],
) -> list[int]:
    """Write a segment's shots and keyframes by binary COPY, in the caller's transaction.

    Args:
        image_key: (frame number) → the media store key its JPEG was put under.

    Returns:
        The keyframes' ids, in the order of the shots and of the keyframes inside them.
    """
    shot_ids = _ids(conn, "shots", len(shots))
    with conn.cursor().copy(
        "COPY shots (id, film_id, job_id, segment_id, start_frame, end_frame, start_s, end_s, transition, blank) "
        "FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int8", "int8", "int8", "int8", "int4", "int4", "float8", "float8", "text", "text"])
        for shot_id, shot in zip(shot_ids, shots, strict=True):
            copy.write_row(
                (
                    shot_id,
                    film_id,
                    job_id,
                    segment_id,
                    shot.start_frame,
                    shot.end_frame,
                    shot.start_s,
                    shot.end_s,
                    shot.transition,
                    shot.blank,
                )
            )
    keyframes = [(shot_id, kept) for shot_id, shot in zip(shot_ids, shots, strict=True) for kept in shot.keyframes]
    keyframe_ids = _ids(conn, "keyframes", len(keyframes))
    with conn.cursor().copy(
        "COPY keyframes (id, shot_id, frame, time_s, image, width, height, crop) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int8", "int8", "int4", "float8", "text", "int4", "int4", "int4[]"])
        for keyframe_id, (shot_id, kept) in zip(keyframe_ids, keyframes, strict=True):
            crop = [kept.crop.x, kept.crop.y, kept.crop.width, kept.crop.height]
            copy.write_row(
                (
                    keyframe_id,
                    shot_id,
                    kept.frame,
                    kept.time_s,
                    image_key(kept.frame),
                    kept.width,
                    kept.height,
                    crop,
                )
            )
    return keyframe_ids


def show(conn: Connection[Any], *, film_id: int, job_id: int) -> list[str]:
    """Make a finished analysis the one that queries see, and drop the one before it. In the caller's transaction.

    Returns the media store prefixes that only the analyses before it used: they may go after the commit.
    """
    conn.execute("SELECT FROM films WHERE id = %s FOR NO KEY UPDATE", (film_id,))
    unused = conn.execute(
        """
        SELECT regexp_replace(k.image, '/[^/]*$', '')
          FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
         WHERE s.film_id = %(film)s AND s.job_id <> %(job)s
        EXCEPT
        SELECT regexp_replace(k.image, '/[^/]*$', '')
          FROM shots AS s JOIN keyframes AS k ON k.shot_id = s.id
         WHERE s.job_id = %(job)s
        """,
        {"film": film_id, "job": job_id},
    ).fetchall()
    conn.execute("UPDATE films SET analysis_id = %s WHERE id = %s", (job_id, film_id))
    if conn.execute("DELETE FROM shots WHERE film_id = %s AND job_id <> %s", (film_id, job_id)).rowcount:
        _forget_matched(conn, film_id=film_id, job_id=job_id)
    folders = [row[0] for row in unused]
    return folders + depth_maps.of_folders(folders, profiles.depth_digests(conn))


def _forget_matched(conn: Connection[Any], *, film_id: int, job_id: int) -> None:
    """Forget what a film came to under other profiles than an analysis's: it was of shots that are gone."""
    args = {"film": film_id, "job": job_id}
    others = "film_id = %(film)s AND profile_id <> (SELECT profile_id FROM jobs WHERE id = %(job)s)"
    for table in ("film_matches", "film_paintings", "film_names"):
        conn.execute(f"DELETE FROM {table} WHERE {others}", args)


def images(conn: Connection[Any], keyframe_ids: Sequence[int], *, unmeasured_by: int) -> list[tuple[int, str]]:
    """(id, media store key) of those of these keyframes that are still there, without features under a profile."""
    return conn.execute(
        """
        SELECT id, image FROM keyframes AS k
         WHERE id = ANY(%s)
           AND NOT EXISTS (SELECT FROM keyframe_features AS v WHERE v.keyframe_id = k.id AND v.profile_id = %s)
         ORDER BY id
        """,
        (list(keyframe_ids), unmeasured_by),
    ).fetchall()


def orphaned(conn: Connection[Any], rows: Sequence[tuple[int, str]]) -> list[str]:
    """The pictures of those of these keyframes (id, key) that are gone, unless another analysis has the same one."""
    there = {row[0] for row in conn.execute("SELECT id FROM keyframes WHERE id = ANY(%s)", ([row[0] for row in rows],))}
    lost = [image for keyframe_id, image in rows if keyframe_id not in there]
    if not lost:  # nearly always: nothing is looked for by its picture, which has no index
        return []
    query = "SELECT unnest(%(lost)s::text[]) EXCEPT SELECT image FROM keyframes WHERE image = ANY(%(lost)s)"
    return [image for (image,) in conn.execute(query, {"lost": lost})]


def hold(conn: Connection[Any], keyframe_ids: Sequence[int]) -> list[int]:
    """Those of these keyframes that are still there, by id, and stay until the transaction ends."""
    rows = conn.execute(
        "SELECT id FROM keyframes WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", (list(keyframe_ids),)
    ).fetchall()
    return [row[0] for row in rows]


def unmeasured(conn: Connection[Any], *, film_id: int, profile_id: int) -> list[int]:
    """Keyframes of a film's shown analysis that can be matched and have no features under a profile."""
    rows = conn.execute(
        """
        SELECT k.id
          FROM films AS f
          JOIN shots AS s ON s.job_id = f.analysis_id
          JOIN keyframes AS k ON k.shot_id = s.id
         WHERE f.id = %(film)s AND s.blank IS NULL
           AND NOT EXISTS (SELECT FROM keyframe_features AS v
                            WHERE v.profile_id = %(profile)s AND v.keyframe_id = k.id)
         ORDER BY k.id
        """,
        {"film": film_id, "profile": profile_id},
    ).fetchall()
    return [row[0] for row in rows]


def _ids(conn: Connection[Any], table: str, count: int) -> list[int]:
    """Fresh ids, so that children can be copied beside their parents without asking back."""
    rows = conn.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", (table, count)
    ).fetchall()
    return [row[0] for row in rows]
