"""Every figure the README quotes, part by part: `make bench`, or `python -m tests.benchmarks [PART …]`.

Each part is a program of its own, run in a process of its own: `python -m tests.benchmarks.PART --help`.
"""

from __future__ import annotations

import subprocess
import sys
import time

PARTS = {
    "shots": ("shots", "--transnet"),
    "decode": ("decode",),
    "memory": ("memory",),
    "retrieval": ("retrieval",),
    "matching": ("matching",),
    "pipeline": ("pipeline",),
    "speed": ("pipeline", "--speed"),
    "planted": ("planted",),
    "catalogue": ("catalogue",),
    "web": ("web",),
    "exports": ("exports",),
    "museums": ("museums",),
    "queued": ("queued",),
    "workers": ("workers",),
    "bulk": ("bulk",),
    "exchange": ("exchange",),
    "reembed": ("reembed",),
    "triplets": ("triplets",),
    "training": ("training",),
    "depth": ("depth",),
    "starter": ("starter",),
    "starter-films": ("starter", "--films"),
    "train_starter": ("train_starter",),
    "triplet_study": ("triplet_study",),
}


def main() -> int:
    """Run the parts that were named, or all; 1 where one of them failed."""
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in wanted if part not in PARTS]:
        sys.exit(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    failed = False
    for part in wanted:
        module, *args = PARTS[part]
        print(f"\n=== {part}", flush=True)
        began = time.perf_counter()
        code = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}", *args], check=False).returncode
        print(f"({time.perf_counter() - began:.0f} s{f', exit code {code}' if code else ''})", flush=True)
        failed = failed or code != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
