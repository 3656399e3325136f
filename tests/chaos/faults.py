"""What can be broken, by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.chaos import forgery, troubles
from tests.chaos.clients import VERSIONED
from tests.chaos.evidence import Row
from tests.chaos.ground import CLIENT
from tests.chaos.tokens import ASLEEP, POINTS
from tests.chaos.troubles import Trouble

# How a prediction may have ended, in invariants.end_of's words.
Ends = Callable[[Row], frozenset[str]]
# What the sandbox is asked to do wrong.
Asked = dict[str, Any]

# What any round does; `cancel` has a fault of its own.
CALLS = ("create", "get", "list", "upload", "download", "secret")
# Of those that each job makes, every fault strikes also where all stand together.
OFTEN = ("create", "upload", "download", "webhook")
SPARED = 3
# How often each call is hit, where one fault stands alone, and where all of them do.
ALONE, TOGETHER = 0.2, 0.04
# Half the grace of a lookup, as a minute is of production's two.
LISTED_LATE_S = 4.0
NO_ANSWER_S = 3.5
# Longer than a lookup waits, whatever else is broken.
LONG_S = 30.0
# Less than the request's time limit, and more than a prediction takes.
ANSWER_LATE_S = 1.8
# Long after whoever looks for it has found it.
FORGOTTEN_AFTER_S = 30.0
RECORDS_KEPT_S = 14

CANCELED = frozenset({"canceled"})

# What each fate at Replicate makes of a prediction that was bought.
FATES = {
    "abort": "failed: deadline",
    "forget": "failed: lost",
    "missing_output": "failed: outputs_gone",
    "broken_output": "failed: bad_output",
    "html_output": "failed: bad_output",
    "huge_output": "failed: output_refused",
    "redirect_output": "failed: output_refused",
}


def by_fate(row: Row) -> frozenset[str]:
    """Return how a prediction ends by what became of its purchase at Replicate."""
    return frozenset({FATES.get(one.fate or "", "succeeded") for one in row.purchases})


def by_fate_or_version(row: Row) -> frozenset[str]:
    """Return the same; what was not bought was refused, its version being gone."""
    if not row.purchases and row.model == VERSIONED:
        return frozenset({"failed: invalid_input"})
    return by_fate(row)


def canceled_where_asked(row: Row) -> frozenset[str]:
    """Return the same, or canceled, where a client asked for it: it may come too late."""
    was_asked = any(step.by == CLIENT for step in row.steps[1:])
    return by_fate(row) | ({"canceled"} if was_asked else set()) if row.purchases else CANCELED


def undecided_where_forgotten(row: Row) -> frozenset[str]:
    """Return the same; of what Replicate forgot nobody knows whether it was bought."""
    if any(one.fate == "forget" for one in row.purchases):
        return frozenset({"failed: undecided"})
    return by_fate(row)


def is_told_early(row: Row) -> bool:
    """Say whether a webhook told of a purchase before its own answer did."""
    return any(step.source == "submitting" and "webhook" in step.by for step in row.steps)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong while jobs run.

    replicate: faults of the sandbox; troubles: what is done to processes; kills: how often workers
    kill themselves at each point; env: other variables of the workers; lasts_s: at least so long;
    holds_s: until half of the jobs have ended, but no longer than that and an outage of the
    broker. `kills` and `holds_s` are for up to 200 jobs, and grow with more. shows: whether a row
    tells of it, as one has to; is_sure: each part of it has to strike, else each that hits what
    is done OFTEN.
    """

    name: str
    replicate: tuple[Asked, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    kills: dict[str, int] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    lasts_s: float = 10.0
    holds_s: float = 30.0
    may_end: Ends = by_fate
    shows: Callable[[Row], bool] | None = None
    is_sure: bool = True

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What the sandbox is asked for: where all must strike, each once whatever its dice say."""
        by_chance = [one for one in self.replicate if one.get("chance", 1.0) < 1.0]
        if self.is_sure:
            return (*({**one, "times": 1, "chance": 1.0} for one in by_chance), *self.replicate)
        # One after the other: the first of them all would strike the same call.
        sure = [
            {**one, "times": 1, "chance": 1.0, "after": SPARED + number}
            for on in OFTEN
            for number, one in enumerate(one for one in by_chance if one["on"] == on)
        ]
        return (*sure, *self.replicate)


def on_any_call(do: str, *, chance: float = ALONE, **more: Any) -> tuple[Asked, ...]:
    """Return the sandbox's faults that hit every call to Replicate alike."""
    return tuple({"on": on, "do": do, "times": 0, "chance": chance, **more} for on in CALLS)


def created(do: str, *, chance: float = ALONE, **more: Any) -> Asked:
    return {"on": "create", "do": do, "times": 0, "chance": chance, **more}


def webhook(do: str, *, chance: float = 0.5, **more: Any) -> Asked:
    return {"on": "webhook", "do": do, "times": 0, "chance": chance, **more}


def wire(chance: float) -> dict[str, tuple[Asked, ...]]:
    """Return what Replicate may do on any call, by name."""
    return {
        "429": on_any_call("status", status=429, retry_after=1, chance=chance),
        "500": on_any_call("status", status=500, chance=chance),
        "502": on_any_call("status", status=502, chance=chance),
        "no answer": (
            *on_any_call("stall", seconds=NO_ANSWER_S, chance=chance / 2),
            *on_any_call("stall_before", seconds=NO_ANSWER_S, chance=chance / 2),
        ),
        "acts, then drops": on_any_call("drop_after", chance=chance),
        "drops": on_any_call("drop", chance=chance),
    }


def outputs(chance: float) -> dict[str, tuple[Asked, ...]]:
    """Return what may be wrong with outputs, by name."""
    return {
        "outputs gone": (created("missing_output", chance=chance),),
        "outputs truncated": (created("broken_output", chance=chance),),
        "outputs no image": (created("html_output", chance=chance),),
        "outputs enormous": (created("huge_output", chance=chance / 2),),
        "outputs redirected": (
            created("redirect_output", chance=chance, address="http://127.0.0.1:9/elsewhere"),
        ),
    }


ALL_LATE = created("hide_from_list", chance=1.0, seconds=LISTED_LATE_S)

SINGLE = (
    Fault(name="none"),
    Fault(name="workers killed", troubles=(troubles.kill_workers,), lasts_s=14),
    *(Fault(name=f"killed {point}", kills={point: 4}) for point in POINTS),
    Fault(name="worker asleep", troubles=(troubles.put_worker_to_sleep,), lasts_s=32),
    Fault(
        name="worker asleep before it buys",
        troubles=(troubles.wake_sleepers,),
        kills={ASLEEP: 1},
        lasts_s=24,
    ),
    Fault(name="broker emptied", troubles=(troubles.empty_broker,)),
    Fault(name="broker stopped", troubles=(troubles.stop_broker,)),
    Fault(name="database restarted", troubles=(troubles.restart_database,)),
    Fault(name="beat stopped", troubles=(troubles.stop_beat,), lasts_s=14),
    Fault(name="two beats", troubles=(troubles.run_two_beats,)),
    *(
        Fault(
            name=f"Replicate: {name}",
            # What is slow is polled together with others, by the list.
            replicate=(*stands, webhook("lose"), created("slow", chance=0.6, seconds=6.0)),
            # The next one has to read the webhooks' secret.
            troubles=(troubles.restart_web,),
        )
        for name, stands in wire(ALONE).items()
    ),
    Fault(
        name="listed late",
        replicate=(ALL_LATE, created("drop_after", chance=0.4), webhook("lose")),
    ),
    Fault(name="prediction lost", replicate=(created("forget", seconds=0),)),
    Fault(name="prediction aborted", replicate=(created("abort"),)),
    Fault(
        name="jobs canceled, no answer",
        troubles=(troubles.cancel_jobs,),
        replicate=(
            *({"on": "cancel", "do": "status", "status": status} for status in (429, 500, 502)),
            {"on": "cancel", "do": "stall", "seconds": NO_ANSWER_S},
            {"on": "cancel", "do": "stall_before", "seconds": NO_ANSWER_S},
            {"on": "cancel", "do": "drop", "times": 0, "chance": 0.3},
            {"on": "cancel", "do": "drop_after", "times": 0, "chance": 0.5},
            created("drop_after"),
            created("slow", chance=0.6, seconds=3.0),
        ),
        may_end=canceled_where_asked,
        shows=lambda row: row.status == "canceled",
    ),
    Fault(
        name="version gone",
        troubles=(troubles.take_version,),
        may_end=by_fate_or_version,
        shows=lambda row: row.code == "invalid_input",
    ),
    Fault(
        name="webhook before the answer",
        replicate=(created("stall", chance=1.0, seconds=ANSWER_LATE_S),),
        shows=is_told_early,
    ),
    Fault(name="webhooks lost", replicate=(webhook("lose"),)),
    Fault(name="webhooks late", replicate=(webhook("delay", seconds=4.0),)),
    Fault(name="webhooks doubled", replicate=(webhook("repeat"),)),
    Fault(name="webhooks out of order", troubles=(forgery.send_old_news,)),
    Fault(
        name="webhooks forged",
        replicate=tuple(
            webhook(do, chance=0.15) for do in ("forge", "unsigned", "stale", "garble")
        ),
        troubles=(forgery.forge_webhooks,),
    ),
    *(Fault(name=name, replicate=stands) for name, stands in outputs(ALONE).items()),
    Fault(
        name="polling alone, answers lost",
        env={"PUBLIC_URL": ""},
        kills={"after-create": 3},
        replicate=(ALL_LATE, created("drop_after", chance=0.4)),
        shows=lambda row: any(not one.webhook for one in row.purchases),
    ),
    Fault(
        name="answers lost, records gone",
        env={"CHAOS_RECORDS_KEPT_S": str(RECORDS_KEPT_S)},
        replicate=(
            {"on": "create", "do": "drop_after", "times": 6},
            {"on": "create", "do": "forget", "times": 6, "seconds": 0},
            {"on": "list", "do": "status", "times": 0},
        ),
        lasts_s=10 + RECORDS_KEPT_S,
        may_end=undecided_where_forgotten,
        shows=lambda row: row.code == "undecided",
    ),
)

ALL = Fault(
    name="all together",
    replicate=(
        # The first ones, so that the two strike the same: no webhook comes before a lookup.
        {"on": "create", "do": "drop_after", "times": 3},
        {"on": "create", "do": "slow", "times": 3, "seconds": LONG_S},
        *(one for stands in wire(TOGETHER).values() for one in stands),
        *(one for stands in outputs(TOGETHER).values() for one in stands),
        created("abort", chance=TOGETHER),
        created("forget", chance=TOGETHER, seconds=FORGOTTEN_AFTER_S),
        created("hide_from_list", chance=0.3, seconds=LISTED_LATE_S),
        created("stall", chance=0.1, seconds=ANSWER_LATE_S),
        *(webhook(do, chance=0.08) for do in ("lose", "repeat", "forge", "stale", "garble")),
        webhook("delay", chance=0.1, seconds=4.0),
    ),
    troubles=(
        # A worker takes seconds to start, and is to get something done before it is killed.
        partial(troubles.kill_workers, every_s=8.0),
        partial(troubles.put_worker_to_sleep, every_s=10.0),
        *(troubles.wake_sleepers, troubles.empty_broker),
        *(troubles.stop_broker, troubles.restart_database, troubles.run_two_beats),
        *(troubles.interrupt_beat, troubles.take_version),
        *(forgery.forge_webhooks, forgery.send_old_news),
    ),
    kills=dict.fromkeys((*POINTS, ASLEEP), 1),
    lasts_s=20.0,
    holds_s=40.0,
    may_end=by_fate_or_version,
    # What is struck first is often not struck by the rest.
    is_sure=False,
)
