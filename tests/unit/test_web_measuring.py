"""Pictures that many readers drop at once: each waits for its turn, and not for ever."""

from __future__ import annotations

import asyncio

import pytest

from r2r_cli.web import measuring
from r2r_cli.web.complaints import Refused
from r2r_cli.web.measuring import AT_ONCE, Pictures


def test_pictures_wait_for_their_turn_and_so_many_have_it_at_once() -> None:
    pictures, at_once = Pictures(), list[int]()
    now = 0

    async def one() -> None:
        nonlocal now
        async with pictures.turn():
            now += 1
            at_once.append(now)
            await asyncio.sleep(0.01)
            now -= 1

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(3 * AT_ONCE)))

    asyncio.run(all_of_them())

    assert len(at_once) == 3 * AT_ONCE, "everybody had a turn"
    assert max(at_once) == AT_ONCE


def test_whose_turn_does_not_come_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "TURN_S", 0.05)
    pictures = Pictures()

    async def story() -> None:
        go = asyncio.Event()

        async def hold() -> None:
            async with pictures.turn():
                await go.wait()

        holding = [asyncio.create_task(hold()) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="many pictures are being measured") as refused:
            async with pictures.turn():
                pass
        assert refused.value.status == 503
        go.set()
        await asyncio.gather(*holding)
        async with pictures.turn():  # nobody's turn was lost by it
            pass

    asyncio.run(story())
