"""What a worker said of itself, held against what is known here: `r2r doctor --remote` shows it.

Each part of what it said is a dictionary, or {"error": why} where the worker could not find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from r2r_shared import __version__, names
from r2r_shared.operating.checks import Check, Verdict

if TYPE_CHECKING:
    from r2r_shared.records import Profile
    from r2r_shared.settings import Settings

Facts = dict[str, Any]

CLOCK_S = 5.0
"""Leases run on the database's clock alone; Redis' times and a bucket's signatures are made with the worker's own."""
LITTLE_SCRATCH_BYTES = 5 << 30


def judge(worker: str, facts: Facts, settings: Settings, profile: Profile | None) -> Iterator[Check]:
    """One line of what it is, then one for each thing that is not well with it.

    Args:
        facts: as r2r_workers.facts gathers them; "wrote" says whether its object was found from here.
        settings: of this machine.
        profile: whose models are to be used; None: there is none yet.
    """
    if "error" in facts:
        remedy = f"bring it to version {__version__}, as here; or it hangs: look at its log"
        yield Check(worker, "warn", f"serves {_queues(facts)}; {facts['error']}", remedy)
        return
    troubles = [
        *_version(facts),
        *_settings(facts, settings),
        *_clock(facts),
        *_device(facts),
        *_models(facts, profile),
        *_media(facts),
        *_films(facts, settings),
    ]
    worst: Verdict = "ok"
    for verdict, _, _ in troubles:
        worst = "fail" if "fail" in (worst, verdict) else "warn"
    yield Check(worker, worst, _about(facts), "see the lines below" if troubles else "")
    for verdict, detail, remedy in troubles:
        yield Check(worker, verdict, detail, remedy)


_Trouble = tuple[Verdict, str, str]


def _about(facts: Facts) -> str:
    device = _part(facts, "device")
    gpus = [str(name) for name in device.get("gpus", ())]
    runs = f"{len(gpus)} × {gpus[0]}" if gpus else str(device.get("kind", "device unknown"))
    torch = f" (torch {device['torch']})" if device.get("torch") else ""
    profile, media, scratch = _part(facts, "profile"), _part(facts, "media"), _part(facts, "scratch")
    parts = [
        f"{facts.get('version')} on {facts.get('host')}",
        f"queues {_queues(facts)}",
        f"processes {facts.get('processes')}",
        f"{runs}{torch}",
        f"profile {profile['name']}" if "name" in profile else "no profile",
        "media read and written" if media.get("read") and facts.get("wrote") else "media not both read and written",
    ]
    if roots := [name for name, there in _part(facts, "film_roots").items() if there is True]:
        parts.append(f"film roots {', '.join(roots)}")
    if "free_bytes" in scratch:
        parts.append(f"{scratch['free_bytes'] / (1 << 30):.1f} GB of scratch")
    return ", ".join(parts)


def _version(facts: Facts) -> Iterator[_Trouble]:
    if (theirs := facts.get("version")) != __version__:
        yield "warn", f"it is version {theirs}, here it is {__version__}", "install the same version on both"


def _settings(facts: Facts, settings: Settings) -> Iterator[_Trouble]:
    ours = {
        "R2R_LEASE_SECONDS": (facts.get("lease_s"), settings.lease_s),
        "R2R_MAX_ATTEMPTS": (facts.get("max_attempts"), settings.max_attempts),
    }
    for name, (theirs, here) in ours.items():
        if theirs != here:
            yield "warn", f"its {name} is {theirs}, here it is {here}", "give all machines the same: any may sweep"


def _clock(facts: Facts) -> Iterator[_Trouble]:
    clock = _part(facts, "clock")
    if "error" in clock:
        yield "fail", f"it does not reach the database: {clock['error']}", "check its R2R_DATABASE_URL and its network"
    elif abs(float(clock.get("ahead_s", 0))) > CLOCK_S:
        remedy = "let NTP set both: Redis' times and a bucket's signatures are made with the worker's clock"
        yield "warn", f"its clock is {clock['ahead_s']:+.1f} s off the database's", remedy


def _device(facts: Facts) -> Iterator[_Trouble]:
    device = _part(facts, "device")
    if "error" in device:
        yield "warn", f"what it computes on is not known: {device['error']}", "look at its log"
    elif device.get("wanted") == "cuda" and device.get("kind") != "cuda":
        remedy = "check `nvidia-smi` and the torch build there, or set R2R_DEVICE=auto"
        yield "fail", "it is told to use CUDA and finds no GPU, or a torch without CUDA", remedy


def _models(facts: Facts, profile: Profile | None) -> Iterator[_Trouble]:
    if profile is None:
        return
    theirs = _part(facts, "profile")
    if "error" in theirs:
        yield (
            "fail",
            f"it cannot use the profile “{profile.name}”: {theirs['error']}",
            "run r2r models list there",
        )
        return
    digests = {
        "encoder": (theirs.get("encoder_digest"), profile.encoder_digest),
        "depth estimator": (theirs.get("depth_digest"), profile.depth_digest),
        "metrics version": (theirs.get("metrics_version"), profile.metrics_version),
    }
    for what, (found, wanted) in digests.items():
        if found != wanted:
            remedy = "bring its version and its model files to those that the profile was made with"
            yield "fail", f"its {what} is {found}, the profile's is {wanted}", remedy
    if missing := theirs.get("missing"):
        remedy = f"r2r models pull {profile.name}, on that machine; else it downloads them with its first segment"
        yield "warn", f"it lacks {', '.join(map(str, missing))}", remedy


def _media(facts: Facts) -> Iterator[_Trouble]:
    media = _part(facts, "media")
    remedy = "R2R_MEDIA must lead both machines to one place that both may write"
    if "error" in media:
        yield "fail", f"its media store does not work: {media['error']}", remedy
    elif not media.get("read"):
        yield "fail", f"its media store {media.get('url')} does not hold what was written from here", remedy
    elif not facts.get("wrote"):
        yield "fail", f"what it wrote into its media store {media.get('url')} is not to be found from here", remedy


def _films(facts: Facts, settings: Settings) -> Iterator[_Trouble]:
    """What matters where films are read."""
    if names.VIDEO not in facts.get("queues", ()):
        return
    roots, scratch = _part(facts, "film_roots"), _part(facts, "scratch")
    if "error" in roots:
        yield "fail", f"its film roots do not answer: {roots['error']}", "check what is mounted there"
        return
    for name, there in roots.items():
        if there is not True:
            yield "fail", f"its film root {name} is not there", "mount it, or mend R2R_FILM_ROOTS on that machine"
    for name in settings.film_roots:
        if name not in roots:
            remedy = f"add {name}=/where/it/is to R2R_FILM_ROOTS on that machine, or ingest with --upload"
            yield "warn", f"it has no film root {name}, which there is here", remedy
    if scratch.get("free_bytes", LITTLE_SCRATCH_BYTES) < LITTLE_SCRATCH_BYTES:
        remedy = "make room, or set R2R_SCRATCH there: a film from a bucket is copied before it is read"
        yield "warn", f"only {scratch['free_bytes'] / (1 << 30):.1f} GB are free under {scratch.get('path')}", remedy


def _queues(facts: Facts) -> str:
    return ", ".join(map(str, facts.get("queues", ()))) or "none"


def _part(facts: Facts, name: str) -> Facts:
    found: Any = facts.get(name)
    return cast("Facts", found) if isinstance(found, dict) else {}
