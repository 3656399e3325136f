"""Sets Restage up in a folder, starts it, and stages a photo: see `bin/demo --help`."""

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import restage
from demo.client import Client, Refused
from demo.options import Options, read_options
from demo.restage import PortTaken, Running
from demo.screen import Screen
from demo.supervisor import LOOK_EVERY_S, ChildFailed, Ended, Supervisor

STAGED_WITHIN_S = 120.0
# Restage itself gives a real prediction ten minutes, and then says why it failed.
STAGED_LIVE_WITHIN_S = 900.0


class CannotStart(Exception):
    """Nothing was started, since something is missing; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    options = read_options(arguments)
    screen = Screen()
    staged = False
    # Only this user may read the keys, the operator's password and the photos.
    os.umask(0o077)
    try:
        _check(options)
        with _only_one(options.data), Supervisor(logs=options.data / "logs") as supervisor:
            screen.say(f"Starting Restage in {_short(options.data)} …")
            running = restage.start(supervisor, options, say=screen.say)
            _stage(supervisor, running, options, screen=screen)
            staged = True
            if options.once:
                return 0
            screen.say("Ctrl-C ends everything.")
            while True:
                supervisor.check()
                time.sleep(LOOK_EVERY_S * 4)
    except (CannotStart, PortTaken, Refused, ChildFailed) as error:
        screen.say()
        print(f"bin/demo: {error}", file=sys.stderr)
        return 1
    except Ended as end:
        screen.say()
        screen.say("Everything is ended.")
        return 0 if staged and end.number == signal.SIGINT else 128 + end.number


def _check(options: Options) -> None:
    if not options.photo.is_file():
        raise CannotStart(f"There is no photo at {options.photo}.")
    if options.live and not os.environ.get("REPLICATE_API_TOKEN", "").strip():
        raise CannotStart("--live needs your Replicate token in REPLICATE_API_TOKEN.")


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Lock the folder: two demos on one database and one broker would end each other's work."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"A demo is running in {_short(folder)} already; --data DIR gives this one its own."
            ) from None
        yield


def _stage(supervisor: Supervisor, running: Running, options: Options, *, screen: Screen) -> None:
    """Stage the photo, write both pictures, and print their paths and the next steps."""

    def tell(job: dict[str, Any]) -> None:
        supervisor.check()
        screen.follow(job["status"])

    screen.say(f"Staging {_short(options.photo)} as {options.room}, {options.style}:")
    screen.begin()
    with Client(running.address, token=running.operator.token) as client:
        job = client.request_staging(
            options.photo, room=options.room, style=options.style, model=options.model
        )
        within_s = STAGED_LIVE_WITHIN_S if options.live else STAGED_WITHIN_S
        job = client.follow(job, tell=tell, within_s=within_s)
        pictures = options.data / "pictures"
        pictures.mkdir(exist_ok=True)
        for old in pictures.iterdir():
            old.unlink()
        before = pictures / f"before{options.photo.suffix or '.jpg'}"
        shutil.copyfile(options.photo, before)
        after = client.bring_pictures(job, folder=pictures)
    _show(running, job, before=before, after=after, screen=screen)


def _show(
    running: Running, job: dict[str, Any], *, before: Path, after: list[Path], screen: Screen
) -> None:
    operator = running.operator
    for line in (
        "",
        f"Before    {_short(before)}",
        f"After     {', '.join(_short(picture) for picture in after)}",
        f"Settings  {job['model_id']}, profile {job['profile']}, revision {job['revision']}",
        "",
        f"Admin     {running.address}/admin/",
        f"          name {operator.name}, password {operator.password}",
        f"API       {running.address}/api/v1/docs",
        f"          token {operator.token}",
        f"          curl -H 'Authorization: Token {operator.token}' \\",
        f"            {running.address}/api/v1/admin/models/{job['model_id']}/config",
        "",
    ):
        screen.say(line)


def _short(path: Path) -> str:
    """Return the path relative to the current folder, where it lies in it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    sys.exit(main())
