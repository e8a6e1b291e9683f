"""The pictures of a page: small enough, each once, and the strip that they weave."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime

import page_sample
from PIL import Image

from r2r_cli.page import pictures, render
from r2r_cli.page.pictures import EXTRA_FRAME, LADDER, Wanted


def opened(picture: pictures.Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.webp))


def test_with_room_enough_pictures_keep_the_size_they_are_stored_in():
    album = pictures.fit([Wanted("a", 0)], lambda _: page_sample.picture(1), room_bytes=1_000_000)

    assert album.step == LADDER[0]
    assert opened(album.pictures["a"]).size == (512, 384)


def test_with_less_room_they_shrink_until_all_of_them_fit():
    wanted = [Wanted(str(n), 0) for n in range(60)]
    sizes: list[int] = []
    for room in (3_000_000, 1_000_000, 400_000):
        album = pictures.fit(wanted, lambda key: page_sample.picture(int(key) % 5), room_bytes=room)
        assert len(album.pictures) == 60
        assert sum(len(p.uri) for p in album.pictures.values()) <= room
        sizes.append(album.step.long_side_px)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_the_sample_misjudging_does_not_break_the_budget():
    """Given pictures of which the sampled ones are the lightest, the real sum still decides."""
    flat, busy = page_sample.jpeg(Image.new("RGB", (320, 240))), page_sample.picture(1, 320, 240)
    keys = [str(n) for n in range(72)]
    stride = len(keys) // pictures.SAMPLE

    album = pictures.fit(
        [Wanted(key, 0) for key in keys],
        lambda key: flat if int(key) % stride == 0 else busy,
        room_bytes=500_000,
    )

    assert len(album.pictures) == 72
    assert sum(len(p.uri) for p in album.pictures.values()) <= 500_000


def test_further_keyframes_and_lower_ranks_go_first():
    wanted = [Wanted("frame", 0), Wanted("first", 1), Wanted("fifth", 5), Wanted("extra", EXTRA_FRAME)]

    album = pictures.fit(wanted, lambda _: page_sample.picture(1), room_bytes=100)

    assert album.step == LADDER[-1]
    assert set(album.pictures) == {"frame", "first"}


def test_a_picture_wanted_at_two_ranks_is_kept_by_the_better():
    wanted = [Wanted("a", 5), Wanted("a", 1)]
    album = pictures.fit(wanted, lambda _: page_sample.picture(1), room_bytes=100)
    assert set(album.pictures) == {"a"}


def test_what_cannot_be_read_is_named():
    def image(key: str) -> bytes:
        if key == "gone":
            raise FileNotFoundError(key)
        return b"not a picture"

    album = pictures.fit([Wanted("gone", 0), Wanted("broken", 1)], image, room_bytes=1_000_000)

    assert album.missing == ("gone", "broken")


def test_the_barcode_gives_each_shot_its_colours_and_its_length():
    red, blue = bytes((200, 0, 0)) * pictures.COLUMN_ROWS, bytes((0, 0, 200)) * pictures.COLUMN_ROWS

    uri = pictures.barcode([(0.0, 2.5, red), (2.5, 10.0, blue)], duration_s=10.0)

    strip = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB")
    assert strip.size == (1600, pictures.COLUMN_ROWS)
    at = [strip.getpixel((x, 20)) for x in (100, 380, 420, 1590)]
    assert [pixel[0] > 150 and pixel[2] < 60 for pixel in at] == [True, True, False, False]


def test_a_column_keeps_the_light_from_top_to_bottom():
    image = Image.new("RGB", (320, 240), "black")
    image.paste((250, 250, 250), (0, 0, 320, 120))

    album = pictures.fit([Wanted("a", 0)], lambda _: page_sample.jpeg(image), room_bytes=1_000_000)

    column = album.pictures["a"].column
    assert len(column) == 3 * pictures.COLUMN_ROWS
    assert column[0] > 240
    assert column[-1] < 10


def test_the_page_of_a_long_film_stays_within_its_budget_and_says_what_it_cost():
    stock = [page_sample.picture(seed) for seed in range(8)]
    timeline = page_sample.timeline(page_sample.paintings(200), shots=150)

    page = render(
        timeline,
        image=lambda key: stock[sum(map(ord, key)) % 8],
        tool_version="1",
        generated=datetime(2026, 11, 2, tzinfo=UTC),
        max_bytes=2_000_000,
    )

    assert len(page.encode()) <= 2_000_000
    assert "To keep this file small enough to send, its pictures are at most" in page
