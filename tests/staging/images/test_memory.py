"""What decoding takes of memory, and how it is shared out."""

import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from staging.images import PhotoRefused
from staging.images.apart import normalise_apart
from staging.images.memory import DECODING, Budget, TooManyWaiting
from staging.images.photos import normalise, weigh
from tests.staging.image_files import encode, make_profile, make_room, normalise_elsewhere

# A photo's file and its thumbnail, with room to spare.
FILES = 10 * 2**20


class Taker(threading.Thread):
    """Takes a share of a budget, and keeps it until it is told to let go."""

    def __init__(self, budget: Budget, weight: int) -> None:
        super().__init__(daemon=True)
        self.budget, self.weight = budget, weight
        self.is_weighed, self.has_it, self.may_go = (threading.Event() for _ in range(3))
        self.start()

    def run(self) -> None:
        with self.budget.hold(self.weigh):
            self.has_it.set()
            self.may_go.wait(10)

    def weigh(self) -> int:
        self.is_weighed.set()
        return self.weight

    def let_go(self) -> None:
        self.may_go.set()
        self.join(10)


def test_hold_makes_the_next_wait_until_its_share_is_free() -> None:
    budget = Budget(10)
    first = Taker(budget, 6)
    assert first.has_it.wait(10)

    second = Taker(budget, 5)
    assert second.is_weighed.wait(10)
    waits = not second.has_it.wait(0.1)
    first.let_go()

    assert (waits, second.has_it.wait(10)) == (True, True)
    second.let_go()


def test_hold_lets_small_ones_run_beside_each_other() -> None:
    budget = Budget(10)

    takers = [Taker(budget, 5), Taker(budget, 5)]

    assert [one.has_it.wait(10) for one in takers] == [True, True]
    for one in takers:
        one.let_go()


def test_hold_serves_a_large_one_before_the_small_ones_behind_it() -> None:
    budget = Budget(10)
    first = Taker(budget, 6)
    assert first.has_it.wait(10)
    large = Taker(budget, 10)
    assert large.is_weighed.wait(10)

    small = Taker(budget, 1)
    overtakes = small.has_it.wait(0.1)
    first.let_go()

    assert (overtakes, large.has_it.wait(10)) == (False, True)
    large.let_go()
    assert small.has_it.wait(10)
    small.let_go()


def test_hold_gives_what_is_too_heavy_all_there_is() -> None:
    budget = Budget(10)

    with budget.hold(lambda: 50) as weight:
        assert weight == 50

    with budget.hold(lambda: 10):
        pass


def test_hold_refuses_who_would_wait_behind_too_many() -> None:
    budget = Budget(10)
    first = Taker(budget, 10)
    assert first.has_it.wait(10)
    second = Taker(budget, 10)
    assert second.is_weighed.wait(10)

    with pytest.raises(TooManyWaiting), budget.hold(lambda: 1, most_waiting=1):
        pass

    first.let_go()
    second.let_go()
    with budget.hold(lambda: 1, most_waiting=1):
        pass


@pytest.mark.parametrize("weigh", [lambda: 10, lambda: 10 // 0])
def test_hold_gives_the_share_back_after_an_error(weigh: Callable[[], int]) -> None:
    budget = Budget(10)
    with pytest.raises(ZeroDivisionError), budget.hold(weigh):
        raise ZeroDivisionError

    with budget.hold(lambda: 10):
        pass


@pytest.mark.parametrize(
    ("file_format", "options", "a_pixel"),
    [
        # Finishing takes more than decoding.
        ("JPEG", {}, 10),
        ("JPEG", {"progressive": True}, 10),
        ("PNG", {}, 10),
        ("WEBP", {}, 19),
        # Planes of full chroma, as tests write them by default, beside the pixels.
        ("HEIF", {}, 16),
        ("HEIF", {"chroma": 420}, 10),
        ("AVIF", {}, 13),
        ("TIFF", {}, 13),
    ],
)
def test_weigh_counts_pixels_by_format(
    file_format: str, options: dict[str, Any], a_pixel: int
) -> None:
    content = encode(Image.new("RGB", (1000, 1000)), file_format, **options)

    assert weigh(BytesIO(content)) == a_pixel * 1_000_000 + FILES


@pytest.mark.parametrize(
    ("width", "read"),
    [
        # Pillow shrinks across and then down; libjpeg leaves out every second pixel from 8192 on.
        (6000, 6000 * 600 + 4096 * 600 + 4096 * 409),
        (9000, 4500 * 300 + 4096 * 300 + 4096 * 273),
    ],
)
def test_weigh_counts_what_shrinking_takes(width: int, read: int) -> None:
    content = encode(Image.new("L", (width, 600)), "JPEG")

    assert weigh(BytesIO(content)) == 4 * read + FILES


@pytest.mark.parametrize(
    ("file_format", "size", "options"),
    [
        ("JPEG", (3600, 2400), {}),
        ("JPEG", (3600, 2400), {"progressive": True, "subsampling": "4:4:4"}),
        ("JPEG", (5000, 2000), {}),
        ("PNG", (3600, 2400), {}),
        ("HEIF", (2400, 1600), {"chroma": 420, "quality": 50}),
        ("AVIF", (2400, 1600), {"speed": 10, "subsampling": "4:4:4"}),
        ("TIFF", (2400, 1600), {}),
        ("TIFF", (2400, 1600), {"compression": "tiff_lzw"}),
    ],
)
def test_weigh_is_what_normalising_takes(
    file_format: str, size: tuple[int, int], options: dict[str, Any]
) -> None:
    grain = Image.effect_noise((600, 400), 90).resize(size).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encode(grain, file_format, exif=exif, icc_profile=make_profile(), **options)

    _, peak, _ = normalise_elsewhere(content)

    weight = weigh(BytesIO(content))
    assert weight * 0.6 < peak < weight


def test_normalise_apart_is_the_same_as_here() -> None:
    content = encode(make_room(), "WEBP")

    assert normalise_apart(BytesIO(content)) == normalise(BytesIO(content))


def test_normalise_apart_says_why_a_photo_is_refused() -> None:
    with pytest.raises(PhotoRefused, match="not an image"):
        normalise_apart(BytesIO(b"hello"))


def test_normalise_apart_ends_what_takes_too_long() -> None:
    with pytest.raises(PhotoRefused, match="takes too long"):
        normalise_apart(BytesIO(encode(make_room())), limit_s=0.001)


def test_normalise_photo_decodes_the_heaviest_in_another_process() -> None:
    content = encode(Image.new("RGB", (6000, 4000), "grey"), "WEBP", method=0)
    assert weigh(BytesIO(content)) > DECODING.total

    _, peak, _ = normalise_elsewhere(content)

    assert peak < 60 * 2**20


def test_normalise_photo_gives_its_memory_back() -> None:
    content = encode(Image.effect_noise((3600, 2400), 50).convert("RGB"), "JPEG")

    _, peak, held = normalise_elsewhere(content, threads=8)

    assert peak > 40 * 2**20
    assert held < 12 * 2**20
