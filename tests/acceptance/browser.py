"""A real browser: Debian's Chromium, driven by Playwright. Where there is none, these tests skip and say so.

Import `chromium` and `visit` into a test module to have them as fixtures there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

TIMEOUT_MS = 20_000
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, for a module's tests: a running Playwright holds this thread's event loop, so it is let go again."""
    path = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium here: the pages are not tried in a browser (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install playwright")
    with playwright.sync_playwright() as driver:
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that is being looked at, and everything about it that should not be.

    Attributes:
        complaints: what the browser's console said, above a note, and errors that no script caught.
        elsewhere: addresses of other hosts that it asked for anything.
    """

    page: Any
    base: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Any:
        """Go to a page of the site, and wait until it is there."""
        self.page.goto(self.base.rstrip("/") + path, wait_until="load")
        return self.page

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def barriers(self) -> list[str]:
        """What axe-core finds serious or critical for readers who cannot see well, or use no mouse."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in grave for node in one["nodes"]]

    def require_quiet(self) -> None:
        """Nothing was complained of, and no other host was asked."""
        assert not self.complaints
        assert not self.elsewhere


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Makes visits to a site: `visit(base, scheme="dark", width=390)`. At the test's end each has to be quiet."""
    made: list[Visit] = []

    def begin(base: str, *, scheme: Scheme = "light", width: int = 1280, height: int = 900) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(TIMEOUT_MS)
        one = Visit(context.new_page(), base)
        host = urlsplit(base).netloc

        def asked(request: Any) -> None:
            where = urlsplit(request.url)
            if where.scheme not in ("data", "blob") and where.netloc != host:
                one.elsewhere.append(request.url)

        one.page.on("console", lambda said: said.type in ("error", "warning") and one.complaints.append(said.text))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("request", asked)
        made.append(one)
        return one

    yield begin
    for one in made:
        one.page.context.close()
        one.require_quiet()
