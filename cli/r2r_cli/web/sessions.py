"""Who has shown the token: a cookie that proves it, and a limit on how often it may be guessed."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

COOKIE = "r2r_visit"
VALID_S = 7 * 86400
WINDOW_S = 60.0
TRIES = 5
TRIES_OF_ALL = 60
_REMEMBERED = 1000


class Sessions:
    """Cookies that hold until they run out, or until the token changes.

    Nothing of them is kept here: a cookie is its last second and the token's signature under it, so that it outlives
    a restart and holds for every server with the same token.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, token: str, *, clock: Callable[[], float] = time.time) -> None:
        self._token = hashlib.sha256(token.encode()).digest()
        self._key = hashlib.sha256(b"a visit to r2r serve\0" + token.encode()).digest()
        self._clock = clock

    def is_token(self, said: str) -> bool:
        """Whether a visitor said the token; takes as long for a near miss as for any other."""
        return hmac.compare_digest(hashlib.sha256(octets(said)).digest(), self._token)

    def new(self) -> str:
        """A cookie's value."""
        ends = str(int(self._clock()) + VALID_S)
        return f"{ends}.{self._sign(ends)}"

    def holds(self, cookie: str) -> bool:
        """Whether a cookie is one of ours and has not run out."""
        ends, _, signature = cookie.partition(".")
        well = hmac.compare_digest(octets(signature), octets(self._sign(ends)))
        return well and ends.isascii() and ends.isdigit() and int(ends) > self._clock()

    def _sign(self, ends: str) -> str:
        return hmac.new(self._key, octets(ends), hashlib.sha256).hexdigest()


def octets(said: str) -> bytes:
    """What a visitor said, whatever it is: a lone surrogate is wrong, not an error."""
    return said.encode("utf-8", "surrogatepass")


class Limit:
    """At most TRIES wrong tokens a minute from one address, and TRIES_OF_ALL from all of them.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._of: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def wait_s(self, address: str) -> float:
        """Seconds until this address may try again; 0: now."""
        with self._lock:
            now = self._clock()
            return max(_wait(self._of.get(address, deque()), TRIES, now), _wait(self._all, TRIES_OF_ALL, now))

    def missed(self, address: str) -> None:
        """A wrong token came from an address."""
        with self._lock:
            tried = self._of.setdefault(address, deque(maxlen=TRIES))
            self._of.move_to_end(address)
            while len(self._of) > _REMEMBERED:
                self._of.popitem(last=False)
            tried.append(self._clock())
            self._all.append(self._clock())
            while len(self._all) > TRIES_OF_ALL:
                self._all.popleft()


def _wait(tried: deque[float], most: int, now: float) -> float:
    recent = [when for when in tried if now - when < WINDOW_S]
    return 0.0 if len(recent) < most else WINDOW_S - (now - recent[-most])
