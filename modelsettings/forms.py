"""The settings form: django-jsonform's widget, the model's own schema, and a reason."""

import json
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django_jsonform.forms.fields import JSONFormField
from django_jsonform.widgets import JSONFormWidget
from unfold.widgets import UnfoldAdminTextInputWidget

from modelsettings.errors import RequestRefused
from modelsettings.schema import form as form_schemas
from modelsettings.schema.comparison import UNSET, differing_keys
from modelsettings.schema.flattening import JSON
from modelsettings.settings import Conflict, StaleSettings, StoredSettings


class DocumentField(JSONFormField):
    """The widget's document as it comes; `modelsettings.settings` validates, not the widget's own
    validator, which knows other rules than Replicate."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError("The document is nested too deep.") from None
        except ValueError as error:
            # Python reads no number of more than 4,300 digits.
            raise ValidationError("The document holds a number that cannot be read.") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what the page is drawn with again; what is stored where that cannot be read."""
        try:
            return super().bound_data(data, initial)
        except (RecursionError, ValueError):
            return initial

    def validate(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise ValidationError("The document is not an object of parameters.")


class SettingsForm(forms.Form):
    """Changes one profile: what is sent on are the keys that its operator changed.

    `revision` is the one that the page was opened with, and `base` its values.
    """

    values = DocumentField(label="Parameters", schema={})
    revision = forms.IntegerField(widget=forms.HiddenInput)
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
        self.conflicts: list[Conflict] = []
        # The keys that the page asked about, and the answers: "mine" or "theirs".
        asked = posted.getlist("conflict") if posted else []
        self._answers = {key: posted.get(f"keep:{key}", "") for key in asked} if posted else {}
        self._draw(stored.document)

    @property
    def open_conflicts(self) -> list[str]:
        """The keys that the operator was asked about and gave no answer."""
        return [key for key, answer in self._answers.items() if answer not in ("mine", "theirs")]

    def find_changes(self, base: Mapping[str, Any]) -> JSON:
        """Return the keys that differ from `base`, None for those that were unset."""
        submitted = form_schemas.read_form(self.schema, self.cleaned_data["values"], stored=base)
        return {
            key: submitted.get(key)
            for key in differing_keys(base, submitted)
            if self._answers.get(key) != "theirs"
        }

    def show_refusal(self, error: RequestRefused) -> None:
        """Put each sentence under its field; what belongs to none goes on top."""
        for key, sentences in error.errors.items():
            if key in self.schema["properties"]:
                self.fields["values"].widget.add_error({key: sentences})
            else:
                self.add_error(None, list(sentences))
        self._draw(self.cleaned_data["values"])

    def show_conflicts(
        self, error: StaleSettings, *, stored: StoredSettings, changes: Mapping[str, Any]
    ) -> None:
        """Draw what is stored now with this operator's changes on top, to be saved knowingly."""
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
        self.data = {
            **cast("QueryDict", self.data).dict(),
            "values": json.dumps(form_schemas.form_document(self.schema, merged)),
            # Not the error's, which may be newer still than what is drawn here.
            "revision": stored.revision,
        }
        self._draw(merged)

    def _draw(self, document: Mapping[str, Any]) -> None:
        widget: JSONFormWidget = self.fields["values"].widget
        widget.schema = form_schemas.form_schema(self.schema, document)
