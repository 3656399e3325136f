"""The staging API: rooms and styles to choose from, and the prompt that a job would have."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import StrictSerializer, checked
from staging.api.refusals import refused
from staging.library import reading
from staging.models import RoomType, Style
from staging.prompts import MODES


class RoomTypeField(serializers.CharField):
    """A room's key. Operators edit the library, so the API's description lists no keys."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "A key of staging/room-types; without one, any room.")
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        return checked(super().to_internal_value(data), reading.check_room_type)


class StyleField(serializers.CharField):
    """A style's key; like a room's, it is not listed in the description."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "A key of staging/styles; without one, modern.")
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        return checked(super().to_internal_value(data), reading.check_style)


class RoomTypeSerializer(serializers.ModelSerializer[RoomType]):
    class Meta:
        model = RoomType
        fields = ("key", "label", "is_outside")


class StyleSerializer(serializers.ModelSerializer[Style]):
    class Meta:
        model = Style
        fields = ("key", "label")


class PromptRequestSerializer(StrictSerializer):
    """The words of a job that decide its prompt."""

    room_type = RoomTypeField(required=False, allow_blank=True, default="")
    style = StyleField(  # type: ignore[assignment]  # not the field's own style
        required=False, allow_blank=True, default=""
    )
    prompt = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=5000, help_text="Your own words."
    )
    prompt_mode = serializers.ChoiceField(
        choices=MODES,
        default="add",
        help_text="Whether your words are added to the rules that keep the room, or replace them.",
    )


class PromptSerializer(serializers.Serializer[Any]):
    prompt = serializers.CharField()


class RoomTypeListView(APIView):
    @extend_schema(responses={200: RoomTypeSerializer(many=True), **refused()})
    def get(self, request: Request) -> Response:
        """List the rooms that a job can name, in the order to show them in."""
        return Response(RoomTypeSerializer(reading.room_types(), many=True).data)


class StyleListView(APIView):
    @extend_schema(responses={200: StyleSerializer(many=True), **refused()})
    def get(self, request: Request) -> Response:
        """List the styles that a job can name, in the order to show them in."""
        return Response(StyleSerializer(reading.styles(), many=True).data)


class PromptView(APIView):
    @extend_schema(
        parameters=[PromptRequestSerializer], responses={200: PromptSerializer, **refused(400)}
    )
    def get(self, request: Request) -> Response:
        """Show the prompt that a job with these words would have now."""
        asked = PromptRequestSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        text = reading.prompt_for(
            room_type=wanted["room_type"],
            style=wanted["style"],
            custom=wanted["prompt"],
            mode=wanted["prompt_mode"],
        )
        return Response({"prompt": text})
