"""Starts a sandbox: `python -m sandbox --port 8100 --models modelsettings/catalog`."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from sandbox.app import build_app
from sandbox.misbehaviour import DroppableProtocol
from sandbox.options import Options


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the address and serve until interrupted; port 0 takes a free one."""
    # Python's own default ends the process at once, and would leave the folder of pictures behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = read_options(arguments)
    # Only with the protocol named does asyncio set TCP_NODELAY: without it each answer takes 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((options.host, options.port))
    bound.listen(1024)
    options = replace(options, port=bound.getsockname()[1])
    config = uvicorn.Config(
        build_app(options),
        http=DroppableProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        # A held answer must not keep the sandbox from stopping.
        timeout_graceful_shutdown=1,
    )
    print(f"Sandbox at {options.api}", flush=True)
    uvicorn.Server(config).run(sockets=[bound])


def read_options(arguments: Sequence[str] | None = None) -> Options:
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Replicate.")
    add = parser.add_argument
    add("--host", default=default.host)
    add("--port", type=int, default=default.port, help="0 picks a free one")
    add(
        "--models",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of published model files; may be given several times",
    )
    add("--seconds", type=float, default=default.seconds, help="how long a prediction takes")
    add("--token", default=default.token, help="the one token accepted; without it, any")
    add("--creations-per-minute", type=float, default=default.creations_per_minute)
    add("--requests-per-minute", type=float, default=default.requests_per_minute)
    add(
        "--retention-seconds",
        type=float,
        default=default.retention_s,
        dest="retention_s",
        help="after this long input, output and logs of a prediction are removed",
    )
    add(
        "--file-seconds",
        type=float,
        default=default.file_lifetime_s,
        dest="file_lifetime_s",
        help="after this long an uploaded file expires",
    )
    add(
        "--shortest-deadline",
        type=float,
        default=default.shortest_deadline_s,
        dest="shortest_deadline_s",
        help="the least Cancel-After, in seconds",
    )
    add("--webhook-secret", default=default.webhook_secret, help="whsec_…; a fresh one without")
    add(
        "--webhook-retry-scale",
        type=float,
        default=default.webhook_retry_scale,
        help="0.01 makes the minute of retries 0.6 seconds",
    )
    add(
        "--webhook-timeout", type=float, default=default.webhook_timeout_s, dest="webhook_timeout_s"
    )
    add(
        "--ignore-unknown-keys",
        action="store_false",
        dest="refuse_unknown_keys",
        help="let keys through that the model's Input does not have",
    )
    add("--threads", type=int, default=default.threads, help="how many draw pictures at once")
    chosen = vars(parser.parse_args(arguments))
    return Options(**{**chosen, "models": tuple(chosen["models"])})


if __name__ == "__main__":
    main()
