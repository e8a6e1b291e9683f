"""What nobody honest asks of a site: by another host's page, without the token, with too much, from outside."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.routing import Route

from r2r_cli.web import forms
from r2r_cli.web.app import routes
from r2r_cli.web.routes import search
from r2r_cli.web.sessions import COOKIE, TRIES, Limit
from r2r_cli.web.site import Site
from r2r_shared import db
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import profiles, ranges
from r2r_shared.settings import Settings
from tests import synthetic
from tests.web_client import Answer, Visitor, cluster, served

SECRET = "correct horse battery staple"  # noqa: S105
CHANGES = [route.path for route in routes() if isinstance(route, Route) and "POST" in (route.methods or ())]


def there(path: str) -> str:
    """An address of a route, with something in its braces."""
    return re.sub(r"\{[^}]+\}", "1", path)


@pytest.fixture(scope="module")
def stocked(
    postgres: LocalPostgres, redis_server: LocalRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A film, some paintings, and names that are markup."""
    world = synthetic.World()
    with cluster(postgres, redis_server, tmp_path_factory.mktemp("home"), "web_security") as settings:
        assert settings.database_url is not None
        with db.connect(settings.database_url) as conn:
            profile_id = synthetic.add_profile(conn)
            profiles.activate(conn, profile_id)
            synthetic.add_paintings(conn, profile_id, world.draw(30))
            synthetic.add_film(conn, profile_id, [synthetic.Shot(4.0, [one]) for one in world.draw(6)])
            conn.execute(
                """UPDATE films SET title = '<script>alert(1)</script>', director = '"><img src=x onerror=y>'"""
            )
            conn.execute("""UPDATE paintings SET title = '<b onclick="x">', movement = '</textarea><script>'""")
            ranges.refresh(conn, profile_id)
        yield settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that films are taken from."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def on_a_laptop(stocked: Settings, folder: Path) -> Iterator[tuple[Visitor, Site]]:
    with served(stocked, folders=(folder,)) as site:
        yield site


@pytest.fixture(scope="module")
def for_others(stocked: Settings, folder: Path) -> Iterator[tuple[Visitor, Site]]:
    with served(stocked, token=SECRET, folders=(folder,)) as site:
        yield site


@pytest.fixture
def open_site(on_a_laptop: tuple[Visitor, Site]) -> tuple[Visitor, Site]:
    """A site without a token, and somebody new to it."""
    visitor, site = on_a_laptop
    return Visitor(visitor.port), site


@pytest.fixture
def locked(for_others: tuple[Visitor, Site]) -> Visitor:
    """Somebody new to a site that asks for a token, where nobody has guessed yet."""
    visitor, site = for_others
    site.limit = Limit()
    return Visitor(visitor.port)


def is_guarded(answer: Answer) -> bool:
    """Whether an answer tells the browser all that it may not do."""
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    return True


def test_every_answer_says_what_a_browser_may_not_do(open_site: tuple[Visitor, Site]) -> None:
    visitor, _ = open_site
    for path in ("/", "/films/1", "/films/99", "/nowhere", "/static/site.css", "/film-page/style.css", "/paintings/1",
                 "/media/films/1/0.jpg", "/api/films/1/timeline.json", "/catalogue?by=nonsense"):  # fmt: skip
        assert is_guarded(visitor.get(path)), path
    assert is_guarded(visitor.post("/jobs/99/cancel"))
    assert is_guarded(visitor.get("/", Host="evil.example"))


