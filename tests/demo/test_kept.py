from pathlib import Path

from demo import kept

ANN = kept.Operator(name="ann", password="a password", token="a token")


def test_secret_key_is_made_once(tmp_path: Path) -> None:
    first = kept.secret_key(tmp_path)

    assert kept.secret_key(tmp_path) == first
    assert len(first) >= 50


def test_operator_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    kept.keep_operator(tmp_path, ANN)

    assert kept.find_operator(tmp_path) == ANN
    assert (tmp_path / "operator.json").stat().st_mode & 0o777 == 0o600


def test_find_operator_where_there_is_none(tmp_path: Path) -> None:
    assert kept.find_operator(tmp_path) is None


def test_find_operator_in_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "operator.json").write_text('{"name": "ann"}')

    assert kept.find_operator(tmp_path) is None
