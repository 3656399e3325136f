"""Forty jobs while everything is broken at once: none lost, none bought twice."""

from collections.abc import Iterator

import pytest

from tests import missing
from tests.chaos import forgery, invariants
from tests.chaos.faults import ALL, OFTEN
from tests.chaos.ground import standing_ground
from tests.chaos.rounds import Verdict, name_of, play

JOBS = 40


@pytest.fixture(scope="module")
def verdict() -> Iterator[Verdict]:
    """What came of the round, which is played once."""
    missing.SERVERS.require()
    with standing_ground(outage_s=5.0) as ground:
        yield play(ground, ALL, jobs=JOBS)


def test_every_job_ends_in_the_right_state(verdict: Verdict) -> None:
    assert (verdict.ended_right, verdict.problems) == (JOBS, [])


def test_nothing_is_bought_twice_and_no_purchase_is_lost(verdict: Verdict) -> None:
    assert (verdict.twice, verdict.lost) == (0, 0)
    assert verdict.bought > JOBS / 2


def test_webhooks_of_every_forged_kind_were_posted(verdict: Verdict) -> None:
    posted = [verdict.struck[forgery.name_of(kind)] for kind in forgery.FORGED]

    assert min(posted) > 0


def test_every_fault_of_purchases_pictures_and_webhooks_struck(verdict: Verdict) -> None:
    names = {name_of(one) for one in ALL.asked if one["on"] in OFTEN}

    assert invariants.idle({name: verdict.struck[name] for name in names}) == []


def test_workers_were_killed_on_the_way(verdict: Verdict) -> None:
    struck = {point for point in ALL.kills if verdict.struck[point]}

    # Which others are reached depends on the machine.
    assert struck >= {"after-claim", "after-create"}
    assert verdict.struck["worker deaths"] >= len(struck)
