"""What every request works with: the stack, a pool of connections, the templates, and what is remembered."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from r2r_cli import context
from r2r_cli.context import Session
from r2r_cli.web import forms, words
from r2r_cli.web.intakes import Intakes
from r2r_cli.web.kept import Kept, Once
from r2r_cli.web.measuring import REMEMBERED, Pictures
from r2r_cli.web.sessions import COOKIE, Limit, Sessions
from r2r_shared import __version__, db, exports, names
from r2r_shared.broker import Post
from r2r_shared.queries import profiles
from r2r_shared.settings import Settings
from r2r_shared.storage.media_store import MediaStore

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from r2r_cli.web.serving import Serving
    from r2r_shared.local.stack import Stack
    from r2r_shared.queries.nearest_shots import NearShots
    from r2r_shared.records import Profile

CONNECTIONS = 8
"""At most so many, however many readers there are: a cluster's Postgres serves workers, too."""
WAIT_S = 60.0
STATEMENT_S = 120.0

HERE = Path(__file__).parent


@dataclass(slots=True)
class Site:
    """One server's. Everything in it may be used from any thread."""

    settings: Settings
    serving: Serving
    stack: Stack
    pool: ConnectionPool[db.Connection]
    store: MediaStore
    post: Post
    templates: jinja2.Environment
    sessions: Sessions | None
    limit: Limit = field(default_factory=Limit)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    kept: Kept = field(default_factory=Kept)
    near: Once[NearShots] = field(default_factory=lambda: Once["NearShots"](REMEMBERED, lambda _: 1))
    pictures: Pictures = field(default_factory=Pictures)
    intakes: Intakes = field(default_factory=Intakes)
    _to_measure: dict[int, Profile] = field(default_factory=dict[int, "Profile"])

    @contextmanager
    def connection(self) -> Generator[db.Connection]:
        """A connection of the pool, in autocommit.

        Raises:
            Unavailable: Postgres does not answer, or all connections are busy for WAIT_S.
        """
        with db.translated(), self.pool.connection() as conn:
            yield conn

    @contextmanager
    def session(self) -> Generator[Session]:
        """What the command line's own code works with, on a connection of the pool."""
        with self.connection() as conn:
            yield Session(self.settings, self.stack, conn, self.post)

    def profile(self, conn: db.Connection) -> Profile:
        """The profile whose numbers are shown, as the command line chooses it."""
        name = self.settings.profile
        found = profiles.active(conn) if name is None else profiles.named(conn, name)
        return found or context.profile(Session(self.settings, self.stack, conn, self.post))

    def profile_to_measure(self, opened: Session) -> Profile:
        """The profile under which new pictures and films are measured; its models are looked at once."""
        shown = self.profile(opened.conn)
        if shown.id not in self._to_measure:
            self._to_measure[shown.id] = context.profile_to_measure(opened)
        return profiles.get(opened.conn, self._to_measure[shown.id].id)

    def page_token(self, request: Request) -> str:
        """What this server's pages know and no other page can: it has to come with everything that changes a thing.

        A visitor's own: whoever has not signed in cannot learn another's from the form that asks for the token.
        """
        return hmac.new(self.key, request.cookies.get(COOKIE, "").encode(), hashlib.sha256).hexdigest()

    def draw(self, request: Request, template: str, **what: Any) -> str:
        """A page, or a piece of one, as text. In it `token()` is the hidden field that every form has to have."""
        token = self.page_token(request)
        return self.templates.get_template(template).render(
            path=request.url.path,
            page_token=token,
            token=lambda: Markup('<input type="hidden" name="{}" value="{}">').format(forms.FIELD, token),
            signed_in=self.sessions is not None and not request.url.path.startswith("/login"),
            version=__version__,
            **what,
        )

    def page(self, request: Request, template: str, *, status_code: int = 200, **what: Any) -> Response:
        """A page."""
        return HTMLResponse(self.draw(request, template, **what), status_code=status_code)


def templates() -> jinja2.Environment:
    """The site's templates; the macros of one of them are known in all."""
    from r2r_cli.page.environment import environment

    made = environment(HERE / "templates", words.FILTERS)
    macros = made.get_template("macros.html.j2").module
    for name in ("pager", "palette", "measures", "score"):
        made.globals[name] = getattr(macros, name)
    return made


@contextmanager
def opened(settings: Settings, serving: Serving, stack: Stack) -> Generator[Site]:
    """A site on servers that answer."""
    post = Post(settings, stack.broker_url)
    post.app_of(names.CONTROL)  # Celery cannot be imported by two threads at once
    threading.Thread(target=exports.warm, name="exports").start()  # nobody who downloads waits for the import
    pool = db.pool(stack.database_url, most=CONNECTIONS, wait_s=WAIT_S, statement_s=STATEMENT_S)
    site = Site(
        settings=settings,
        serving=serving,
        stack=stack,
        pool=pool,
        store=MediaStore(settings.media_root),
        post=post,
        templates=templates(),
        sessions=None if serving.token is None else Sessions(serving.token),
    )
    with pool:
        try:
            with site.connection() as conn:
                site.profile(conn)
            yield site
        finally:
            site.pictures.close()
            site.intakes.close()
