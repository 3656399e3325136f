"""Faults that a test or a chaos run asks for; README.md lists them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

from sandbox.dice import Dice
from sandbox.problems import Problem
from sandbox.validation import Document

# Faults of a request, which `misbehaviour.py` carries out.
WIRE = frozenset(
    {
        *("status", "drop", "drop_after", "stall", "stall_before", "truncate", "drip"),
        *("garbage", "huge", "redirect"),
    }
)
# Fates of the prediction that a create makes, for `runs.py` and `outputs.py`.
FATES = frozenset(
    {
        *("fail", "abort", "cancel", "queue", "slow", "hang", "hide_from_list", "no_output"),
        *("broken_output", "missing_output", "foreign_output", "huge_output"),
        *("redirect_output", "html_output", "odd_status", "purge", "forget"),
    }
)
# Faults of a webhook, which `webhooks.py` carries out.
LETTERS = frozenset({"lose", "repeat", "delay", "forge", "stale", "unsigned", "garble"})


@dataclass(kw_only=True)
class Fault:
    """One misbehaviour, asked for over HTTP.

    on: the endpoint (`create`, `get`, …) or `webhook`; do: what happens.
    times: how often it happens, 0 for no limit; after: how many requests are spared first;
    chance: how likely each request is hit, by dice of its own. `seconds`, `status`, `error`,
    `address`, `size`, `event` and `model` are details of some deeds.
    """

    on: str
    do: str
    times: int = 1
    after: int = 0
    chance: float = 1.0
    seconds: float | None = None
    status: int = 503
    retry_after: int | None = None
    detail: str = ""
    error: str = "Prediction failed: E1000 (sandbox fault)"
    address: str = ""
    size: int = 300 * 1024 * 1024
    event: str = ""
    model: str = ""
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Refuse a deed that does not exist on that endpoint."""
        allowed = LETTERS if self.on == "webhook" else WIRE
        if self.on == "create":
            allowed = WIRE | FATES
        if self.do not in allowed:
            raise ValueError(f"do must be one of {sorted(allowed)} on {self.on!r}, not {self.do!r}")
        self._dice = Dice(self.on, self.do, self.chance)
        self._spent = False

    @property
    def is_spent(self) -> bool:
        """Whether the fault has happened as often as was asked."""
        return self._spent

    def strikes(self) -> bool:
        """Return whether the fault happens this time, and count it."""
        if self.after > 0:
            self.after -= 1
            return False
        if not self._dice.chance(self.chance):
            return False
        self.hits += 1
        self._spent = 0 < self.times <= self.hits
        return True


class Faults:
    """The active faults, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._standing: list[Fault] = []

    def add(self, asked: Document) -> Fault:
        """Activate a fault; raise the 422 that says what is wrong with it."""
        known = {f.name for f in fields(Fault) if f.init}
        if unknown := sorted(asked.keys() - known):
            raise Problem(422, detail=f"Unknown: {unknown}. A fault has {sorted(known)}.")
        try:
            fault = Fault(**asked)
        except (TypeError, ValueError) as error:
            raise Problem(422, detail=str(error)) from error
        self._standing.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        self._standing.clear()

    def listed(self) -> list[Document]:
        """Return the active faults, with how often each has happened."""
        return [asdict(fault) for fault in self._standing]

    def take(
        self, on: str, deeds: frozenset[str], *, event: str = "", model: str = ""
    ) -> Fault | None:
        """Return the fault that happens now, and count it.

        Where several match, the oldest one that strikes happens.
        """
        for fault in list(self._standing):
            if fault.on != on or fault.do not in deeds:
                continue
            if (fault.event and fault.event != event) or (fault.model and fault.model != model):
                continue
            if fault.strikes():
                if fault.is_spent:
                    self._standing.remove(fault)
                return fault
        return None
