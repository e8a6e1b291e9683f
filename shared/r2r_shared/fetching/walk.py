"""A walk through what a museum's interface lists: page after page, at the pace of everything else.

What is read is handed on at once, so a walk that breaks off has stored what it read; the same walk begun again finds
those works unchanged. A collection of manifests names them all at once: several are asked for at a time, so that their
answers' time does not limit the rate, and are handed on in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from r2r_shared.collections import pages
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.errors import AskedToWait, NotFetched, UserError
from r2r_shared.fetching import records
from r2r_shared.records import PaintingRecord, Refusal

if TYPE_CHECKING:
    from r2r_shared.fetching.client import Client
    from r2r_shared.fetching.patience import Patience

MOST_PAGES = 500_000
"""A walk ends here, whatever the pages say: each may name others."""


def records_at(
    client: Client,
    patience: Patience,
    address: str,
    *,
    format: str,
    classes: Classes = PAINTINGS,
    threads: int = 4,
) -> Iterator[PaintingRecord | Refusal]:
    """Every work that a walk from `address` meets.

    Args:
        address: of the first page, as pages.first writes it.
        format: one of pages.FORMATS.

    Raises:
        UserError: the first page cannot be had.
        NotFetched: a later one cannot, and nothing tells what comes after it.
    """
    todo, seen = deque([address]), {hash(address)}
    flying: deque[tuple[str, Future[Any]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="r2r-walk")
    try:
        while todo or flying:
            while todo and len(flying) < threads:
                flying.append((todo[0], pool.submit(records.get, client, patience, todo.popleft())))
            at, answer = flying.popleft()
            try:
                document = answer.result()
            except (NotFetched, AskedToWait) as error:
                if at == address:
                    raise UserError(f"{at} cannot be read: {error}", "check the address, or try again later") from error
                if format != "iiif" or isinstance(error, AskedToWait):
                    raise NotFetched(f"{at} cannot be read", str(error), final=False) from error
                yield Refusal(at, error.reason, error.detail)
                continue
            page = pages.read(format, document, address=at, classes=classes)
            yield from page.records
            for following in page.following:
                if hash(following) not in seen and len(seen) < MOST_PAGES:
                    seen.add(hash(following))
                    todo.append(following)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
