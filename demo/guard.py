"""Ends the demo's processes where the supervisor was killed outright.

Reads the numbers of process groups from standard input, a line each: `+GROUP` adds one, `-GROUP`
takes one back. When the input ends, the supervisor is gone, and the groups that are left are ended.
"""

import os
import signal
import sys
import time
from collections.abc import Callable

GRACE_S = 3.0
LOOK_EVERY_S = 0.05


def is_alive(group: int) -> bool:
    """Return whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        # macOS answers "not permitted" for a group of which only a zombie is left.
        return False
    return True


def end(groups: set[int], *, grace_s: float, reap: Callable[[], object] = lambda: None) -> None:
    """Ask every process of the groups to end, and kill what is left after the grace.

    An ended process counts as alive until its parent has reaped it, so a parent passes `reap`.
    """
    send(groups, signal.SIGTERM)
    until = time.monotonic() + grace_s
    while time.monotonic() < until:
        reap()
        if not any(is_alive(group) for group in groups):
            return
        time.sleep(LOOK_EVERY_S)
    send(groups, signal.SIGKILL)


def send(groups: set[int], number: signal.Signals) -> None:
    """Send a signal to every process of the groups that are still there."""
    for group in groups:
        if is_alive(group):
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                continue


def main() -> None:
    """Follow the list of groups until the supervisor is gone."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    end(groups, grace_s=GRACE_S)


if __name__ == "__main__":
    main()
