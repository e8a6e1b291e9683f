"""Who may come to a site, by what name, and from which folders it takes films."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from r2r_cli.web import folders
from r2r_cli.web.routes.login import _own
from r2r_cli.web.serving import Serving, is_loopback, listen, url_of
from r2r_shared.errors import FilmRefused, UserError

EVERYWHERE = "0.0.0.0"  # noqa: S104


def serving(host: str, token: str | None = None, names: frozenset[str] = frozenset()) -> Serving:
    return Serving(host, token, (), 1, names)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machines_own_address_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert serving(host).token is None


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.1.2.3", "films.example", "192.168.0.7", ""])
def test_any_other_address_needs_one(host: str) -> None:
    with pytest.raises(UserError, match="no token is set") as refused:
        serving(host)
    assert "R2R_WEB_TOKEN" in refused.value.hint

    assert serving(host, "long and random").token


def test_a_site_answers_to_its_own_names_alone() -> None:
    here = serving("127.0.0.1")
    assert all(map(here.may_be_called, ("127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.2", "::1")))
    assert not any(
        map(here.may_be_called, ("", "evil.example", "localhost.evil.example", "10.0.0.1", socket.gethostname()))
    )

    everywhere = serving(EVERYWHERE, "x", names=frozenset({"films.example"}))
    assert all(map(everywhere.may_be_called, ("10.0.0.1", "films.example", "localhost", socket.gethostname())))
    assert not everywhere.may_be_called("evil.example")


def test_its_names_are_asked_for_once_and_before_anybody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = serving(EVERYWHERE, "x")
    monkeypatch.delattr(socket, "getfqdn")  # a name server that does not answer holds up nobody

    assert everywhere.may_be_called(socket.gethostname())
    assert not everywhere.may_be_called("evil.example")


def test_a_port_that_is_taken_is_one_line_with_a_remedy() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert url_of(taken, "127.0.0.1") == f"http://127.0.0.1:{port}/"

        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1:{port}") as refused:
            listen("127.0.0.1", port)

    assert "--port" in refused.value.hint
    with pytest.raises(UserError, match="no address of this machine"):
        listen("no.such.host.invalid", 0)


def test_films_are_taken_from_the_folders_and_what_is_below_them(tmp_path: Path) -> None:
    archive, nas, outside = (tmp_path / name for name in ("archive", "nas", "outside"))
    for folder in (archive / "silent", nas, outside):
        folder.mkdir(parents=True)
        (folder / "film.MP4").touch()
    (nas / "secret.mp4").symlink_to(outside / "film.MP4")
    (nas / "silent.mp4").symlink_to(archive / "silent" / "film.MP4")
    known = folders.resolve([archive, nas])

    assert folders.allowed("film.MP4", known) == nas / "film.MP4"
    assert folders.allowed("silent/film.MP4", known) == archive / "silent" / "film.MP4"
    assert folders.allowed(str(nas / "silent.mp4"), known) == archive / "silent" / "film.MP4"
    for text, why in {
        str(outside / "film.MP4"): "lies outside",
        str(outside / "none.mp4"): "lies outside",
        str(nas / "secret.mp4"): "lies outside",
        "secret.mp4": "is not there",
        "../outside/film.MP4": "lies outside",
        "silent": "is a folder",
        "none.mp4": "is not there",
        "~nobody-of-that-name/x.mp4": "is no path",
        "x\0.mp4": "is no path",
        "x" * 5000 + ".mp4": "cannot be looked at: File name too long",
    }.items():
        with pytest.raises(FilmRefused, match=why):
            folders.allowed(text, known)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no directory"):
        folders.resolve([tmp_path / "none"])


@pytest.mark.parametrize(
    ("asked", "led"),
    [("/films/3?x=1", "/films/3?x=1"), ("/films/3#shot=12&by=artist", "/films/3#shot=12&by=artist"),
     ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"),
     ("", "/"), ("/x\r\nSet-Cookie: a", "/")],
)  # fmt: skip
def test_after_the_token_a_visitor_stays_on_the_site(asked: str, led: str) -> None:
    assert _own(asked) == led
