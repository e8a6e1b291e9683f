"""Pictures as strangers send them: each comes in right, or is refused with a reason."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from r2r_shared import pictures
from r2r_shared.errors import PictureRefused

RED, GREEN = (200, 30, 30), (30, 160, 40)


def halves(width=64, height=48, left=RED, right=GREEN):
    """Left half red, right half green."""
    image = Image.new("RGB", (width, height), right)
    image.paste(left, (0, 0, width // 2, height))
    return image


def opened(picture):
    return Image.open(io.BytesIO(picture.jpeg))


def near(pixel, colour, tolerance=6):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


def header_of_a_huge_png(width, height):
    """A valid PNG of a few bytes that says it is enormous."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_every_usual_kind_comes_in(tmp_path, kind):
    path = tmp_path / "picture"  # the name says nothing: the bytes do
    halves().save(path, kind)

    picture = pictures.intake(path)

    image = opened(picture)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 48))
    assert near(image.getpixel((8, 24)), RED, 12)
    assert near(image.getpixel((56, 24)), GREEN, 12)
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).digest() == pictures.digest(path)


@pytest.mark.parametrize(
    ("size", "kept"),
    [((3000, 1500), (512, 256)), ((700, 1400), (256, 512)), ((512, 512), (512, 512)), ((100, 80), (100, 80))],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_long_side_is_at_most_512_and_nothing_is_enlarged(tmp_path, kind, size, kept):
    path = tmp_path / "p"
    halves(*size).save(path, kind)

    picture = pictures.intake(path)

    assert (picture.width, picture.height) == size
    assert opened(picture).size == kept


def test_exif_orientation_is_applied_and_no_longer_said(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise: the left half is up
    halves().save(tmp_path / "p.jpg", exif=exif, quality=95)

    picture = pictures.intake(tmp_path / "p.jpg")

    image = opened(picture)
    assert (picture.width, picture.height) == image.size == (48, 64)
    assert near(image.getpixel((24, 8)), RED)
    assert near(image.getpixel((24, 56)), GREEN)
    assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_what_pillow_makes_of_it(tmp_path, orientation):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    source = halves()
    source.paste((240, 240, 0), (0, 0, 20, 12))
    source.save(tmp_path / "p.png", exif=exif)

    got = np.asarray(opened(pictures.intake(tmp_path / "p.png")), dtype=int)

    expected = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "p.png")), dtype=int)
    assert np.abs(got - expected).mean() < 4


def test_sixteen_bits_become_eight_not_white(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "p.png")

    got = np.asarray(opened(pictures.intake(tmp_path / "p.png")), dtype=int)

    assert np.abs(got[32, :, 0] - np.arange(256)).max() <= 3


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (64, 64), (0, 255, 255, 0)).save(tmp_path / "p.jpg", quality=95)  # magenta and yellow ink: red
    red, green, blue = opened(pictures.intake(tmp_path / "p.jpg")).getpixel((32, 32))
    assert red > 200
    assert max(green, blue) < 60


def test_what_is_transparent_lies_on_white(tmp_path):
    rgba = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    rgba.paste((*RED, 255), (0, 0, 32, 64))
    rgba.save(tmp_path / "rgba.png")
    palette = rgba.quantize(8)
    palette.save(tmp_path / "palette.png")

    for name in ("rgba.png", "palette.png"):
        image = opened(pictures.intake(tmp_path / name))
        assert near(image.getpixel((16, 32)), RED, 10)
        assert near(image.getpixel((48, 32)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_other_modes_become_rgb(tmp_path, mode):
    halves(left=(250, 250, 250), right=(5, 5, 5)).convert(mode).save(tmp_path / "p.png")
    image = opened(pictures.intake(tmp_path / "p.png"))
    assert image.mode == "RGB"
    assert near(image.getpixel((8, 24)), (250, 250, 250), 12)
    assert near(image.getpixel((56, 24)), (5, 5, 5), 12)


def test_a_colour_profile_is_applied(tmp_path):
    # Lab says what it means without a file of a vendor's: (L 54, a 81, b 70) is sRGB's (255, 0, 0).
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    in_lab = ImageCms.profileToProfile(red, srgb, lab, outputMode="LAB")
    assert in_lab is not None
    back = pictures._srgb(in_lab, lab.tobytes())
    assert near(back.getpixel((5, 5)), (255, 0, 0), 8)


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 500])
def test_a_broken_profile_counts_as_none(tmp_path, profile):
    halves().save(tmp_path / "p.png", icc_profile=profile)
    assert near(opened(pictures.intake(tmp_path / "p.png")).getpixel((8, 24)), RED)


