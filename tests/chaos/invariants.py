"""What must hold after a round, whatever was broken in it; each says what broke it."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.evidence import UNFINISHED, Evidence, Row
from tests.chaos.faults import Ends

EDGES = {
    ("", "queued"),
    ("queued", "submitting"),
    ("submitting", "queued"),
    ("submitting", "running"),
    # Found by a webhook that came after all.
    ("queued", "running"),
    ("running", "collecting"),
    ("collecting", "succeeded"),
    *((source, end) for source in UNFINISHED for end in ("failed", "canceled")),
}
SUCCEEDED = "succeeded"
UNDECIDED = "failed: undecided"


def end_of(row: Row) -> str:
    """Say how a prediction ended: `succeeded`, `failed: outputs_gone`."""
    return f"{row.status}: {row.code}" if row.code else row.status


def wrong_ends(evidence: Evidence, *, may_end: Ends) -> dict[str, str]:
    """Return the jobs that are in the wrong state, and why."""
    wrong = dict.fromkeys(evidence.jobs, "it has no prediction")
    for row in evidence.rows:
        wrong.pop(row.job, None)
    for row in evidence.rows:
        allowed = may_end(row)
        if end_of(row) not in allowed:
            wrong[row.job] = (
                f"{end_of(row)} ({row.error[:200]}), not {' or '.join(sorted(allowed))}"
            )
    for job, status in evidence.jobs.items():
        expected = _job_status([row.status for row in evidence.rows if row.job == job])
        if status != expected:
            wrong[job] = f"the job is {status}, its predictions make it {expected}"
    return wrong


def twice(evidence: Evidence) -> int:
    """Count the purchases beyond the first of each row."""
    return sum(max(0, len(row.purchases) - 1) for row in evidence.rows)


def lost(evidence: Evidence) -> int:
    """Count the purchases that no row knows of, and the jobs that never ended."""
    forgotten = sum(_is_forgotten(row) for row in evidence.rows)
    endless = sum(status in UNFINISHED for status in evidence.jobs.values())
    return len(evidence.unknown) + forgotten + endless


def undecided(evidence: Evidence) -> int:
    """Count the rows of which nobody knows whether they were bought."""
    return sum(end_of(row) == UNDECIDED for row in evidence.rows)


def bought(evidence: Evidence) -> int:
    """Count the purchases at Replicate."""
    return len(evidence.unknown) + sum(len(row.purchases) for row in evidence.rows)


def broken(evidence: Evidence) -> list[str]:
    """Return what else does not hold of the rows: pictures, files, the order of states."""
    return [
        f"{row.id}: {what}"
        for row in evidence.rows
        for check in (_wrong_pictures, _wrong_steps)
        for what in check(row)
    ]


def idle(struck: dict[str, int]) -> list[str]:
    """Return what was to be broken, and never was: what holds then holds of nothing."""
    return [f"{what} never struck" for what, times in struck.items() if not times]


def leaks(texts: dict[str, str], *, secrets: list[str]) -> list[str]:
    """Return where a secret stands that stands nowhere."""
    return [
        f"a secret is in {name}" for name, text in texts.items() if any(s in text for s in secrets)
    ]


def _is_forgotten(row: Row) -> bool:
    """Say whether a row does not know its purchase; of one undecided nobody does."""
    if not row.purchases or end_of(row) == UNDECIDED:
        return False
    return row.replicate_id not in {one.id for one in row.purchases}


def _job_status(predictions: list[str]) -> str:
    for status in UNFINISHED:
        if status in predictions:
            return status
    ends = set(predictions)
    if SUCCEEDED in ends:
        return SUCCEEDED if ends == {SUCCEEDED} else "partially_succeeded"
    return "canceled" if "canceled" in ends else "failed"


def _wrong_pictures(row: Row) -> Iterator[str]:
    for of_each in ({one.position for one in row.pictures}, {one.sha256 for one in row.pictures}):
        if len(of_each) != len(row.pictures):
            yield "a picture is stored twice"
    # One value by two names.
    asked = {"jpg": "jpeg"}.get(row.output_format, row.output_format)
    for picture in row.pictures:
        if picture.format != asked:
            yield f"{picture.file} is {picture.format}, and {asked} was asked for"
    if (row.status == SUCCEEDED) != bool(row.pictures):
        yield f"{row.status}, with {len(row.pictures)} pictures"
    for picture in row.pictures:
        if not picture.is_whole:
            yield f"{picture.file} is not what its row says"
    named = {name for one in row.pictures for name in (one.file, one.thumbnail)}
    if extra := row.files - named:
        yield f"files that no row names: {sorted(extra)}"
    if gone := named - row.files:
        yield f"files that are not there: {sorted(gone)}"


def _wrong_steps(row: Row) -> Iterator[str]:
    moves = [step for step in row.steps if step.source != step.target]
    for before, after in pairwise(moves):
        if before.target != after.source:
            yield f"from {before.target} it went on as {after.source}"
    for step in moves:
        if (step.source, step.target) not in EDGES:
            yield f"went from {step.source} to {step.target}, by {step.by}"
        if (step.source, step.target) == ("submitting", "queued"):
            early = [one.id for one in row.purchases if one.created_at < step.at]
            if early:
                yield f"queued again by {step.by}, although {early} was bought"
    if moves and moves[-1].target != row.status:
        yield f"is {row.status}, and went to {moves[-1].target} last"
