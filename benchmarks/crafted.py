"""Measures what others notice while one account sends files that are made to cost much.

    python -m benchmarks.crafted [--count N] [--only KIND …] [--json]

The real gunicorn on a throw-away database. Of each kind, so many files (12) are under way at once
from one account; meanwhile another account uploads a photo of 12 megapixels, and this process, as a
worker does, prepares three of the files at a time and a paid picture of a megapixel. `alone` is the
same with nothing under way.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pillow_heif
from PIL import Image

from benchmarks.measure import print_json, print_table
from benchmarks.uploads import PHOTOS, Peak, Server, make_photos, memory_of, serving
from staging import images

WANTED = {"honest_s": 3.0, "picture_s": 5.0, "web_mb": 400.0, "slowest_s": 10.0}


def scans(count: int, *, side: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    image = Image.effect_noise((side // 4, side // 4), 60).resize((side, side)).convert("RGB")
    content = _encode(image, "JPEG", progressive=True, quality=60)
    begin = content.rindex(b"\xff\xda")
    return content[:-2] + content[begin:-2] * (count - content.count(b"\xff\xda")) + b"\xff\xd9"


def segments(megabytes: int) -> bytes:
    content = _encode(Image.new("RGB", (96, 64)), "JPEG")
    return content[:2] + b"\xff\xfe\0\2" * (megabytes * 2**18) + content[2:]


def png() -> bytes:
    """52 megapixels of one colour in 16 bits and transparent, compressed a thousandfold."""
    return _encode(Image.new("RGBA", (7200, 7200)), "PNG", compress_level=9)


def webp() -> bytes:
    return _encode(Image.new("RGBA", (5190, 5190)), "WEBP", method=0, lossless=True)


def heic() -> bytes:
    output = io.BytesIO()
    grain = Image.effect_noise((600, 400), 90).resize((8000, 8000)).convert("RGB")
    pillow_heif.from_pillow(grain).save(output, quality=30, chroma=420)
    return output.getvalue()


def jpeg() -> bytes:
    grain = Image.effect_noise((900, 900), 90).resize((8100, 8100))
    return _encode(Image.merge("RGB", [grain, grain, grain]), "JPEG", quality=95)


KINDS: dict[str, Callable[[], bytes]] = {
    "30 scans of 33 megapixels": lambda: scans(30, side=5760),
    "15 scans of 64 megapixels": lambda: scans(15, side=8000),
    "400 scans": lambda: scans(400, side=1000),
    "empty segments, 2 MB": lambda: segments(2),
    "empty segments, 30 MB": lambda: segments(30),
    "PNG of 52 megapixels": png,
    "WebP of 27 megapixels": webp,
    "HEIC of 64 megapixels": heic,
    "JPEG of 66 megapixels": jpeg,
}


def measure(server: Server, bad_token: str, content: bytes, *, count: int) -> dict[str, float]:
    (_, honest), *_ = make_photos("jpg", megapixels=12, count=1)
    (_, output), *_ = make_photos("jpg", megapixels=1, count=1)
    alone_s, picture_alone_s = _time_honest(server, honest), _time_picture(output)
    with (
        Peak(server.worker) as peak,
        ThreadPoolExecutor(count) as pool,
        ThreadPoolExecutor(3) as work,
    ):
        under_way = [pool.submit(_upload, server.url, bad_token, content) for _ in range(count)]
        preparing = [work.submit(_prepare, content) for _ in range(3)]
        time.sleep(0.7)
        honest_s, picture_s = _time_honest(server, honest), _time_picture(output)
        answers = [upload.result() for upload in under_way]
        for photo in preparing:
            photo.result()
    statuses = [status for status, _ in answers]
    return {
        "alone_s": alone_s,
        "honest_s": honest_s,
        "picture_alone_s": picture_alone_s,
        "picture_s": picture_s,
        "slowest_s": max(seconds for _, seconds in answers),
        "taken": statuses.count(201),
        "refused": statuses.count(400),
        "sent_away": statuses.count(503),
        "web_mb": memory_of(server.worker, "VmHWM"),
        "apart_mb": peak.children_mb,
    }


def _time_honest(server: Server, photo: bytes) -> float:
    status, seconds = _upload(server.url, server.token, photo)
    if status != 201:
        log = server.log.read_text()[-3000:]
        raise RuntimeError(f"The honest upload was answered {status}. {log}")
    return seconds


def _time_picture(output: bytes) -> float:
    begin = time.perf_counter()
    images.prepare_picture(
        output, aspect_ratio=None, output_format="webp", quality=90, disclosure=None
    )
    return time.perf_counter() - begin


def _upload(url: str, token: str, content: bytes) -> tuple[int, float]:
    begin = time.perf_counter()
    answer = httpx.post(
        f"{url}{PHOTOS}",
        files={"image": ("room.jpg", content)},
        headers={"Authorization": f"Token {token}"},
        timeout=300,
    )
    return answer.status_code, time.perf_counter() - begin


def _prepare(content: bytes) -> None:
    try:
        images.normalise_photo(content, account="bad")
    except images.PhotoRefused:
        return


def _encode(image: Image.Image, file_format: str, **options: int | bool) -> bytes:
    output = io.BytesIO()
    image.save(output, file_format, **options)
    return output.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures uploads beside crafted files.")
    parser.add_argument("--count", type=int, default=12, help="of each, at once (12)")
    parser.add_argument("--only", nargs="+", choices=[*KINDS], default=[*KINDS], metavar="KIND")
    parser.add_argument("--json", action="store_true", help="print one object of figures last")
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    found: dict[str, float] = {}
    with serving("bad") as server:
        for kind in options.only:
            figures = measure(server, server.tokens["bad"], KINDS[kind](), count=options.count)
            rows = rows or [("kind", *figures)]
            rows.append((kind, *(f"{value:.2f}" for value in figures.values())))
            for name in WANTED:
                found[name] = max(found.get(name, 0.0), figures[name])
    print_table(rows)
    if options.json:
        print_json(found)
    if any(found[name] >= most for name, most in WANTED.items()):
        sys.exit(1)


if __name__ == "__main__":
    main()
