"""The guide of docs/migration.md: typed as it stands there, it does what it says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases, missing
from tests.conftest import make_photo
from tests.end_to_end import sessions
from tests.end_to_end.conftest import Restage
from tests.modelsettings.earlier import Stored, fill, write_csv
from tests.processes import ROOT

PAGE = ROOT / "docs" / "migration.md"
QWEN = "qwen/qwen-image-edit"
KONTEXT = "black-forest-labs/flux-kontext-max"
GPT = "openai/gpt-image-1"
# The table that the guide's reader has.
TABLE = [
    Stored("active_model", KONTEXT),
    Stored(
        "model_config_flux_kontext_max",
        KONTEXT,
        {
            "aspect_ratio": "match_input_image",
            "output_format": "png",
            "safety_tolerance": 4,
            "prompt_upsampling": False,
            "num_outputs": 1,
            "output_quality": 90,
        },
    ),
    Stored(
        "model_config_gpt_image_1",
        GPT,
        {"openai_api_key": "sk-of-nobody", "quality": "high", "number_of_images": 12},
    ),
    Stored("model_config_qwen", QWEN, {"output_quality": 85, "aspect_ratio": "4:3"}),
]
STEPS = sessions.read_steps(PAGE)
EXPORT = re.findall(r"^```bash export\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the reader has where manage.py lies."""
    folder = tmp_path_factory.mktemp("migration")
    (folder / "manage.py").symlink_to(ROOT / "manage.py")
    (folder / "photos" / "bedroom").mkdir(parents=True)
    for name in ("1.jpg", "2.jpg"):
        (folder / "photos" / "bedroom" / name).write_bytes(make_photo())
    write_csv(folder, TABLE)
    return folder


def variables(whole: Restage) -> dict[str, str]:
    """Return what the guide asks its reader to have."""
    return {
        **whole.env,
        "RESTAGE": whole.url,
        "TOKEN": whole.http.headers["Authorization"].removeprefix("Token "),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "no_proxy": "*",
    }


@pytest.fixture(scope="module")
def outputs(whole: Restage, folder: Path) -> Iterator[list[str]]:
    """What each step printed, in one shell; fewer where a command failed."""
    missing.CURL.require()
    whole.forget()
    yield sessions.type_steps(STEPS, folder=folder, variables=variables(whole))
    # Other tests share the installation, and believe that its settings are as they came.
    whole.http.put("/api/v1/admin/models/active", json={"value": QWEN}).raise_for_status()
    for slug in (QWEN, KONTEXT, GPT):
        answer = whole.http.post(f"/api/v1/admin/models/{slug}/config/reset", json={})
        answer.raise_for_status()


@pytest.mark.parametrize("number", range(len(STEPS)), ids=lambda at: f"line-{STEPS[at].line}")
def test_guide_does_what_it_says(outputs: list[str], number: int) -> None:
    # The last piece is what follows the last step, or what a failed command has left.
    assert number < len(outputs) - 1, outputs[-1]
    assert sessions.find_missing(STEPS[number], outputs[number]) == [], outputs[number]


def test_guide_exports_the_earlier_table(whole: Restage, folder: Path, tmp_path: Path) -> None:
    """From a real PostgreSQL, as the guide does: what comes out is what the import reads."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        missing.POSTGRES.require()
    missing.PSQL.require()
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    with databases.beside(address, name=f"earlier_guide_{os.getpid()}") as earlier:
        fill(earlier, TABLE)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "".join(EXPORT)],
            cwd=tmp_path,
            env={**os.environ, **variables(whole), "EARLIER": earlier},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert "model_config_qwen: " in done.stdout

    exported, written = (
        whole.run("import_prior_settings", "--csv", str(place / "settings.csv"), "--dry-run")
        for place in (tmp_path, folder)
    )
    assert exported == written


def test_guide_has_all_its_steps() -> None:
    typed = "".join(step.commands for step in STEPS)

    wanted = (
        "--dry-run", "import_prior_settings --csv settings.csv\n", "stage_folder",
        "admin/models/active", "-X PUT", '"prompt_mode": "replace"', "/members/",
        "readyz/workers", "admin/settings",
    )  # fmt: skip
    assert [one for one in wanted if one not in typed] == []
    assert len(EXPORT) == 1
