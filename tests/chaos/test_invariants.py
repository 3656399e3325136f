"""Each invariant sees what breaks it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos import invariants
from tests.chaos.evidence import Evidence, Picture, Purchase, Row, Step
from tests.chaos.faults import by_fate

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
WAY = ("queued", "submitting", "running", "collecting", "succeeded")


def steps(*way: str) -> list[Step]:
    return [
        Step(source=source, target=target, at=BEGAN + timedelta(seconds=number), by="worker")
        for number, (source, target) in enumerate(zip(("", *way), way, strict=False))
    ]


def purchase(name: str, *, fate: str | None = None, at_s: float = 1.5) -> Purchase:
    return Purchase(
        id=name,
        webhook="http://127.0.0.1/webhooks/one",
        addresses=frozenset(),
        created_at=BEGAN + timedelta(seconds=at_s),
        fate=fate,
    )


PICTURE = Picture(
    position=0,
    file="0.webp",
    thumbnail="0-thumbnail.webp",
    format="webp",
    sha256="0",
    is_whole=True,
)
GOOD = Row(
    id="one",
    job="job",
    model="acme/stager",
    output_format="webp",
    status="succeeded",
    code="",
    error="",
    replicate_id="bought",
    steps=steps(*WAY),
    pictures=[PICTURE],
    files=frozenset({"0.webp", "0-thumbnail.webp"}),
    purchases=[purchase("bought")],
)


def told(row: Row, *, job: str = "", unknown: list[Purchase] | None = None) -> Evidence:
    return Evidence(jobs={"job": job or row.status}, rows=[row], unknown=unknown or [])


def test_a_good_row_breaks_nothing() -> None:
    evidence = told(GOOD)

    assert invariants.wrong_ends(evidence, may_end=by_fate) == {}
    assert invariants.broken(evidence) == []
    assert (invariants.twice(evidence), invariants.lost(evidence)) == (0, 0)


def test_a_second_purchase_is_counted() -> None:
    again = replace(GOOD, purchases=[purchase("bought"), purchase("again")])

    assert invariants.twice(told(again)) == 1
    assert invariants.bought(told(again)) == 2


@pytest.mark.parametrize(
    "evidence",
    [
        told(replace(GOOD, replicate_id=None)),
        told(GOOD, unknown=[purchase("nobody's")]),
        told(GOOD, job="running"),
    ],
    ids=["row without its id", "purchase without a row", "job without an end"],
)
def test_what_is_lost_is_counted(evidence: Evidence) -> None:
    assert invariants.lost(evidence) == 1


def test_an_undecided_purchase_is_counted_and_not_lost() -> None:
    evidence = told(replace(GOOD, status="failed", code="undecided", replicate_id=None))

    assert (invariants.undecided(evidence), invariants.lost(evidence)) == (1, 0)


@pytest.mark.parametrize(
    ("row", "job"),
    [
        (replace(GOOD, status="failed", code="lost"), ""),
        (replace(GOOD, purchases=[purchase("bought", fate="abort")]), ""),
        (replace(GOOD, purchases=[]), ""),
        (GOOD, "failed"),
    ],
    ids=[
        "failed",
        "succeeded against its fate",
        "succeeded unbought",
        "job unlike its predictions",
    ],
)
def test_a_wrong_end_is_seen(row: Row, job: str) -> None:
    assert list(invariants.wrong_ends(told(row, job=job), may_end=by_fate)) == ["job"]


@pytest.mark.parametrize(
    "row",
    [
        replace(GOOD, pictures=[PICTURE, replace(PICTURE, sha256="1")]),
        replace(GOOD, pictures=[PICTURE, replace(PICTURE, position=1)]),
        replace(GOOD, output_format="jpg"),
        replace(GOOD, pictures=[], files=frozenset()),
        replace(GOOD, pictures=[replace(PICTURE, is_whole=False)]),
        replace(GOOD, files=GOOD.files | {"0_again.webp"}),
        replace(GOOD, files=frozenset({"0.webp"})),
        replace(GOOD, steps=steps("queued", "running", "submitting", "running", *WAY[3:])),
        replace(GOOD, steps=[*GOOD.steps, *steps("failed")]),
        replace(GOOD, steps=[step for step in GOOD.steps if step.target != "collecting"]),
        replace(GOOD, steps=steps(*WAY[:-1])),
        replace(GOOD, steps=steps("queued", "submitting", "queued", *WAY[1:])),
    ],
    ids=[
        *(
            "a place twice",
            "a picture twice",
            "wrong type",
            "no picture",
            "cut short",
            "file of nobody",
            "file gone",
        ),
        *(
            "backwards",
            "after its end",
            "a step left out",
            "not where it went",
            "queued again though bought",
        ),
    ],
)
def test_a_broken_row_is_seen(row: Row) -> None:
    assert invariants.broken(told(row))


def test_a_leak_is_seen() -> None:
    texts = {"worker-1.log": "Bearer r8_secret", "web.log": "nothing"}

    assert invariants.leaks(texts, secrets=["r8_secret"]) == ["a secret is in worker-1.log"]


def test_what_never_struck_is_seen() -> None:
    assert invariants.idle({"after-claim": 2, "in-file": 0}) == ["in-file never struck"]