def refusal(path, **limits):
    with pytest.raises(PictureRefused) as caught:
        pictures.intake(path, **limits)
    assert caught.value.message.startswith(path.name)
    assert "\n" not in caught.value.message
    return caught.value


def test_what_is_no_picture_is_named_as_what_it_is(tmp_path):
    for name, data, said in [
        ("page.jpg", b"\n<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("book.jpg", b"%PDF-1.7 ...", "PDF"),
        ("answer.jpg", b'{"error": 404}', "JSON"),
        ("zeros.jpg", bytes(3000), "zeros"),
        ("noise.jpg", b"abc" * 100, "no picture"),
        ("script.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
    ]:
        (tmp_path / name).write_bytes(data)
        refused = refusal(tmp_path / name)
        assert refused.reason == "not a picture that can be read"
        assert said in refused.detail


def test_an_empty_a_missing_and_an_irregular_file_are_refused(tmp_path):
    (tmp_path / "empty.jpg").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    assert refusal(tmp_path / "empty.jpg").reason == "the file is empty"
    assert refusal(tmp_path / "pipe.jpg").reason == "not a regular file"
    assert refusal(tmp_path / "missing.jpg").reason == "cannot be read"
    assert refusal(tmp_path).reason == "not a regular file"


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (12_000, 9_000), (2_000_000_000, 1)])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, width, height):
    (tmp_path / "bomb.png").write_bytes(header_of_a_huge_png(width, height))
    assert refusal(tmp_path / "bomb.png").reason == "huge"  # 12,000 × 9,000 is where Pillow only warns


def test_a_bomb_of_bytes_is_refused(tmp_path):
    halves().save(tmp_path / "p.png")
    assert refusal(tmp_path / "p.png", max_bytes=50).reason == "huge"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_a_truncated_picture_is_refused_not_half_read(tmp_path, kind):
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, kind)
    (tmp_path / "p").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    assert refusal(tmp_path / "p").reason in {"damaged", "not a picture that can be read"}


def test_a_sliver_and_a_counting_pixel_are_refused(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.gif")
    Image.new("RGB", (9000, 20)).save(tmp_path / "sliver.png")
    assert "too small" in refusal(tmp_path / "dot.gif").reason
    assert "too small" in refusal(tmp_path / "sliver.png").reason


def test_pixels_of_32_bits_are_refused(tmp_path):
    Image.fromarray(np.ones((32, 32), dtype=np.float32)).save(tmp_path / "p.tif")
    assert refusal(tmp_path / "p.tif").reason == "pixels of 32 bits"


def test_every_cut_and_flip_of_a_file_ends_in_a_picture_or_a_refusal(tmp_path):
    whole = io.BytesIO()
    halves().save(whole, "PNG")
    rng = np.random.default_rng(7)
    for number in range(150):
        data = bytearray(whole.getvalue())
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(0, 256)
        path = tmp_path / f"{number}.png"
        path.write_bytes(bytes(data))
        try:
            pictures.intake(path)
        except PictureRefused:
            continue


def test_nothing_global_changes_and_threads_do_not_disturb_each_other(tmp_path):
    halves(2000, 1000).save(tmp_path / "p.jpg")
    (tmp_path / "bomb.png").write_bytes(header_of_a_huge_png(12_000, 9_000))
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))

    def take(name):
        try:
            return len(pictures.intake(tmp_path / name).jpeg)
        except PictureRefused as refused:
            return refused.reason

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(take, ["p.jpg", "bomb.png"] * 20))

    assert got == [got[0], "huge"] * 20
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_a_large_jpeg_is_decoded_small(tmp_path, monkeypatch):
    halves(6000, 4000).save(tmp_path / "p.jpg")
    sizes = []
    shrink = pictures._shrunk
    monkeypatch.setattr(pictures, "_shrunk", lambda image: (sizes.append(image.size), shrink(image))[1])

    picture = pictures.intake(tmp_path / "p.jpg")

    assert sizes == [(1500, 1000)]
    assert (picture.width, picture.height, opened(picture).size) == (6000, 4000, (512, 341))


def test_every_real_painting_comes_in(shared_dir: Path):
    for path in sorted((shared_dir / "paintings").glob("*.jpg"))[::6]:
        assert max(opened(pictures.intake(path)).size) == 512
