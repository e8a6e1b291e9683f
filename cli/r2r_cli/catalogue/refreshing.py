"""Bringing a catalogue up to date in this process: the null, films without current matches, and tallies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from r2r_cli import render
from r2r_shared.errors import NotFound
from r2r_shared.queries import catalogue, matches, ranges, tallies, unrelated

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import Profile


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What was done: whether the null was measured, films matched, and films counted anew without that.

    `unmeasured`: films that could not be matched, since some of their keyframes have no numbers under the profile.
    """

    profile_id: int
    null: bool
    matched: int
    counted: int
    unmeasured: int


def measure_null(opened: Session, profile: Profile) -> bool:
    """Measure what unrelated pictures reach, where that is not known of the collection as it is; with progress.

    Of a database that an earlier release has filled the artists are looked at first.
    """
    ranges.refresh_unnamed(opened.conn, profile.id)
    if not unrelated.pairs(opened.conn, profile.id):
        return False
    render.note("measuring what unrelated pictures reach, once for this state of the collection")
    said = 0

    def on_progress(done: int, every: int) -> None:
        nonlocal said
        if done * 4 // every > said:
            said = done * 4 // every
            render.note(f"  {done:,} of {every:,} paintings")

    return unrelated.refresh(opened.conn, profile.id, on_progress=on_progress)


def refresh(opened: Session, profile: Profile) -> Refreshed:
    """Bring everything up to date, each film in a transaction of its own."""
    null = measure_null(opened, profile)
    stale = catalogue.stale(opened.conn, profile.id)
    matched = 0
    for number, film_id in enumerate(stale, start=1):
        try:
            matches.match_film(opened.conn, film_id, profile.id, k=opened.settings.top_k)
            matched += 1
        except NotFound:  # removed meanwhile
            continue
        render.note(f"matched film {film_id} ({number} of {len(stale)})")
    outdated = tallies.outdated(opened.conn, profile.id)
    for film_id in outdated:
        tallies.count_again(opened.conn, film_id, profile.id)
    unmeasured = catalogue.unmeasured(opened.conn, profile.id)
    return Refreshed(profile.id, null, matched, len(outdated), len(unmeasured))
