"""The demo as a person starts it, with everything real but Replicate."""

import fcntl
import json
import re
import signal
import socket
import stat
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.demo.marked import Marked, python
from tests.missing import LINUX, needs

pytestmark = needs(LINUX)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("photo") / "room.jpg"
    # A photo's worth of detail: a plain colour compresses to what looks like a broken file.
    Image.effect_noise((640, 480), 60).convert("RGB").save(file)
    return file


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory, photo: Path
) -> tuple[Path, int, str, list[str]]:
    """Run the demo once; return its folder, its exit code, what it printed and what it left."""
    folder = tmp_path_factory.mktemp("demo")
    with python(*demo(folder, "--once", "--photo", str(photo)), folder=folder) as run:
        return folder, run.process.wait(timeout=120), run.output(), run.left()


def demo(folder: Path, *arguments: str) -> tuple[str, ...]:
    return ("-m", "demo", "--port", "0", "--data", str(folder / "kept"), *arguments)


def end_of(run: Marked) -> tuple[int, str, list[str]]:
    """Return how it ended, the last line it printed, and what it left behind."""
    code = run.process.wait(timeout=120)
    return code, run.output().splitlines()[-1], run.left()


def test_once_stages_the_photo_and_leaves_nothing_behind(
    first: tuple[Path, int, str, list[str]], photo: Path
) -> None:
    folder, code, printed, left = first

    assert (code, left) == (0, []), printed
    pictures = folder / "kept" / "pictures"
    assert (pictures / "before.jpg").read_bytes() == photo.read_bytes()
    (after,) = pictures.glob("after.*")
    with Image.open(after) as picture:
        assert picture.size == (640, 480)
    assert str(after) in printed


def test_once_prints_who_signs_in_and_keeps_it_private(
    first: tuple[Path, int, str, list[str]],
) -> None:
    folder, _, printed, _ = first

    operator = folder / "kept" / "operator.json"
    name, password, token = json.loads(operator.read_text()).values()
    assert f"name {name}, password {password}" in printed
    assert f"token {token}" in printed
    assert stat.S_IMODE(operator.stat().st_mode) == 0o600


def test_once_again_reuses_what_is_there(
    first: tuple[Path, int, str, list[str]], tmp_path: Path, photo: Path
) -> None:
    folder = first[0]
    before = (folder / "kept" / "operator.json").read_text()

    with python(*demo(folder, "--once", "--photo", str(photo)), folder=tmp_path) as run:
        code, _, left = end_of(run)

    assert (code, left) == (0, []), run.output()
    assert (folder / "kept" / "operator.json").read_text() == before


def test_once_with_a_file_that_is_no_photo(
    first: tuple[Path, int, str, list[str]], tmp_path: Path
) -> None:
    text = tmp_path / "room.jpg"
    text.write_text("This is a letter, and no photo of a room.")

    with python(*demo(first[0], "--once", "--photo", str(text)), folder=tmp_path) as run:
        code, reason, left = end_of(run)

    assert (code, left) == (1, []), run.output()
    assert reason.startswith("bin/demo: Restage answered 400: image: ")


def test_a_photo_that_is_missing(tmp_path: Path) -> None:
    with python(*demo(tmp_path, "--photo", str(tmp_path / "none.jpg")), folder=tmp_path) as run:
        assert end_of(run) == (1, f"bin/demo: There is no photo at {tmp_path}/none.jpg.", [])


def test_live_without_a_token(tmp_path: Path, photo: Path) -> None:
    arguments = demo(tmp_path, "--live", "--photo", str(photo))

    with python(*arguments, folder=tmp_path, REPLICATE_API_TOKEN="") as run:
        code, reason, left = end_of(run)

    assert (code, left) == (1, [])
    assert reason == "bin/demo: --live needs your Replicate token in REPLICATE_API_TOKEN."


def test_ctrl_c_in_the_middle_ends_everything(tmp_path: Path, photo: Path) -> None:
    with python(*demo(tmp_path, "--photo", str(photo)), folder=tmp_path) as run:
        assert run.await_(lambda: len(run.left()) > 5), run.output()
        run.process.send_signal(signal.SIGINT)

        assert end_of(run) == (130, "Everything is ended.", [])


def test_killed_outright_it_leaves_nothing_behind(
    first: tuple[Path, int, str, list[str]], tmp_path: Path, photo: Path
) -> None:
    with python(*demo(first[0], "--photo", str(photo)), folder=tmp_path) as run:
        assert run.await_(lambda: "Ctrl-C ends everything." in run.output()), run.output()
        run.process.kill()
        run.process.wait()

        assert run.await_(lambda: not run.left(), within_s=20), run.left()


def test_what_is_not_there_is_answered_as_in_production(
    first: tuple[Path, int, str, list[str]], tmp_path: Path, photo: Path
) -> None:
    with python(*demo(first[0], "--photo", str(photo)), folder=tmp_path) as run:
        assert run.await_(lambda: "Ctrl-C ends everything." in run.output()), run.output()
        (address,) = set(re.findall(r"http://127\.0\.0\.1:\d+", run.output()))
        page, of_api = (httpx.get(f"{address}{path}") for path in ("/nowhere", "/api/v1/nowhere"))
        run.process.send_signal(signal.SIGINT)
        end_of(run)

    assert (page.status_code, of_api.status_code) == (404, 404)
    assert "There is nothing at this address" in page.text
    assert of_api.json() == {"detail": "There is nothing at this address."}


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path, photo: Path) -> None:
    (tmp_path / "kept").mkdir()
    with (tmp_path / "kept" / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with python(*demo(tmp_path, "--photo", str(photo)), folder=tmp_path) as run:
            assert end_of(run) == (
                1,
                f"bin/demo: A demo is running in {tmp_path}/kept already; "
                "--data DIR gives this one its own.",
                [],
            )


def test_a_port_that_is_taken(tmp_path: Path, photo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = demo(tmp_path, "--photo", str(photo), "--port", str(port))

        with python(*arguments, folder=tmp_path) as run:
            code, reason, left = end_of(run)

    assert (code, left) == (1, [])
    assert reason == f"bin/demo: Port {port} cannot be used: Address already in use. Try --port 0."
