"""`import_prior_settings`: what it says, how it ends, and what it reads from a real PostgreSQL."""

import os
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from modelsettings.actors import Actor
from modelsettings.settings import get_settings, patch_settings
from tests import databases, missing, processes
from tests.modelsettings.conftest import everything
from tests.modelsettings.earlier import TABLE, Stored, fill, shipped_rows, write_csv
from tests.modelsettings.management.commands import run_command

pytestmark = pytest.mark.django_db

QWEN = "qwen/qwen-image-edit"
GPT = "openai/gpt-image-1"
PASSWORD = "pa55-of-nobody"
SAVED = "3 changed."

run = partial(run_command, "import_prior_settings")


@pytest.fixture
def earlier() -> Iterator[str]:
    """The address of an empty database on a real server."""
    missing.POSTGRES.require()
    with databases.beside(os.environ["DATABASE_URL"], name=f"earlier_{os.getpid()}") as address:
        yield address


def test_every_field_is_told(tmp_path: Path) -> None:
    document = {"go_fast": False, "output_quality": 0, "aspect_ratio": "4:3", "steps\x1b": 3}
    gpt = {"openai_api_key": "sk-a-real-key", "number_of_images": 12}
    rows = [
        Stored("active_model", "acme/gone"),
        Stored("model_config_gpt_image_1", GPT, gpt),
        Stored("model_config_qwen", QWEN, document),
    ]

    output = run("--csv", write_csv(tmp_path, rows))

    assert output.splitlines() == [
        "active_model: unknown model acme/gone: add it with manage.py add_model acme/gone, then "
        "import again.",
        f"model_config_gpt_image_1: {GPT}, Standard: revision 2.",
        "  number_of_images  corrected               10: 12 is more than the maximum of 10.",
        "  openai_api_key    a secret                Left behind: set OPENAI_API_KEY in the "
        "environment.",
        f"model_config_qwen: {QWEN}, Standard: revision 2.",
        "  go_fast         taken over              false",
        "  output_quality  corrected               80: 0 is what a save without this field left "
        "there.",
        "  aspect_ratio    carried out by Restage  4:3",
        r"  steps\x1b       not a parameter of this model  No Qwen model publishes it.",
        "2 changed.",
    ]
    assert "sk-a" not in output + repr(everything())


def test_second_run_and_dry_run_say_so(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [Stored("model_config_qwen", QWEN, {"seed": 7})])

    assert run("--csv", file, "--dry-run").endswith("Nothing was saved; 1 would change.\n")
    assert get_settings(QWEN).revision == 1
    assert run("--csv", file).endswith("\n1 changed.\n")
    assert run("--csv", file).endswith("\nNothing was changed: all of it is here already.\n")
    assert run("--csv", file, "--dry-run").endswith("Nothing was saved; nothing would change.\n")


def test_what_stays_is_named(tmp_path: Path) -> None:
    patch_settings(get_settings(QWEN).pk, {"seed": 1}, by=Actor("olga"))
    file = write_csv(tmp_path, [Stored("model_config_qwen", QWEN, {"seed": 7})])

    output = run("--csv", file)

    assert "  seed  changed here since      1 stays: olga chose it on " in output
    assert output.endswith(
        f"Changed here since, and left alone: {QWEN}, Standard. With --overwrite they take the "
        "earlier values.\nNothing was changed.\n"
    )
    assert run("--csv", file, "--overwrite").endswith("1 changed.\n")


def test_our_own_secrets_are_masked(settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": "sk-a-real-key"}
    document = {"user_id": "sk-a-real-key", "quality": "sk-a-real-key"}

    output = run("--csv", write_csv(tmp_path, [Stored("model_config_gpt", GPT, document)]))

    assert "sk-a" not in output
    assert 'corrected               auto: "***" is not one of' in output


@pytest.mark.parametrize("arguments", [(), ("--csv", "x", "--database-url", "y")])
def test_one_source_is_named(arguments: tuple[str, ...]) -> None:
    run(*arguments, code=1)


def test_what_cannot_be_imported_is_a_sentence(tmp_path: Path) -> None:
    file = write_csv(tmp_path, [Stored("model_config_qwen", QWEN, "{")])

    output = run("--csv", file, code=1)

    assert output == "error: model_config_qwen: its model_settings is broken JSON at character 1."


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://u:{p}@h/db", "The address is not one of PostgreSQL: write it as postgres://"),
        (
            "postgres://u:{p}/more@127.0.0.1/db",
            "The database cannot be reached: its host is not known; write it as postgres://",
        ),
        ("postgres://u:{p}@127.0.0.1:1/db?pool={p}", "The address cannot be read: write it as"),
        ("postgres://u:{p}@127.0.0.1:1/db", "The database cannot be reached: nothing listens the"),
        ("{p}", "The address cannot be read: write it as postgres://"),
        ("", "The address is not one of PostgreSQL: write it as postgres://"),
    ],
)
def test_database_that_cannot_be_reached(address: str, sentence: str) -> None:
    output = run("--database-url", address.format(p=PASSWORD), code=1)

    assert output.startswith(f"error: {sentence}")
    assert "pa55" not in output


