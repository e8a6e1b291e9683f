"""What is worth counting about a museum's records, in words that are the same for all of a kind."""

from __future__ import annotations

from r2r_shared.records import PaintingRecord

MORE_ARTISTS = "more than one artist: the first is named, the others are kept beside"
QUALIFIED = "not by its artist's own hand, or not surely: kept as “Workshop of …”, “Attributed to …”"
DATES_DISAGREE = "its date in words and its years disagree: the words count"
YEARS_REVERSED = "its last year comes before its first: the words count"
LIFE_DATES = "undated: the years given are its artist's life and were not taken"
NO_YEARS = "a date that names no year"
MARKUP = "markup in its text, removed"
MOJIBAKE = "letters read in a wrong encoding, repaired"
LOST_LETTERS = "letters that are lost"
CONTROLS = "control characters in its text, removed"
CUT = "a text of more than 20,000 characters, cut"
SHORT_ROW = "a row with fewer cells than columns"
NO_TITLE = "without a title"
BAD_ADDRESS = "a picture's address that is none"
NO_PICTURE_GIVEN = "its museum gives no picture of it"

UNREADABLE = "an entry that cannot be read"
NO_ID = "an entry without a number of its own"
ERROR_DOCUMENT = "an error message instead of a work"
BROKEN_OFF = "the file breaks off, or is not JSON from here on"
OTHER_FILE = "a manifest that is only named: give its collection's address to have it fetched"


def missing(record: PaintingRecord) -> tuple[str, ...]:
    """What a record does not say, for the summary of an import."""
    return tuple(
        words
        for words, there in (
            ("without an artist's name", record.artist),
            ("without a year", record.year_from is not None or record.year_to is not None),
            ("without a movement", record.movement),
            ("without a licence", record.licence),
            ("without a picture", record.path or record.picture_url or record.record_url),
        )
        if not there
    )
