"""Normalises a photo in a process of its own: python -m staging.images < photo

For the few photos that take more memory than a process may use for decoding: the system gets that
memory back when the other process ends. Its answer is a line of JSON, then the bytes of the photo,
then those of its thumbnail.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from staging.images.photos import NormalisedPhoto, Original, normalise
from staging.images.refusals import PhotoRefused

_ROOT = Path(__file__).resolve().parents[2]
# 50 megapixels take some six seconds on a slow machine.
LIMIT_S = 60


def normalise_apart(file: IO[bytes], *, limit_s: float = LIMIT_S) -> NormalisedPhoto:
    """Normalise a photo in a process of its own. Raises PhotoRefused."""
    try:
        with tempfile.TemporaryFile() as photo:
            file.seek(0)
            shutil.copyfileobj(file, photo)
            photo.seek(0)
            done = subprocess.run(
                [sys.executable, "-m", "staging.images"],
                stdin=photo,
                capture_output=True,
                cwd=_ROOT,
                timeout=limit_s,
            )
    except subprocess.TimeoutExpired:
        raise PhotoRefused(PhotoRefused.too_slow) from None
    if done.returncode < 0:
        # Ended by the system: the photo broke its reader, or took all memory.
        raise PhotoRefused(PhotoRefused.damaged)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return _read_answer(done.stdout)


def main() -> None:
    """Read a photo from stdin, and write the answer that `normalise_apart` reads to stdout."""
    facts: dict[str, Any] = {}
    files = b""
    try:
        photo = normalise(sys.stdin.buffer)
    except PhotoRefused as error:
        facts["refused"] = str(error)
    else:
        files = photo.content + photo.thumbnail
        facts = asdict(photo) | {"content": len(photo.content)}
        del facts["thumbnail"]
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + files)


def _read_answer(answer: bytes) -> NormalisedPhoto:
    line, files = answer.split(b"\n", 1)
    facts: dict[str, Any] = json.loads(line)
    if "refused" in facts:
        raise PhotoRefused(facts["refused"])
    length = facts["content"]
    facts |= {"content": files[:length], "thumbnail": files[length:]}
    return NormalisedPhoto(**facts | {"original": Original(**facts["original"])})
