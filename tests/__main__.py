"""Runs pytest with a broker: `python -m tests …`, which bin/test calls with pytest's arguments.

`python -m tests quick …` runs the selection of tests.quick.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo.restage import free_port, listens
from demo.supervisor import LOOK_EVERY_S, Ended, Supervisor
from tests import quick


def main(arguments: list[str]) -> int:
    """Run pytest against the environment's broker, or an embedded one; return its exit code."""
    with tempfile.TemporaryDirectory() as folder, Supervisor(logs=Path(folder)) as supervisor:
        if not os.environ.get("CELERY_BROKER_URL"):
            os.environ["CELERY_BROKER_URL"] = start_broker(supervisor, Path(folder))
        return run_pytest(supervisor, arguments)


def start_broker(supervisor: Supervisor, folder: Path) -> str:
    """Start an embedded Valkey and return its address."""
    port = free_port()
    command = [sys.executable, "-m", "demo.broker", "--port", str(port)]
    command += ["--folder", str(folder / "valkey")]
    valkey = supervisor.start("valkey", command, env=os.environ)
    supervisor.wait_until(lambda: listens(port), valkey, within_s=30)
    return f"redis://127.0.0.1:{port}/0"


def run_pytest(supervisor: Supervisor, arguments: list[str]) -> int:
    """Run pytest in this terminal's foreground; whatever ends this process ends it as well."""
    if arguments[:1] == ["quick"]:
        arguments = [*quick.arguments(), *arguments[1:]]
    # Rewriting all asserts takes six seconds of each run in which it is not kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "pytest", *arguments]
    pytest = subprocess.Popen(command)
    try:
        while pytest.poll() is None:
            supervisor.check()
            time.sleep(LOOK_EVERY_S)
    except Ended as end:
        pytest.send_signal(end.number)
    return pytest.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
