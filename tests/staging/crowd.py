"""A crowd of photos that wait for memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from staging.images.memory import DECODING
from staging.photos import MOST_REQUESTS_WAITING


@contextmanager
def queue() -> Iterator[threading.Event]:
    """Have as many wait as may, until the block ends or the event is set."""
    over = threading.Event()

    def weigh() -> int:
        over.wait(10)
        return 1

    def wait() -> None:
        with DECODING.hold(weigh):
            pass

    threads = [threading.Thread(target=wait) for _ in range(MOST_REQUESTS_WAITING)]
    for thread in threads:
        thread.start()
    while DECODING.waiting < MOST_REQUESTS_WAITING:
        over.wait(0.01)
    try:
        yield over
    finally:
        over.set()
        for thread in threads:
            thread.join(10)
