from pathlib import Path

import pytest

from demo.options import ROOT, Options, read_options


def test_read_options_without_any() -> None:
    assert read_options([]) == Options(photo=ROOT / "demo" / "living-room.jpg", data=ROOT / "var")


def test_read_options_takes_paths_from_where_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    chosen = read_options(["--photo", "room.jpg", "--data", "/srv/demo"])

    assert (chosen.photo, chosen.data) == (tmp_path / "room.jpg", Path("/srv/demo"))


def test_read_options_refuses_a_port_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        read_options(["--port", "many"])

    assert end.value.code == 2
    assert "invalid int value: 'many'" in capsys.readouterr().err


def test_the_example_photo_is_there() -> None:
    assert Options().photo.is_file()
