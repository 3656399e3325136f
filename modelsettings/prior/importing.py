"""Takes the earlier system's settings over: the default model, and each model's document.

One transaction: all of it, or nothing. A document becomes the next revision of the model's live
profile; what the table does not name stays as it is here, and so does what a person has chosen here
since the last import, unless it is to be overwritten.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from modelsettings import catalog
from modelsettings.actors import IMPORT, Actor
from modelsettings.catalog import Overlay
from modelsettings.model_schema import ModelSchema
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.prior.documents import FieldReport, Outcome, judge_document, say
from modelsettings.prior.table import ACTIVE, CannotImport, EarlierRow
from modelsettings.profile_names import shown_name
from modelsettings.registry import CannotBeDefault, choose_default
from modelsettings.schema.comparison import UNSET, is_same, or_null
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import (
    ProfileLocked,
    StaleSettings,
    StoredSettings,
    get_settings,
    update_settings,
)
from modelsettings.settings.history import Choice, find_choices

_SLUG = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model of this installation, as its pinned schema and our overlay have it."""

    slug: str
    overlay: Overlay
    schema: ModelSchema


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of a row; `sentence` is about all of it, `fields` are the fields of its model."""

    key: str
    sentence: str
    fields: Sequence[FieldReport] = ()
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the table, row by row; `kept` names what --overwrite would have changed."""

    rows: Sequence[RowReport]
    kept: Sequence[str]

    @property
    def changed(self) -> int:
        return sum(row.is_changed for row in self.rows)


@transaction.atomic
def import_settings(
    rows: Sequence[EarlierRow],
    *,
    model: str | None = None,
    is_overwriting: bool = False,
    is_dry_run: bool = False,
) -> Report:
    """Take the table over, or the one row of `model`; say what became of each field.

    Raises CannotImport for two rows of one model, a document that is no JSON object, a locked
    profile, and a change of a profile meanwhile; nothing is taken over then.
    """
    # Models before profiles, and all of them: a second import, and who chooses another default,
    # wait here.
    known = set(
        ReplicateModel.objects.select_for_update().order_by("pk").values_list("slug", flat=True)
    )
    wanted = [row for row in rows if _is_wanted(row, model)]
    _check_rows(wanted, model=model, of_all=rows)
    importing = _Import(known=known, is_overwriting=is_overwriting)
    reports = [importing.take(row) for row in sorted(wanted, key=lambda row: row.key != ACTIVE)]
    if importing.locked:
        raise CannotImport(
            f"Nothing was taken over. {' '.join(importing.locked)} Import the other models one at "
            "a time, with --model."
        )
    if is_dry_run:
        transaction.set_rollback(True)
    return Report(rows=reports, kept=importing.kept)


