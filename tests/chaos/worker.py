"""What a worker of a chaos run has besides its tasks; Celery imports it (CELERY_IMPORTS)."""

from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

from replicate_api.client import ReplicateClient
from staging.predictions import lookup, replicate, settlement
from tests.chaos import kill_points
from tests.chaos.settings import FASTER

# What production has as constants, as much shorter as the settings are.
SHORTER: list[tuple[ModuleType, str, Any]] = [
    (lookup, "PAUSE", timedelta(seconds=10 / FASTER)),
    (settlement, "_shortest_interval_s", lambda: 20 / FASTER),
    (
        replicate,
        "ReplicateClient",
        partial(ReplicateClient, transfer_timeout_s=120 / FASTER),
    ),
]

for module, name, value in SHORTER:
    setattr(module, name, value)
kill_points.install()
