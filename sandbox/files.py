"""Uploaded files: kept by digest, shown as the Files API shows them, gone when expired."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.blobs import Blobs
from sandbox.clock import now, stamp
from sandbox.identifiers import new_id
from sandbox.problems import Problem
from sandbox.validation import Document

LARGEST = 100 * 1024 * 1024


@dataclass(kw_only=True)
class UploadedFile:
    """One file; its content is in the blobs under `digest`."""

    name: str
    content_type: str
    size: int
    digest: str
    etag: str
    metadata: dict[str, Any]
    expires_at: datetime
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=now)


class FileStore:
    """The files of the account.

    The documented example shows a lifetime of one hour; a general promise was not found:
    docs/replicate-facts/http.md, "Files and retention".
    """

    def __init__(self, blobs: Blobs, *, lifetime_s: float) -> None:
        self._blobs = blobs
        self._lifetime = timedelta(seconds=lifetime_s)
        self._files: dict[str, UploadedFile] = {}

    def add(
        self, content: bytes, *, name: str, content_type: str, metadata: dict[str, Any]
    ) -> UploadedFile:
        """Keep a file; raise the 413 for more than 100 MiB."""
        if len(content) > LARGEST:
            raise Problem(413)
        kept = UploadedFile(
            name=name[:255],
            content_type=content_type,
            size=len(content),
            digest=self._blobs.put(content),
            etag=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            metadata=metadata,
            expires_at=now() + self._lifetime,
        )
        self._files[kept.id] = kept
        return kept

    def get(self, file_id: str) -> UploadedFile:
        """Return the file, or raise the 404 if there is none or it has expired."""
        found = self._files.get(file_id)
        if found is None or found.expires_at <= now():
            self._files.pop(file_id, None)
            raise Problem(404)
        return found

    def content(self, file_id: str) -> bytes:
        """Return the file's bytes, or raise the 404."""
        return self._blobs.get(self.get(file_id).digest)

    def newest_first(self) -> list[UploadedFile]:
        """Return the files that have not expired."""
        moment = now()
        return [f for f in reversed(self._files.values()) if f.expires_at > moment]

    def delete(self, file_id: str) -> None:
        """Remove the file, or raise the 404."""
        del self._files[self.get(file_id).id]


def file_object(uploaded: UploadedFile, *, api: str) -> Document:
    """Return a file as the API shows it.

    The keys: docs/replicate-facts/http.md, "Files and retention".
    """
    return {
        "id": uploaded.id,
        "name": uploaded.name,
        "content_type": uploaded.content_type,
        "size": uploaded.size,
        "etag": uploaded.etag,
        "checksums": {"sha256": uploaded.digest, "md5": uploaded.etag},
        "metadata": uploaded.metadata,
        "created_at": stamp(uploaded.created_at),
        "expires_at": stamp(uploaded.expires_at),
        "urls": {"get": f"{api}/files/{uploaded.id}"},
    }
