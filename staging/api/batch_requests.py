"""Requests for batches: the photos, and how they are to be staged."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from modelsettings.api.strict import StrictSerializer, check_text, checked
from staging.api.callbacks import CallbackUrlField
from staging.api.job_requests import OverridesField
from staging.api.library import RoomTypeField, StyleField
from staging.batches.sent import MAX_PHOTOS
from staging.library.reading import check_room_type
from staging.prompts import MODES

MAX_STYLES = 10


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class RoomTypesField(OverridesField):
    """An object: a photo's name and its room; in a form, its JSON."""

    def to_internal_value(self, data: Any) -> Any:
        rooms = super().to_internal_value(data)
        check_text(rooms)
        if not all(isinstance(room, str) for room in rooms.values()):
            raise ValidationError("Write an object of names and room types.")
        for room in dict.fromkeys(rooms.values()):
            checked(room, check_room_type)
        return rooms


class WantedSerializer(StrictSerializer):
    """What is wanted of all photos of a batch."""

    styles = serializers.ListField(
        child=StyleField(), required=False, max_length=MAX_STYLES, help_text="Else modern."
    )
    room_type = RoomTypeField(required=False, allow_blank=True, default="")
    room_types = RoomTypesField(
        required=False,
        help_text="By a photo's path or name, where it is in no folder that names its room.",
    )
    require_rooms = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Refuse the batch where nothing says the room of a photo, before it is staged.",
    )
    prompt = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=5000, help_text="Your own words."
    )
    prompt_mode = serializers.ChoiceField(choices=list(MODES), default="add")
    model = serializers.CharField(required=False, help_text="owner/name; else the default.")
    profile = serializers.CharField(
        required=False, max_length=100, help_text="Else the model's live one."
    )
    project = serializers.UUIDField(required=False, help_text="One that you may change.")
    overrides = OverridesField(required=False, help_text="Settings for these jobs alone.")
    seed = serializers.IntegerField(required=False)
    callback_url = CallbackUrlField(required=False, allow_blank=True, default="")


class StoredPhotosSerializer(WantedSerializer):
    """A batch of photos that are there."""

    photos = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MAX_PHOTOS,
        help_text="Their ids, of one project.",
    )


class BatchRequestSerializer(StoredPhotosSerializer):
    """A batch of files, of photos that are there, or of both; at most 200 of all."""

    photos = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MAX_PHOTOS,
        help_text="Ids of photos that are there, of one project.",
    )
    images = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), required=False, help_text="Photos."
    )
    archive = serializers.FileField(required=False, help_text="A ZIP of photos.")