class _Import:
    """One import under way; `locked` and `kept` fill as rows are taken."""

    def __init__(self, *, known: set[str], is_overwriting: bool) -> None:
        self.locked: list[str] = []
        self.kept: list[str] = []
        self._known = known
        self._is_overwriting = is_overwriting

    def take(self, row: EarlierRow) -> RowReport:
        if row.key == ACTIVE:
            return self._take_default(row)
        if not row.is_of_a_model:
            return RowReport(row.key, "not a model's settings: left behind.")
        if row.named not in self._known:
            row.read_document()
            return RowReport(row.key, _say_unknown(row.named))
        return self._take_document(row)

    def _take_default(self, row: EarlierRow) -> RowReport:
        """Make the model that was in use there the default for staging."""
        if row.value not in self._known:
            said = _say_unknown(row.value) if row.value else "it names no model."
            return RowReport(row.key, said)
        now = ReplicateModel.objects.filter(is_default=True).first()
        if now is not None and now.slug == row.value:
            return RowReport(row.key, f"{row.value} is the default for staging already.")
        choice = _find_choice_of_default(now) if now else None
        if now and choice and not self._is_overwriting:
            self.kept.append("the default model")
            said = f"{row.value} was not made the default: {choice.by} chose {now.slug} here"
            return RowReport(row.key, f"{said} on {_day(choice.at)}.")
        try:
            choose_default(row.value, by=IMPORT, reason=_reason(row))
        except CannotBeDefault as error:
            kept = f"{now.slug} stays the default" if now else "there is no default"
            return RowReport(row.key, f"{row.value} cannot be the default. {error} So {kept}.")
        said = f"{row.value} is the default for staging now"
        return RowReport(row.key, f"{said}{f', not {now.slug}' if now else ''}.", is_changed=True)

    def _take_document(self, row: EarlierRow) -> RowReport:
        stored = get_settings(row.named)
        called = f"{stored.slug}, {shown_name(stored.profile)}"
        installed = InstalledModel(stored.slug, catalog.find_overlay(stored.slug), stored.schema)
        choices = find_choices(stored.pk, defaults=stored.validator.defaults)
        fields = [
            self._keep(field, stored, choices)
            for field in judge_document(row.read_document(), model=installed)
        ]
        taken = {
            field.name: or_null(field.value)
            for field in fields
            if field.name and field.outcome is not Outcome.KEPT
        }
        if any(field.outcome is Outcome.KEPT for field in fields):
            self.kept.append(called)
        try:
            after = update_settings(
                stored.pk,
                {**stored.values, **taken},
                by=IMPORT,
                reason=_reason(row),
                expected_revision=stored.revision,
                at=_time_of(row, stored),
            )
        except ProfileLocked as error:
            self.locked.append(f"{called}: {error}")
            return RowReport(row.key, called, fields)
        except StaleSettings:
            said = f"{called} was changed meanwhile, so nothing was taken over: import again."
            raise CannotImport(said) from None
        except SettingsRefused as error:
            said = f"{called} holds what its schema no longer takes, so nothing was taken over."
            raise CannotImport(f"{said} {error}") from error
        if after.revision == stored.revision:
            return RowReport(row.key, f"{called}: as it is here already.", fields)
        return RowReport(row.key, f"{called}: revision {after.revision}.", fields, is_changed=True)

    def _keep(
        self, field: FieldReport, stored: StoredSettings, choices: dict[str, Choice]
    ) -> FieldReport:
        """Return the report of a field that is kept where a person has chosen another value."""
        here = stored.values.get(field.name or "", UNSET)
        choice = choices.get(field.name or "")
        is_agreed = is_same(here, field.value) or or_null(field.value) is or_null(here) is None
        if choice is None or is_agreed or self._is_overwriting:
            return field
        said = f"{say(here)} stays: {choice.by} chose it on {_day(choice.at)}"
        return replace(field, outcome=Outcome.KEPT, sentence=f"{said}; there, {say(field.value)}.")


def _is_wanted(row: EarlierRow, model: str | None) -> bool:
    if model is None:
        return True
    return model == (row.value if row.key == ACTIVE else row.is_of_a_model and row.named)


def _check_rows(
    wanted: Sequence[EarlierRow], *, model: str | None, of_all: Sequence[EarlierRow]
) -> None:
    """Raise CannotImport where the table leaves open what to take over."""
    if model and not wanted:
        there = ", ".join(sorted(row.named for row in of_all if row.is_of_a_model)) or "none"
        raise CannotImport(f"The table has no row for {model}. It has: {there}.")
    of_one = defaultdict(list)
    for row in wanted:
        if row.key == ACTIVE or row.is_of_a_model:
            of_one[ACTIVE if row.key == ACTIVE else row.named].append(say(row.key))
    for name, keys in of_one.items():
        if len(keys) > 1:
            raise CannotImport(
                f"{len(keys)} rows are of {say(name)}: {', '.join(keys)}. Write the table to a "
                "CSV, keep the row that holds, and import that with --csv."
            )


def _time_of(row: EarlierRow, stored: StoredSettings) -> datetime | None:
    """Return the time of a revision: there, where it is the first here that is not as it came."""
    authors = ModelSettings.history.filter(id=stored.pk).order_by().values_list("updated_by")
    is_first = all(by != IMPORT.name and not Actor.is_person(by) for (by,) in authors)
    is_past = row.changed_at is not None and row.changed_at < timezone.now()
    return row.changed_at if is_first and is_past else None


def _find_choice_of_default(model: ReplicateModel) -> Choice | None:
    """Return which person made a model the default, and when; None where it came so."""
    rows = ReplicateModel.history.filter(id=model.pk).order_by("-history_id")
    found = None
    for is_default, by, user, at in rows.values_list(
        "is_default", "updated_by", "history_user__username", "history_date"
    ):
        if not is_default:
            break
        found = Choice(by or user or IMPORT.name, at)
    return found if found and Actor.is_person(found.by) else None


def _say_unknown(slug: str) -> str:
    if not _SLUG.fullmatch(slug):
        return (
            f"unknown model {say(slug)}: it has no name such as owner/name, so it was left behind."
        )
    return f"unknown model {slug}: add it with manage.py add_model {slug}, then import again."


def _reason(row: EarlierRow) -> str:
    """Say who changed a row of the earlier system last, and when, and that this is an import."""
    by = f" by {row.changed_by}" if row.changed_by else ""
    at = f" on {_day(row.changed_at)}" if row.changed_at else ""
    changed = f", changed there{by}{at}" if by or at else ""
    return f"Imported from the earlier system on {_day(timezone.now())}{changed}."


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
