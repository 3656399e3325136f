"""The memory that decoding takes, and how it is shared out."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from staging.images.memory import Budget, Patience, TooManyWaiting
from staging.images.photos import weigh
from tests.staging.image_files import encode, make_profile, normalise_elsewhere

# A photo's file and its thumbnail, with room to spare.
FILES = 10 * 2**20


class Taker(threading.Thread):
    """Takes a share of a budget, and keeps it until it is told to let go."""

    def __init__(
        self,
        budget: Budget,
        weight: int,
        *,
        account: str = "ann",
        order: list[str] | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.budget, self.weight, self.account = budget, weight, account
        self.order = [] if order is None else order
        self.has_it, self.may_go = threading.Event(), threading.Event()
        waited_before = budget.waiting
        self.start()
        while not self.has_it.wait(0.005) and budget.waiting <= waited_before:
            pass

    def run(self) -> None:
        with self.budget.hold(self.account) as place:
            self.budget.grow(place, self.weight)
            self.order.append(self.account)
            self.has_it.set()
            self.may_go.wait(20)

    def let_go(self) -> None:
        self.may_go.set()
        self.join(20)


@pytest.fixture
def budget() -> Budget:
    return Budget(10, least=1, most=8)


def test_hold_makes_the_next_wait_until_its_share_is_free(budget: Budget) -> None:
    first = Taker(budget, 6)
    second = Taker(budget, 5, account="bob")

    waits = not second.has_it.wait(0.1)
    first.let_go()

    assert (waits, second.has_it.wait(20)) == (True, True)
    second.let_go()


def test_hold_lets_small_ones_run_beside_each_other(budget: Budget) -> None:
    takers = [Taker(budget, 4), Taker(budget, 4)]

    assert [taker.has_it.wait(20) for taker in takers] == [True, True]
    for taker in takers:
        taker.let_go()


def test_hold_leaves_room_for_other_accounts(budget: Budget) -> None:
    first, second = Taker(budget, 6), Taker(budget, 3)

    other = Taker(budget, 4, account="bob")

    assert (second.has_it.is_set(), other.has_it.wait(20)) == (False, True)
    for taker in (first, second, other):
        taker.let_go()


def test_hold_lets_accounts_take_turns() -> None:
    budget = Budget(10, least=10, most=10)
    order: list[str] = []
    first = Taker(budget, 10)
    waiting = [Taker(budget, 10, order=order) for _ in range(3)]
    waiting += [Taker(budget, 10, account=name, order=order) for name in ("bob", "eve")]
    first.let_go()

    while len(order) < 5:
        time.sleep(0.005)
        for taker in waiting:
            if taker.has_it.is_set():
                taker.let_go()

    assert order == ["ann", "bob", "eve", "ann", "ann"]


def test_hold_serves_a_large_one_before_the_small_ones_behind_it(budget: Budget) -> None:
    first = Taker(budget, 6)
    large = Taker(budget, 10, account="bob")

    small = Taker(budget, 1, account="eve")
    overtakes = small.has_it.wait(0.1)
    first.let_go()

    assert (overtakes, large.has_it.wait(20)) == (False, True)
    large.let_go()
    assert small.has_it.wait(20)
    small.let_go()


def test_hold_gives_what_is_too_heavy_all_there_is(budget: Budget) -> None:
    with budget.hold("ann") as place:
        budget.grow(place, 50)
        assert place.share == 10

    with budget.hold("ann") as place:
        budget.grow(place, 10)


def test_files_that_turn_out_heavy_do_not_wait_for_each_other(budget: Budget) -> None:
    """Ten hold the least share, and then each needs all."""
    done: list[bool] = []
    together = threading.Barrier(8)

    def run(account: int) -> None:
        with budget.hold(account) as place:
            together.wait(20)
            budget.grow(place, 10)
            done.append(True)

    threads = [threading.Thread(target=run, args=[account], daemon=True) for account in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(done) == 8


@pytest.fixture
def taken(budget: Budget) -> Iterator[Budget]:
    """A budget that is held whole, and for which one of ann waits."""
    first, second = Taker(budget, 10), Taker(budget, 10)
    yield budget
    first.let_go()
    second.let_go()


@pytest.mark.parametrize(
    ("account", "patience"),
    [
        ("ann", Patience(behind=9, behind_own=1, wait_s=9, most_s=9)),
        ("bob", Patience(behind=1, behind_own=9, wait_s=9, most_s=9)),
        ("bob", Patience(behind=9, behind_own=9, wait_s=0.1, most_s=9)),
    ],
)
def test_hold_sends_away_what_would_wait_too_long(
    taken: Budget, account: str, patience: Patience
) -> None:
    with pytest.raises(TooManyWaiting), taken.hold(account, patience):
        pass

    assert taken.waiting == 1


def test_hold_sends_an_account_away_before_the_others(taken: Budget) -> None:
    patience = Patience(behind=2, behind_own=1, wait_s=0.1, most_s=9)
    with pytest.raises(TooManyWaiting), taken.hold("ann", patience):
        pass

    began = time.monotonic()
    with pytest.raises(TooManyWaiting), taken.hold("bob", patience):
        pass

    assert time.monotonic() - began >= 0.1


def test_hold_gives_the_share_back_after_an_error(budget: Budget) -> None:
    with suppress(ZeroDivisionError), budget.hold("ann") as place:
        budget.grow(place, 10 // 0)

    with budget.hold("bob") as place:
        budget.grow(place, 10)


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
