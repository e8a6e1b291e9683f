"""Pictures of the media store to points of a latent space: a batch at a time, so that memory stays what it is."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from r2r_shared.errors import PermanentError
from r2r_workers import measure
from r2r_workers.evaluation.watch import Watch
from r2r_workers.models.protocols import Encoder, Picture

BATCH = 16
THREADS = 2  # that read and decode ahead of the encoder


def embed(keys: Sequence[str], encoder: Encoder, picture: Callable[[str], bytes], watch: Watch) -> NDArray[np.float32]:
    """(n, dim) embeddings, rows of unit length, in the order of the keys.

    Args:
        picture: a key to a JPEG; FileNotFoundError where there is none.

    Raises:
        Cancelled: it is to end.
        PermanentError: a picture is lost or damaged.
    """
    done = 0

    def on_progress(now: int) -> None:
        nonlocal done
        watch.step(now - done)
        done = now

    return measure.embed(
        keys,
        lambda key: fetched(key, picture),
        encoder,
        batch=BATCH,
        threads=THREADS,
        should_stop=watch.should_stop,
        on_progress=on_progress,
    )


def fetched(key: str, picture: Callable[[str], bytes]) -> bytes:
    """A painting's picture.

    Raises:
        PermanentError: the media store has lost it.
    """
    try:
        return picture(key)
    except FileNotFoundError as error:
        raise PermanentError(
            f"the media store has lost a painting's picture ({key}): remove the painting and import it again"
        ) from error


def decoded(jpeg: bytes, name: str) -> Picture:
    """A JPEG to (h, w, 3) RGB.

    Raises:
        PermanentError: it cannot be decoded whole.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise PermanentError(f"{name} cannot be decoded as JPEG: {error}") from error
