"""The page of an evaluation: one HTML file with its figures in it, that needs no network and no script."""

from r2r_cli.report.page import render

__all__ = ["render"]
