"""Cookies that only the token makes, and guesses that are counted."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from r2r_cli.web.sessions import TRIES, TRIES_OF_ALL, VALID_S, WINDOW_S, Limit, Sessions


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_cookie_holds_for_its_time_and_for_its_token() -> None:
    clock = Clock()
    cookie = Sessions("one", clock=clock).new()

    assert Sessions("one", clock=clock).holds(cookie), "a restart asks nobody to sign in again"
    assert not Sessions("another", clock=clock).holds(cookie)
    clock.now += VALID_S - 1
    assert Sessions("one", clock=clock).holds(cookie)
    clock.now += 1
    assert not Sessions("one", clock=clock).holds(cookie)


@given(st.data())
def test_a_cookie_with_any_letter_changed_is_none(data: st.DataObject) -> None:
    sessions = Sessions("a token", clock=Clock())
    cookie = sessions.new()
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.characters(exclude_characters=cookie[place]))

    assert not sessions.holds(cookie[:place] + letter + cookie[place + 1 :])


@given(st.text(st.characters()))
def test_only_the_token_is_the_token(said: str) -> None:
    assert Sessions("schlüssel").is_token(said) == (said == "schlüssel")


def test_an_address_may_guess_so_often_a_minute_and_others_are_not_held_up() -> None:
    clock = Clock()
    limit = Limit(clock=clock)
    for _ in range(TRIES):
        assert limit.wait_s("a") == 0
        limit.missed("a")
        clock.now += 1

    assert limit.wait_s("a") == WINDOW_S - TRIES
    assert limit.wait_s("b") == 0
    clock.now += WINDOW_S - TRIES
    assert limit.wait_s("a") == 0


def test_many_addresses_together_may_not_guess_without_end() -> None:
    limit = Limit(clock=Clock())
    for number in range(TRIES_OF_ALL):
        assert limit.wait_s(str(number)) == 0
        limit.missed(str(number))

    assert limit.wait_s("a new one") == WINDOW_S
