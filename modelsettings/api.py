"""The admin API: the models, and a model's settings."""

import re
from typing import Any
from urllib.parse import unquote

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound, ParseError, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings import registry, services
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.document import Unset
from modelsettings.schema.validation import SettingsRefused
from modelsettings.services import ProfileLocked, ProfileNotFound, StaleSettings, StoredSettings


class MayTune(BasePermission):
    """Reading asks for `view_modelsettings`, writing for `change_modelsettings`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        action = "view" if request.method in ("GET", "HEAD", "OPTIONS") else "change"
        return request.user.has_perm(f"modelsettings.{action}_modelsettings")


class MayChooseModels(BasePermission):
    """Reading asks for `view_replicatemodel`, writing for `change_replicatemodel`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        action = "view" if request.method in ("GET", "HEAD", "OPTIONS") else "change"
        return request.user.has_perm(f"modelsettings.{action}_replicatemodel")


class Stale(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED


class Locked(APIException):
    status_code = status.HTTP_409_CONFLICT


class ModelSerializer(serializers.Serializer[Any]):
    """A model and its live profile."""

    id = serializers.CharField(source="slug")
    label = serializers.CharField()  # type: ignore[assignment]  # not the serializer's own label
    description = serializers.CharField()
    is_enabled = serializers.BooleanField()
    is_default = serializers.BooleanField()
    obstacle = serializers.CharField(
        allow_null=True, help_text="Why a job cannot use the model; null where it can."
    )
    profile = serializers.CharField(source="live_profile.name")
    revision = serializers.IntegerField(source="live_profile.revision")
    price = serializers.ListField(child=serializers.DictField())


class ActiveModelSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(help_text="owner/name of the default model for staging.")


class ConfigSerializer(serializers.Serializer[StoredSettings]):
    """One profile of a model: its document, and how it differs from the defaults."""

    model_id = serializers.CharField(source="slug")
    profile = serializers.CharField()
    revision = serializers.IntegerField()
    config = serializers.DictField(source="document")
    defaults = serializers.DictField(source="validator.defaults")
    changed = serializers.ListField(child=serializers.CharField())
    updated_at = serializers.DateTimeField()
    updated_by = serializers.CharField()


# A proxy that compresses makes the tag weak; it still names the revision.
_TAG = re.compile(r'(?:W/)?"(?P<pk>[0-9]{1,18})-(?P<revision>[0-9]{1,18})"')
_PROFILE = OpenApiParameter("profile", description="A profile's name; without it, the live one.")
_IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag that the change starts from.",
)
_REASON = OpenApiParameter(
    "X-Change-Reason",
    location=OpenApiParameter.HEADER,
    description="Why, percent-encoded UTF-8; it stands in the history.",
)
_WRITE = [_PROFILE, _IF_MATCH, _REASON]


