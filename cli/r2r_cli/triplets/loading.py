"""The works that triplets are formed from, or one line that says why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from r2r_cli import render
from r2r_shared.errors import UserError
from r2r_shared.queries import pictureless, works

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.records import Profile
    from r2r_shared.triplets.works import Works


def load(opened: Session, profile: Profile, collections: Sequence[str] | None, *, pictured: bool = False) -> Works:
    """The paintings that a profile has measured, of some collections or of all.

    Args:
        pictured: only those whose pictures are here; how many are not is said.

    Raises:
        UserError: a collection is not there, or no painting of theirs has been measured, or none has a picture.
    """
    if pictured:
        require_pictures(opened, profile, collections)
    found = works.load(opened.conn, profile.id, collections or None, pictured=pictured)
    if not len(found):
        where = f" of {', '.join(collections)}" if collections else ""
        raise UserError(
            f"no painting{where} has been measured under the profile “{profile.name}”",
            "`r2r paintings import SOURCE` brings a collection in, or measures it under this profile",
        )
    return found


def require_pictures(opened: Session, profile: Profile, collections: Sequence[str] | None) -> None:
    """For whoever looks at the pictures of works: say how many are left out, for they came without.

    Raises:
        UserError: all of them did.
    """
    there, left_out = works.by_picture(opened.conn, profile.id, collections or None)
    if left_out and not there:
        raise UserError(f"all {left_out:,} measured paintings came without pictures", pictureless.REMEDY)
    if left_out:
        render.note(f"left out: {left_out:,} paintings that came without pictures")
