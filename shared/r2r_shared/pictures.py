"""Taking in a picture: checked, turned upright, in sRGB, small. The only place that opens a stranger's image.

Nothing here changes a global of Pillow's: limits are checked on what the header says, before a pixel is decoded.
"""

from __future__ import annotations

import hashlib
import io
import stat
import threading
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from r2r_shared.errors import PictureRefused

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
LONG_SIDE = 512  # px; what keyframes have too
SHORT_SIDE = 8  # px of the reduced picture; less cannot be measured
QUALITY = 92
MAX_PIXELS = 89_478_485  # where Pillow begins to warn of a decompression bomb: a quarter gigabyte of RGB
MAX_BYTES = 256 << 20
_BIG_PIXELS = 16_000_000

_opening = threading.Lock()  # warning filters are the process's: one picture's header at a time
_one_big_picture = threading.Lock()  # several decoded at once would not fit a small machine's memory


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept.

    Attributes:
        sha256: of the file's bytes as they came.
        jpeg: RGB in sRGB, upright, long side at most 512 px, never enlarged.
        width, height: as it came, upright.
    """

    sha256: bytes
    jpeg: bytes
    width: int
    height: int


def digest(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """SHA-256 of a picture file's bytes.

    Raises:
        PictureRefused: the file is missing, not a regular one, empty or too large.
    """
    try:
        with _opened(path, max_bytes) as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as exc:
        raise PictureRefused(path.name, "cannot be read", exc.strerror or str(exc)) from exc


def intake(path: Path, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture: JPEG, PNG, WebP, TIFF, BMP or the first frame of a GIF.

    EXIF orientation is applied, an embedded ICC profile converted to sRGB, transparency laid on white, 16 bits
    reduced to 8. A profile that cannot be used counts as none, as in a browser.

    Raises:
        PictureRefused: missing, empty, huge, damaged, or not a picture.
    """
    try:
        with _opened(path, max_bytes) as file:
            sha256 = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            return _read(file, path.name, sha256, max_pixels)
    except OSError as exc:
        raise PictureRefused(path.name, "cannot be read", exc.strerror or str(exc)) from exc


def require_kept(data: bytes, name: str) -> None:
    """See to it that bytes of a stranger's are a picture as `intake` keeps one: a small JPEG that decodes.

    Raises:
        PictureRefused: they are not.
    """
    try:
        with _header(io.BytesIO(data)) as image:
            if image.format != "JPEG":
                raise PictureRefused(name, "no JPEG")
            if max(image.size) > LONG_SIDE:
                raise PictureRefused(name, f"larger than {LONG_SIDE} pixels")
            image.load()
    except PictureRefused:
        raise
    except Exception as exc:  # a decoder may raise anything at all on a damaged file
        raise PictureRefused(name, "no JPEG that can be read") from exc


def _opened(path: Path, max_bytes: int) -> io.BufferedReader:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise PictureRefused(path.name, "not a regular file")
    if found.st_size == 0:
        raise PictureRefused(path.name, "the file is empty")
    if found.st_size > max_bytes:
        raise PictureRefused(path.name, "huge", f"{found.st_size >> 20} MB, at most {max_bytes >> 20} are read")
    return path.open("rb")


def _read(file: io.BufferedReader, name: str, sha256: bytes, max_pixels: int) -> Picture:
    try:
        with _header(file) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise PictureRefused(
                    name, "huge", f"{width}×{height} pixels, at most {max_pixels // 1_000_000} million are read"
                )
            if image.mode in {"I", "F"}:
                raise PictureRefused(name, "pixels of 32 bits", "save it with 8 or 16")
            small, orientation = _reduced(image)
            if min(small.size) < SHORT_SIDE:
                raise PictureRefused(name, "too small or too narrow to be measured", f"{width}×{height} pixels")
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, MemoryError) as exc:
        raise PictureRefused(name, "huge", "a decompression bomb") from exc
    except UnidentifiedImageError as exc:
        file.seek(0)
        raise PictureRefused(name, "not a picture that can be read", _kind(file.read(512))) from exc
    except Exception as exc:  # a decoder may raise anything at all on a damaged file
        raise PictureRefused(name, "damaged", str(exc).strip().splitlines()[0] if str(exc) else repr(exc)) from exc
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=QUALITY, subsampling=0)
    return Picture(sha256, jpeg.getvalue(), *((height, width) if orientation in _SIDEWAYS else (width, height)))


def _header(file: io.BufferedReader | io.BytesIO) -> Image.Image:
    """Open an image, no pixel read. Pillow's warnings say what the checks here find out themselves."""
    with _opening, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(file, formats=FORMATS)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8. Only of an image whose size was checked: for a PNG this decodes the pixels."""
    with _opening, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return image.getexif().get(0x0112, 1)


def _reduced(image: Image.Image) -> tuple[Image.Image, int]:
    """The picture upright, RGB in sRGB, long side at most 512 px; and the orientation it had."""
    long_side = max(image.size)
    if long_side > 4 * LONG_SIDE:
        # A JPEG decodes at 1/2, 1/4 or 1/8 by itself: a hundredth of the memory, and quicker.
        scale = 2 * LONG_SIDE / long_side
        image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    big = image.width * image.height > _BIG_PIXELS
    with _one_big_picture if big else nullcontext():
        image.load()
        profile = image.info.get("icc_profile")
        small = _shrunk(_eight_bit(image))
    small = _srgb(small, profile)
    small.info.clear()
    orientation = _orientation(image)
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    return small, orientation


_SIDEWAYS = frozenset({5, 6, 7, 8})
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _eight_bit(image: Image.Image) -> Image.Image:
    """The picture as L, RGB or CMYK, opaque: what a colour profile can be applied to."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _shrunk(image: Image.Image) -> Image.Image:
    scale = LONG_SIDE / max(image.size)
    if scale >= 1:
        return image.copy()
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB, through the embedded profile where there is one that fits the pixels."""
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            converted = ImageCms.profileToProfile(image, embedded, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _kind(start: bytes) -> str:
    """What a file that is no picture seems to be."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginnings, kind in _KINDS:
        if head.startswith(beginnings):
            return kind
    if start[4:12] in {b"ftypavif", b"ftypheic", b"ftypheix", b"ftypmif1"}:
        return "it is HEIC or AVIF: save it as JPEG"
    return "its first bytes belong to no picture" if start.strip(b"\0") else "it holds only zeros"


_KINDS = (
    ((b"<!doctype html", b"<html", b"<head", b"<script"), "it is a web page"),
    ((b"<?xml", b"<svg"), "it is XML or SVG"),
    ((b"%pdf",), "it is a PDF"),
    ((b"{", b"["), "it is JSON"),
)