def test_password_is_not_in_a_traceback() -> None:
    # PostgreSQL's library takes what follows the first @ for the host, and names it.
    address = f"postgres://u:p@{PASSWORD}@127.0.0.1:1/db"
    with pytest.raises(CommandError) as error:
        call_command("import_prior_settings", database_url=address)

    # As --traceback prints it.
    told = "".join(traceback.format_exception(error.value))
    assert "cannot be reached" in told
    assert "pa55" not in told


def test_database_gives_what_the_csv_gives(earlier: str, tmp_path: Path) -> None:
    fill(earlier, shipped_rows())

    said = run("--database-url", earlier, "--dry-run")

    assert "model_config_flux_kontext_max: black-forest-labs/flux-kontext-max, Standard" in said
    file = write_csv(tmp_path, sorted(shipped_rows(), key=lambda row: row.key))
    assert run("--csv", file, "--dry-run") == said
    assert run("--database-url", earlier).endswith(f"\n{SAVED}\n")
    again = run("--database-url", earlier)
    assert again.endswith("\nNothing was changed: all of it is here already.\n")


def test_database_is_exported_by_copy(earlier: str, tmp_path: Path) -> None:
    rows = [Stored("model_config_qwen", QWEN, {"go_fast": False, "note": 'a "b"\n, c'})]
    fill(earlier, rows)
    copied = tmp_path / "copied.csv"
    with (
        psycopg.connect(earlier) as postgres,
        copied.open("wb") as file,
        postgres.cursor().copy("copy settings to stdout csv header") as copy,
    ):
        for block in copy:
            file.write(block)

    from_csv = run("--csv", copied, "--dry-run")

    assert "go_fast  taken over              false" in from_csv
    assert from_csv == run("--database-url", earlier, "--dry-run")


def test_nothing_is_written_in_the_earlier_database(earlier: str) -> None:
    fill(earlier, shipped_rows())
    before = databases.dump(earlier)

    run("--database-url", earlier)

    assert databases.dump(earlier) == before


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", "The database has no table settings: is it the earlier system's?"),
        (TABLE, "The earlier settings are empty: there is nothing to take over."),
        (
            "create table settings (key text, value text)",
            "The table settings has no column model_settings: an early version of the earlier",
        ),
        (
            "create table settings (name text)",
            "The table settings lacks key and value and model_settings: the columns are key,",
        ),
        (
            "create view settings as select 1 / 0 as key, '' as value, '' as model_settings",
            "settin",
        ),
    ],
)
def test_database_of_another_kind(earlier: str, table: str, sentence: str) -> None:
    if table:
        fill(earlier, [], table=table)

    assert sentence in run("--database-url", earlier, code=1)


def test_broken_json_in_a_column_of_text(earlier: str) -> None:
    table = TABLE.replace("jsonb default '{}'", "text").replace(
        "create index on settings using gin (model_settings);", ""
    )
    fill(earlier, [Stored("model_config_qwen", QWEN, '{"go_fast": tru')], table=table)

    said = run("--database-url", earlier, code=1)

    assert said == "error: model_config_qwen: its model_settings is broken JSON at character 12."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": "/gone"}, "there is no such database or user"),
        ({"login": "gone"}, "there is no such database or user"),
        ({"host": "gone.invalid"}, "its host is not known; write it as postgres://user@host"),
    ],
)
def test_server_that_refuses(earlier: str, change: dict[str, str], sentence: str) -> None:
    parts = urlsplit(earlier)
    login = f"{change.get('login', parts.username)}:{PASSWORD}"
    place = f"{change.get('host', parts.hostname)}:{parts.port}"
    address = parts._replace(
        netloc=f"{login}@{place}", path=change.get("path", parts.path)
    ).geturl()

    output = run("--database-url", address, code=1)

    assert output.startswith(f"error: The database cannot be reached: {sentence}")
    assert "pa55" not in output


def test_table_that_may_not_be_read(earlier: str) -> None:
    fill(earlier, shipped_rows())
    role = f"reader_{os.getpid()}"
    with psycopg.connect(earlier, autocommit=True) as postgres:
        postgres.execute(f"create role {role} login".encode())
        try:
            parts = urlsplit(earlier)
            address = parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port}").geturl()
            output = run("--database-url", address, code=1)
        finally:
            postgres.execute(f"drop role {role}".encode())

    assert output == "error: The user of the address may not read the table settings."


def test_command_ends_with_0_where_every_field_was_judged(tmp_path: Path) -> None:
    """As a process of its own, with a table from a spreadsheet."""
    env = {"DATABASE_URL": f"sqlite:///{tmp_path / 'own.sqlite3'}", "DEBUG": "1"}
    processes.manage("migrate", "-v", "0", env=env)

    file = write_csv(tmp_path, shipped_rows())
    printed = processes.manage("import_prior_settings", "--csv", str(file), env=env)

    assert printed.endswith(f"\n{SAVED}\n")
