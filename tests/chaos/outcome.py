"""What came of a trouble, or of all of a round."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How often each thing was done, what it found that must not be, and what it was answered."""

    struck: dict[str, int]
    problems: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Add what came of another one."""
        for what, times in other.struck.items():
            self.struck[what] = self.struck.get(what, 0) + times
        self.problems.extend(other.problems)
        self.answers.extend(other.answers)
