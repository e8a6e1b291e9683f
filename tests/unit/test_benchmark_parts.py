"""`make bench` runs every benchmark there is."""

from __future__ import annotations

from pathlib import Path

import tests.benchmarks.__main__ as bench


def test_every_benchmark_is_a_part():
    programs = {
        path.stem
        for path in Path(bench.__file__).parent.glob("*.py")
        if path.stem != "__main__" and '__name__ == "__main__"' in path.read_text()
    }

    assert {module for module, *_ in bench.PARTS.values()} == programs
