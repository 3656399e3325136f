"""Starts Restage as the demo does, with all it keeps in a folder, and runs the session on it.

    python -m tests.generated_client FOLDER PYTHON

FOLDER holds the generated package `restage_client`, and PYTHON has what that imports.
"""

import os
import subprocess
import sys
from pathlib import Path

from demo import restage
from demo.options import ROOT, Options
from demo.restage import Running
from demo.supervisor import Supervisor

SESSION_WITHIN_S = 180


def main() -> int:
    """Run the session and return its exit code."""
    folder, python = map(Path, sys.argv[1:])
    options = Options(data=folder / "restage", port=0)
    options.data.mkdir()
    with Supervisor(logs=options.data / "logs") as supervisor:
        running = restage.start(supervisor, options, say=print)
        session = subprocess.run(
            [python, ROOT / "tests" / "generated_client" / "session.py"],
            env={
                **os.environ,
                "PYTHONPATH": str(folder),
                "RESTAGE": running.address,
                "TOKEN": running.operator.token,
                "MIA": _token_of_mia(options, running),
                "PHOTO": str(options.photo),
            },
            timeout=SESSION_WITHIN_S,
            check=False,
        )
        supervisor.check()
    return session.returncode


def _token_of_mia(options: Options, running: Running) -> str:
    """Return the token of a second user, who has no permission."""
    env = restage.environment(options, address=running.address, ports={"valkey": 0, "sandbox": 0})
    make = "from django.contrib.auth.models import User; User.objects.create_user('mia')"
    for command in (["shell", "-v", "0", "-c", make], ["create_token", "mia"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
