"""The form of the admin that starts a batch: files, styles, a room, a project."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from modelsettings.errors import RequestRefused
from modelsettings.refusals import put_on_form
from staging.admin.photo_forms import CLOSED
from staging.asking import all_of
from staging.batches.requesting import (
    MAX_PHOTOS,
    MAX_TOTAL_BYTES,
    SentPhoto,
    from_archive,
    from_upload,
    request_batch,
)
from staging.jobs.request import StagingRequest
from staging.library import reading
from staging.models import Project, StagingBatch
from staging.prompts import DEFAULT_ROOM, DEFAULT_STYLE

# The form's fields, by the API's names for them, which refusals use.
_FIELDS = {"images": "photos", "archive": "photos", "style": "styles"}


class ProjectChooser(AutocompleteSelect):
    """Django's search for a row, with a placeholder that says what an empty choice means.

    Without a placeholder the search has no accessible name.
    """

    placeholder = "Your own, not sorted"

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return attrs | {"data-placeholder": self.placeholder, "style": "width: 100%"}

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        # The value in an address or in a forged form may be no id at all.
        return super().optgroups(name, [item for item in value if _is_id(item)], attrs)


class FilesWidget(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """All files of a FilesWidget, as a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent = data or []
        # An empty file is refused as a photo, later; the other photos of the batch are staged.
        if not sent:
            raise forms.ValidationError(self.error_messages["required"])
        if sum(file.size for file in sent) > MAX_TOTAL_BYTES:
            most = MAX_TOTAL_BYTES // 2**30
            raise forms.ValidationError(f"We take at most {most} GB a batch: send fewer photos.")
        return list(sent)


class BatchForm(forms.Form):
    """Files, styles, a room and a project, for a batch."""

    photos = FilesField(
        label="Photos, or a ZIP of photos",
        widget=FilesWidget(
            attrs={
                "multiple": True,
                "accept": "image/*,.heic,.heif,.zip",
                "class": "restage-files",
            }
        ),
        help_text=f"Up to {MAX_PHOTOS} photos and {MAX_TOTAL_BYTES // 2**30} GB at once: JPEG, PNG,"
        " WebP or HEIC, up to 30 MB each. A photo in a folder of the ZIP that is called like a room"
        " (“bedroom”) is staged as that room.",
    )
    styles = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="Each photo is staged once in each of them."
    )
    room_type = forms.ChoiceField(label="Room", help_text="Of all photos whose folder names none.")
    project = forms.ModelChoiceField(Project.objects.all(), required=False)
    prompt = forms.CharField(
        label="Your own words",
        required=False,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Added after the rules that keep the rooms as they are.",
    )

    def __init__(
        self, *args: Any, projects: QuerySet[Project], chooser: forms.Widget, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        project = cast("forms.ModelChoiceField[Project]", self.fields["project"])
        project.queryset = projects
        project.error_messages["invalid_choice"] = CLOSED
        project.help_text = "Type to search."
        project.widget = chooser
        chooser.choices = project.choices  # type: ignore[attr-defined]  # a select has some
        room = cast("forms.ChoiceField", self.fields["room_type"])
        room.widget = UnfoldAdminSelectWidget()
        room.choices = [(room_type.key, room_type.label) for room_type in reading.room_types()]
        room.initial = DEFAULT_ROOM
        styles = cast("forms.MultipleChoiceField", self.fields["styles"])
        styles.choices = [(style.key, style.label) for style in reading.styles()]
        styles.initial = [DEFAULT_STYLE]

    def request(self, *, by: User) -> StagingBatch | None:
        """Ask for the batch. Where it is refused, return None, with the sentences at the fields."""
        try:
            return self._request(by=by)
        except RequestRefused as error:
            put_on_form(error, self, names=_FIELDS)
        return None

    def _request(self, *, by: User) -> StagingBatch:
        found = self.cleaned_data
        return request_batch(
            _sent(found["photos"]),
            StagingRequest(room_type=found["room_type"], prompt=found["prompt"]),
            owner=by,
            project=found["project"] or Project.objects.unsorted_of(by),
            styles=found["styles"],
            allow=all_of(by),
        )


def _is_id(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return not value
    return True


def _sent(files: "list[UploadedFile[bytes]]") -> list[SentPhoto]:
    sent: list[SentPhoto] = []
    for file in files:
        if (file.name or "").lower().endswith(".zip"):
            sent += from_archive(file)
        else:
            sent.append(from_upload(file))
    return sent
