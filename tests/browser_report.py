"""A pytest plugin that says whether the browser tests ran, so that their absence is not silent."""

import pytest
from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    outcomes = {
        outcome: [one for one in reports if is_of_browser(one)]
        for outcome, reports in terminalreporter.stats.items()
        if outcome in ("passed", "failed", "error", "skipped")
    }
    terminalreporter.write_line(sentence({name: len(found) for name, found in outcomes.items()}))


def is_of_browser(report: object) -> bool:
    return isinstance(report, pytest.TestReport) and "browser" in report.keywords


def sentence(counts: dict[str, int]) -> str:
    """Return what became of the browser tests, in words.

    >>> sentence({"passed": 3})
    'Browser tests: 3 ran.'
    """
    ran = sum(counts.get(outcome, 0) for outcome in ("passed", "failed", "error"))
    skipped = counts.get("skipped", 0)
    if ran:
        return f"Browser tests: {ran} ran" + (f", {skipped} did not." if skipped else ".")
    if skipped:
        return f"Browser tests did NOT run ({skipped}): they need Chromium (apt install chromium)."
    return "Browser tests: none among the tests chosen."
