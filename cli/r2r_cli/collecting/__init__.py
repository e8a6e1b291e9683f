"""Bringing collections in: where they come from, how museums are asked, and what is said of it."""
