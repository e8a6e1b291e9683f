"""The page of a film: one set of templates, for one HTML file that needs nothing else and for the server's page."""

from r2r_cli.page.film_page import ASSETS, render, served
from r2r_cli.page.links import Download, Links

__all__ = ["ASSETS", "Download", "Links", "render", "served"]
