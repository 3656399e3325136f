"""Runs the table: `python -m tests.chaos --jobs 500`; ends with 1 where an invariant broke."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict

from tests.chaos.faults import ALL, SINGLE, Fault
from tests.chaos.ground import standing_ground
from tests.chaos.rounds import Verdict, play
from tests.chaos.table import HEAD, row_of


def main() -> int:
    """Play the rounds that the command line names, and print each line as it is known."""
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--jobs",
        type=int,
        default=60,
        help="of each fault alone (60); of fewer than 20 some faults strike none",
    )
    parser.add_argument("--jobs-together", type=int, help="of all at once (as many)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--fault", action="append", choices=[one.name for one in SINGLE], help="only this one"
    )
    only.add_argument("--all-together", action="store_true", help="only all at once")
    parser.add_argument("--outage", type=float, default=30.0, help="seconds without a broker (30)")
    parser.add_argument("--json", action="store_true", help="one object a line, with all details")
    asked = parser.parse_args()
    rounds = [(one, asked.jobs) for one in SINGLE if not asked.fault or one.name in asked.fault]
    if asked.all_together:
        rounds = []
    if asked.all_together or not asked.fault:
        rounds.append((ALL, asked.jobs_together or asked.jobs))
    if not asked.json:
        print(HEAD, flush=True)
    verdicts = []
    for verdict in played(rounds, outage_s=asked.outage):
        verdicts.append(verdict)
        print(json.dumps(asdict(verdict)) if asked.json else row_of(verdict), flush=True)
        for problem in verdict.problems:
            print(f"{verdict.fault}: {problem}", file=sys.stderr, flush=True)
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def played(rounds: list[tuple[Fault, int]], *, outage_s: float) -> Iterator[Verdict]:
    """Yield the verdict of each round; all are played on one installation."""
    with standing_ground(outage_s=outage_s) as ground:
        for fault, jobs in rounds:
            yield play(ground, fault, jobs=jobs)


if __name__ == "__main__":
    sys.exit(main())
