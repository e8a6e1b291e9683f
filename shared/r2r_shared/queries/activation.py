"""Activating a profile: what it lacks is measured beside the running one, then everybody reads it, in one step.

A job of kind 'activate' goes in rounds of four phases. From what the media store holds, no film is decoded:

0. paintings without features under the profile, and keyframes of the shown analyses without any: in batches;
1. the ranges that the score divides by;
2. each film whose stored matches are then not those of the profile as it is: matched;
3. the switch: with all profiles held, so that nobody shows a film or takes ranges meanwhile, it is asked again what is
   missing. Nothing: the profile is the active one. Something has come in: another round.

Where films and paintings come in all the time, the last round does not ask for another: the profile is switched to, and
what has come in since the round before follows in the same job.

What came without a picture (pictureless.py) cannot be measured: whoever asks is told, and goes on without it or not at
all. Films with such keyframes are not matched.

An ingest or import that was asked for under the profile of before, and closes after the switch, has the active profile
measure what it brought, too: `catch_up_film`, `catch_up_collection`. Either the switch sees a film or its closing
segment sees the switch: that one holds its profile's row (match_film), this one all of them.

Locks: `profiles.hold_choice`, then profiles by id, then what segments.py says.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from r2r_shared import names
from r2r_shared.errors import UserError
from r2r_shared.queries import jobs, painting_import, pictureless, profiles, ranges, segments, shots
from r2r_shared.queries.pictureless import LeftOut

ROUNDS = 8
"""So many at most. Each is as long as what has come in during the one before."""

PHASES = 4
KEYFRAMES_PER_SEGMENT = 256
"""Of a film that is looked at anew on its own the segments are smaller: someone waits for it."""

LONGEST_EFFORT_S = 3600.0
"""A catalogue's activation gives way to films that are asked for after it, but not for ever."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a profile lacks and can have: how many paintings, keyframes, and films whose matches are not current."""

    paintings: int
    keyframes: int
    films: int

    def __bool__(self) -> bool:
        return bool(self.paintings or self.keyframes or self.films)


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking: a job, or None where nothing was missing and the profile is the active one now.

    Attributes:
        joined: the job was there already.
        missing: what there is to do; of a job that was there, what is left of it.
        left_out: what came without a picture, and the profile has no numbers for.
    """

    job_id: int | None
    joined: bool
    missing: Missing
    left_out: LeftOut


_PAINTINGS = """
    SELECT p.id FROM paintings AS p
     WHERE p.pictured
       AND NOT EXISTS (SELECT FROM painting_features AS f
                        WHERE f.painting_id = p.id AND f.profile_id = %(profile)s)
"""
_KEYFRAMES = """
    SELECT k.id
      FROM films AS f
      JOIN shots AS s ON s.job_id = f.analysis_id
      JOIN keyframes AS k ON k.shot_id = s.id
     WHERE s.blank IS NULL AND k.pictured
       AND NOT EXISTS (SELECT FROM keyframe_features AS v
                        WHERE v.keyframe_id = k.id AND v.profile_id = %(profile)s)
"""
_EVERY = f"SELECT f.id FROM films AS f WHERE f.analysis_id IS NOT NULL AND NOT EXISTS ({pictureless.OF_FILM})"
_FILMS = f"""
    {_EVERY}
       AND NOT EXISTS (SELECT FROM film_matches AS m JOIN profiles AS p ON p.id = m.profile_id
                        WHERE m.film_id = f.id AND m.profile_id = %(profile)s
                          AND m.revision = p.revision AND m.film_year IS NOT DISTINCT FROM f.year)
