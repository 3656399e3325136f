from datetime import UTC, datetime
from pathlib import Path

import pytest

from modelsettings.prior.table import CannotImport, EarlierRow, read_csv
from tests.modelsettings.earlier import Stored, shipped_rows, write_csv

QWEN = "qwen/qwen-image-edit"
ROW = Stored("model_config_qwen", QWEN, {"go_fast": False, "note": 'a "b", c;\td'})
READ = EarlierRow(
    key="model_config_qwen",
    value=QWEN,
    document='{"go_fast": false, "note": "a \\"b\\", c;\\td"}',
    changed_at=datetime(2025, 11, 3, 14, 5, 0, 500_000, tzinfo=UTC),
    changed_by="ann",
)


def test_csv_gives_the_rows(tmp_path: Path) -> None:
    assert read_csv(write_csv(tmp_path, [ROW])) == [READ]


def test_csv_of_a_whole_installation(tmp_path: Path) -> None:
    rows = read_csv(write_csv(tmp_path, shipped_rows()))

    assert [(row.key, row.value) for row in rows] == [
        (row.key, row.value) for row in shipped_rows()
    ]
    assert [row.read_document() for row in rows] == [row.document or {} for row in shipped_rows()]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_csv_of_a_spreadsheet(tmp_path: Path, separator: str, start: str) -> None:
    document = ROW.cells[-1].replace('"', '""')
    path = tmp_path / "settings.csv"
    lines = [
        ["model_settings", "key", "value", "updated_by", "updated_at"],
        [f'"{document}"', ROW.key, QWEN, "ann", ROW.at],
    ]
    text = "\r\n".join(separator.join(line) for line in lines)
    path.write_bytes(f"{start}{text}\r\n\r\n".encode())

    assert read_csv(path) == [READ]


def test_csv_without_author_and_time(tmp_path: Path) -> None:
    path = tmp_path / "settings.csv"
    path.write_text("key,value,model_settings\nactive_model, acme/stager ,\n")

    assert read_csv(path) == [EarlierRow("active_model", "acme/stager", "", None, "")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "settings.csv is empty: its first line has the table's column names."),
        (b"key,value,model_settings\n", "The earlier settings are empty: there is nothing to take"),
        (b"key,value\na,b\n", "settings.csv has no column model_settings: an early version of"),
        (b"name,price\na,b\n", "lacks key and value and model_settings: the columns are key, va"),
        (b"\xff\xfek\x00e\x00", "settings.csv is not written in UTF-8: export it anew."),
        (b"key,value,model_settings\na,b\n", "settings.csv, line 2: 2 columns, where the first li"),
        (b'key,value,model_settings\na,"b"c,{}\n', "settings.csv, line 2: this is no CSV."),
        (b'key,value,model_settings\na,b,"{}\n', "settings.csv, line 2: this is no CSV."),
    ],
)
def test_csv_that_cannot_be_read(tmp_path: Path, text: bytes, sentence: str) -> None:
    path = tmp_path / "settings.csv"
    path.write_bytes(text)

    with pytest.raises(CannotImport) as refused:
        read_csv(path)

    assert sentence in str(refused.value)


def test_csv_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match=r"gone\.csv cannot be read: No such file or directory"):
        read_csv(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ('{"go_fast": tru', "a: its model_settings is broken JSON at character 12."),
        ('{"scale": NaN}', "a: its model_settings is broken JSON."),
        ("[" * 100_000, "a: its model_settings is broken JSON."),
        ("[1]", "a: its model_settings is no JSON object."),
        ('"text"', "a: its model_settings is no JSON object."),
    ],
)
def test_read_document_refuses(document: str, sentence: str) -> None:
    with pytest.raises(CannotImport) as refused:
        EarlierRow("a", "b", document, None, "").read_document()

    assert str(refused.value) == sentence


@pytest.mark.parametrize("document", ["", "{}", "null"])
def test_read_document_of_nothing(document: str) -> None:
    assert EarlierRow("a", "b", document, None, "").read_document() == {}
