"""Where paintings come from: one reader a file, each `records(source) -> Iterator[PaintingRecord | Refusal]`.

A reader streams, reads no pixel, and stops for nothing: what it cannot use it yields as a Refusal.
`detect.reader_for` says which one a source needs.
"""
