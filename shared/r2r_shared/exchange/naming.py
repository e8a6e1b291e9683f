"""What a data set's collections are called here, and which of those that are here may grow with it.

A collection is known by its name, and two labs may well call different ones alike. Those that have most of the smaller
one's pictures in common are one collection: an edition after the other, a part of it, a museum's that both took in.
Into any other nothing is put unless a person says so: all scores and shares would be of both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from r2r_shared.collections.text import clean
from r2r_shared.errors import UserError
from r2r_shared.queries.exchange_paintings import Collection as Taken

SAME = 0.5
"""Of the smaller one's pictures, which both must have."""

_LONGEST = 500  # as exchange.format has it
_NAMED = 5  # so many of several are named


def renamed(asked: Sequence[str], there: Collection[str]) -> dict[str, str]:
    """Of `OLD=NEW` each the new name by the old one; either may have an equals sign in it.

    Args:
        there: what the data set calls its collections.

    Raises:
        UserError: it has none of that name, or two would have one name.
    """
    found: dict[str, str] = {}
    for one in asked:
        old, new = next(((old, new) for old, new in _splits(one) if old in there), (None, ""))
        if old is None:
            raise UserError(
                f"--rename {one}: the data set has no collection of such a name; it has {_some(list(there))}",
                "write --rename OLD=NEW",
            )
        if not new or len(new) > _LONGEST:
            raise UserError(f"--rename {one}: the new name is empty, or too long", "write --rename OLD=NEW")
        found[old] = new
    names = [found.get(name, name) for name in there]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"two of the data set's collections would be called {_some(twice)}", "give each another name")
    return found


def _splits(text: str) -> Iterator[tuple[str, str]]:
    for place, letter in enumerate(text):
        if letter == "=":
            yield clean(text[:place]), clean(text[place + 1 :])


def is_another(one: Taken) -> bool:
    """Whether a collection would grow that is another than the data set's of that name."""
    return one.grows and one.here < SAME * min(one.before, one.added + one.here + one.other)


def require_asked(taken: Sequence[Taken]) -> None:
    """See to it that nothing is put into somebody's own collection that nobody asked to be put there.

    Raises:
        UserError: it would be.
    """
    others = [one for one in taken if is_another(one)]
    if not others:
        return
    said = "; ".join(
        f"{one.added:,} into your collection {one.name} ({one.before:,} works), which has {one.here:,} of them"
        for one in others[:_NAMED]
    )
    more = f"; and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
    first = others[0]
    raise UserError(
        f"collections that seem to be others than yours of the same names: it would put {said}{more}",
        f"keep them apart: --rename {_quoted(f'{first.there}=ANOTHER NAME')}; or put them together: --merge",
    )


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
