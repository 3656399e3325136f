"""What is done to the processes while jobs run, each until the event says that it is over."""

import itertools
import json
import signal
from collections.abc import Callable
from threading import Event

import httpx

from tests.chaos.clients import VERSIONED
from tests.chaos.evidence import UNFINISHED
from tests.chaos.ground import ONE_REQUEST, SECRET_TOKEN, WORKERS, Ground

# Returns what it found that must not be.
Trouble = Callable[[Ground, Event], list[str]]

# Longer than a lease, and than a lookup waits: meanwhile somebody else takes over what it held.
ASLEEP_S = 14.0


def kill_workers(ground: Ground, over: Event, *, every_s: float = 3.0) -> list[str]:
    """Kill one worker after the other."""
    for worker in itertools.cycle(WORKERS):
        if over.wait(every_s):
            return []
        ground.kill(worker)
    return []


def put_worker_to_sleep(ground: Ground, over: Event, *, every_s: float = 3.0) -> list[str]:
    """Stop a worker until it is thought dead, and let it go on where it was."""
    for worker in itertools.cycle(WORKERS):
        if over.wait(every_s):
            return []
        ground.signal(worker, signal.SIGSTOP)
        over.wait(ASLEEP_S)
        ground.signal(worker, signal.SIGCONT)
    return []


def wake_sleepers(ground: Ground, over: Event) -> list[str]:
    """Wake a worker that fell asleep by itself, once its purchase counts as not made."""
    while True:
        asleep = [worker for worker in WORKERS if ground.is_asleep(worker)]
        if over.wait(0.2) and not asleep:
            return []
        if asleep:
            Event().wait(ASLEEP_S)
        for worker in asleep:
            ground.signal(worker, signal.SIGCONT)


def empty_broker(ground: Ground, over: Event) -> list[str]:
    """Lose every message, again and again."""
    while not over.wait(0.5):
        if ground.redis.answers():
            ground.redis.empty()
    return []


def stop_broker(ground: Ground, over: Event) -> list[str]:
    """Stop the broker for a while; it has forgotten everything when it is back."""
    over.wait(2.0)
    ground.redis.stop()
    try:
        Event().wait(ground.outage_s)
    finally:
        ground.redis.start()
    return []


def restart_database(ground: Ground, over: Event) -> list[str]:
    """Restart PostgreSQL, once as an operator does and once as a crash does."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        over.wait(3.0)
        ground.restart_database(number)
    return []


def stop_beat(ground: Ground, over: Event) -> list[str]:
    """Let nothing be done by the clock."""
    ground.unwant("beat")
    over.wait()
    ground.want_beat("beat")
    return []


def interrupt_beat(ground: Ground, over: Event) -> list[str]:
    """Stop beat again and again."""
    while not over.wait(4.0):
        ground.unwant("beat")
        over.wait(4.0)
        ground.want_beat("beat")
    return []


def run_two_beats(ground: Ground, over: Event) -> list[str]:
    """Let everything that is done by the clock be done twice."""
    ground.want_beat("beat-2")
    over.wait()
    ground.unwant("beat-2")
    return []


def cancel_jobs(ground: Ground, over: Event) -> list[str]:
    """Cancel the newest job that has not ended, again and again."""
    headers = {"Authorization": f"Token {ground.operator['token']}"}
    with httpx.Client(base_url=ground.url, headers=headers, timeout=15, limits=ONE_REQUEST) as http:
        while not over.wait(0.7):
            newest = http.get("/api/v1/staging/jobs").json()["results"]
            for job in [one for one in newest if one["status"] in UNFINISHED][:1]:
                # 409: it has ended meanwhile.
                answer = http.post(f"/api/v1/staging/jobs/{job['id']}/cancel")
                assert answer.status_code in (202, 409), answer.text
    return []


def take_version(ground: Ground, over: Event) -> list[str]:
    """Publish another version of a model in the midst of it: the one that jobs name is gone."""
    headers = {"Authorization": f"Bearer {SECRET_TOKEN}"}
    published = ground.sandbox.get(f"/v1/models/{VERSIONED}", headers=headers).json()
    other = json.loads(json.dumps(published))
    other["latest_version"]["id"] = "0" * 64
    over.wait(3.0)
    ground.sandbox.post("/_sandbox/models", json=other)
    over.wait()
    # What is still to be bought by then finds its version again.
    ground.sandbox.post("/_sandbox/models", json=published)
    return []
