"""Times small things side by side, so that a noisy machine disturbs both alike."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median


def time_side_by_side(
    *functions: Callable[[], object], rounds: int = 300, warm_up: int = 20
) -> list[float]:
    """Return each function's median seconds a call; they take turns, call by call."""
    for function in functions:
        for _ in range(warm_up):
            function()
    seconds: list[list[float]] = [[] for _ in functions]
    for round_number in range(rounds):
        # The order changes each round, since the second finds warmer caches.
        order = range(len(functions)) if round_number % 2 else reversed(range(len(functions)))
        for place in order:
            begin = time.perf_counter()
            functions[place]()
            seconds[place].append(time.perf_counter() - begin)
    return [median(times) for times in seconds]


def report(
    title: str, figures: dict[str, float], *, wanted: Mapping[str, str], as_json: bool
) -> None:
    """Print the figures beside the wanted ones; with `as_json` also as one object, last."""
    print(f"{title}\n")
    rows = [("figure", "measured", "wanted")]
    rows += [(name, f"{value:.2f}", wanted.get(name, "")) for name, value in figures.items()]
    print_table(rows)
    if as_json:
        print_json(figures)


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows in columns as wide as their longest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def print_json(figures: dict[str, float]) -> None:
    """Print the named figures as one object, last."""
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))
