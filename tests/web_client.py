"""A site served by a thread of this process, and a visitor who asks it for things and follows nothing by itself."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from psycopg import sql

from r2r_cli.web import running
from r2r_cli.web import site as sites
from r2r_cli.web.forms import FIELD
from r2r_cli.web.serving import Serving, listen
from r2r_cli.web.site import Site
from r2r_shared import db
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.local.stack import Stack
from r2r_shared.settings import Settings


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    """Someone who asks a site for things: a browser's honest tab, unless a test says otherwise."""

    port: int
    cookie: str = ""
    token: str = ""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        sent = {"Host": self.host, **({"Cookie": self.cookie} if self.cookie else {}), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """GET; header names with _ for -."""
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def page_token(self) -> str:
        """What the site's own pages carry."""
        if not self.token:
            pages = (self.get(path).text for path in ("/login", "/"))
            found = [token for page in pages for token in re.findall(r'name="r2r-page" content="([^"]+)"', page)]
            self.token = found[0]
        return self.token

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Answer:
        """Send a form as a page of the site does."""
        body = urlencode({FIELD: self.page_token(), **(fields or {})}).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        return self.ask("POST", path, body=body, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()})


@contextmanager
def served(
    settings: Settings, *, token: str | None = None, folders: tuple[Path, ...] = (), upload_bytes: int = 1 << 20
) -> Iterator[tuple[Visitor, Site]]:
    """A site on servers that were configured, as `r2r serve` sets it up."""
    assert settings.database_url is not None
    assert settings.broker_url is not None
    stack = Stack(settings.database_url, settings.broker_url, settings.media_root, settings.home, local=False)
    serving = Serving("127.0.0.1", token, folders, upload_bytes)
    with (
        listen("127.0.0.1", 0) as bound,
        sites.opened(settings, serving, stack) as made,
        running.in_thread(made, bound),
    ):
        yield Visitor(int(bound.getsockname()[1])), made


@contextmanager
def cluster(postgres: LocalPostgres, redis_server: LocalRedis, home: Path, name: str) -> Iterator[Settings]:
    """As the fixture `settings`, for as long as a module's tests share one database, which has that name."""
    with db.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE r2r_template").format(sql.Identifier(name)))
    try:
        yield Settings(home=home, database_url=postgres.url(name), broker_url=redis_server.url())
    finally:
        with db.connect(postgres.url("postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
