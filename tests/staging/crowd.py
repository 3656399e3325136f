"""A crowd of photos that wait for memory."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from staging.images.memory import PHOTOS
from staging.photos import PATIENCE_OF_REQUESTS


@contextmanager
def queue(*, account: object = "another") -> Iterator[threading.Event]:
    """Have all memory taken and as many wait as may, until the block ends or the event is set."""
    over = threading.Event()

    def hold() -> None:
        with PHOTOS.hold(account):
            over.wait(20)

    def give_back() -> None:
        over.wait(20)
        taken.close()

    with ExitStack() as taken:
        for number in range(PHOTOS.total // PHOTOS.least):
            taken.enter_context(PHOTOS.hold(f"one that decodes: {number}"))
        threads = [threading.Thread(target=hold) for _ in range(PATIENCE_OF_REQUESTS.behind)]
        for thread in threads:
            thread.start()
        while PHOTOS.waiting < PATIENCE_OF_REQUESTS.behind:
            over.wait(0.01)
        ends = threading.Thread(target=give_back)
        ends.start()
        try:
            yield over
        finally:
            over.set()
            for thread in [ends, *threads]:
                thread.join(20)
