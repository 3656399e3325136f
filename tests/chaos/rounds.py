"""One round: jobs are asked for while a fault stands, and judged when all has been restored."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event

from tests.chaos import evidence, forgery, invariants, tokens
from tests.chaos.clients import Clients
from tests.chaos.evidence import Evidence
from tests.chaos.faults import Fault
from tests.chaos.ground import SECRET_TOKEN, Ground

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
    deaths = ground.deaths
    clients = Clients(ground)
    problems: list[str] = []
    struck: dict[str, int] = {}
    try:
        photo = clients.upload()
        with standing(ground, fault, problems, struck, jobs=jobs):
            since = time.monotonic()
            asked = clients.stage(photo, count=jobs, over_s=max(8.0, jobs / JOBS_A_SECOND))
            time.sleep(max(0.0, since + fault.lasts_s - time.monotonic()))
            left_s = since + fault.holds_s * _times(jobs) - time.monotonic()
            wait_for_ends(ground, asked, but=jobs // 2, within_s=left_s)
        wait_for_ends(ground, asked, but=0, within_s=ENDS_WITHIN_S)
        found = evidence.gather(ground, asked)
        told = clients.look(asked)
    finally:
        clients.close()
    problems += invariants.broken(found)
    problems += _leaks(ground, clients.answers)
    if told != found.jobs:
        problems.append("the API tells otherwise than the rows")
    if len(set(asked)) != jobs:
        problems.append("one request made one job for two keys")
    struck["worker deaths"] = ground.deaths - deaths
    return _judge(fault, found, problems, struck=struck, seconds=time.monotonic() - began)


@contextmanager
def standing(
    ground: Ground, fault: Fault, problems: list[str], struck: dict[str, int], *, jobs: int
) -> Iterator[None]:
    """Let a fault stand for the block; then restore everything."""
    over = Event()
    with ExitStack() as stack:
        if fault.env:
            stack.enter_context(ground.other_environment(**fault.env))
        ground.misbehave(*fault.replicate)
        for point, times in fault.kills.items():
            tokens.leave(ground.tokens, point=point, times=times * _times(jobs))
        with ThreadPoolExecutor(max(1, len(fault.troubles))) as pool:
            try:
                running: list[Future[list[str]]] = [
                    pool.submit(trouble, ground, over) for trouble in fault.troubles
                ]
                yield
            finally:
                over.set()
        for trouble in running:
            problems += trouble.result()
        for point, times in fault.kills.items():
            left = tokens.take_back(ground.tokens, point=point)
            struck[point] = times * _times(jobs) - left
        for one in ground.sandbox.get("/_sandbox/faults").json():
            name = (
                f"{one['on']} {one['do']} {one['status'] if one['do'] == 'status' else ''}".strip()
            )
            struck[name] = struck.get(name, 0) + one["hits"]
        ground.behave()


def wait_for_ends(ground: Ground, jobs: list[str], *, but: int, within_s: float) -> None:
    """Wait until all but some of the jobs have ended, or ought to have."""
    until = time.monotonic() + within_s
    while time.monotonic() < until and evidence.unfinished(ground, jobs) > but:
        time.sleep(LOOK_EVERY_S)


def _times(jobs: int) -> int:
    """Return how much more of what a fault does by number is due to so many jobs."""
    return max(1, jobs // 100)


def _leaks(ground: Ground, answers: list[str]) -> list[str]:
    database = evidence.dump(ground)
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
