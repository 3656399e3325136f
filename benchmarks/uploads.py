"""Measures the web process's memory during uploads of large photos, and their number a minute.

    python -m benchmarks.uploads [--uploads N] [--megapixels M] [--clients C] [--format F] [--json]

The real gunicorn, with gunicorn.conf.py, on a throw-away database: several clients at once send
JPEGs that look like photos to `POST staging/photos`. The memory is what Linux says of the web
process: VmHWM is its peak, VmRSS what it holds afterwards; the photos are decoded in processes
apart, which are counted together. `--format` sends a PNG, WebP or HEIC instead.
"""

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import httpx
import pillow_heif
from django.conf import settings
from PIL import Image

from benchmarks.measure import report

MOST_MB = 400
WANTED = {"peak_mb": f"< {MOST_MB}"}
PHOTOS = "/api/v1/staging/photos"


@dataclass(frozen=True, slots=True)
class Server:
    """A gunicorn that runs: its address, its worker's process, a token of each account."""

    url: str
    worker: int
    tokens: dict[str, str]
    log: Path

    @property
    def token(self) -> str:
        return self.tokens["ann"]


@dataclass(slots=True)
class Peak:
    """The most memory that the processes below the worker took together, read 50 times a second.

    What they share is counted once.
    """

    of: int
    children_mb: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Peak":
        threading.Thread(target=self.watch).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()

    def watch(self) -> None:
        while not self.over.wait(0.02):
            decoders = _children(self.of)
            files = [child for decoder in decoders for child in _children(decoder)]
            shared = sum(memory_of(decoder, "VmRSS") for decoder in decoders)
            now = shared + sum(memory_of(child, "RssAnon") for child in files)
            self.children_mb = max(self.children_mb, now)


def measure(
    server: Server, photos: list[tuple[str, bytes]], *, uploads: int, clients: int
) -> dict[str, float]:
    """Send the photos in turn, several at a time; return uploads a minute and megabytes."""
    before = memory_of(server.worker, "VmRSS")
    begin = time.perf_counter()
    with Peak(server.worker) as peak, ThreadPoolExecutor(clients) as pool:
        sent = islice(cycle(photos), uploads)
        sent_away = sum(pool.map(lambda photo: _upload(server, *photo), sent))
    seconds = time.perf_counter() - begin
    return {
        "uploads_per_min": uploads / seconds * 60,
        "peak_mb": memory_of(server.worker, "VmHWM"),
        "before_mb": before,
        "after_mb": memory_of(server.worker, "VmRSS"),
        "children_peak_mb": peak.children_mb,
        "uploads": uploads,
        "sent_away": sent_away,
    }


def make_photos(kind: str, *, megapixels: float, count: int = 3) -> list[tuple[str, bytes]]:
    """Return named photos, each different: light that falls off, soft forms, fine grain."""
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    size = (round(megapixels * 1e6 / height), height)
    return [(f"{number}.{kind}", _encode(_make(size, number), kind)) for number in range(count)]


def _make(size: tuple[int, int], number: int) -> Image.Image:
    light = Image.linear_gradient("L").resize(size)
    soft = Image.effect_noise((60 + number, 40), 90).resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise((size[0] // 2, size[1] // 2), 12).resize(size)
    red = Image.blend(light, soft, 0.5)
    green = Image.blend(red, light.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.3)
    blue = Image.blend(green, grain, 0.1)
    return Image.merge("RGB", (red, green, blue))


def _encode(image: Image.Image, kind: str) -> bytes:
    output = io.BytesIO()
    if kind == "heic":
        pillow_heif.from_pillow(image).save(output, quality=70)
    elif kind == "png":
        # PNG cannot compress the grain: the file would be larger than Restage takes.
        image.resize((image.width // 4, image.height // 4)).resize(
            image.size, Image.Resampling.NEAREST
        ).save(output, "PNG", compress_level=3)
    else:
        options = {"jpg": {"quality": 90}, "webp": {"quality": 80, "method": 1}}[kind]
        image.save(output, {"jpg": "JPEG", "webp": "WEBP"}[kind], **options)
    return output.getvalue()


def _upload(server: Server, name: str, content: bytes) -> int:
    """Send a photo until it is taken; return how often it was sent away (503)."""
    for sent_away in range(20):
        answer = httpx.post(
            f"{server.url}{PHOTOS}",
            files={"image": (name, content)},
            headers={"Authorization": f"Token {server.token}"},
            timeout=300,
        )
        if answer.status_code == 201:
            return sent_away
        if answer.status_code != 503:
            break
        # Sooner than it says, so that the pace measured is the server's.
        time.sleep(1)
    log = server.log.read_text()[-3000:]
    raise RuntimeError(f"{name}: {answer.status_code} {answer.text[:500]} {log}")


@contextmanager
def serving(*others: str) -> Iterator[Server]:
    """Run gunicorn on a new database until the block ends, with ann's account and others."""
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/restage.sqlite3",
            "MEDIA_ROOT": f"{folder}/media",
            # As in production: no error pages with details, no record of queries.
            "DEBUG": "0",
            "SECRET_KEY": "a key of nobody's, for as long as this measurement takes",
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        _manage("migrate", "--no-input", env=env)
        tokens = {}
        for name in ("ann", *others):
            _manage("createsuperuser", "--no-input", "--username", name,
                    "--email", f"{name}@example.com",
                    env={**env, "DJANGO_SUPERUSER_PASSWORD": "of-nobody-2026"})  # fmt: skip
            tokens[name] = _manage("create_token", name, env=env).split()[-1]
        log = Path(folder) / "log"
        with log.open("wb") as output:
            gunicorn = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", "127.0.0.1:0"],
                cwd=settings.BASE_DIR, env=env, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            url = _wait_for_address(log)
            httpx.get(f"{url}/livez", timeout=30)
            yield Server(url, _children(gunicorn.pid)[0], tokens, log)
        finally:
            gunicorn.terminate()
            gunicorn.wait()


def _manage(*words: str, env: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(  # noqa: S603 - fixed words
        command, cwd=settings.BASE_DIR, env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _wait_for_address(log: Path) -> str:
    for _ in range(600):
        if found := re.search(r"Listening at: (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn did not start. {log.read_text()}")


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


def memory_of(pid: int, name: str) -> float:
    """Return a figure of /proc/PID/status in megabytes; 0 for a process that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures uploads of large photos.")
    parser.add_argument("--uploads", type=int, default=500, help="how many (500)")
    parser.add_argument("--megapixels", type=float, default=24, help="of each photo (24)")
    parser.add_argument("--clients", type=int, default=8, help="how many at once (8)")
    parser.add_argument("--format", choices=["jpg", "png", "webp", "heic"], default="jpg")
    parser.add_argument("--json", action="store_true", help="print one object of figures last")
    options = parser.parse_args()
    photos = make_photos(options.format, megapixels=options.megapixels)
    with serving() as server:
        figures = measure(server, photos, uploads=options.uploads, clients=options.clients)
    title = (
        f"{options.uploads} uploads of {options.megapixels:g} megapixels as {options.format}"
        f" by {options.clients} clients at once"
    )
    report(title, figures, wanted=WANTED, as_json=options.json)
    if figures["peak_mb"] >= MOST_MB:
        sys.exit(1)


if __name__ == "__main__":
    main()
