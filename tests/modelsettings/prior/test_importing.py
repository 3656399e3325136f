"""The import of the earlier settings, on the models that ship."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.prior import importing
from modelsettings.prior.documents import Outcome
from modelsettings.prior.importing import Report, RowReport
from modelsettings.prior.table import CannotImport, read_csv
from modelsettings.settings import get_settings, patch_settings, reset_settings
from tests.modelsettings.conftest import everything
from tests.modelsettings.earlier import CHANGED_AT, Stored, shipped_rows, write_csv

pytestmark = pytest.mark.django_db

QWEN = "qwen/qwen-image-edit"
KONTEXT = "black-forest-labs/flux-kontext-max"
GPT = "openai/gpt-image-1"
OLGA = Actor("olga")
THEN = datetime.fromisoformat(CHANGED_AT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def of_qwen(**document: Any) -> Stored:
    return Stored("model_config_qwen", QWEN, document)


def take(folder: Path, *rows: Stored, **options: Any) -> Report:
    return importing.import_settings(read_csv(write_csv(folder, rows)), **options)


def outcomes(report: Report, at: int = 0) -> dict[str, tuple[str, str]]:
    return {found.field: (found.outcome, found.sentence) for found in report.rows[at].fields}


def refused(folder: Path, *rows: Stored, **options: Any) -> str:
    """Return why an import is refused, having looked that nothing was changed."""
    before = everything()
    with pytest.raises(CannotImport) as error:
        take(folder, *rows, **options)
    assert everything() == before
    return str(error.value)


def default_model() -> str:
    return ReplicateModel.objects.get(is_default=True).slug


def test_document_becomes_the_next_revision_of_the_live_profile(folder: Path) -> None:
    report = take(folder, of_qwen(go_fast=False, output_quality=55, aspect_ratio="4:3", seed=7))

    stored = get_settings(QWEN)
    assert report.rows[0].sentence == f"{QWEN}, Standard: revision 2."
    assert (report.changed, report.kept) == (1, [])
    assert outcomes(report) == {
        "go_fast": (Outcome.TAKEN, "false"),
        "output_quality": (Outcome.TAKEN, "55"),
        "aspect_ratio": (Outcome.CARRIED_OUT, "4:3"),
        "seed": (Outcome.TAKEN, "7"),
    }
    assert (stored.revision, stored.document) == (
        2,
        {
            "go_fast": False,
            "seed": 7,
            "output_format": "webp",
            "output_quality": 55,
            "disable_safety_checker": False,
            "num_outputs": 1,
            "aspect_ratio": "4:3",
            "disclosure": "off",
        },
    )


def test_first_revision_says_who_changed_it_there_and_has_that_time(folder: Path) -> None:
    take(folder, of_qwen(output_quality=55))

    row = ModelSettings.history.get(id=get_settings(QWEN).pk, revision=2)
    today = f"{timezone.now():%Y-%m-%d}"
    assert (row.updated_by, row.updated_at, row.history_date) == ("system:import", THEN, THEN)
    assert row.history_change_reason.startswith(f"Imported from the earlier system on {today} ")
    assert row.history_change_reason.endswith(" UTC, changed there by ann on 2025-11-03 14:05 UTC.")


def test_later_revisions_have_the_time_of_their_import(folder: Path) -> None:
    began = timezone.now()
    take(folder, of_qwen(output_quality=55))
    take(folder, of_qwen(output_quality=56))
    again = ModelSettings.history.get(id=get_settings(QWEN).pk, revision=3)
    patch_settings(get_settings(KONTEXT).pk, {"num_outputs": 2}, by=OLGA)
    take(folder, Stored("model_config_k", KONTEXT, {"seed": 1}))
    of_kontext = ModelSettings.history.get(id=get_settings(KONTEXT).pk, revision=3)

    assert again.updated_at > began
    assert of_kontext.updated_at > began


@pytest.mark.parametrize("at", ["", "yesterday", f"{datetime.now(UTC) + timedelta(days=9)}"])
def test_time_that_is_not_known_or_still_to_come(folder: Path, at: str) -> None:
    began = timezone.now()

    take(folder, Stored("model_config_qwen", QWEN, {"seed": 7}, at=at, by=""))

    assert began < get_settings(QWEN).updated_at <= timezone.now()


def test_whole_installation_is_taken_over_and_a_second_run_changes_nothing(folder: Path) -> None:
    first = take(folder, *shipped_rows())
    before = everything()
    second = take(folder, *shipped_rows())

    assert default_model() == KONTEXT
    assert first.rows[0] == RowReport(
        "active_model",
        f"{KONTEXT} is the default for staging now, not {QWEN}.",
        is_changed=True,
    )
    assert [row.key for row in first.rows] == [row.key for row in shipped_rows()]
    assert get_settings("bytedance/seedream-3").document["guidance_scale"] == 7.5
    assert everything() == before
    assert (second.changed, second.kept) == (0, [])
    assert {row.sentence.partition(": ")[2] for row in second.rows[1:]} == {
        "as it is here already."
    }


def test_default_keeps_author_and_reason(folder: Path) -> None:
    take(folder, Stored("active_model", KONTEXT))

    row = ReplicateModel.history.filter(slug=KONTEXT).latest("history_id")
    assert row.updated_by == "system:import"
    assert "changed there by ann on 2025-11-03 14:05 UTC." in row.history_change_reason


def test_model_that_cannot_be_the_default_leaves_the_one_that_is(folder: Path) -> None:
    report = take(folder, Stored("active_model", "bytedance/seedream-3"), of_qwen(seed=7))

    assert default_model() == QWEN
    assert report.rows[0].sentence.startswith(
        "bytedance/seedream-3 cannot be the default. bytedanc"
    )
    assert report.rows[0].sentence.endswith(f" So {QWEN} stays the default.")
    assert get_settings(QWEN).document["seed"] == 7


def test_one_model_at_a_time(folder: Path) -> None:
    report = take(folder, *shipped_rows(), model=KONTEXT)

    assert [row.key for row in report.rows] == ["active_model", "model_config_flux_kontext_max"]
    assert default_model() == KONTEXT
    assert get_settings("bytedance/seedream-3").revision == 1
    other = take(folder, *shipped_rows(), model="bytedance/seedream-3")
    assert [row.key for row in other.rows] == ["model_config_seedream_3"]
    assert default_model() == KONTEXT


def test_one_model_that_the_table_lacks(folder: Path) -> None:
    rows = (of_qwen(), Stored("active_model", QWEN), Stored("model_config_a/b", ""))

    assert refused(folder, *rows, model=GPT) == (
        f"The table has no row for {GPT}. It has: a/b, {QWEN}."
    )


def test_dry_run_says_the_same_and_saves_nothing(folder: Path) -> None:
    before = everything()

    said = take(folder, *shipped_rows(), is_dry_run=True)

    assert everything() == before
    assert take(folder, *shipped_rows()) == said


def test_unknown_models_are_named_and_the_others_taken_over(folder: Path) -> None:
    report = take(
        folder,
        Stored("active_model", "acme/gone"),
        Stored("model_config_acme/gone", "", {"token": "sk-1"}),
        Stored("model_config_x", "no slash"),
        Stored("site_name", "Elm", {}),
        of_qwen(seed=7),
    )

    unknown = (
        "unknown model acme/gone: add it with manage.py add_model acme/gone, then import again."
    )
    assert [(row.key, row.sentence) for row in report.rows[:4]] == [
        ("active_model", unknown),
        ("model_config_acme/gone", unknown),
        (
            "model_config_x",
            "unknown model no slash: it has no name such as owner/name, so it was left behind.",
        ),
        ("site_name", "not a model's settings: left behind."),
    ]
    assert get_settings(QWEN).document["seed"] == 7


def test_two_rows_of_one_model_are_refused(folder: Path) -> None:
    rows = [of_qwen(seed=1), Stored(f"model_config_{QWEN}", "", {"seed": 2})]

    said = refused(folder, Stored("active_model", KONTEXT), *rows)

    assert said.startswith(f"2 rows are of {QWEN}: model_config_qwen, model_config_{QWEN}. Write")
    assert take(folder, Stored("active_model", KONTEXT), *rows, model=KONTEXT).changed == 1


def test_two_rows_of_nothing_are_not_counted(folder: Path) -> None:
    report = take(folder, Stored("site_name", "on"), Stored("other", "on"), of_qwen(seed=7))

    assert report.changed == 1


@pytest.mark.parametrize("key", ["model_config_kontext", "model_config_acme/gone"])
def test_broken_document_leaves_nothing_half_done(folder: Path, key: str) -> None:
    slug = KONTEXT if key == "model_config_kontext" else ""

    said = refused(folder, Stored("active_model", KONTEXT), of_qwen(seed=7), Stored(key, slug, "{"))

    assert said == f"{key}: its model_settings is broken JSON at character 1."


def test_locked_profiles_are_refused_by_name(folder: Path) -> None:
    for slug in (QWEN, KONTEXT):
        profiles.lock(get_settings(slug).pk, by="experiment 7", reason="under test")

    rows = (of_qwen(seed=7), Stored("model_config_k", KONTEXT, {"seed": 1}))
    said = refused(folder, Stored("active_model", KONTEXT), *rows)

    assert said == (
        "Nothing was taken over. "
        f"{QWEN}, Standard: This profile is locked by experiment 7: under test. "
        f"{KONTEXT}, Standard: This profile is locked by experiment 7: under test. "
        "Import the other models one at a time, with --model."
    )


def test_locked_profile_that_would_not_change_is_no_obstacle(folder: Path) -> None:
    profiles.lock(get_settings(QWEN).pk, by="experiment 7", reason="under test")

    assert take(folder, of_qwen(go_fast=True)).changed == 0


def test_what_a_person_chose_here_stays(folder: Path) -> None:
    take(folder, of_qwen(output_quality=55, seed=7))
    pk = get_settings(QWEN).pk
    patch_settings(pk, {"output_quality": 60}, by=OLGA)
    reset_settings(pk, keys=["seed"], by=OLGA)
    day = f"{timezone.now():%Y-%m-%d}"

    report = take(folder, of_qwen(output_quality=56, seed=8, go_fast=False))

    document = get_settings(QWEN).document
    assert (document["output_quality"], "seed" in document, document["go_fast"]) == (
        60,
        False,
        False,
    )
    assert report.kept == [f"{QWEN}, Standard"]
    found = outcomes(report)
    assert found["output_quality"][0] == Outcome.KEPT
    assert found["output_quality"][1].startswith(f"60 stays: olga chose it on {day} ")
    assert found["output_quality"][1].endswith(" UTC; there, 56.")
    assert found["seed"][1].startswith("unset stays: olga chose it on ")
    assert found["go_fast"] == (Outcome.TAKEN, "false")


def test_what_a_person_chose_here_is_overwritten_where_it_is_told_to(folder: Path) -> None:
    patch_settings(get_settings(QWEN).pk, {"output_quality": 60, "disclosure": "Staged"}, by=OLGA)
    registry.choose_default(KONTEXT, by=OLGA)

    rows = (Stored("active_model", QWEN), of_qwen(output_quality=56))
    report = take(folder, *rows, is_overwriting=True)

    document = get_settings(QWEN).document
    assert (default_model(), document["output_quality"], report.kept) == (QWEN, 56, [])
    # What the table does not name is nobody's to overwrite.
    assert document["disclosure"] == "Staged"


def test_person_who_chose_the_same_is_not_named(folder: Path) -> None:
    patch_settings(get_settings(QWEN).pk, {"output_quality": 56}, by=OLGA)

    report = take(folder, of_qwen(output_quality=56))

    assert (outcomes(report), report.kept) == ({"output_quality": (Outcome.TAKEN, "56")}, [])


def test_default_that_a_person_chose_here_stays(folder: Path) -> None:
    registry.choose_default("google/nano-banana", by=OLGA)

    report = take(folder, Stored("active_model", KONTEXT))

    assert default_model() == "google/nano-banana"
    assert report.kept == ["the default model"]
    said = f"{KONTEXT} was not made the default: olga chose google/nano-banana here on "
    assert report.rows[0].sentence.startswith(said)


def test_live_profile_of_a_persons_own(folder: Path) -> None:
    """Its values are that person's choice; what came as it is takes the earlier value."""
    first = get_settings(QWEN).pk
    patch_settings(first, {"output_quality": 60}, by=OLGA)
    profiles.make_live(profiles.copy_profile(first, "bright", by=OLGA).pk, by=OLGA)

    report = take(folder, of_qwen(output_quality=55, go_fast=False))

    document = get_settings(QWEN).document
    assert report.rows[0].sentence == f"{QWEN}, bright: revision 2."
    assert (document["output_quality"], document["go_fast"]) == (60, False)


def test_secrets_are_stored_nowhere(folder: Path) -> None:
    document = {"openai_api_key": "sk-a-real-key", "quality": "high", "prompt": "sk-a-real-key"}

    report = take(folder, Stored("model_config_gpt_image_1", GPT, document))

    assert outcomes(report)["openai_api_key"] == (
        Outcome.SECRET,
        "Left behind: set OPENAI_API_KEY in the environment.",
    )
    assert "sk-a" not in repr(report) + repr(everything())


def totals(rows: Sequence[RowReport]) -> int:
    return sum(len(row.fields) for row in rows)


def test_every_field_of_an_installation_is_judged(folder: Path) -> None:
    rows = shipped_rows()

    report = take(folder, *rows)

    assert totals(report.rows) == sum(len(row.document or {}) for row in rows) == 48
