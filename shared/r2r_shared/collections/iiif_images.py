"""Which request to a IIIF image service gives a picture of about the size that is kept, and never a 200 MB original.

Image API 1.1, 2.1 and 3.0, "Size" and the compliance levels (https://iiif.io/api/image/3.0/compliance/):

* level 2 scales into a box (`!w,h`), level 1 to a width (`w,`), level 0 has what its `sizes` list and the whole;
* version 3 scales up for nobody, and refuses where it would have to: so no more is asked for than there is;
* the whole is `full` up to version 2 and `max` in version 3; the quality is `native` in version 1;
* `maxWidth`, `maxHeight` and `maxArea` bound what a service gives.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from r2r_shared.collections.addresses import web_address

SIDE = 1024
"""Pixels of the long side asked for: twice what is kept, so that scaling down has something to work with."""
ENOUGH = 512
"""Pixels of the long side that are kept: a listed size of at least this is enough."""


def picture_address(service: Mapping[str, Any], *, width: int | None = None, height: int | None = None) -> str:
    """The address of a picture of about SIDE; empty where the service has no address.

    Args:
        service: as a manifest embeds it, or its info.json.
        width, height: of the whole picture, where the manifest says so and the service does not.
    """
    base = web_address(service.get("id") or service.get("@id"))
    if not base:
        return ""
    version = version_of(service)
    width, height = _whole(service.get("width")) or width, _whole(service.get("height")) or height
    size = _size(service, version, width, height)
    quality = "native" if version == 1 else "default"
    return f"{base.rstrip('/')}/full/{size}/0/{quality}.jpg"


def is_image_service(service: Mapping[str, Any]) -> bool:
    """True for a service that gives pictures: manifests also name services for searching and logging in."""
    kind = str(service.get("type") or service.get("@type") or "")
    if kind.startswith("ImageService") or kind == "iiif:ImageProfile":
        return True
    said = f"{service.get('@context', '')} {service.get('profile', '')} {service.get('protocol', '')}"
    return "/image" in said or "image-api" in said or bool(re.search(r"\blevel[012]\b", said))


def version_of(service: Mapping[str, Any]) -> int:
    """The version of the Image API that a service speaks; 2 where it does not say."""
    kind = str(service.get("type") or service.get("@type") or "")
    if match := re.fullmatch(r"ImageService([123])", kind):
        return int(match[1])
    said = f"{service.get('@context', '')} {service.get('profile', '')}"
    if match := re.search(r"/image/([123])(?:\.\d)?[/\"'#]|image-api/(1)\.", said):
        return int(match[1] or match[2])
    if "library.stanford.edu/iiif/image-api" in said:
        return 1
    return 3 if "id" in service and "@id" not in service else 2


def _size(service: Mapping[str, Any], version: int, width: int | None, height: int | None) -> str:
    whole = "max" if version == 3 else "full"
    side = _bound(service, width, height)
    level, features = _abilities(service)
    if level == 0 and "sizeByConfinedWh" not in features and "sizeByW" not in features:
        listed = _listed(service)
        if not listed:
            return whole
        w, h = listed
        return f"{w},{h}" if version == 3 else f"{w},"
    if width and height and max(width, height) <= side:
        return whole
    # A service that says neither what it can do nor how large its picture is gets the most usual of all requests.
    if level == 2 or "sizeByConfinedWh" in features or (level is None and not (width and height)):
        return f"!{side},{side}"
    if not (width and height):
        return f"{side},"
    return f"{max(1, round(width * side / max(width, height)))},"


def _bound(service: Mapping[str, Any], width: int | None, height: int | None) -> int:
    """The long side to ask for: SIDE, or less where the service gives no more."""
    limits = {key: value for key in ("maxWidth", "maxHeight", "maxArea") if (value := _limit(service, key))}
    side = min(SIDE, limits.get("maxWidth", SIDE), limits.get("maxHeight", limits.get("maxWidth", SIDE)))
    if area := limits.get("maxArea"):
        ratio = min(width, height) / max(width, height) if width and height else 1.0
        side = min(side, math.isqrt(int(area / ratio)) if ratio > 0 else side)
    return max(side, 1)


def _limit(service: Mapping[str, Any], key: str) -> int | None:
    return _whole(service.get(key)) or next(
        (_whole(part.get(key)) for part in _profiles(service)[1] if part.get(key)), None
    )


def _abilities(service: Mapping[str, Any]) -> tuple[int | None, frozenset[str]]:
    """The level of compliance, None where it is not said, and the features beyond it."""
    names, parts = _profiles(service)
    levels = [int(match[1]) for name in names if (match := re.search(r"level([012])", name))]
    features: list[Any] = []
    for source in (service, *parts):
        for key in ("supports", "extraFeatures"):
            named: Any = source.get(key)
            features.extend(cast(list[Any], named) if isinstance(named, list) else [])
    return (levels[0] if levels else None), frozenset(str(feature) for feature in features)


def _profiles(service: Mapping[str, Any]) -> tuple[list[str], list[Mapping[str, Any]]]:
    """The names and the objects that `profile` holds, in any of its three shapes."""
    profile: Any = service.get("profile")
    values = cast(list[Any], profile) if isinstance(profile, list) else [profile]
    names = [value for value in values if isinstance(value, str)]
    return names, [cast(Mapping[str, Any], value) for value in values if isinstance(value, dict)]


def _listed(service: Mapping[str, Any]) -> tuple[int, int] | None:
    """The smallest listed size that is enough, or the largest."""
    sizes: Any = service.get("sizes")
    found: list[tuple[int, int]] = []
    for size in cast(list[Any], sizes) if isinstance(sizes, list) else []:
        if isinstance(size, dict):
            w, h = (_whole(cast(dict[str, Any], size).get(key)) for key in ("width", "height"))
            if w and h:
                found.append((w, h))
    found.sort(key=max)
    return next((size for size in found if max(size) >= ENOUGH), found[-1] if found else None)


def _whole(value: Any) -> int | None:
    """A positive whole number, however it is written; None for anything else."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else None
