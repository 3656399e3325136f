"""A bucket for tests: moto's server over HTTP, which checks no signature and no expiry.

So tests hold what Restage writes into a signed address; that Amazon refuses another, or one whose
time is over, is Amazon's.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from tests import processes

BUCKET = "pictures-of-nobody"


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url_apart(tmp_path: Path) -> Iterator[str]:
    """A server in a process of its own, where a test measures the memory of this one."""
    port = processes.free_port()
    log = tmp_path / "moto.log"
    with processes.running(sys.executable, "-m", "moto.server", "-p", str(port), log=log):
        processes.wait_for(lambda: "Running on" in log.read_text(), log=log)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def bucket(s3_url: str, settings: Settings) -> Any:
    """An empty bucket, of which Restage is told."""
    with made_bucket(s3_url, settings) as made:
        yield made


@contextmanager
def made_bucket(s3_url: str, settings: Settings) -> Iterator[Any]:
    """Make an empty bucket and tell Restage of it, until the block ends."""
    key = {"region_name": "eu-central-1", "endpoint_url": s3_url}
    names = {"bucket_name": BUCKET, "access_key": "AKNOBODY", "secret_key": "nobodys", **key}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "config.storage.PrivateBucket", "OPTIONS": names},
    }
    found = boto3.resource(
        "s3", aws_access_key_id="AKNOBODY", aws_secret_access_key="nobodys", **key
    ).Bucket(BUCKET)
    found.create(CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield found
    found.objects.delete()
    found.delete()
