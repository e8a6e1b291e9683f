"""One function over many pictures on several threads: NumPy, OpenCV and Pillow let go of the interpreter at work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(function: Callable[[T], R], items: Iterable[T], *, threads: int) -> list[R]:
    """`function` of each item, in order. What the first item that fails raises is raised."""
    if threads == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def ahead(function: Callable[[T], R], items: Iterable[T], *, threads: int, most: int) -> Generator[R]:
    """`function` of each item, in order, computed while whoever asks is busy with those before.

    Args:
        most: results that wait, or are being computed, at a time: bounds memory.
    """
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            if len(waiting) >= most:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
