"""Which artists are kept out of training, by nothing but their name.

A hash of the name decides, so the answer is the same on every machine and for every seed, and a collection that
grows never moves an artist from one side to the other: a model stays untested on what it was trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from r2r_shared.triplets.kinship import artist_of


def is_held_out(artist: str, *, share: float, salt: str = "") -> bool:
    """True for about `share` of all artists; case and spacing do not matter. Another salt holds out others.

    The first 8 bytes of sha256("salt:artist"), as a fraction of what they could be, are below the share. So whoever
    is held out at one share is held out at every larger one.

    >>> is_held_out("Rembrandt", share=0.0), is_held_out("Rembrandt", share=1.0)
    (False, True)
    """
    name = " ".join(artist.casefold().split())
    digest = hashlib.sha256(f"{salt}:{name}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2.0**64


def mask(artists: Sequence[str], *, share: float, salt: str = "") -> NDArray[np.bool_]:
    """(n,) True where the artist is held out. Works whose artist nobody knows are not: they may be anybody's."""
    known = {artist: bool(artist_of(artist)) and is_held_out(artist, share=share, salt=salt) for artist in set(artists)}
    return np.array([known[artist] for artist in artists], dtype=np.bool_)
