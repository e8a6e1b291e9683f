"""What the shots of a page can be filtered by: the movements and artists of their nearest paintings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

KINDS = ("movement", "artist")


def facets(shots: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """The names of each kind, commonest first; those not known are left out."""
    counts: dict[str, Counter[str]] = {by: Counter() for by in KINDS}
    for shot in shots:
        for match in shot["matches"]:
            for by in KINDS:
                if name := match["painting"][by]:
                    counts[by][name] += 1
    return {by: [name for name, _ in count.most_common()] for by, count in counts.items()}