"""


def ask(conn: Connection[Any], profile_id: int, *, priority: int = 0, leave_out: bool = False) -> Asked:
    """Make a profile the active one: at once where nothing is missing, else by a job; in a transaction of its own.

    Asking again joins the job that is under way; after one that failed or was cancelled, it queues what is missing.

    Args:
        leave_out: go on without what came without a picture.

    Raises:
        UserError: another profile is being activated, or the job for this one is being cancelled; or something came
            without a picture and is not to be left out.
    """
    with conn.transaction():
        segments.bound_silence(conn)
        _hold_profiles(conn)
        under_way = conn.execute(
            """
            SELECT j.id, j.profile_id, j.cancel_requested, p.name
              FROM jobs AS j JOIN profiles AS p ON p.id = j.profile_id
             WHERE j.kind = 'activate' AND j.state IN ('queued', 'running')
             ORDER BY j.profile_id = %s DESC, j.id LIMIT 1
            """,
            (profile_id,),
        ).fetchone()
        if under_way is not None:
            job_id, other, cancelled, name = under_way
            if other != profile_id:
                raise UserError(f"job {job_id} is activating {name}", f"wait for it, or r2r jobs cancel {job_id}")
            if cancelled:
                raise UserError(f"job {job_id} is being cancelled", "ask again when it has ended, in some seconds")
            return Asked(job_id, True, _count(conn, profile_id), pictureless.left_out(conn, profile_id))
        left_out = pictureless.left_out(conn, profile_id)
        if left_out and not leave_out:
            name = profiles.get(conn, profile_id).name
            raise UserError(
                f"{left_out} came without pictures: {name} has no numbers for them and cannot measure them",
                f"{pictureless.REMEDY}; or go on without them: r2r models activate {shlex.quote(name)} --leave-out",
            )
        missing, stale = _look(conn, profile_id)
        if not missing and not stale:
            profiles.activate(conn, profile_id)
            return Asked(None, False, missing, left_out)
        job_id = jobs.create(
            conn,
            kind="activate",
            profile_id=profile_id,
            options={"analyse": False},
            priority=priority,
            effort_s=min((missing.paintings + missing.keyframes) / 2, LONGEST_EFFORT_S),
        )
        _add_round(conn, job_id, profile_id, number=0, switch=True)
        return Asked(job_id, False, missing, left_out)


def switch(conn: Connection[Any], job_id: int, profile_id: int) -> Missing:
    """The last phase of a round, in the transaction that finishes its segment: switch, or add another round.

    Returns:
        What has come in meanwhile, and the job does next.
    """
    _hold_profiles(conn)
    missing, stale = _look(conn, profile_id)
    row = conn.execute("SELECT max(phase) / %s FROM segments WHERE job_id = %s", (PHASES, job_id)).fetchone()
    assert row is not None
    following = row[0] + 1
    if missing or stale:
        _add_round(conn, job_id, profile_id, number=following, switch=following < ROUNDS)
    if following >= ROUNDS or not (missing or stale):
        profiles.activate(conn, profile_id)
    return missing


def _hold_profiles(conn: Connection[Any]) -> None:
    """Wait for whoever matches a film or takes ranges, under any profile, and let nobody begin to."""
    profiles.hold_choice(conn)
    conn.execute("SELECT FROM profiles ORDER BY id FOR NO KEY UPDATE")


def _look(conn: Connection[Any], profile_id: int) -> tuple[Missing, bool]:
    """What is missing, and whether the ranges are to be taken anew: that is done on the way where it can be."""
    missing = _count(conn, profile_id)
    if missing.paintings:
        return missing, True
    before = profiles.get(conn, profile_id).revision
    stale = ranges.refresh(conn, profile_id) != before
    return (_count(conn, profile_id) if stale else missing), stale


def _count(conn: Connection[Any], profile_id: int) -> Missing:
    """What is missing; where paintings are, all films are to be matched after that."""
    query = f"""
        SELECT (SELECT count(*) FROM ({_PAINTINGS}) AS _)::int,
               (SELECT count(*) FROM ({_KEYFRAMES}) AS _)::int,
               (SELECT count(*) FROM ({_FILMS}) AS _)::int,
               (SELECT count(*) FROM ({_EVERY}) AS _)::int
    """
    row = conn.execute(query, {"profile": profile_id}).fetchone()
    assert row is not None
    paintings, keyframes, films, every = row
    return Missing(paintings, keyframes, every if paintings else films)


def _add_round(conn: Connection[Any], job_id: int, profile_id: int, *, number: int, switch: bool) -> None:
    """The segments of a round, all of what is missing now, blocked until their phase's turn."""
    first = number * PHASES
    pictures = _add_batches(
        conn, _PAINTINGS, job_id, profile_id, names.PICTURES, size=painting_import.PICTURES_PER_SEGMENT, phase=first
    )
    _add_batches(conn, _KEYFRAMES, job_id, profile_id, names.KEYFRAMES, size=KEYFRAMES_PER_SEGMENT, phase=first)
    segments.add_batches(conn, job_id, names.RANGES, [[]], phase=first + 1)
    films = _EVERY
    # New paintings change the ranges, and new keyframes a film's matches: then what is stored is of yesterday.
    if not pictures:
        films = f"{_FILMS} UNION SELECT e.id FROM ({_KEYFRAMES}) AS m " + (
            f"JOIN keyframes AS k ON k.id = m.id JOIN shots AS s ON s.id = k.shot_id JOIN ({_EVERY}) AS e "
            "ON e.id = s.film_id"
        )
    _add_batches(conn, films, job_id, profile_id, names.MATCH, size=1, phase=first + 2)
    if switch:
        segments.add_batches(conn, job_id, names.SWITCH, [[]], phase=first + 3)
    if number == 0:
        segments.release(conn, job_id)


