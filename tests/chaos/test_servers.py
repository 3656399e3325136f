"""The servers that a run breaks."""

from pathlib import Path

import redis

from tests.chaos import servers
from tests.missing import SERVERS, needs


@needs(SERVERS)
def test_a_broker_that_is_stopped_has_nothing_to_lose(tmp_path: Path) -> None:
    broker = servers.Redis(tmp_path)
    broker.start()
    try:
        with redis.Redis(port=broker.port) as client:
            client.set("message", "one")
        lost = broker.empty()
    finally:
        broker.stop()

    assert (lost, broker.empty()) == (1, 0)
