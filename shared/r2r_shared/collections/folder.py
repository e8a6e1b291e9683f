"""A folder of pictures: sub-folders are the movement, or movement/artist; titles come from the file names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from r2r_shared.collections import disk, text
from r2r_shared.dates import parse_years
from r2r_shared.records import PaintingRecord, Refusal

_YEAR = re.compile(r"(?:(?<=[\s_,(\[-])|^)(?:1[0-9]|20)\d\d(?=[)\]\s_,-]|$)")


def records(source: Path) -> Iterator[PaintingRecord | Refusal]:
    """Every picture below `source`, in the order of their names."""
    root = source.resolve()
    for path in disk.walk(root):
        suffix = path.suffix.lower()
        file = text.relative_name(path, root)
        if suffix in disk.OTHER_PICTURES:
            yield Refusal(file, f"a kind of picture that is not read ({suffix})")
        elif suffix in disk.PICTURES:
            why = disk.refused(path, root)
            yield _record(path, root, file) if why is None else Refusal(file, *why)


def _record(path: Path, root: Path, file: str) -> PaintingRecord:
    folders = [text.from_file_name(name) for name in path.relative_to(root).parts[:-1]]
    stem = text.clean(path.stem)
    found = _YEAR.findall(stem)
    year = found[-1] if found else ""  # "View of 1666, painted 1711": the last one is the date, if any
    title = text.from_file_name(stem)
    if year:
        title = re.sub(rf"[\s,_-]*[(\[]?{year}[)\]]?$", "", title) or title
    year_from, year_to = parse_years(year)
    return PaintingRecord(
        file=file,
        path=str(path),
        title=title or file,
        artist=folders[1] if len(folders) > 1 else "",
        movement=folders[0] if folders else "",
        year=year,
        year_from=year_from,
        year_to=year_to,
    )
