"""The demo's command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every choice of the command line, each with its default; `port` is None when not chosen."""

    photo: Path = ROOT / "demo" / "living-room.jpg"
    room: str = "living_room"
    style: str = "modern"
    model: str = ""
    port: int | None = None
    data: Path = ROOT / "var"
    once: bool = False
    live: bool = False


def read_options(arguments: Sequence[str] | None = None) -> Options:
    default = Options()
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Sets Restage up on this machine, starts it, and stages a photo.",
    )
    add = parser.add_argument
    add("--photo", type=Path, default=default.photo, metavar="PATH", help="the photo to stage")
    add("--room", default=default.room, help="what room it is (%(default)s)")
    add("--style", default=default.style, help="how to furnish it (%(default)s)")
    add(
        "--model",
        default=default.model,
        metavar="OWNER/NAME",
        help="a model other than the default",
    )
    add("--port", type=int, metavar="N", help="port of the web server (8000); 0 picks a free one")
    add(
        "--data",
        type=Path,
        default=default.data,
        metavar="DIR",
        help="where everything is kept (var/); a second run finds it there",
    )
    add("--once", action="store_true", help="end as soon as the staged picture is on disk")
    add(
        "--live",
        action="store_true",
        help="call Replicate, with the token in REPLICATE_API_TOKEN: it costs money",
    )
    chosen = vars(parser.parse_args(arguments))
    return Options(
        **{**chosen, "photo": chosen["photo"].absolute(), "data": chosen["data"].absolute()}
    )
