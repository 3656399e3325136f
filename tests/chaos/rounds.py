"""One round: jobs are asked for while a fault stands, and judged when all has been restored."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event

from tests import databases
from tests.chaos import evidence, forgery, invariants, tokens
from tests.chaos.clients import Clients
from tests.chaos.evidence import Evidence
from tests.chaos.faults import Asked, Fault
from tests.chaos.ground import SECRET_TOKEN, WORKERS, Ground
from tests.chaos.outcome import Outcome

# At most as fast as Replicate's limit lets us buy.
JOBS_A_SECOND = 8
# For whatever waits when everything works again; what has not ended then never will.
ENDS_WITHIN_S = 150
LOOK_EVERY_S = 0.3


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a round. `problems` says what broke an invariant; `struck` what happened."""

    fault: str
    jobs: int
    ended_right: int
    bought: int
    lost: int
    twice: int
    undecided: int
    seconds: float
    struck: dict[str, int]
    ends: dict[str, int]
    problems: list[str]

    @property
    def holds(self) -> bool:
        """Say whether every invariant held."""
        is_whole = self.ended_right == self.jobs and not self.lost and not self.twice
        return is_whole and not self.problems


def play(ground: Ground, fault: Fault, *, jobs: int) -> Verdict:
    """Ask for so many jobs while a fault stands, restore everything, wait, and judge."""
    began = time.monotonic()
    ground.sandbox.delete("/_sandbox/record")
    deaths = ground.deaths.copy()
    clients = Clients(ground)
    outcome = Outcome(struck={})
    try:
        photo = clients.upload()
        # To the end: what the fault has left behind is judged by the rules that it stood under.
        with ground.other_environment(**fault.env) if fault.env else nullcontext():
            with standing(ground, fault, outcome, jobs=jobs):
                since = time.monotonic()
                asked = clients.stage(photo, count=jobs, over_s=max(8.0, jobs / JOBS_A_SECOND))
                time.sleep(max(0.0, since + fault.lasts_s - time.monotonic()))
                # Without a broker little is done: the rest of what is broken would find nothing.
                holds_s = ground.outage_s + fault.holds_s * _times(jobs)
                left_s = since + holds_s - time.monotonic()
                wait_for_ends(ground, asked, but=jobs // 2, within_s=left_s)
            wait_for_ends(ground, asked, but=0, within_s=ENDS_WITHIN_S)
        found = evidence.gather(ground, asked)
        told = clients.look(asked)
    finally:
        clients.close()
    if fault.shows:
        outcome.struck["shown by a row"] = sum(map(fault.shows, found.rows))
    problems = outcome.problems + clients.problems + invariants.broken(found)
    if fault.is_sure:
        problems += invariants.idle(outcome.struck)
    problems += _leaks(ground, clients.answers + outcome.answers)
    if told != found.jobs:
        problems.append("the API tells otherwise than the rows")
    if len(set(asked)) != jobs:
        problems.append("one request made one job for two keys")
    died = sum((ground.deaths - deaths)[worker] for worker in WORKERS)
    killed = sum(outcome.struck.get(one, 0) for one in (*fault.kills, "worker killed"))
    if died > killed:
        problems.append(f"a worker died by itself, {died - killed} times")
    struck = {**outcome.struck, "worker deaths": died}
    return _judge(fault, found, problems, struck=struck, seconds=time.monotonic() - began)


@contextmanager
def standing(ground: Ground, fault: Fault, outcome: Outcome, *, jobs: int) -> Iterator[None]:
    """Let a fault stand for the block; then restore everything, and add up what came of it."""
    over = Event()
    ground.misbehave(*fault.asked)
    for point, times in fault.kills.items():
        tokens.leave(ground.tokens, point=point, times=times * _times(jobs))
    with ThreadPoolExecutor(max(1, len(fault.troubles))) as pool:
        try:
            running = [pool.submit(trouble, ground, over) for trouble in fault.troubles]
            yield
        finally:
            over.set()
    for trouble in running:
        outcome.add(trouble.result())
    for point, times in fault.kills.items():
        left = tokens.take_back(ground.tokens, point=point)
        outcome.struck[point] = times * _times(jobs) - left
    still = ground.sandbox.get("/_sandbox/faults").json()
    outcome.add(Outcome(struck=hits(fault.asked, still)))
    ground.behave()


# A few that run are asked for one by one, many through the list: which, their number decides.
_LOOKS = {"get": "look", "list": "look"}


def hits(asked: tuple[Asked, ...], standing: list[Asked]) -> Counter[str]:
    """Count how often each of the sandbox's faults struck, by what it does to what.

    Those that still stand tell it; one that does not was used up.
    """
    counted: Counter[str] = Counter()
    left = list(standing)
    for one in asked:
        found = next((other for other in left if one.items() <= other.items()), None)
        if found:
            left.remove(found)
        counted[name_of(one)] += found["hits"] if found else one.get("times", 1)
    return counted


def name_of(asked: Asked) -> str:
    """Return what a fault of the sandbox is counted as."""
    status = str(asked["status"]) if "status" in asked else ""
    return " ".join(filter(None, (_LOOKS.get(asked["on"], asked["on"]), asked["do"], status)))


def wait_for_ends(ground: Ground, jobs: list[str], *, but: int, within_s: float) -> None:
    """Wait until all but some of the jobs have ended, or ought to have."""
    until = time.monotonic() + within_s
    while time.monotonic() < until and evidence.unfinished(ground, jobs) > but:
        time.sleep(LOOK_EVERY_S)


def _times(jobs: int) -> int:
    """Return how much more of what a fault does by number is due to so many jobs."""
    return max(1, jobs // 100)


def _leaks(ground: Ground, answers: list[str]) -> list[str]:
    database = databases.dump(ground.postgres.url)
    secrets = [SECRET_TOKEN, ground.webhook_secret.removeprefix("whsec_")]
    texts = {"an answer": "\n".join(answers), "the database": database, **evidence.logs(ground)}
    lies = ["a forged webhook was believed"] if forgery.LIE in database else []
    return lies + invariants.leaks(texts, secrets=secrets)


def _judge(
    fault: Fault,
    found: Evidence,
    problems: list[str],
    *,
    struck: dict[str, int],
    seconds: float,
) -> Verdict:
    wrong = invariants.wrong_ends(found, may_end=fault.may_end)
    ends = [invariants.end_of(row) for row in found.rows]
    return Verdict(
        fault=fault.name,
        jobs=len(found.jobs),
        ended_right=len(found.jobs) - len(wrong),
        bought=invariants.bought(found),
        lost=invariants.lost(found),
        twice=invariants.twice(found),
        undecided=invariants.undecided(found),
        seconds=round(seconds, 1),
        struck=struck,
        ends={end: ends.count(end) for end in sorted(set(ends))},
        problems=[*(f"{job}: {why}" for job, why in wrong.items()), *problems],
    )
