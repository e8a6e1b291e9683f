"""Data sets: an analysis carried from one installation to another, without the films.

    format.py      what a data set is: its tables, column by column, with units
    manifest.py    what it says of itself: format, profile, citation, the size and digest of each file
    place.py       a folder or a zip of them: read with bounded sizes, written whole or not at all
    parquet.py     the tables as Parquet: written in batches, read back in batches that were checked
    checks.py      what a stranger's values must be like before a database sees them
    pictures.py    the small pictures, where they go along
    packed.py      tables of numbers, packed for COPY
    films.py       a film's probe and frame index
    identities.py  whose numbers they are
    exporting.py   r2r export
    staging.py     a data set's rows into temporary tables
    naming.py      what its collections are called here, and which of those that are here may grow
    imported.py    what became of it
    bringing_in.py r2r import

pyarrow is imported inside functions: it belongs to the extra `exchange`.
"""
