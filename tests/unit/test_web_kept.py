"""What is made once for everybody who asks, and intakes that come one after the other."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time

import pytest

from r2r_cli.web.complaints import Refused
from r2r_cli.web.intakes import MOST_WAITING, SHOWN_S, Intakes
from r2r_cli.web.kept import Document, Kept
from r2r_shared.errors import FilmRefused


def document(size: int) -> Document:
    return Document("text/html", bytes(size))


def test_what_many_ask_for_at_once_is_made_once() -> None:
    kept, made = Kept(), list[int]()

    def make() -> Document:
        made.append(1)
        time.sleep(0.05)
        return document(10)

    async def all_of_them() -> list[Document]:
        return await asyncio.gather(*(kept.get("film 1", make) for _ in range(50)))

    found = asyncio.run(all_of_them())

    assert made == [1]
    assert all(one is found[0] for one in found)


def test_what_could_not_be_made_is_said_to_all_and_tried_again() -> None:
    kept, tries = Kept(), list[int]()

    def make() -> Document:
        tries.append(1)
        if len(tries) == 1:
            raise FilmRefused("not now")
        return document(10)

    async def story() -> None:
        said = await asyncio.gather(*(kept.get("x", make) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in said] == 3 * [FilmRefused]
        assert await kept.get("x", make) == document(10)

    asyncio.run(story())
    assert len(tries) == 2


def test_a_reader_who_leaves_takes_the_page_from_nobody_else() -> None:
    kept, go = Kept(), threading.Event()

    def make() -> Document:
        go.wait(5)
        return document(10)

    async def story() -> None:
        first = asyncio.create_task(kept.get("x", make))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(kept.get("x", make))
        await asyncio.sleep(0.01)
        second.cancel()
        go.set()
        assert await first == document(10)

    asyncio.run(story())


def test_memory_is_bounded_and_what_was_asked_for_last_stays() -> None:
    kept = Kept(most_bytes=250)

    async def story() -> list[str]:
        made: list[str] = []
        for name in ("a", "b", "a", "c", "a", "b"):

            def make(name: str = name) -> Document:
                made.append(name)
                return document(100)

            await kept.get(name, make)
        return made

    assert asyncio.run(story()) == ["a", "b", "c", "b"]


def test_a_document_is_compressed_as_it_is() -> None:
    assert gzip.decompress(Document.of("Ünicode", "text/html").compressed).decode() == "Ünicode"


def test_films_are_looked_into_one_after_the_other_and_what_became_of_them_is_said() -> None:
    now = [0.0]
    intakes, go, order = Intakes(clock=lambda: now[0]), threading.Event(), list[str]()

    def take(name: str) -> tuple[int, str]:
        go.wait(5)
        order.append(name)
        if name == "bad":
            raise FilmRefused("it holds no video", "name another")
        return 7, "" if name == "busy" else "is known already"

    for name in ("a", "bad", "busy"):
        intakes.begin(name, lambda name=name: take(name))
    assert [one.state for one in intakes.shown()] == 3 * ["looking"]

    go.set()
    deadline = time.monotonic() + 5
    while any(one.state == "looking" for one in intakes.shown()) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert order == ["a", "bad", "busy"]
    a, bad = intakes.shown()  # of the third there is a job to be seen
    assert (a.state, a.film_id, a.said) == ("taken", 7, "is known already")
    assert (bad.state, bad.said, bad.hint) == ("refused", "it holds no video", "name another")
    intakes.forget(a.id)
    assert [one.name for one in intakes.shown()] == ["bad"]
    now[0] = SHOWN_S + 1
    assert intakes.shown() == []
    intakes.close()


def test_a_film_that_is_not_begun_any_more_is_let_go() -> None:
    intakes, begun, go, let_go = Intakes(), threading.Event(), threading.Event(), list[str]()

    def take() -> tuple[int, str]:
        begun.set()
        go.wait(5)
        return 1, "is queued"

    for name in ("at hand", "waiting"):
        intakes.begin(name, take, dropped=lambda name=name: let_go.append(name))
    assert begun.wait(5)
    threading.Timer(0.1, go.set).start()
    intakes.close()

    assert let_go == ["waiting"]


def test_so_many_films_wait_and_no_more() -> None:
    intakes, go = Intakes(), threading.Event()
    try:
        for _ in range(MOST_WAITING):
            intakes.require_room()
            intakes.begin("film", lambda: (go.wait(5) and 1, "is queued"))
        with pytest.raises(Refused, match="wait to be looked into"):
            intakes.begin("one too many", lambda: (1, ""))
        with pytest.raises(Refused, match="wait to be looked into"):
            intakes.require_room()
    finally:
        go.set()
        intakes.close()
