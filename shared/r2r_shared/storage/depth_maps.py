"""Where the depth maps of pictures lie in the media store: a small grey PNG each, beside the tree of the pictures.

The tree is the pictures' own once for each depth model: `depth/<hash of its digest>/<key of the picture>.png`. So the
maps of a film lie in one folder of each model, and all of a model's maps in one, and go with either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

LONG_SIDE_PX = 96

_DIGITS = 16


def key(image: str, depth_digest: str) -> str:
    """The media key of a picture's depth map under a depth model."""
    return f"{folder_of_model(depth_digest)}/{image}.png"


def folder_of_model(depth_digest: str) -> str:
    """The folder of all maps that a depth model made. By a hash: digests are of many forms, some with slashes."""
    return f"depth/{hashlib.sha256(depth_digest.encode()).hexdigest()[:_DIGITS]}"


def of_pictures(images: Iterable[str], depth_digests: Iterable[str]) -> list[str]:
    """The maps of pictures, given by their keys, under each depth model: `profiles.depth_digests` names them all."""
    digests = list(depth_digests)
    return [key(image, digest) for image in images for digest in digests]


def of_folders(folders: Iterable[str], depth_digests: Iterable[str]) -> list[str]:
    """The folders of the maps of all pictures in these folders, under each depth model."""
    models = [folder_of_model(digest) for digest in depth_digests]
    return [f"{model}/{folder}" for folder in folders for model in models]
