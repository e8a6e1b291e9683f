"""Film frames of known truth: what a film might show of a painting, drawn by the seed."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np

from r2r_workers.evaluation.embeddings import decoded, fetched
from r2r_workers.evaluation.watch import Watch
from r2r_workers.models.protocols import Picture
from r2r_workers.training import augment

SIDE_PX = 384
"""Of the square that a painting is squashed to, and the long side of its rendition: keyframes have 512 at most."""

_BATCH = 8
_QUALITY = 92


def make(
    keys: Sequence[str], picture: Callable[[str], bytes], watch: Watch, *, strength: float, seed: int
) -> list[bytes]:
    """A rendition of each painting, as the JPEG that a keyframe would be kept as: about 40 KB each.

    The same seed and keys give the same renditions. They are the augmentation's that training uses (windows of film
    formats, grade, blur, grain, vignette, now and then a mirror or a strip of bars), drawn anew, and brought back from
    its squares to the shape that the window had.

    Args:
        picture: a key to a JPEG; FileNotFoundError where there is none.
        strength: 0 gentle to 1 hard.

    Raises:
        Cancelled: it is to end.
        PermanentError: a picture is lost or damaged.
    """
    import torch

    generator = torch.Generator().manual_seed(seed * 1000 + round(100 * strength))
    made: list[bytes] = []
    for start in range(0, len(keys), _BATCH):
        watch.check()
        images = [decoded(fetched(key, picture), key) for key in keys[start : start + _BATCH]]
        aspects = torch.tensor([image.shape[1] / image.shape[0] for image in images])
        squares = torch.from_numpy(np.stack([_squashed(image) for image in images])).permute(0, 3, 1, 2).float() / 255
        strengths = torch.full((len(images),), strength)
        windows = augment.film_windows(aspects, strengths, generator)
        frames = augment.graded(augment.seen(squares, windows, SIDE_PX), strengths, generator)
        shapes = aspects * windows.box[:, 2] / windows.box[:, 3]
        pixels = (frames * 255).round().byte().permute(0, 2, 3, 1).numpy()
        made += [_jpeg(frame, float(shape)) for frame, shape in zip(pixels, shapes, strict=True)]
        watch.step(len(images))
    return made


def _squashed(image: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(square: Picture, aspect: float) -> bytes:
    from PIL import Image

    size = (SIDE_PX, max(8, round(SIDE_PX / aspect))) if aspect >= 1 else (max(8, round(SIDE_PX * aspect)), SIDE_PX)
    out = io.BytesIO()
    Image.fromarray(square).resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()
