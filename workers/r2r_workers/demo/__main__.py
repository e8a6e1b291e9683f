"""`python -m r2r_workers.demo`: the demo's steps that need numpy and OpenCV, which the command line does not load.

    paint DIR [--seed N]           the collection and its manifest
    film DIR OUT [--seed N]        a film from it, and its truth beside it
    check TIMELINE.json TRUTH.json what of the truth the timeline found

With --json every line of output is one JSON object with a key "event": progress, note, done or error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, TextIO

from r2r_workers.demo.truth import Report, compare


class Printer:
    """Writes each event as a line: for a person, or as JSON for the program that started this one."""

    def __init__(self, out: TextIO, *, as_json: bool) -> None:
        self.out, self.as_json = out, as_json

    def event(self, event: str, text: str, **values: Any) -> None:
        line = json.dumps({"event": event, **values}, ensure_ascii=False) if self.as_json else text
        self.out.write(line + "\n")
        self.out.flush()

    def progress(self, stage: str, done: int, total: int) -> None:
        self.event("progress", f"{stage}: {done}/{total}", stage=stage, done=done, total=total)


def main(arguments: list[str] | None = None) -> int:
    """Run one step. Returns 0, or 1 after one line that says what is wrong (usage errors exit with 2)."""
    args = _parser().parse_args(arguments)
    printer = Printer(sys.stdout, as_json=args.json)
    try:
        args.run(args, printer)
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        reason = f"{type(exc).__name__}: {exc}" if isinstance(exc, KeyError) else str(exc)
        printer.event("error", f"error: {reason}", message=reason)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m r2r_workers.demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    steps = parser.add_subparsers(required=True, metavar="STEP")

    paint = steps.add_parser("paint", help="paint the collection")
    paint.add_argument("folder", type=Path)
    paint.add_argument("--seed", type=int, default=1)
    paint.add_argument("--per-artist", type=int, default=4)
    paint.set_defaults(run=_paint)

    film = steps.add_parser("film", help="render a film from a painted collection")
    film.add_argument("collection", type=Path)
    film.add_argument("out", type=Path)
    film.add_argument("--seed", type=int, default=1)
    film.add_argument("--seconds", type=float, default=48)
    film.set_defaults(run=_film)

    check = steps.add_parser("check", help="hold a timeline against the truth")
    check.add_argument("timeline", type=Path)
    check.add_argument("truth", type=Path)
    check.set_defaults(run=_check)

    for step in (paint, film, check):
        step.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _paint(args: argparse.Namespace, printer: Printer) -> None:
    from r2r_workers.demo.painter import paint_collection

    works = paint_collection(
        args.folder,
        seed=args.seed,
        per_artist=args.per_artist,
        on_progress=lambda done, total: printer.progress("painting", done, total),
    )
    movements = len({work.movement for work in works})
    printer.event("done", f"{len(works)} works of {movements} invented movements in {args.folder}",
                  works=len(works), movements=movements, folder=str(args.folder))  # fmt: skip


def _film(args: argparse.Namespace, printer: Printer) -> None:
    from r2r_workers.demo.film import render_film

    truth = render_film(
        args.collection,
        args.out,
        seed=args.seed,
        seconds=args.seconds,
        on_progress=lambda done, total: printer.progress("filming", done, total),
        on_note=lambda line: printer.event("note", line, message=line),
    )
    paintings = sum(shot.painting is not None for shot in truth.shots)
    printer.event("done", f"{args.out}: {truth.frames} frames, {paintings} paintings",
                  film=str(args.out), truth=str(args.out.with_suffix(".truth.json")),
                  frames=truth.frames, paintings=paintings)  # fmt: skip


def _check(args: argparse.Namespace, printer: Printer) -> None:
    timeline, truth = (json.loads(path.read_text(encoding="utf-8")) for path in (args.timeline, args.truth))
    report = compare(timeline, truth)
    printer.event("done", _table(report), **report.to_dict())


def _table(report: Report) -> str:
    """The report for a person: a line for each painting shot, then the totals."""
    lines = []
    for shot in report.shots:
        if not shot.found:
            verdict = "not found as a shot"
        elif shot.rank == 1:
            verdict = "first"
        elif shot.rank is None:
            verdict = f"not among the matches (first: {shot.first or 'none'})"
        else:
            verdict = f"rank {shot.rank} (first: {shot.first})"
        lines.append(f"frames {shot.start:5d}-{shot.end:<5d} {shot.painting}: {verdict}")
    n = len(report.shots)
    lines += [
        f"shots found {report.shots_found}/{n}, painting first {report.first}/{n}, "
        f"in the first five {report.in_first_five}/{n}",
        f"cuts found {report.cuts_found}/{report.cuts} ({report.cuts_extra} where there is none), "
        f"dissolves and fades found {report.blends_found}/{report.blends}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
