"""Settings of the chaos runs: production's times, each about a fifteenth as long."""

import os

from tests.settings import *  # noqa: F403

FASTER = 15

STAGING_REQUEST_LIMIT_S = 2
STAGING_LEASE_S = 8
STAGING_LOOKUP_GRACE_S = 8
# Longer than its part: what hangs is to be ended by something else.
STAGING_DEADLINE_S = 60
STAGING_RECORDS_KEPT_S = int(os.environ.get("CHAOS_RECORDS_KEPT_S") or 220)
STAGING_SWEEP_EVERY_S = STAGING_POLL_EVERY_S = 1
STAGING_HEARTBEAT_EVERY_S = 1
STAGING_WORKER_LATE_S = 6
STAGING_STUCK_AFTER_S = 20
STAGING_GRACE_S = 4
# In workers alone: shorter times that are no settings, and the points where a worker kills itself.
CELERY_IMPORTS = [*CELERY_IMPORTS, "tests.chaos.worker"]  # noqa: F405
