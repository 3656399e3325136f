"""The form of the Stage page, and the order that it makes."""

import uuid
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from modelsettings.errors import RequestRefused
from modelsettings.refusals import put_on_form
from modelsettings.settings import NotOverridable
from staging import access
from staging.admin.pickers.looks import LookFields
from staging.admin.pickers.models import ModelFields, chosen_in_address
from staging.admin.pickers.photos import NO_PHOTO, PhotosFields, pickable_photos, project_of
from staging.admin.pickers.projects import CLOSED
from staging.clients import is_client, may_replace_prompt
from staging.habits import Choices
from staging.jobs.request import StagingRequest
from staging.models import Project, StagingBatch, StagingJob
from staging.offers import ModelOffer
from staging.orders.forecasting import Forecast, forecast
from staging.orders.order import Order
from staging.orders.placing import PlacedBefore, place

# The form's fields, by the names that refusals have for them.
_FIELDS = {
    "image": "images",
    "archive": "images",
    "style": "styles",
}
_MOST_PICTURES = 4
_ELSEWHERE = "The photos that are there are in {}: choose that project, or none."
_NOT_YOURS = "You may not choose the number with this profile: leave it as the profile says."
_NOT_ITS = "This model decides the number by settings of its own: leave it as the profile says."
_SEVERAL = "These photos are in several projects: stage those of one at a time."


class StageForm(PhotosFields, LookFields, ModelFields):
    """Photos, how they are to be staged, and with what; a draft is counted and not sent."""

    project = forms.ModelChoiceField(Project.objects.all(), required=False)
    prompt = forms.CharField(
        label="Your own words",
        required=False,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    prompt_mode = forms.ChoiceField(
        label="These words",
        required=False,
        choices=[
            ("add", "come after the rules that keep the room as it is"),
            ("replace", "take the place of these rules, and of room and style"),
        ],
        widget=forms.RadioSelect,
        initial="add",
    )
    count = forms.TypedChoiceField(
        label="Pictures",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", "As the profile says"),
            *((number, str(number)) for number in range(1, _MOST_PICTURES + 1)),
        ],
        widget=UnfoldAdminSelectWidget(),
        help_text="Of each photo in each style.",
    )
    seed = forms.IntegerField(
        label="Start value",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="The same start value makes the same picture, where a model takes one. Empty: as"
        " the profile says.",
    )
    again = forms.BooleanField(label="Yes, stage all of it once more", required=False)
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, by: User, chooser: forms.Widget, is_draft: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, by=by, pickable=pickable_photos(by), **kwargs)
        self.is_draft = is_draft
        self.twin: Any = None
        project = cast("forms.ModelChoiceField[Project]", self.fields["project"])
        project.queryset = access.projects_to_stage_in(by)
        project.error_messages["invalid_choice"] = CLOSED
        project.help_text = "Type to search. New photos go into it; empty: into your own."
        project.widget = chooser
        chooser.choices = project.choices  # type: ignore[attr-defined]  # a select has some
        if not may_replace_prompt(by):
            del self.fields["prompt_mode"]

    def clean(self) -> dict[str, Any]:
        """Require a photo, and let the photos that are there say the project."""
        cleaned = super().clean()
        if not self.is_draft and not (cleaned.get("images") or self.stored) and not self.errors:
            self.add_error("images", NO_PHOTO)
        return cleaned

    def place(self) -> StagingJob | StagingBatch | None:
        """Place the order. Where it is refused, return None, with the sentences at the fields."""
        found = self.cleaned_data
        token = found["token"] or uuid.uuid4().hex
        try:
            return place(self._order(), by=self.by, token=token, again=found["again"])
        except PlacedBefore as error:
            self.twin = error.twin
            put_on_form(error, self)
        except RequestRefused as error:
            self._put(error)
        return None

    def forecast(self) -> Forecast | None:
        """Return what the order comes to, or None, with the sentences at the fields."""
        try:
            found = forecast(self._order(), by=self.by, token=self.cleaned_data["token"])
        except RequestRefused as error:
            self._put(error)
            return None
        self.twin = found.twin
        return found

    def _order(self) -> Order:
        """Return the order that the form says. Raises RequestRefused."""
        found = self.cleaned_data
        count = found["count"]
        wanted = StagingRequest(
            room_type=found["room_type"],
            prompt=found["prompt"],
            prompt_mode=found.get("prompt_mode") or "add",
            model=found["model"],
            # Of `slug:name`, which `clean` has taken apart.
            profile=found["profile"],
            overrides={} if count is None else {"num_outputs": count},
            seed=found["seed"],
        )
        sending = self.sending(is_draft=self.is_draft)
        return Order(
            photos=sending.photos,
            wanted=wanted,
            styles=found["styles"],
            project=self._project(),
            passed_over=sending.passed_over,
        )

    def _project(self) -> Project:
        """Return the chosen project, else that of the photos, else the account's own."""
        chosen: Project | None = self.cleaned_data["project"]
        if self.stored:
            of_photos = project_of(self.stored)
            if of_photos is None:
                raise RequestRefused(_SEVERAL, field="images")
            if chosen is not None and chosen != of_photos:
                raise RequestRefused(_ELSEWHERE.format(of_photos.name), field="project")
            return of_photos
        if chosen is None and self.is_draft:
            # To count something makes nothing.
            own = Project.objects.filter(owner=self.by, is_unsorted=True).first()
            return own or Project(owner=self.by)
        return chosen or Project.objects.unsorted_of(self.by)

    def _put(self, error: RequestRefused) -> None:
        if isinstance(error, NotOverridable) and "num_outputs" in error.names:
            self.add_error("count", _NOT_YOURS)
        elif "overrides.num_outputs" in error.errors:
            self.add_error("count", _NOT_ITS)
        else:
            put_on_form(error, self, names=_FIELDS)


def initial_of(
    said: QueryDict, offers: list[ModelOffer], *, by: User, last: Choices
) -> dict[str, Any]:
    """Return what the page opens with: what its address says, else what the account chose last."""
    count = last.count if _may_count(offers, by=by) else None
    return {
        "project": said.get("project", ""),
        "room_type": said.get("room_type") or last.room_type,
        "styles": said.getlist("style") or list(last.styles),
        "count": "" if count is None else count,
        "token": uuid.uuid4().hex,
        "prompt_mode": "add",
        **chosen_in_address(offers, model=said.get("model", ""), profile=said.get("profile", "")),
    }


def _may_count(offers: list[ModelOffer], *, by: User) -> bool:
    """Say whether an account may choose the number of pictures of the default profile."""
    live = [row for offer in offers if offer.is_default for row in offer.profiles if row.is_live]
    return not is_client(by) or any("num_outputs" in row.parameters["properties"] for row in live)
