"""Bytes kept on disk by their digest: the same picture is kept only once."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path


class Blobs:
    """A folder of contents that vanishes with the process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")

    def put(self, content: bytes) -> str:
        """Keep the content and return its digest."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_bytes(content)
            part.replace(path)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content of a digest that `put` gave."""
        return self._path(digest).read_bytes()

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()

    def _path(self, digest: str) -> Path:
        return Path(self._folder.name) / digest
