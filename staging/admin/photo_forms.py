"""The forms of photos: adding a photo, and staging it again."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from modelsettings.errors import RequestRefused
from modelsettings.profile_names import shown_name
from modelsettings.refusals import put_on_form
from staging import images
from staging.asking import all_of
from staging.clients import nameable_models, nameable_profiles
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.library import reading
from staging.models import Photo, Project, StagingJob
from staging.photos import add_photo, from_request

Told = TypeVar("Told")
# Of a project that the user may see at most.
CLOSED = "You may not stage in this project: ask its owner, or choose another."


class AddPhotoForm(forms.Form):
    """A file, and the project that it belongs to."""

    file = forms.FileField(
        label="Photo",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/*,.heic,.heif"}),
        help_text="JPEG, PNG, WebP or HEIC, up to 30 MB. Its place and all other metadata go.",
    )
    project = forms.ModelChoiceField(Project.objects.all(), required=False)

    def __init__(
        self, *args: Any, projects: QuerySet[Project], chooser: forms.Widget, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Project]", self.fields["project"])
        field.queryset = projects
        field.error_messages["invalid_choice"] = CLOSED
        field.help_text = "Type to search. Empty: among your own that are not sorted."
        field.widget = chooser
        chooser.choices = field.choices  # type: ignore[attr-defined]  # a select has some

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > images.MAX_BYTES:
            most = images.MAX_BYTES // 2**20
            raise forms.ValidationError(f"We take photos of at most {most} MB.")
        return upload

    def store(self, *, by: User) -> Photo | None:
        """Store the photo. Where it is refused, return None, with the sentence at the field."""
        upload = self.cleaned_data["file"]
        project = self.cleaned_data["project"] or Project.objects.unsorted_of(by)
        allow = all_of(by)
        try:
            allow(1)
            return add_photo(from_request(upload), owner=by, project=project)
        except RequestRefused as error:
            put_on_form(error, self, names={"image": "file"})
        return None


class StageAgainForm(forms.Form):
    """A photo's room, style, model and words; empty fields are chosen as for any request."""

    room_type = forms.ChoiceField(label="Room")
    style = forms.ChoiceField()
    model = forms.ChoiceField(required=False)
    profile = forms.ChoiceField(required=False)
    prompt = forms.CharField(
        label="Your own words",
        required=False,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Added after the rules that keep the room as it is.",
    )
    seed = forms.IntegerField(
        required=False, widget=UnfoldAdminIntegerFieldWidget, help_text="Empty: as the profile says"
    )

    def __init__(self, photo: Photo, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.photo = photo
        self._offer("room_type", [(room.key, room.label) for room in reading.room_types()])
        self._offer("style", [(style.key, style.label) for style in reading.styles()])
        models = nameable_models(by).values_list("slug", "label")
        self._offer("model", [("", "The project's, or the default"), *models])
        self._offer("profile", [("", "The project's, or the live one"), *_profiles(by)])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = cast("forms.ChoiceField", self.fields[name])
        field.widget = UnfoldAdminSelectWidget()
        field.choices = choices

    def of_choices(self, told: Mapping[str, Told]) -> dict[str, Told]:
        """Return what is told of the models and profiles that the form offers."""
        fields = (cast("forms.ChoiceField", self.fields[name]) for name in ("model", "profile"))
        offered = {value for field in fields for value, _ in cast("Any", field.choices)}
        return {choice: words for choice, words in told.items() if choice in offered}

    def clean(self) -> dict[str, Any]:
        """Take the model from the profile, which names it; the two must fit."""
        cleaned = super().clean() or {}
        slug, _, name = cleaned.get("profile", "").rpartition(":")
        if name and cleaned.get("model") not in ("", None, slug):
            self.add_error("profile", "This profile is another model's.")
        elif name:
            cleaned |= {"model": slug, "profile": name}
        return cleaned

    def request(self, *, by: User) -> StagingJob | None:
        """Ask for the job. Where it is refused, return None, with the sentences at the fields."""
        found = self.cleaned_data
        wanted = StagingRequest(
            room_type=found["room_type"],
            style=found["style"],
            prompt=found["prompt"],
            model=found["model"],
            profile=found["profile"],
            seed=found["seed"],
        )
        try:
            return request_staging(self.photo, wanted, owner=by, allow=all_of(by))
        except RequestRefused as error:
            put_on_form(error, self)
        return None


def _profiles(user: User) -> list[tuple[str, str]]:
    # A profile is chosen together with its model.
    profiles = nameable_profiles(user).filter(model__in=nameable_models(user))
    rows = profiles.order_by("model__position", "name").values_list(
        "model__slug", "model__label", "name"
    )
    return [(f"{slug}:{name}", f"{label}: {shown_name(name)}") for slug, label, name in rows]
