"""Settings of the tests: config.settings with a throw-away database and shorter waits."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("REPLICATE_API_TOKEN", "r8_test_token_of_nobody")
os.environ.setdefault("REPLICATE_BASE_URL", "http://127.0.0.1:9")

from config.settings import *  # noqa: F403
