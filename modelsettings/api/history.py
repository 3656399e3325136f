"""A profile's past: pages of revisions, comparison, rollback, reset."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.actors import Actor
from modelsettings.api.permissions import MayTune
from modelsettings.api.protocol import (
    CHANGED,
    PROFILE,
    WRITE,
    answer,
    change_reason,
    check_body,
    expected_revision,
    read_settings,
)
from modelsettings.api.strict import StrictSerializer
from modelsettings.schema.comparison import Change, or_null
from modelsettings.schema.overridable import OverridableChange
from modelsettings.settings import history, reset_settings, roll_back

# The largest integer of the database's column, and more revisions than any profile has.
_MOST = 2**31 - 1


class ChangeSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    old = serializers.JSONField(allow_null=True, help_text="null where it was unset.")
    new = serializers.JSONField(allow_null=True, help_text="null where it is unset.")


class OverridableChangeSerializer(serializers.Serializer[Any]):
    """What clients may change since, and what they may change no longer."""

    allowed = serializers.ListField(child=serializers.CharField())
    forbidden = serializers.ListField(child=serializers.CharField())


class RevisionSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    changes = ChangeSerializer(many=True)
    overridable = OverridableChangeSerializer(allow_null=True)


class HistorySerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True, help_text="The next page, of older revisions.")
    results = RevisionSerializer(many=True)


class RollbackSerializer(StrictSerializer):
    revision = serializers.IntegerField(min_value=1, max_value=_MOST)
    keep_what_fits = serializers.BooleanField(
        default=False,
        help_text="Give what no longer fits today's schema its default, instead of refusing.",
    )


class ResetSerializer(StrictSerializer):
    keys = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Without it: all of them."
    )


class ComparisonSerializer(serializers.Serializer[Any]):
    changes = ChangeSerializer(many=True)
    overridable = OverridableChangeSerializer(allow_null=True)


class _PageSerializer(serializers.Serializer[Any]):
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=_MOST, help_text="Revisions older than this one."
    )


class _PairSerializer(serializers.Serializer[Any]):
    old = serializers.IntegerField(min_value=1, max_value=_MOST)
    new = serializers.IntegerField(min_value=1, max_value=_MOST)


class HistoryView(APIView):
    permission_classes = [MayTune]

    @extend_schema(parameters=[PROFILE, _PageSerializer], responses=HistorySerializer)
    def get(self, request: Request, slug: str) -> Response:
        """List a profile's revisions, the newest first, each with the keys that it changed."""
        asked = _PageSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        stored = read_settings(request, slug, parameters=asked.fields)
        page = history.list_revisions(
            stored.pk,
            keys=stored.validator.schema["properties"],
            before=asked.validated_data.get("before"),
        )
        results = [
            {
                "revision": revision.revision,
                "changed_at": revision.changed_at,
                "changed_by": revision.changed_by,
                "reason": revision.reason,
                "changes": _changes(revision.changes),
                "overridable": _overridable(revision.overridable),
            }
            for revision in page.revisions
        ]
        return Response({"next": _next_page(request, page.before), "results": results})


class CompareView(APIView):
    permission_classes = [MayTune]

    @extend_schema(parameters=[PROFILE, _PairSerializer], responses=ComparisonSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Compare two revisions of a profile, key by key."""
        asked = _PairSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        stored = read_settings(request, slug, parameters=asked.fields)
        found = history.compare(
            stored.pk,
            asked.validated_data["old"],
            asked.validated_data["new"],
            keys=stored.validator.schema["properties"],
        )
        return Response(
            {"changes": _changes(found.changes), "overridable": _overridable(found.overridable)}
        )


class RollbackView(APIView):
    permission_classes = [MayTune]

    @extend_schema(request=RollbackSerializer, responses=CHANGED, parameters=WRITE)
    def post(self, request: Request, slug: str) -> Response:
        """Write a new revision with an old one's values; what no longer fits is named."""
        asked = RollbackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        stored = read_settings(request, slug)
        restored = roll_back(
            stored.pk,
            asked.validated_data["revision"],
            keep_what_fits=asked.validated_data["keep_what_fits"],
            by=Actor.of(request.user),
            reason=change_reason(request),
            expected_revision=expected_revision(request, stored),
        )
        return answer(restored)


class ResetView(APIView):
    permission_classes = [MayTune]

    @extend_schema(request=ResetSerializer, responses=CHANGED, parameters=WRITE)
    def post(self, request: Request, slug: str) -> Response:
        """Put the named keys, or all of them, back to their defaults."""
        check_body(request)
        asked = ResetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        stored = read_settings(request, slug)
        reset = reset_settings(
            stored.pk,
            keys=asked.validated_data.get("keys"),
            by=Actor.of(request.user),
            reason=change_reason(request),
            expected_revision=expected_revision(request, stored),
        )
        return answer(reset)


def _changes(changes: list[Change]) -> list[dict[str, Any]]:
    return [
        {"key": change.key, "old": or_null(change.old), "new": or_null(change.new)}
        for change in changes
    ]


def _overridable(change: OverridableChange | None) -> dict[str, list[str]] | None:
    return {"allowed": change.allowed, "forbidden": change.forbidden} if change else None


def _next_page(request: Request, before: int | None) -> str | None:
    if before is None:
        return None
    query = request.query_params.copy()
    query["before"] = str(before)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
