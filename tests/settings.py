"""Settings of the tests: config.settings with a throw-away database and shorter waits."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("REPLICATE_API_TOKEN", "r8_a_token_of_nobody")

from config.settings import *  # noqa: F403

# Of several processes (pytest -n) each has a database of the broker to itself. The number is taken
# away, since a process that a test starts finds the address.
_worker = os.environ.pop("PYTEST_XDIST_WORKER", "").removeprefix("gw")
_server, _, _number = os.environ.get("CELERY_BROKER_URL", "").rpartition("/")
if _worker and _server.startswith("redis"):
    CELERY_BROKER_URL = f"{_server}/{int(_number) + int(_worker)}"
    os.environ["CELERY_BROKER_URL"] = CELERY_BROKER_URL

# A hash that is quick to make: tests log in often.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Processes that the tests start and kill must not be waited for as long as real ones.
STAGING_REQUEST_LIMIT_S = 2
STAGING_LEASE_S = 3
STAGING_LOOKUP_GRACE_S = 2
STAGING_SWEEP_EVERY_S = 1
STAGING_POLL_EVERY_S = 1
STAGING_HEARTBEAT_EVERY_S = 1
STAGING_WORKER_LATE_S = 5
CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": 1, "options": {**entry["options"], "expires": 5}}
    for name, entry in CELERY_BEAT_SCHEDULE.items()  # noqa: F405
}

# A test asks for as much as it likes, but for the one of the limit.
COSTLY_REQUESTS_PER_MINUTE = 0

# Static files are served from where they lie, so nothing has to be collected first.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
