"""The settings form: django-jsonform's widget, the model's own schema, and a reason."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django_jsonform.forms.fields import JSONFormField
from django_jsonform.widgets import JSONFormWidget
from unfold.widgets import UnfoldAdminTextInputWidget

from modelsettings.errors import RequestRefused
from modelsettings.schema import form_schema as form_schemas
from modelsettings.schema.comparison import UNSET, differing_keys
from modelsettings.schema.flattening import JSON
from modelsettings.schema.overridable import is_prescribed, overridable_names
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import Conflict, StaleSettings, StoredSettings


class DocumentField(JSONFormField):
    """Takes the widget's document as it comes.

    `modelsettings.settings` validates it: the widget's own validator knows other rules than
    Replicate.
    """

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError("The document is nested too deep.") from None
        except ValueError as error:
            # Python reads no number of more than 4,300 digits.
            raise ValidationError("The document holds a number that cannot be read.") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the posted document to draw the page with, or else the stored one."""
        try:
            return super().bound_data(data, initial)
        except (RecursionError, ValueError):
            return initial

    def validate(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise ValidationError("The document is not an object of parameters.")


def read_values(stored: StoredSettings, written: str) -> JSON:
    """Return the whole document that the form's text means. Raises SettingsRefused."""
    try:
        submitted = json.loads(written)
    except (RecursionError, ValueError):
        raise SettingsRefused({"": ["The document cannot be read."]}) from None
    if not isinstance(submitted, dict):
        raise SettingsRefused({"": ["The document is not an object of parameters."]})
    validator = stored.validator
    meant = form_schemas.read_form(validator.schema, submitted, stored=stored.document)
    return validator.clean(meant)


@dataclass(frozen=True, slots=True)
class Overridable:
    """A parameter under "Clients may change"."""

    name: str
    title: str
    is_ticked: bool
    is_by_default: bool


class SettingsForm(forms.Form):
    """Changes one profile: only the keys that the operator changed are sent on.

    `revision` is the revision that the page was opened with.
    """

    values = DocumentField(label="Parameters", schema={})
    revision = forms.IntegerField(widget=forms.HiddenInput)
    # The parameters that are ticked under "Clients may change"; a forged form may name others.
    overridable = forms.MultipleChoiceField(required=False)
    reason = forms.CharField(
        label="Why this change?",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "smaller files for web"}),
    )

    def __init__(self, stored: StoredSettings, posted: QueryDict | None = None) -> None:
        self.schema = stored.validator.schema
        document = form_schemas.form_document(self.schema, stored.document)
        initial = {"values": document, "revision": stored.revision}
        super().__init__(posted, initial=initial)
        names = list(self.schema["properties"])
        choices = cast("forms.MultipleChoiceField", self.fields["overridable"])
        choices.choices = [(name, name) for name in names]
        # A form that does not show the ticks changes none of them.
        self._shows_ticks = bool(posted) and "overridable_shown" in (posted or {})
        self._ticked = set(posted.getlist("overridable")) if posted else set()
        self._ticks: dict[str, bool] = {}
        self.overridable_now = [
            name
            for name in names
            if name in (self._ticked if self._shows_ticks else stored.overridable)
        ]
        self.conflicts: list[Conflict] = []
        # The keys that the page asked about, and the answers: "mine" or "theirs".
        asked = posted.getlist("conflict") if posted else []
        self._answers = {key: posted.get(f"keep:{key}", "") for key in asked} if posted else {}
        self._draw(stored.document)

    @property
    def open_conflicts(self) -> list[str]:
        """The keys that the operator was asked about and gave no answer for."""
        return [key for key, answer in self._answers.items() if answer not in ("mine", "theirs")]

    def find_changes(self, base: Mapping[str, Any]) -> JSON:
        """Return the keys that differ from `base`, with None for a key that was unset.

        `base` holds the values of the revision that the page was opened with.
        """
        submitted = form_schemas.read_form(self.schema, self.cleaned_data["values"], stored=base)
        return {
            key: submitted.get(key)
            for key in differing_keys(base, submitted)
            if self._answers.get(key) != "theirs"
        }

    @property
    def permissions(self) -> list[Overridable]:
        """Each parameter with whether it is ticked, in the schema's order, for the page."""
        return [
            Overridable(
                name=name,
                title=prop["title"],
                is_ticked=name in self.overridable_now,
                is_by_default=not is_prescribed(name),
            )
            for name, prop in self.schema["properties"].items()
        ]

    def find_ticks(self, base: Sequence[str] | None) -> dict[str, bool]:
        """Return the parameters whose ticks were changed, and whether clients may change them.

        `base` is the list of the revision that the page was opened with.
        """
        names = self.schema["properties"]
        before = overridable_names(base, names)
        if self._shows_ticks:
            self._ticks = {
                name: name in self._ticked
                for name in names
                if (name in self._ticked) != (name in before)
            }
        return self._ticks

    def show_refusal(self, error: RequestRefused) -> None:
        """Put each sentence under its field; a sentence without a field goes on top."""
        for key, sentences in error.errors.items():
            if key in self.schema["properties"]:
                self.fields["values"].widget.add_error({key: sentences})
            else:
                self.add_error(None, list(sentences))
        self._draw(self.cleaned_data["values"])

    def show_conflicts(
        self, error: StaleSettings, *, stored: StoredSettings, changes: Mapping[str, Any]
    ) -> None:
        """Draw the stored values with this operator's changes on top, and show the conflicts."""
        self._draw_on_top(stored, changes)
        self.conflicts = error.conflicts
        self.add_error(None, str(error))

    def ask_again(self, stored: StoredSettings, *, changes: Mapping[str, Any]) -> None:
        """Ask once more for the keys that were left without an answer."""
        self._draw_on_top(stored, changes)
        self.conflicts = [
            Conflict(
                key=key,
                yours=changes.get(key, UNSET),
                theirs=stored.document.get(key, UNSET),
                by=stored.updated_by,
                at=stored.updated_at,
            )
            for key in self.open_conflicts
        ]
        self.add_error(None, "Choose whose value to keep, for each parameter.")

    def _draw_on_top(self, stored: StoredSettings, changes: Mapping[str, Any]) -> None:
        merged = {**stored.document, **changes}
        self.overridable_now = [
            name
            for name in self.schema["properties"]
            if self._ticks.get(name, name in stored.overridable)
        ]
        self.data = {
            **cast("QueryDict", self.data).dict(),
            "values": json.dumps(form_schemas.form_document(self.schema, merged)),
            # Not the error's revision, which may be newer than the values drawn here.
            "revision": stored.revision,
        }
        self._draw(merged)

    def _draw(self, document: Mapping[str, Any]) -> None:
        widget: JSONFormWidget = self.fields["values"].widget
        widget.schema = form_schemas.form_schema(self.schema, document)
