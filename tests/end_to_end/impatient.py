"""Settings of a worker that is soon stuck, and soon out of its grace period."""

import os

from tests.settings import *  # noqa: F403

# Longer than Celery waits between its tries to reach a broker that was away for so long.
STAGING_STUCK_AFTER_S = 15
STAGING_GRACE_S = 2
# Whoever waits for a lease of this length waits in vain.
STAGING_LEASE_S = int(os.environ.get("LEASE_S", STAGING_LEASE_S))  # noqa: F405
STAGING_CLOCK_TOLERANCE_S = int(
    os.environ.get("CLOCK_TOLERANCE_S", STAGING_CLOCK_TOLERANCE_S)  # noqa: F405
)
CELERY_WORKER_CONCURRENCY = 2
