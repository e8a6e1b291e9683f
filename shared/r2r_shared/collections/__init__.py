"""Where paintings come from: one reader a file, each `records(source) -> Iterator[PaintingRecord | Refusal]`.

A reader streams, reads no pixel, and stops for nothing: what it cannot use it yields as a Refusal.
`detect.detect` says which one a source needs.

Museums' readers (met, nga, artic, smk, cleveland, iiif) also take the classes of works that are wanted, and name a
picture's address instead of a file. What they share: museums.py (who they are), pages.py (walking through what their
APIs list), works.py (a record of cleaned parts), prose.py, dating.py, attribution.py, licences.py and classes.py (what
their words mean), remarks.py (what is counted). None of them asks anything of the network or a database.
"""
