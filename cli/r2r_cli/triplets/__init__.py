"""Triplets as files: rows for other programs, pictures for people."""
