"""What became of a source and of its pictures, in words: numbers, then every reason with its first files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from r2r_cli import render
from r2r_cli.collecting.showing import collection_argument
from r2r_cli.jobs import waiting

if TYPE_CHECKING:
    from r2r_shared.fetching.storing import FetchSummary
    from r2r_shared.import_summary import ImportSummary, Tallies
    from r2r_shared.queries.awaited import Left
    from r2r_shared.queries.jobs import Job
    from r2r_shared.records import Profile


def of_import(summary: ImportSummary) -> None:
    """What became of the source's entries."""
    numbers = {
        "added": summary.added,
        "updated": summary.updated,
        "picture replaced": summary.replaced,
        "unchanged": summary.unchanged,
        "described": summary.awaited.added,
        "described anew": summary.awaited.updated,
        "described as before (unchanged)": summary.awaited.unchanged,
    }
    said = ", ".join(f"{count:,} {what}" for what, count in numbers.items() if count) or "no painting taken"
    render.say(f"collection “{summary.collection}”: {said}")
    _tallies("duplicate", summary.duplicates)
    # Of a museum's half million most are no paintings, and not meant to be: one example says enough.
    few = sum(tally.count for tally in summary.dropped.values()) <= 100
    _tallies("left out", summary.dropped, listed=few)
    _tallies("refused", summary.refused)
    if summary.awaited.works:
        _tallies("noted", summary.noted, listed=False)
        if summary.missing:
            without = ", ".join(f"{what} of {count:,}" for what, count in summary.missing.items())
            render.say(f"not known of the works taken: {without}")
    if summary.broken_off:
        render.say(f"broken off: {summary.broken_off}; what was read is stored, and the same command reads on")


def of_fetch(summary: FetchSummary) -> None:
    """What became of the pictures that were asked for."""
    rate = summary.requests / summary.seconds if summary.seconds else 0.0
    render.say(
        f"{summary.fetched:,} picture{'' if summary.fetched == 1 else 's'} fetched with {summary.requests:,} requests "
        f"in {render.timecode(summary.seconds)} ({rate:.1f} a second)"
    )
    _tallies("duplicate", summary.duplicates)
    _tallies("left out", summary.dropped, listed=False)
    _tallies("not fetched", summary.refused)
    for host, tally in summary.put_off.items():
        render.say(f"{tally.count:,} put off: {host} asked to be left alone, or gives nothing")


def of_rule(file: str, rate: float) -> None:
    """What the museum of a work says about how often it may be asked, before it is.

    Args:
        file: of the work.   rate: requests a second that a person wants.
    """
    from r2r_shared.collections import museums

    museum = museums.of_file(file)
    if museum is None or not museum.title:
        return
    if rate > museum.rate:
        render.note(f"{museum.title}: keep to --rate {museum.rate:g} unless it has told you otherwise; {museum.hint}")
    elif rate < museum.rate:
        render.note(f"{museum.title}: up to --rate {museum.rate:g} is within what it says; {museum.hint}")


def of_left(left: Left, collection: str) -> None:
    """What is awaited still, and what to do about it."""
    name = collection_argument(collection)
    if left.without_picture:
        render.say(f"{left.without_picture:,} without a picture: their source names none")
    if left.given_up:
        render.say(f"{left.given_up:,} given up: r2r paintings fetch {name} --retry asks for them again")
    if left.fetchable:
        later = f" ({left.put_off:,} of them not {until(left)})" if left.put_off else ""
        render.say(f"{left.fetchable:,} awaited{later}: r2r paintings fetch {name} goes on")


def until(left: Left) -> str:
    """ "before 26 November, 10:36": when the first of the works that were put off may be asked for; empty for none."""
    return f"before {left.put_off_until.astimezone():%d %B, %H:%M}" if left.put_off_until is not None else ""


def of_job(job: Job | None, profile: Profile) -> None:
    """How the measuring ended."""
    if job is not None and job.state != "queued":
        typer.echo(f"measured under profile {profile.name}: {waiting.describe(job)}")


def _tallies(what: str, tallies: Tallies, *, listed: bool = True) -> None:
    """Each reason with its number, and with its first entries where each of them matters."""
    for reason, tally in tallies.items():
        render.say(f"{tally.count:,} {what}: {reason}" + ("" if listed else f" (such as {tally.examples[0]})"))
        if not listed:
            continue
        for example in tally.examples:
            render.say(f"    {example}")
        if tally.count > len(tally.examples):
            render.say(f"    and {tally.count - len(tally.examples):,} more")