class ModelListView(APIView):
    permission_classes = [MayChooseModels]

    @extend_schema(responses=ModelSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the models."""
        return Response(ModelSerializer(registry.list_models(), many=True).data)


class ActiveModelView(APIView):
    permission_classes = [MayChooseModels]

    @extend_schema(responses=ActiveModelSerializer)
    def get(self, request: Request) -> Response:
        """Tell the default model for staging."""
        slug = ReplicateModel.objects.filter(is_default=True).values_list("slug", flat=True).first()
        return Response({"value": slug})

    @extend_schema(request=ActiveModelSerializer, responses=ActiveModelSerializer)
    def put(self, request: Request) -> Response:
        """Choose the default model for staging; one that cannot stage is refused."""
        asked = ActiveModelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        slug = asked.validated_data["value"]
        try:
            registry.choose_default(slug, by=Actor.of(request.user))
        except ReplicateModel.DoesNotExist:
            raise ValidationError({"value": [f"There is no model {slug}."]}) from None
        except registry.CannotStage as error:
            raise ValidationError({"value": [str(error)]}) from error
        return Response({"value": slug})


class ConfigView(APIView):
    """A model's settings; every answer carries its ETag."""

    permission_classes = [MayTune]

    @extend_schema(responses=ConfigSerializer, parameters=[_PROFILE])
    def get(self, request: Request, slug: str) -> Response:
        """Return the whole document, its defaults, and the keys that differ from them."""
        return _answer(_read(request, slug))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=ConfigSerializer, parameters=_WRITE)
    def put(self, request: Request, slug: str) -> Response:
        """Replace the document; missing keys take their defaults."""
        return self._change(request, slug, services.update_settings)

    @extend_schema(request=OpenApiTypes.OBJECT, responses=ConfigSerializer, parameters=_WRITE)
    def patch(self, request: Request, slug: str) -> Response:
        """Change the keys that are named; null unsets one that has no default."""
        return self._change(request, slug, services.patch_settings)

    def _change(self, request: Request, slug: str, change: Any) -> Response:
        stored = _read(request, slug)
        if request.stream is None:
            # DRF reads it as {}, which would reset every parameter; so would a chunked body.
            raise ParseError("The request has no body: send a JSON object with a Content-Length.")
        try:
            change(
                stored.pk,
                request.data,
                by=Actor.of(request.user),
                reason=_reason(request),
                expected_revision=_expected_revision(request, stored),
            )
        except SettingsRefused as error:
            raise ValidationError(errors_by_field(error)) from error
        except StaleSettings as error:
            raise _stale(error) from error
        except ProfileLocked as error:
            raise Locked(str(error)) from error
        return _answer(_read(request, slug))


class ConfigSchemaView(APIView):
    permission_classes = [MayTune]

    @extend_schema(responses=OpenApiTypes.OBJECT, parameters=[_PROFILE])
    def get(self, request: Request, slug: str) -> Response:
        """Return the settings schema: a JSON Schema with order, bounds, enums and defaults."""
        return Response(_read(request, slug).validator.schema)


def errors_by_field(error: SettingsRefused) -> dict[str, list[str]]:
    """Return the sentences in DRF's shape."""
    return {key or "non_field_errors": found for key, found in error.errors.items()}


def _read(request: Request, slug: str) -> StoredSettings:
    profile = request.query_params.get("profile", "")
    if "\0" in profile:
        # PostgreSQL has no such text.
        raise NotFound("There is no such settings profile.")
    try:
        return services.get_settings(slug, profile=profile)
    except ProfileNotFound as error:
        raise NotFound(str(error)) from error


def _answer(stored: StoredSettings) -> Response:
    tag = f'"{stored.pk}-{stored.revision}"'
    return Response(ConfigSerializer(stored).data, headers={"ETag": tag})


def _expected_revision(request: Request, stored: StoredSettings) -> int | None:
    """Read `If-Match`: None where the client takes whatever is there.

    A tag of another profile expects a revision that never is.
    """
    tag = request.headers.get("If-Match", "*").strip()
    if tag == "*":
        return None
    parts = _TAG.fullmatch(tag)
    if parts is None:
        raise ParseError(f'If-Match is not an ETag of settings: write it as "{stored.pk}-1".')
    return int(parts["revision"]) if int(parts["pk"]) == stored.pk else 0


def _reason(request: Request) -> str:
    reason = unquote(request.headers.get("X-Change-Reason", ""))
    if "\0" in reason:
        raise ParseError("X-Change-Reason holds the character NUL, which cannot be stored.")
    return reason


def _stale(error: StaleSettings) -> Stale:
    conflicts = [
        {
            "key": one.key,
            "yours": None if isinstance(one.yours, Unset) else one.yours,
            "theirs": None if isinstance(one.theirs, Unset) else one.theirs,
            "by": one.by,
            "at": one.at,
        }
        for one in error.conflicts
    ]
    stale = Stale()
    # DRF turns a detail into strings; the values of a conflict keep their types.
    detail: Any = {"detail": str(error), "revision": error.revision, "conflicts": conflicts}
    stale.detail = detail
    return stale
