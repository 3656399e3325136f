"""What `docker build` would see: `python -m tests.image DIR` puts it into a new folder."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def included() -> list[str]:
    """Return the names that .dockerignore lets through; it refuses everything else."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line]
    return [line[1:] for line in lines if line.startswith("!")]


def copy_context(folder: Path) -> None:
    """Copy what the image is built from into a new folder."""
    folder.mkdir()
    without_bytecode = shutil.ignore_patterns("__pycache__")
    for name in included():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=without_bytecode)
        else:
            shutil.copy2(ROOT / name, folder / name)


if __name__ == "__main__":
    copy_context(Path(sys.argv[1]))