def _add_batches(
    conn: Connection[Any], ids: str, job_id: int, profile_id: int, kind: str, *, size: int, phase: int
) -> int:
    """Segments for what a query finds, made inside the database: a catalogue has millions of keyframes. How many."""
    query = f"""
        INSERT INTO segments (job_id, kind, number, items, phase, state, priority, due_at)
        SELECT j.id, %(kind)s, batch.number + (SELECT coalesce(max(number) + 1, 0) FROM segments
                                                WHERE job_id = %(job)s AND kind = %(kind)s),
               batch.items, %(phase)s, 'blocked', j.priority, j.due_at
          FROM jobs AS j,
               (SELECT (place - 1) / %(size)s AS number, array_agg(id ORDER BY id) AS items
                  FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM ({ids}) AS missing) AS placed
                 GROUP BY 1) AS batch
         WHERE j.id = %(job)s
    """
    args = {"job": job_id, "profile": profile_id, "kind": kind, "size": size, "phase": phase}
    return conn.execute(query.encode(), args).rowcount


def queue_keyframes(
    conn: Connection[Any], film_id: int, profile_id: int, *, priority: int = 0, per_segment: int = 64
) -> int | None:
    """A job that measures a film's stored keyframes under a profile, and matches it; None where none is missing.

    None, too, where some have no picture: the film is to be ingested again.
    """
    unmeasured = shots.unmeasured(conn, film_id=film_id, profile_id=profile_id)
    if not unmeasured or pictureless.keyframes(conn, film_id=film_id, profile_id=profile_id):
        return None
    job_id = jobs.create(
        conn,
        kind="ingest",
        film_id=film_id,
        profile_id=profile_id,
        options={"analyse": False},
        priority=priority,
        effort_s=len(unmeasured) / 2,  # about two keyframes a second are measured
    )
    batches = [unmeasured[at : at + per_segment] for at in range(0, len(unmeasured), per_segment)]
    segments.add_batches(conn, job_id, names.KEYFRAMES, batches)
    segments.add_closing(conn, job_id, names.MATCH)
    return job_id


def catch_up_film(conn: Connection[Any], film_id: int, profile_id: int) -> int | None:
    """After an ingest under a profile that is not the active one any more: have that one measure the film, too.

    In the transaction that has matched the film and ended its job: a profile that is asked for beside the active one
    (R2R_PROFILE) and never was that itself is left alone.
    """
    active = _superseded(conn, profile_id)
    return None if active is None else queue_keyframes(conn, film_id, active)


def catch_up_collection(conn: Connection[Any], collection_id: int, profile_id: int) -> int | None:
    """As `catch_up_film`, for the paintings of an import; in a transaction of its own, before its last segment ends."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock_shared(hashtext('r2r profiles'))")  # a switch is awaited
        active = _superseded(conn, profile_id)
        if active is None:
            return None
        return painting_import.queue_measurement(conn, collection_id, active)


def _superseded(conn: Connection[Any], profile_id: int) -> int | None:
    """The active profile, where the other one was that before it."""
    active = profiles.active(conn)
    if active is None or active.id == profile_id or not profiles.once_active(conn, profile_id):
        return None
    return active.id
