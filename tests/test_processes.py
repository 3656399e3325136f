"""The parts that tests start are ended, whenever somebody presses Ctrl-C."""

import signal

import pytest

from tests import processes


def test_interrupt_waits_until_somebody_will_end_the_process() -> None:
    done: list[str] = []

    def start() -> None:
        with processes.uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("known")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["known"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
