"""The rate a person sets: never exceeded, and reached, by however many threads."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from r2r_shared.errors import AskedToWait, NotFetched, Stopped, TryAgain
from r2r_shared.fetching.pace import Pace
from r2r_shared.fetching.patience import Patience
from r2r_shared.fetching.retry_after import retry_after


def times_of(pace, requests, threads, host="museum.example"):
    """When each request was let go."""
    times = []

    def ask(_):
        pace.wait(host)
        times.append(time.monotonic())

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, range(requests)))
    return sorted(times)


@pytest.mark.parametrize(("rate", "threads"), [(20, 1), (50, 8), (100, 16)])
def test_a_rate_is_reached_and_never_exceeded(rate, threads):
    requests = rate * 2
    times = times_of(Pace(rate), requests, threads)

    took = times[-1] - times[0]
    assert took >= (requests - 1) / rate - 0.03  # one request may be forgiven 0.02
    assert took <= (requests - 1) / rate * 1.1 + 0.1
    for n in range(len(times)):
        in_half_a_second = sum(times[n] <= at < times[n] + 0.5 for at in times)
        assert in_half_a_second <= rate * 0.52 + 2


def test_each_host_has_a_rate_of_its_own():
    pace = Pace(20)
    began = time.monotonic()
    for n in range(40):
        pace.wait(f"museum-{n % 10}.example")
    assert time.monotonic() - began < 0.6  # four each: 0.15 s


def test_a_busy_host_is_left_alone_by_everyone():
    pace = Pace(1000)
    pace.hold("museum.example", 0.4)
    began = time.monotonic()
    pace.wait("other.example")
    assert time.monotonic() - began < 0.2
    assert times_of(pace, 5, 5)[0] - began >= 0.4


def test_a_closed_host_answers_at_once_and_opens_again():
    pace = Pace(1000)
    pace.close("museum.example", dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.3))
    with pytest.raises(AskedToWait):
        pace.wait("museum.example")
    time.sleep(0.35)
    pace.wait("museum.example")


def test_closing_a_host_wakes_whoever_waits_for_it_when_the_turn_comes():
    pace = Pace(5)
    pace.wait("museum.example")
    pace.close("museum.example", dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    with pytest.raises(AskedToWait) as caught:
        pace.wait("museum.example")
    assert caught.value.host == "museum.example"


def test_stopping_ends_all_waiting():
    pace = Pace(0.01)
    pace.wait("museum.example")
    ended = []

    def wait():
        try:
            pace.wait("museum.example")
        except Stopped:
            ended.append(True)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    pace.stop.set()
    for thread in threads:
        thread.join(2)
    assert ended == [True] * 3


def test_many_hosts_are_forgotten_and_none_that_is_held():
    pace = Pace(1e6)
    pace.hold("busy.example", 60)
    for n in range(3000):
        pace.wait(f"museum-{n}.example")
    assert len(pace._hosts) <= 1001
    assert "busy.example" in pace._hosts


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("120", 120, 120),
        (" 0 ", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("99999999999999999999999", 7 * 86400, 7 * 86400),
    ],
)
def test_a_retry_after_is_a_number_or_a_date(text, low, high):
    seconds = retry_after(text)
    assert seconds is not None
    assert low <= seconds <= high


def test_a_retry_after_in_the_future_is_the_time_until_then():
    when = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    seconds = retry_after(when.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert seconds is not None
    assert 85 < seconds <= 90


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "Wed, 99 Foo 2015", "١٢"])
def test_what_is_neither_is_no_retry_after(text):
    assert retry_after(text) is None


def test_attempts_are_bounded_and_ever_further_apart():
    pace = Pace(1000)
    times = []

    def fail():
        times.append(time.monotonic())
        raise TryAgain("its server failed", "HTTP 500")

    with pytest.raises(NotFetched, match=r"its server failed \(HTTP 500, asked 4 times\)") as caught:
        Patience(attempts=4, first_s=0.05).persist(pace, fail)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert not caught.value.final
    assert len(times) == 4
    assert all(0.5 * 0.05 * 2**n <= gap <= 1.5 * 0.05 * 2**n + 0.1 for n, gap in enumerate(gaps))


def test_what_is_final_is_asked_once():
    asked = []

    def gone():
        asked.append(1)
        raise NotFetched("not found")

    with pytest.raises(NotFetched):
        Patience().persist(Pace(1000), gone)
    assert asked == [1]


@pytest.mark.parametrize(("wait_s", "held_s"), [(0.4, 0.4), (None, 0)])
def test_what_a_busy_server_asked_for_counts_though_it_was_asked_for_the_last_time(wait_s, held_s):
    pace = Pace(1000)

    def fail():
        raise TryAgain("its server was too busy", wait_s=wait_s, busy="museum.example")

    began = time.monotonic()
    with pytest.raises(NotFetched):
        Patience(attempts=1).persist(pace, fail)
    assert time.monotonic() - began < 0.2  # nobody waits who does not ask
    pace.wait("museum.example")
    assert held_s <= time.monotonic() - began < held_s + 0.3
