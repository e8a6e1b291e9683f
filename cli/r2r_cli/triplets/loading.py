"""The works that triplets are formed from, or one line that says why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from r2r_shared.errors import UserError
from r2r_shared.queries import works

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import Profile
    from r2r_shared.triplets.works import Works


def load(opened: Session, profile: Profile, collections: Sequence[str] | None) -> Works:
    """The paintings that a profile has measured, of some collections or of all.

    Raises:
        UserError: a collection is not there, or no painting of theirs has been measured.
    """
    found = works.load(opened.conn, profile.id, collections or None)
    if not len(found):
        where = f" of {', '.join(collections)}" if collections else ""
        raise UserError(
            f"no painting{where} has been measured under the profile “{profile.name}”",
            "`r2r paintings import SOURCE` brings a collection in, or measures it under this profile",
        )
    return found
