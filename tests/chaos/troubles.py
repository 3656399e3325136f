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
from tests.chaos.outcome import Outcome

Trouble = Callable[[Ground, Event], Outcome]

# Longer than a lease, and than a lookup waits: meanwhile somebody else takes over what it held.
ASLEEP_S = 14.0


def kill_workers(ground: Ground, over: Event, *, every_s: float = 3.0) -> Outcome:
    """Kill one worker after the other."""
    killed = 0
    for worker in itertools.cycle(WORKERS):
        if over.wait(every_s):
            break
        killed += ground.kill(worker)
    return Outcome(struck={"worker killed": killed})


def put_worker_to_sleep(ground: Ground, over: Event, *, every_s: float = 3.0) -> Outcome:
    """Stop a worker until it is thought dead, and let it go on where it was."""
    slept = 0
    for worker in itertools.cycle(WORKERS):
        if over.wait(every_s):
            break
        slept += ground.signal(worker, signal.SIGSTOP)
        over.wait(ASLEEP_S)
        ground.signal(worker, signal.SIGCONT)
    return Outcome(struck={"worker put to sleep": slept})


def wake_sleepers(ground: Ground, over: Event) -> Outcome:
    """Wake a worker that fell asleep by itself, once its purchase counts as not made."""
    woken = 0
    while True:
        asleep = [worker for worker in WORKERS if ground.is_asleep(worker)]
        if over.wait(0.2) and not asleep:
            return Outcome(struck={"sleeper woken": woken})
        if asleep:
            Event().wait(ASLEEP_S)
        for worker in asleep:
            woken += ground.signal(worker, signal.SIGCONT)


def empty_broker(ground: Ground, over: Event) -> Outcome:
    """Lose every message, again and again."""
    lost = 0
    while not over.wait(0.5):
        lost += ground.redis.empty()
    return Outcome(struck={"broker's key lost": lost})


def stop_broker(ground: Ground, over: Event) -> Outcome:
    """Stop the broker for a while; it has forgotten everything when it is back."""
    over.wait(2.0)
    ground.redis.stop()
    try:
        Event().wait(ground.outage_s)
        return Outcome(struck={"broker stopped": int(not ground.redis.answers())})
    finally:
        ground.redis.start()


def restart_database(ground: Ground, over: Event) -> Outcome:
    """Restart PostgreSQL, once as an operator does and once as a crash does."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        over.wait(3.0)
        ground.restart_database(number)
    return Outcome(struck={"database restarted": 2})


def restart_web(ground: Ground, _over: Event) -> Outcome:
    """Kill the web process, at once."""
    return Outcome(struck={"web killed": int(ground.kill("web"))})


def stop_beat(ground: Ground, over: Event) -> Outcome:
    """Let nothing be done by the clock."""
    ground.unwant("beat")
    over.wait()
    ground.want_beat("beat")
    return Outcome(struck={"beat stopped": 1})


def interrupt_beat(ground: Ground, over: Event) -> Outcome:
    """Stop beat again and again."""
    stopped = 0
    while not over.wait(4.0):
        ground.unwant("beat")
        stopped += 1
        over.wait(4.0)
        ground.want_beat("beat")
    return Outcome(struck={"beat stopped": stopped})


def run_two_beats(ground: Ground, over: Event) -> Outcome:
    """Let everything that is done by the clock be done twice."""
    deaths = ground.deaths["beat-2"]
    ground.want_beat("beat-2")
    over.wait()
    ground.unwant("beat-2")
    return Outcome(struck={"second beat": int(ground.deaths["beat-2"] == deaths)})


def cancel_jobs(ground: Ground, over: Event) -> Outcome:
    """Cancel the newest job that has not ended, again and again."""
    outcome = Outcome(struck={"job canceled": 0})
    headers = {"Authorization": f"Token {ground.operator['token']}"}
    with httpx.Client(base_url=ground.url, headers=headers, timeout=15, limits=ONE_REQUEST) as http:
        while not over.wait(0.7):
            newest = http.get("/api/v1/staging/jobs")
            outcome.answers.append(newest.text)
            unfinished = [one for one in newest.json()["results"] if one["status"] in UNFINISHED]
            for job in unfinished[:1]:
                answer = http.post(f"/api/v1/staging/jobs/{job['id']}/cancel")
                outcome.answers.append(answer.text)
                # 409: it has ended meanwhile.
                assert answer.status_code in (202, 409), answer.text
                outcome.struck["job canceled"] += answer.status_code == 202
    return outcome


def take_version(ground: Ground, over: Event) -> Outcome:
    """Publish another version of a model in the midst of it: the one that jobs name is gone."""
    headers = {"Authorization": f"Bearer {SECRET_TOKEN}"}
    published = ground.sandbox.get(f"/v1/models/{VERSIONED}", headers=headers).json()
    other = json.loads(json.dumps(published))
    other["latest_version"]["id"] = "0" * 64
    over.wait(3.0)
    ground.sandbox.post("/_sandbox/models", json=other).raise_for_status()
    over.wait()
    # What is still to be bought by then finds its version again.
    ground.sandbox.post("/_sandbox/models", json=published).raise_for_status()
    return Outcome(struck={"version taken": 1})
