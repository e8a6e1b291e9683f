r"""WikiArt as ArtGAN publishes it: `Style/artist-slug_title-slug[-year].jpg`, dirt included.

Artist, title and year exist only in the file name. Its dirt, and what becomes of it:

* `(1)` after the name, `-1` after the year: another picture of the same name; dropped from the title.
* UTF-8 read as Latin-1 and put in small letters (`joaquã\xadn`): repaired, because a tilde or ring letter before
  a sign of U+0080..U+00BF is no word in any language.
* the same with its second half lost (`joaquãn`), or both turned into underscores (`joaqu__________n`): the letter
  is gone, so only the artists listed in `_LOST` get theirs back; in titles such a hole becomes a space.
* `not_detected_233117`: a title that WikiArt could not write in Latin letters; "Untitled".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from r2r_shared.collections import disk, text
from r2r_shared.dates import parse_years
from r2r_shared.records import PaintingRecord, Refusal

_LOST = {  # the slug with its hole written as one underscore, or the half letter that is left
    "joaqu_n-sorolla": "joaquín-sorolla",
    "joaquãn-sorolla": "joaquín-sorolla",
    "mestre-ata_de": "mestre-ataíde",
    "mestre-ataãde": "mestre-ataíde",
    "ant_nio-de-carvalho-da-silva-porto": "antónio-de-carvalho-da-silva-porto",
}
_STYLES = {"Post_Impressionism": "Post-Impressionism", "Ukiyo_e": "Ukiyo-e"}
"""Style folders whose underscore stands for a hyphen; in all others it is a space."""

_SPLIT = re.compile(r"(?<!_)_(?!_)")  # a hole is a run of underscores, the border a single one
_MOJIBAKE = re.compile(r"[âãäåÂÃÄÅ][\x80-\xbf]")
_COPY = re.compile(r"(?:\s*\(\d+\))+$")
_NO_TITLE = re.compile(r"not[_-]detected[_-]?\d*")
_YEAR = re.compile(r"-(?P<year>1[0-9]\d\d|20[0-4]\d)(?:-\d{1,2})?$")


def records(source: Path) -> Iterator[PaintingRecord | Refusal]:
    """Every picture one folder below `source`, in the order of their names."""
    root = source.resolve()
    for path in disk.walk(root):
        if path.suffix.lower() not in disk.PICTURES:
            continue
        file = text.relative_name(path, root)
        why = disk.refused(path, root)
        slugs = slugs_of(path.stem)
        if why is not None:
            yield Refusal(file, *why)
        elif slugs is None or len(path.relative_to(root).parts) != 2:
            yield Refusal(file, "not named Style/artist-slug_title-slug.jpg")
        else:
            yield _record(path, file, *slugs)


def slugs_of(stem: str) -> tuple[str, str] | None:
    """(artist, title) of a file name in this layout, as they stand there; None where it is not in it."""
    parts = _SPLIT.split(stem, maxsplit=1)
    if len(parts) != 2 or not all(parts) or re.search(r"\s", parts[0]):
        return None
    return parts[0], parts[1]


def repair(slug: str) -> str:
    """Letters that were UTF-8 read as Latin-1, put right; twice, since some have been through it twice.

    >>> repair("antã³nio")
    'antónio'
    """
    for _ in range(2):
        slug = _MOJIBAKE.sub(_repaired, slug)
    return slug


def _repaired(match: re.Match[str]) -> str:
    try:
        return match[0].capitalize().encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def artist_of(slug: str) -> str:
    """ "vincent-van-gogh" → "Vincent van Gogh"."""
    whole = re.sub(r"_+", "_", repair(slug))
    return text.from_slug(_LOST.get(whole, whole))


def _record(path: Path, file: str, artist: str, title: str) -> PaintingRecord:
    title = _COPY.sub("", title)
    dated = _YEAR.search(title)
    year = dated["year"] if dated else ""
    if dated and dated.start() > 0:
        title = title[: dated.start()]
    if _NO_TITLE.fullmatch(title):
        title = "untitled"
    style = path.parent.name
    year_from, year_to = parse_years(year)
    return PaintingRecord(
        file=file,
        path=str(path),
        title=text.from_slug(repair(title)) or file,
        artist=artist_of(artist),
        movement=_STYLES.get(style, text.clean(style.replace("_", " "))),
        year=year,
        year_from=year_from,
        year_to=year_to,
    )
