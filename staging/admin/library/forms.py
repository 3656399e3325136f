"""The form of a row of the library: its texts, and the reason for a change."""

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.validators import validate_slug
from django.http import QueryDict
from unfold.widgets import UnfoldAdminTextInputWidget

from modelsettings.schema.text_comparison import Piece, compare_texts
from staging.admin.library.differences import in_words, label_of
from staging.library.changing import KEY_RULE, StaleEntry, check_key, find_change
from staging.models import PromptTemplate, RoomType, Style
from staging.models.library import Entry

_HELP_OF_KEY = f"What a request names: {KEY_RULE}, like {{}}. It cannot be changed later."
_EXAMPLES = {RoomType: "living_room", Style: "art_deco"}
# Help for fields whose models have none.
_HELP = {
    "label": "What people are shown; a style is named so in the prompt too.",
    "position": "Its place in lists, the lowest first.",
}


@dataclass(frozen=True, slots=True)
class Overlap:
    """A field that two users changed: the pieces lead from the other's text to the form's."""

    label: str
    pieces: list[Piece]


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The form of a row; `started_from` is the change from which its page was drawn."""

    started_from = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label="Why this change?",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "beds came out too large"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.overlaps: list[Overlap] = []
        for name in self.texts:
            field = self.fields[name]
            field.label = label_of(self._meta.model, name)
            field.help_text = field.help_text or _HELP.get(name, "")
        if "key" in self.fields:
            # Django's own rule of a slug would be told beside this one, and allows capitals.
            key = self.fields["key"]
            others = [rule for rule in key.validators if rule is not validate_slug]
            key.validators = [*others, check_key]
            key.help_text = _HELP_OF_KEY.format(_EXAMPLES[self._meta.model])
        if isinstance(self.instance, PromptTemplate):
            self.fields["furnishing"].required = False

    @property
    def texts(self) -> list[str]:
        """The names of the fields of the row."""
        return [name for name in self.fields if name not in ("started_from", "reason")]

    @property
    def written(self) -> list[forms.BoundField]:
        return [self[name] for name in self.texts]

    def clean(self) -> dict[str, Any]:
        """Write line ends as one character, whatever the browser sent."""
        return {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value
            for name, value in self.cleaned_data.items()
        }

    def draft(self) -> Entry:
        """Return the row with the form's texts for a preview, also those that are not valid yet."""
        for name in self.errors:
            if name in self.texts and isinstance(self.fields[name], forms.CharField):
                setattr(self.instance, name, str(self.data.get(name, "")) or "…")
        row: Entry = self.instance
        return row

    def show_stale(self, error: StaleEntry, entry: Entry) -> None:
        """Draw this operator's words over what is stored now; saving again is their decision."""
        model, newest = type(entry), error.newest
        base = find_change(entry, self.cleaned_data["started_from"] or 0) or newest
        data = cast("QueryDict", self.data).copy()
        for name in self.texts:
            mine, then, now = (
                self.cleaned_data[name],
                getattr(base, name),
                getattr(newest, name),
            )
            if mine == then:
                data[name] = str(now)
                setattr(self.instance, name, now)
            elif now not in (then, mine):
                pieces = compare_texts(in_words(now), in_words(mine))
                self.overlaps.append(Overlap(label_of(model, name), pieces))
        data["started_from"] = str(newest.pk)
        self.data = data
        self.add_error(
            None,
            f"{error} Your words are kept below, beside the rest of what is stored now: read it"
            " and save again.",
        )
