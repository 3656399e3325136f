"""Restage on one machine: its environment, and its processes in the order of their needs."""

import json
import os
import re
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo import kept
from demo.client import Client
from demo.kept import Operator
from demo.options import ROOT, Options
from demo.supervisor import Child, Supervisor

# Generous: a machine under load starts five Pythons at once.
READY_WITHIN_S = 60.0
DEFAULT_PORT = 8000
# The keys that --live passes on, to buy from Replicate itself.
KEYS = ("REPLICATE_API_TOKEN", "OPENAI_API_KEY", "PROPLABS_REPLICATE_API_KEY")


class PortTaken(Exception):
    """The port that was asked for is in use."""


@dataclass(frozen=True)
class Running:
    """A Restage that answers: its address, and its operator."""

    address: str
    operator: Operator


def start(supervisor: Supervisor, options: Options, *, say: Callable[[str], None]) -> Running:
    """Start everything and return once it answers.

    Raises ChildFailed and PortTaken.
    """
    with _listen(options.port, say=say) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ports = {"valkey": free_port(), "sandbox": free_port()}
        env = environment(options, address=address, ports=ports)
        return _start(supervisor, options, address=address, ports=ports, env=env, listener=listener)


def environment(options: Options, *, address: str, ports: dict[str, int]) -> dict[str, str]:
    """Return the environment of Restage's processes, which leaves out the shell's settings."""
    ours = {*_names(ROOT / ".env.example"), "DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    env |= {
        # To collect static files first would cost four seconds a run. All else is as in production.
        "STATIC_UNCOLLECTED": "1",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "SECRET_KEY": kept.secret_key(options.data),
        "DATABASE_URL": f"sqlite:///{options.data / 'restage.sqlite3'}",
        "MEDIA_ROOT": str(options.data / "media"),
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{ports['valkey']}/0",
        "PYTHONUNBUFFERED": "1",
    }
    if options.live:
        # No PUBLIC_URL: Replicate's webhooks do not reach a laptop, and jobs settle by polling.
        return env | {name: os.environ[name] for name in KEYS if name in os.environ}
    return env | {
        "REPLICATE_API_TOKEN": "r8_the_sandbox_takes_any_token",
        "REPLICATE_BASE_URL": f"http://127.0.0.1:{ports['sandbox']}",
        "PUBLIC_URL": address,
    }


def _names(example: Path) -> list[str]:
    """Return the names of the variables in an .env file."""
    return re.findall(r"^(\w+)=", example.read_text(), re.MULTILINE)


def _start(
    supervisor: Supervisor,
    options: Options,
    *,
    address: str,
    ports: dict[str, int],
    env: dict[str, str],
    listener: socket.socket,
) -> Running:
    def run(name: str, *arguments: str | Path, pass_fds: tuple[int, ...] = ()) -> Child:
        return supervisor.start(name, [sys.executable, *arguments], env=env, pass_fds=pass_fds)

    valkey = run(
        "valkey", "-m", "demo.broker",
        "--port", str(ports["valkey"]), "--folder", options.data / "valkey",
    )  # fmt: skip
    migrate = run("migrate", "manage.py", "migrate", "--no-input")
    # This process opens the socket, so that no other takes the port; requests wait in it.
    socket_fd = listener.fileno()
    web = run(
        "web",
        "-m",
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"fd://{socket_fd}",
        # Open connections would keep gunicorn from ending at once.
        "--keep-alive",
        "0",
        pass_fds=(socket_fd,),
    )
    sandbox = None if options.live else run(
        "sandbox", "-m", "sandbox", "--port", str(ports["sandbox"]),
        "--models", ROOT / "modelsettings" / "catalog", "--seconds", "2",
    )  # fmt: skip
    # Mingling and gossip look for other workers, of which there are none, for a second.
    run("worker", "-m", "celery", "-A", "config", "worker", "--without-mingle", "--without-gossip")
    supervisor.finish(migrate, within_s=READY_WITHIN_S)
    # Only after the migration: beat's tasks read the tables. Until then the worker is idle.
    run("beat", "-m", "celery", "-A", "config", "beat")
    supervisor.wait_until(lambda: _answers(f"{address}/livez"), web, within_s=READY_WITHIN_S)
    operator = kept.find_operator(options.data)
    if operator is None or not _is_known(address, operator):
        operator = _create_operator(supervisor, run)
        kept.keep_operator(options.data, operator)
    supervisor.wait_until(lambda: listens(ports["valkey"]), valkey, within_s=READY_WITHIN_S)
    if sandbox:
        supervisor.wait_until(lambda: listens(ports["sandbox"]), sandbox, within_s=READY_WITHIN_S)
    return Running(address, operator)


def _is_known(address: str, operator: Operator) -> bool:
    with Client(address, token=operator.token) as client:
        return client.is_known()


def _create_operator(supervisor: Supervisor, run: Callable[..., Child]) -> Operator:
    created = run("operator", "manage.py", "create_operator", "demo", "--role", "Administrator")
    printed = supervisor.finish(created, within_s=READY_WITHIN_S)
    # The log has the password, which only the operator's file may hold.
    created.log.unlink()
    return Operator(**json.loads(printed.splitlines()[-1]))


def _listen(port: int | None, *, say: Callable[[str], None]) -> socket.socket:
    """Open the web server's socket, on any free port where the default one is taken."""
    wanted = DEFAULT_PORT if port is None else port
    try:
        return socket.create_server(("127.0.0.1", wanted), backlog=128)
    except OSError as error:
        if port is not None:
            raise PortTaken(
                f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. Try --port 0."
            ) from None
    say(f"Port {wanted} is taken: another one is used.")
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Return whether a process listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
