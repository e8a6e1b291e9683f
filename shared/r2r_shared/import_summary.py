"""What became of a source's entries, counted by kind, the first few of each kind by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from r2r_shared.records import PaintingRecord

EXAMPLES = 5  # files named for each reason


@dataclass(slots=True)
class Tally:
    """How many entries a reason met, and the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list[str])

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


Tallies = dict[str, Tally]


def count(tallies: Tallies, reason: str, file: str, detail: str = "") -> None:
    """One more entry that met a reason."""
    tallies.setdefault(reason, Tally()).add(f"{file} ({detail})" if detail else file)


@dataclass(slots=True)
class Described:
    """Works whose pictures are not here: new ones, those that are described otherwise now, and the rest."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def works(self) -> int:
        return self.added + self.updated + self.unchanged


@dataclass(slots=True)
class ImportSummary:
    """What became of the entries of a source.

    Attributes:
        collection_id: None where nothing in the source was usable: then nothing is stored either.
        added: new paintings.   updated: their description changed.   replaced: their picture did.
        awaited: works that the source describes and whose pictures are not here.
        refused, duplicates, dropped: reason → how many and which; dropped is what was left out on purpose.
        noted: what was odd about works that were taken → how many and which.
        missing: what nobody says of works that were taken ("date", "artist", …) → of how many.
        broken_off: why the source could not be read to its end; what was read is stored.
        job_id: the job that measures what is new, if anything is.
    """

    collection: str
    collection_id: int | None = None
    added: int = 0
    updated: int = 0
    replaced: int = 0
    unchanged: int = 0
    awaited: Described = field(default_factory=Described)
    refused: Tallies = field(default_factory=dict[str, Tally])
    duplicates: Tallies = field(default_factory=dict[str, Tally])
    dropped: Tallies = field(default_factory=dict[str, Tally])
    noted: Tallies = field(default_factory=dict[str, Tally])
    missing: dict[str, int] = field(default_factory=dict[str, int])
    broken_off: str = ""
    job_id: int | None = None

    @property
    def stored(self) -> int:
        """Entries that are paintings of the collection now."""
        return self.added + self.updated + self.replaced + self.unchanged

    @property
    def seen(self) -> int:
        """Entries of the source, whatever became of them."""
        left_out = (*self.refused.values(), *self.duplicates.values(), *self.dropped.values())
        return self.stored + self.awaited.works + sum(tally.count for tally in left_out)

    def note(self, records: Iterable[PaintingRecord]) -> None:
        """Count what is odd about works that were taken, and what nobody says of them."""
        for record in records:
            for remark in record.remarks:
                count(self.noted, remark, record.file)
            for what, there in (
                ("date", record.year_from is not None or record.year_to is not None),
                ("artist", record.artist),
                ("movement", record.movement),
                ("picture", record.path or record.picture_url or record.record_url),
                ("licence", record.licence),
            ):
                if not there:
                    self.missing[what] = self.missing.get(what, 0) + 1
