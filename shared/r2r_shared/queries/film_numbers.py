"""Whether a film has the numbers that a timeline is made of."""

from __future__ import annotations

import shlex
from typing import Any

from psycopg import Connection

from r2r_shared.errors import UserError
from r2r_shared.queries import exchange_origin, jobs, pictureless, shots
from r2r_shared.queries.films import Film
from r2r_shared.records import Profile


def require(conn: Connection[Any], film: Film, profile: Profile) -> None:
    """See to it that there is something to show.

    Raises:
        UserError: the film has no finished analysis, or none under this profile; with the command that makes one.
    """
    again = f"r2r ingest {shlex.quote(film.path)}"
    if film.analysis_id is None:
        job = jobs.newest_of_film(conn, film.id)
        if job is None:
            raise UserError(f"film {film.id} “{film.title}” has not been analysed: it has no job", again)
        why = f": {' '.join(job.error.split())}" if job.error else ""
        retry = f"r2r jobs retry {job.id}"
        raise UserError(
            f"film {film.id} “{film.title}” has no finished analysis: job {job.id} is {job.state}{why}",
            {"failed": retry, "cancelled": retry, "done": again}.get(job.state, f"r2r jobs watch {job.id}"),
        )
    if not shots.unmeasured(conn, film_id=film.id, profile_id=profile.id):
        return
    if without := pictureless.keyframes(conn, film_id=film.id, profile_id=profile.id):
        raise UserError(
            f"film {film.id} “{film.title}” has no numbers under the profile “{profile.name}”: {without} of its "
            "keyframes came without a picture, and cannot be measured",
            "R2R_PROFILE=NAME shows it under the profile that it came with, `r2r models activate --back` goes back "
            f"there; or {pictureless.REMEDY}",
        )
    if exchange_origin.of_film(conn, film.id) is not None:  # then its file may be nowhere here
        again = f"r2r models activate {shlex.quote(profile.name)} measures what is stored, or {again} this film alone"
    elif not profile.active:
        again = f"R2R_PROFILE={shlex.quote(profile.name)} {again}"
    raise UserError(f"film {film.id} “{film.title}” has not been measured under the profile “{profile.name}”", again)
