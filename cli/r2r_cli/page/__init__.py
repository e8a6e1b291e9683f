"""The page of a film: its timeline as one HTML file that needs nothing else, not even a network."""

from r2r_cli.page.film_page import render

__all__ = ["render"]
