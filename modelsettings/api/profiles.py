"""A model's profiles: list, make from another, rename, retire, make live."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.api.permissions import MayTune
from modelsettings.api.protocol import LOCKED, REASON, change_reason
from modelsettings.api.strict import StrictSerializer
from modelsettings.models import ModelSettings
from modelsettings.settings import StoredSettings, get_settings


class ProfileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    revision = serializers.IntegerField()
    is_live = serializers.BooleanField()
    room_types = serializers.ListField(child=serializers.CharField())
    is_retired = serializers.SerializerMethodField()
    clients_may_name = serializers.BooleanField()
    locked_by = serializers.CharField(allow_blank=True)
    lock_reason = serializers.CharField(allow_blank=True)
    updated_at = serializers.DateTimeField()
    updated_by = serializers.CharField()

    def get_is_retired(self, profile: ModelSettings) -> bool:
        return profile.retired_at is not None


class NewProfileSerializer(StrictSerializer):
    name = serializers.CharField(max_length=100)
    source = serializers.CharField(  # type: ignore[assignment]  # not the serializer's own source
        required=False, help_text="The profile to copy; without it, the live one."
    )


class ProfileChangeSerializer(StrictSerializer):
    """Changes of a profile, carried out together or not at all; each key is optional."""

    name = serializers.CharField(required=False, max_length=100)
    is_retired = serializers.BooleanField(required=False)
    is_live = serializers.BooleanField(
        required=False, help_text="true only: make another profile live instead of none."
    )
    clients_may_name = serializers.BooleanField(
        required=False,
        help_text="Whether a client may name it; as a room's or the live one it works.",
    )
    room_types = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, help_text="Rooms that use it."
    )


class ProfileListView(APIView):
    permission_classes = [MayTune]

    @extend_schema(responses=ProfileSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List a model's profiles, the live one first, retired ones too."""
        _get(slug)
        return Response(ProfileSerializer(_list(slug), many=True).data)

    @extend_schema(
        request=NewProfileSerializer, responses={201: ProfileSerializer}, parameters=[REASON]
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make a profile from another; without a source, from the live one."""
        asked = NewProfileSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        source = _get(slug, asked.validated_data.get("source"))
        made = profiles.copy_profile(
            source.pk,
            asked.validated_data["name"],
            by=Actor.of(request.user),
            reason=change_reason(request),
        )
        return Response(_show(slug, made.pk), status=status.HTTP_201_CREATED)


class ProfileView(APIView):
    permission_classes = [MayTune]

    @extend_schema(
        request=ProfileChangeSerializer,
        responses={200: ProfileSerializer, **LOCKED},
        parameters=[REASON],
    )
    def patch(self, request: Request, slug: str, name: str) -> Response:
        """Rename a profile, retire it or take it back, make it live, choose its rooms and users."""
        asked = ProfileChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = next((profile for profile in _list(slug) if profile.name == name), None)
        if found is None:
            raise NotFound("There is no such settings profile.")
        _apply(
            found.pk,
            asked.validated_data,
            by=Actor.of(request.user),
            reason=change_reason(request),
        )
        return Response(_show(slug, found.pk))


@transaction.atomic
def _apply(profile: int, wanted: dict[str, Any], *, by: Actor, reason: str) -> None:
    """Make the changes that are named, all of them or none."""
    if "name" in wanted:
        profiles.rename_profile(profile, wanted["name"], by=by, reason=reason)
    if "clients_may_name" in wanted:
        is_allowed = wanted["clients_may_name"]
        profiles.let_clients_name(profile, is_allowed=is_allowed, by=by, reason=reason)
    if wanted.get("is_retired") is False:
        profiles.restore(profile, by=by, reason=reason)
    if wanted.get("is_live") is False:
        raise ValidationError({"is_live": ["Make another profile live instead."]})
    if wanted.get("is_live"):
        profiles.make_live(profile, by=by, reason=reason)
    if "room_types" in wanted:
        profiles.use_for_rooms(profile, wanted["room_types"], by=by, reason=reason)
    if wanted.get("is_retired"):
        profiles.retire(profile, by=by, reason=reason)


def _get(slug: str, name: str | None = None) -> StoredSettings:
    return get_settings(slug, profile=name)


def _list(slug: str) -> list[ModelSettings]:
    return profiles.list_profiles(slug, with_retired=True)


def _show(slug: str, profile: int) -> Any:
    return ProfileSerializer(next(row for row in _list(slug) if row.pk == profile)).data
