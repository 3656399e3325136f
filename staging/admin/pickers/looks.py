"""The picker of a room and of styles, from the prompt library."""

from typing import Any, cast

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from staging.library import reading

NO_STYLE = "Choose at least one style."


class LookFields(forms.Form):
    """A room, and one style or several."""

    styles = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": NO_STYLE},
        help_text="Each photo is staged once in each of them.",
    )
    room_type = forms.ChoiceField(
        label="Room",
        widget=UnfoldAdminSelectWidget(),
        help_text="Of every photo that has no room of its own above.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Says beside the styles that they are ticked from memory.
        self.styles_are_recalled = False
        rooms = [(room.key, room.label) for room in reading.room_types()]
        cast("forms.ChoiceField", self.fields["room_type"]).choices = rooms
        styles = [(style.key, style.label) for style in reading.styles()]
        cast("forms.MultipleChoiceField", self.fields["styles"]).choices = styles

    @property
    def style_names(self) -> list[str]:
        """The chosen styles as people read them, once the form is cleaned."""
        chosen = self.cleaned_data.get("styles", [])
        labels = dict(cast("Any", self.fields["styles"]).choices)
        return [labels[key] for key in chosen]

    @property
    def rooms(self) -> list[tuple[str, str]]:
        """The rooms that a request can name, with their labels."""
        return list(cast("Any", self.fields["room_type"]).choices)
