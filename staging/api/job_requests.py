"""Requests for jobs: making a job, repeating it, judging its pictures."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from modelsettings.api.strict import StrictSerializer
from staging.access import Right
from staging.api.access import check_may, find_project, seen_photos
from staging.api.callbacks import CallbackUrlField
from staging.api.library import PromptRequestSerializer
from staging.api.uploads import read_upload
from staging.jobs.request import StagingRequest
from staging.models import Photo, Project, Verdict
from staging.photos import Upload


@extend_schema_field({"type": "object", "additionalProperties": {}})
class OverridesField(serializers.JSONField):
    """An object; in a form, its JSON."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            value = super().to_internal_value(data)
        except RecursionError:
            raise ValidationError("It is nested too deep.") from None
        if not isinstance(value, dict):
            raise ValidationError("Write an object of parameters and their values.")
        return value


class OnePhotoSerializer(StrictSerializer):
    """A photo in one of two ways."""

    image = serializers.FileField(
        required=False, help_text="JPEG, PNG, WebP, HEIC, AVIF or TIFF, up to 100 MB."
    )
    photo = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("image" in attrs) == ("photo" in attrs):
            raise ValidationError({"image": ["Send either image or photo."]})
        return attrs


class StagingRequestSerializer(OnePhotoSerializer, PromptRequestSerializer):
    """What to stage: one of `image` (a file) and `photo` (the id of one that was uploaded)."""

    model = serializers.CharField(required=False, help_text="owner/name; else the default.")
    profile = serializers.CharField(required=False, help_text="Else the model's live one.")
    project = serializers.UUIDField(required=False, help_text="One of yours.")
    overrides = OverridesField(required=False, help_text="Settings for this job alone.")
    seed = serializers.IntegerField(required=False)
    callback_url = CallbackUrlField(required=False, allow_blank=True, default="")


class StoredPhotoRequestSerializer(StagingRequestSerializer):
    """How a photo that is there is asked for in JSON, which brings no file."""

    image = None  # type: ignore[assignment]  # so a serializer leaves a field out
    photo = serializers.UUIDField(help_text="The id of one that was uploaded.")


@extend_schema_field(
    {"oneOf": [{"type": "string", "enum": ["same", "new"]}, {"type": "integer"}], "default": "same"}
)
class RepeatedSeedField(serializers.Field):  # type: ignore[type-arg]  # of three kinds of values
    def to_internal_value(self, data: Any) -> Any:
        if data in ("same", "new") or (isinstance(data, int) and not isinstance(data, bool)):
            return data
        raise ValidationError('Write "same", "new" or a whole number.')

    def to_representation(self, value: Any) -> Any:
        return value


class RepeatRequestSerializer(StrictSerializer):
    """Which seed a job is repeated with."""

    seed = RepeatedSeedField(
        default="same",
        help_text='"same" repeats exactly, "new" draws another one, a number is the one to begin '
        "with. A model that takes no seed makes another picture each time, by itself.",
    )


class RatingSerializer(StrictSerializer):
    """What you say of a picture. What is absent stays as it was; null withdraws it."""

    image = serializers.IntegerField(
        required=False, min_value=1, help_text="The picture's id; needed where a job has several."
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False, allow_null=True)
    stars = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=5)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() - {"image"}:
            raise ValidationError("Say a verdict, stars or a note.")
        return attrs


def wish_in(asked: Mapping[str, Any]) -> StagingRequest:
    """Return the StagingRequest in the fields of a valid request, for a job or for a batch."""
    return StagingRequest(
        room_type=asked["room_type"],
        style=asked.get("style", ""),
        prompt=asked["prompt"],
        prompt_mode=asked["prompt_mode"],
        model=asked.get("model", ""),
        profile=asked.get("profile", ""),
        overrides=asked.get("overrides", {}),
        seed=asked.get("seed"),
    )


def find_place(
    request: Request,
    sent: "UploadedFile[bytes] | uuid.UUID",
    *,
    project_id: uuid.UUID | None,
) -> tuple[Photo | Upload, Project]:
    """Return the photo, sent as a file or an id, and its project, in which the caller may stage.

    Raises ValidationError, MayOnlySee, PhotoTooLarge."""
    if not isinstance(sent, uuid.UUID):
        return read_upload(sent), find_project(request, project_id, to=Right.STAGE)
    photo = seen_photos(request).filter(pk=sent).first()
    if photo is None:
        raise ValidationError({"photo": ["You have no such photo."]})
    if project_id and find_project(request, project_id, to=Right.STAGE).pk != photo.project_id:
        raise ValidationError({"project": ["The photo belongs to another project."]})
    check_may(request, Right.STAGE, photo.project)
    return photo, photo.project
