"""The verdicts as a table of docs/reliability.md."""

from tests.chaos.rounds import Verdict

COLUMNS = ("fault", "jobs", "ended right", "bought", "lost", "twice", "undecided")
HEAD = f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}"


def row_of(verdict: Verdict) -> str:
    """Return one line of the table."""
    figures = (verdict.jobs, verdict.ended_right, verdict.bought, verdict.lost, verdict.twice)
    cells = (verdict.fault, *map(str, figures), str(verdict.undecided))
    return f"| {' | '.join(cells)} |"