def test_an_error_that_nobody_foresaw_is_guarded_too_and_says_nothing_of_the_inside(
    open_site: tuple[Visitor, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, site = open_site
    monkeypatch.setattr(site.templates, "get_template", lambda name: 1 / 0)

    answer = visitor.get("/paintings")

    assert answer.status == 500
    assert is_guarded(answer)
    assert "ZeroDivision" not in answer.text
    assert "Traceback" not in answer.text
    assert "the log of `r2r serve`" in answer.text


class Inline(HTMLParser):
    """Finds what a strict policy would have to allow: scripts and styles in the page, and handlers in its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in said and said.get("type") != "application/json"):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in said if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action"):
            if re.match(r"(?:https?:)?//|javascript:", said.get(name) or ""):
                self.found.append(f"{tag} {name}={said[name]}")


def test_no_page_has_a_script_a_style_or_anothers_address_in_it_and_names_are_text(
    open_site: tuple[Visitor, Site],
) -> None:
    visitor, _ = open_site
    for path in ("/", "/films/1", "/paintings", "/paintings/1", "/search", "/catalogue", "/catalogue?by=film",
                 "/catalogue/similar?film=1", "/catalogue/hubs", "/films/99", "/?words=%3Cscript%3Ealert"):  # fmt: skip
        answer = visitor.get(path)
        reader = Inline()
        reader.feed(answer.text)

        assert reader.found == [], path
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:80", "10.0.0.1"]
)
def test_a_name_that_is_not_ours_is_served_nothing(open_site: tuple[Visitor, Site], host: str) -> None:
    """DNS rebinding: another site's page gives its own name our address."""
    visitor, _ = open_site

    answer = visitor.get("/", Host=host)

    assert answer.status == 421
    assert "r2r-page" not in answer.text
    assert visitor.post("/jobs/1/cancel", Host=host).status == 421


@pytest.mark.parametrize("path", CHANGES)
def test_nothing_is_changed_without_the_pages_token(open_site: tuple[Visitor, Site], path: str) -> None:
    visitor, _ = open_site
    own = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{visitor.host}"}
    for said in (b"", b"path=x", f"{forms.FIELD}=guess".encode()):
        answer = visitor.ask("POST", there(path), body=said, headers=own)

        assert answer.status == 403, path
        assert "nothing was changed" in answer.text


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://evil.example:8765", "file://"])
def test_nothing_is_changed_for_another_sites_page_even_with_the_token(
    open_site: tuple[Visitor, Site], path: str, origin: str
) -> None:
    visitor, _ = open_site

    assert visitor.post(there(path), Origin=origin).status == 403


def test_a_browser_that_names_no_origin_says_where_it_comes_from(open_site: tuple[Visitor, Site]) -> None:
    visitor, _ = open_site
    body = f"{forms.FIELD}={visitor.page_token()}".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    across = visitor.ask("POST", "/jobs/99/cancel", body=body, headers=form | {"Sec-Fetch-Site": "cross-site"})
    program = visitor.ask("POST", "/jobs/99/cancel", body=body, headers=form)

    assert across.status == 403
    assert program.status == 404  # the token is right; there is no such job


@pytest.mark.parametrize("path", ["/", "/films/1", "/api/films/1/timeline.json", "/media/films/1/0.jpg", "/work"])
def test_another_site_may_lead_here_but_its_page_gets_nothing(open_site: tuple[Visitor, Site], path: str) -> None:
    visitor, _ = open_site

    for mode in ("no-cors", "cors", "same-origin"):
        assert visitor.get(path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode=mode).status == 403
    led = visitor.get(path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert led.status == visitor.get(path).status != 403
    assert visitor.get(path, Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors").status == led.status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(open_site: tuple[Visitor, Site], method: str) -> None:
    visitor, _ = open_site

    assert visitor.ask(method, "/").status == 405


def test_without_the_token_a_locked_site_shows_nothing_but_the_form_that_asks_for_it(locked: Visitor) -> None:
    for path in ("/", "/work", "/films/1", "/paintings", "/paintings/1", "/search", "/catalogue",
                 "/media/films/1/0.jpg", "/film-page/style.css", "/nowhere"):  # fmt: skip
        answer = locked.get(path)

        assert answer.status == 303, path
        assert answer.headers["location"].startswith("/login?next=")
        assert answer.body == b""
    assert locked.get("/api/films/1/timeline.json").status == 401
    assert locked.get("/login").status == 200
    assert locked.get("/static/site.css").status == 200


@pytest.mark.parametrize("path", [path for path in CHANGES if path != "/login"])
def test_without_the_token_a_locked_site_changes_nothing(locked: Visitor, path: str) -> None:
    assert locked.post(there(path)).status == 401


def test_the_token_buys_a_cookie_that_scripts_and_other_sites_cannot_use(locked: Visitor) -> None:
    answer = locked.post("/login", {"token": SECRET, "next": "/catalogue?by=film"})

    assert answer.status == 303
    assert answer.headers["location"] == "/catalogue?by=film"
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert SECRET not in cookie

    locked.cookie = cookie.split(";")[0]
    assert locked.get("/catalogue").status == 200
    assert "Sign out" in locked.get("/").text

    of_the_form = locked.post("/logout")  # with the token of the page that asks: anybody can have that
    assert of_the_form.status == 403

    locked.token = ""
    left = locked.post("/logout")
    assert left.headers["location"] == "/login"
    assert f'{COOKIE}=""' in left.headers["set-cookie"]


@pytest.mark.parametrize("others", ['other={"x":1}; ', "a[b]=c; ", "é=1; ", "=; ", '"; '])
def test_an_odd_cookie_of_another_program_on_this_host_signs_nobody_out(locked: Visitor, others: str) -> None:
    cookie = locked.post("/login", {"token": SECRET}).headers["set-cookie"].split(";")[0]
    locked.cookie = others.encode().decode("latin-1") + cookie

    assert locked.get("/catalogue").status == 200


def test_what_stands_after_the_hash_of_a_link_is_kept_while_one_signs_in(locked: Visitor) -> None:
    where = "/films/1?all_dates=1#shot=3&weights=10-20-30"
    wrong = locked.post("/login", {"token": "a guess", "next": where})
    answer = locked.post("/login", {"token": SECRET, "next": where})

    assert f'value="{where.replace("&", "&amp;")}"' in wrong.text
    assert answer.headers["location"] == where


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_signing_in_leads_to_a_page_of_this_site(locked: Visitor, where: str) -> None:
    answer = locked.post("/login", {"token": SECRET, "next": where})

    assert answer.headers["location"] == "/"


def test_a_cookie_that_was_made_up_is_none(locked: Visitor) -> None:
    for value in ("", "x", "9999999999.", "9999999999." + 64 * "0", "9999999999.ä", '"'):
        locked.cookie = f"{COOKIE}={value}".encode().decode("latin-1")
        assert locked.get("/").status == 303, value


def test_guesses_are_counted(locked: Visitor) -> None:
    for number in range(TRIES):
        answer = locked.post("/login", {"token": f"guess {number}"})
        assert answer.status == 403
        assert "That is not the token" in answer.text

    late = locked.post("/login", {"token": SECRET})

    assert late.status == 429
    assert 0 < int(late.headers["retry-after"]) <= 60
    assert "set-cookie" not in late.headers


def test_a_form_that_is_too_large_is_not_read(open_site: tuple[Visitor, Site]) -> None:
    visitor, _ = open_site

    assert visitor.post("/ingest", {"path": "x" * forms.MOST_BYTES}).status == 413


def send(visitor: Visitor, name: str, body: bytes | list[bytes], **headers: str) -> Answer:
    sent = {forms.HEADER: visitor.page_token(), "X-R2R-Name": name, "Origin": f"http://{visitor.host}"}
    return visitor.ask("POST", "/api/uploads", body=body, headers=sent | headers)


def test_a_film_that_is_too_large_leaves_nothing_whether_or_not_it_says_so(open_site: tuple[Visitor, Site]) -> None:
    visitor, site = open_site
    too_much = 3 * [bytes(1 << 19)]

    said = send(visitor, "film.mp4", b"".join(too_much))
    unsaid = send(visitor, "film.mp4", too_much)  # in chunks, without a length

    assert said.status == unsaid.status == 413
    assert not list((site.settings.home / "uploads").glob("*/*"))


@pytest.mark.parametrize("name", ["", "film.exe", "film", ".mp4/", "%2e%2e", "film.mp4%00.sh", "x%2F..%2F"])
def test_a_film_has_the_name_of_one(open_site: tuple[Visitor, Site], name: str) -> None:
    visitor, site = open_site

    assert send(visitor, name, b"x").status == 422
    assert not list((site.settings.home / "uploads").glob("*"))


def test_a_name_leads_nowhere(open_site: tuple[Visitor, Site]) -> None:
    visitor, site = open_site

    answer = send(visitor, "..%2F..%2F..%2Fescaped.mp4", b"x")

    assert answer.status == 202
    assert answer.json()["name"] == "escaped.mp4"
    inside = site.settings.home / "uploads"
    escaped = [path for path in site.settings.home.parent.glob("**/escaped.mp4") if inside not in path.parents]
    assert escaped == []


def test_a_film_is_taken_from_the_sites_folders_alone(open_site: tuple[Visitor, Site], folder: Path, tmp_path: Path):
    visitor, site = open_site
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"x")
    (folder / "link.mp4").symlink_to(secret)
    (folder / "notes.txt").write_text("not a film")

    said = [
        visitor.post("/ingest", {"path": path})
        for path in (
            str(secret),
            str(tmp_path / "none.mp4"),
            "../secret.mp4",
            "link.mp4",
            "/etc/passwd",
            "\0",
            "~root/x.mp4",
        )
    ]

    assert {answer.status for answer in said} == {422}
    there, nothing = (re.sub(r"\S+\.mp4", "", answer.text) for answer in said[:2])
    assert there == nothing, "what is told of a place outside says whether there is a file"
    assert visitor.post("/ingest", {"path": "notes.txt"}).status == 422
    assert not {one.name for one in site.intakes.shown()} & {
        "secret.mp4",
        "none.mp4",
        "link.mp4",
        "notes.txt",
        "passwd",
    }


@pytest.mark.parametrize(
    "key",
    ["uploads/" + 64 * "a" + "/film.mp4", "models/x.safetensors", "../secret", "films/../../secret.jpg",
     "films/%2e%2e/%2e%2e/secret.jpg", "films//x.jpg", "/etc/passwd", "films/x.jpg/", "films/x.html"],
)  # fmt: skip
def test_the_media_store_gives_out_pictures_alone(open_site: tuple[Visitor, Site], key: str) -> None:
    visitor, site = open_site
    site.store.put("uploads/" + 64 * "a" + "/film.mp4", b"a whole film")
    site.store.put("models/x.safetensors", b"a model")

    assert visitor.get(f"/media/{key}").status == 404


def test_a_picture_is_kept_by_browsers_for_good(open_site: tuple[Visitor, Site]) -> None:
    visitor, site = open_site
    site.store.put("films/ab/cd/00000001.jpg", b"\xff\xd8 a picture")

    answer = visitor.get("/media/films/ab/cd/00000001.jpg")

    assert answer.body == b"\xff\xd8 a picture"
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert visitor.get("/media/depth/0123456789abcdef/films/ab/cd/00000001.jpg.png").status == 204


def test_a_film_whose_sender_goes_away_leaves_nothing(open_site: tuple[Visitor, Site]) -> None:
    visitor, site = open_site
    folder = site.settings.home / "uploads"
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    head = (
        f"POST /api/uploads HTTP/1.1\r\nHost: {visitor.host}\r\n{forms.HEADER}: {visitor.page_token()}\r\n"
        "X-R2R-Name: film.mp4\r\nContent-Length: 900000\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", visitor.port)) as sender:
        sender.sendall(head.encode() + bytes(1000))
        assert eventually(lambda: set(folder.iterdir()) > before), "it is being received"
    assert eventually(lambda: set(folder.iterdir()) <= before)


def eventually(holds: Callable[[], bool], *, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def ask_about(visitor: Visitor, name: str, data: bytes) -> Answer:
    edge = "edge-of-a-part"
    token = f'--{edge}\r\nContent-Disposition: form-data; name="{forms.FIELD}"\r\n\r\n{visitor.page_token()}\r\n'
    head = f'--{edge}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n\r\n'
    body = token.encode() + head.encode() + data + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Origin": f"http://{visitor.host}"}
    return visitor.ask("POST", "/search", body=body, headers=headers)


def test_what_is_no_picture_is_refused_before_anybody_measures_it(open_site: tuple[Visitor, Site]) -> None:
    visitor, site = open_site
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (20_000).to_bytes(4) * 2 + b"\x08\x02\0\0\0"

    page = ask_about(visitor, "page.jpg", b"<!doctype html><script>alert(1)</script>")
    huge = ask_about(visitor, "bomb.png", bomb + b"\x08\x90\xdb\x0b")
    large = ask_about(visitor, "large.jpg", bytes(search.MOST_BYTES + forms.MOST_BYTES))
    nothing = ask_about(visitor, "", b"")

    assert (page.status, huge.status, large.status, nothing.status) == (422, 422, 413, 400)
    assert "it is a web page" in page.text
    assert not list((site.settings.home / "uploads").glob("*.picture"))
    with site.connection() as conn:
        assert conn.execute("SELECT count(*) FROM jobs WHERE kind = 'match'").fetchone() == (0,)
