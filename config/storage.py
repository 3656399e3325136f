"""The storage of photos and pictures that is no disk: Amazon's S3, or another that speaks it."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage


class PrivateBucket(S3Storage):  # type: ignore[misc]  # it ships no types
    """A bucket that nobody reads but by signed addresses, which expire.

    Without a key boto3 looks where it always does: its own files, the machine's role.
    """

    def get_default_settings(self) -> dict[str, Any]:
        """Return what all buckets have in common; STORAGES says which one it is."""
        found: dict[str, Any] = super().get_default_settings()
        return found | {
            # Who owns the bucket decides who reads it; no file has rules of its own.
            "default_acl": None,
            "querystring_auth": True,
            # A name is its content's, or one of a kind: a second write writes the same.
            "file_overwrite": True,
            "object_parameters": {"CacheControl": "private, max-age=3600, immutable"},
            # All tries of a request together take less than a worker's lease.
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=25,
                retries={"total_max_attempts": 3, "mode": "standard"},
            ),
        }
