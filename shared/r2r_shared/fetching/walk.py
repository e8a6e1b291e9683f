"""A walk through what a museum's interface lists: page after page, at the pace of everything else.

What is read is handed on at once, so a walk that breaks off has stored what it read; the same walk begun again on the
same day asks only for what it has no answer to (`answers`), and finds those works unchanged. A collection of manifests
names them all at once: several are asked for at a time, so that their answers' time does not limit the rate, and are
handed on in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from r2r_shared.collections import pages
from r2r_shared.collections.classes import PAINTINGS, Classes
from r2r_shared.errors import AskedToWait, NotFetched, UserError
from r2r_shared.fetching.answers import SKIPPED
from r2r_shared.fetching.client import NOT_FOUND
from r2r_shared.import_summary import Tally
from r2r_shared.records import PaintingRecord, Refusal

if TYPE_CHECKING:
    from r2r_shared.fetching.answers import Answers

MOST_PAGES = 500_000
"""A walk ends here, whatever the pages say: each may name others."""
FAILED_IN_A_ROW = 20
"""So many manifests in a row that cannot be had, and no more are asked for this time."""


def records_at(
    answers: Answers,
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
        UserError: the first page cannot be had, or the cache takes no more.
        NotFetched: a later one cannot, and nothing tells what comes after it; or, at the end, some manifests could not
            be had this time.
    """
    todo, seen = deque([address]), {hash(address)}
    flying: deque[tuple[str, Future[Any]]] = deque()
    missing, in_a_row = Tally(), list[str]()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="r2r-walk")
    try:
        while todo or flying:
            while todo and len(flying) < threads:
                flying.append((todo[0], pool.submit(answers.get, todo.popleft())))
            at, answer = flying.popleft()
            try:
                document = answer.result()
            except (NotFetched, AskedToWait) as error:
                if at == address:
                    raise UserError(f"{at} cannot be read: {error}", "check the address, or try again later") from error
                if format != "iiif" or isinstance(error, AskedToWait):
                    raise NotFetched(f"{at} cannot be read", str(error), final=False) from error
                yield Refusal(at, error.reason, error.detail)
                if not error.final:
                    missing.add(at)
                if error.reason not in {NOT_FOUND, SKIPPED}:  # which says something of this address alone
                    in_a_row.append(at)
                if len(in_a_row) == FAILED_IN_A_ROW:
                    answers.skip_once(in_a_row)
                    raise NotFetched(f"{len(in_a_row)} in a row cannot be read", str(error), final=False) from error
                continue
            in_a_row.clear()
            page = pages.read(format, document, address=at, classes=classes)
            yield from page.records
            for following in page.following:
                if hash(following) not in seen and len(seen) < MOST_PAGES:
                    seen.add(hash(following))
                    todo.append(following)
        if missing.count:
            named = ", ".join(missing.examples) + (", …" if missing.count > len(missing.examples) else "")
            raise NotFetched(f"{missing.count} of {len(seen)} addresses cannot be read this time", named, final=False)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
