"""Records in the exact shape in which museums publish them, written by hand: facts about well-known works.

For the readers' tests, for the local museum server, and, in any number, for the benchmark. `base` is where pictures
and records are served: a local server's address, or the museum's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.museum_records.artic import artic_answer as artic_answer
from tests.museum_records.artic import artic_work as artic_work
from tests.museum_records.cleveland import cleveland_answer as cleveland_answer
from tests.museum_records.cleveland import cleveland_work as cleveland_work
from tests.museum_records.iiif import collection_2 as collection_2
from tests.museum_records.iiif import collection_3 as collection_3
from tests.museum_records.iiif import manifest_2 as manifest_2
from tests.museum_records.iiif import manifest_3 as manifest_3
from tests.museum_records.met import MET_HEADER as MET_HEADER
from tests.museum_records.met import MET_NOT_FOUND as MET_NOT_FOUND
from tests.museum_records.met import MET_WORKS as MET_WORKS
from tests.museum_records.met import met_csv as met_csv
from tests.museum_records.met import met_object as met_object
from tests.museum_records.met import met_row as met_row
from tests.museum_records.met import met_text as met_text
from tests.museum_records.nga import NGA_COLUMNS as NGA_COLUMNS
from tests.museum_records.nga import NGA_ROWS as NGA_ROWS
from tests.museum_records.nga import nga_folder as nga_folder
from tests.museum_records.smk import smk_answer as smk_answer
from tests.museum_records.smk import smk_item as smk_item


def write_json(path: Path, value: Any, *, bom: bool = False) -> Path:
    """A JSON file, with a byte-order mark where that is wanted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(("\ufeff" if bom else "") + json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path
