"""The storage of photos and pictures on Amazon's S3, or on another service with its protocol."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from django.conf import settings
from storages.backends.s3 import S3Storage

# The longest file that S3 takes in one request.
MOST_BYTES = 5 * 2**30


class PrivateBucket(S3Storage):  # type: ignore[misc]  # it ships no types
    """A private bucket, read by signed addresses, which expire.

    Without a key boto3 looks for one in its own files and takes the machine's role.
    """

    def get_default_settings(self) -> dict[str, Any]:
        """Return the settings that all buckets share; STORAGES names the bucket."""
        found: dict[str, Any] = super().get_default_settings()
        return found | {
            # The bucket's own rules decide who may read; no file has rules of its own.
            "default_acl": None,
            "querystring_auth": True,
            # A name is derived from the content, or unique: a second write writes the same bytes.
            "file_overwrite": True,
            # A longer file that is read waits on disk. The default of django-storages, 0, holds
            # each one whole in memory.
            "max_memory_size": settings.FILE_UPLOAD_MAX_MEMORY_SIZE,
            # One request a file, straight from the disk and to it. boto3's own way takes ten
            # threads a file, each with 8 MB in memory, and after a kill the bucket keeps parts that
            # no listing shows.
            "transfer_config": TransferConfig(use_threads=False, multipart_threshold=MOST_BYTES),
            "object_parameters": {"CacheControl": "private, max-age=3600, immutable"},
            # All tries of a request together take less than a worker's lease.
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=25,
                retries={"total_max_attempts": 3, "mode": "standard"},
            ),
        }

    def list_files(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield the name and the time of each file below a folder, a page in memory at a time."""
        pages = self.connection.meta.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket_name, Prefix=f"{folder}/"):
            for file in page.get("Contents", ()):
                yield file["Key"], file["LastModified"]

    @cached_property
    def source(self) -> str:
        """The address that stands before the name of each file, as a policy for browsers has it.

        Asked of boto3, which writes the bucket into the host or into the path, and without a key:
        the machine's role would be looked up over the network.
        """
        address: str = self.unsigned_connection.meta.client.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket_name, "Key": "x"}
        )
        return address.partition("?")[0].removesuffix("x")
