"""Recent changes of settings, models and the prompt library: the API's audit trail."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.permissions import MayTune
from staging.api.access import caller
from staging.api.pages import PageQuery
from staging.api.refusals import refused
from staging.changes.entries import Kind, Place, Wanted
from staging.changes.listing import API_KINDS, list_changes


class ChangedValueSerializer(serializers.Serializer[Any]):
    """One thing that has another value since."""

    key = serializers.CharField(help_text="A parameter, a room, or a field such as `price`.")
    label = serializers.CharField()  # type: ignore[assignment]  # not the serializer's own label
    old = serializers.JSONField(allow_null=True, help_text="As it is stored.")
    new = serializers.JSONField(allow_null=True)


class RecentChangeSerializer(serializers.Serializer[Any]):
    """A change: who, when, why, and each thing that it changed."""

    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="A user name, or a part such as `system:catalog`.")
    reason = serializers.CharField(allow_blank=True)
    kinds = serializers.ListField(child=serializers.ChoiceField(API_KINDS))
    model_id = serializers.CharField(source="model", allow_null=True)
    title = serializers.CharField(help_text="The model, or the row of the prompt library.")
    part = serializers.CharField(allow_blank=True, help_text="Its profile and revision.")
    done = serializers.CharField(allow_blank=True, help_text="What no line says: `added`.")
    lines = ChangedValueSerializer(many=True)


class RecentChangeListSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True, help_text="The next page, of older changes.")
    results = RecentChangeSerializer(many=True)


class RecentChangesQuery(PageQuery):
    by = serializers.CharField(required=False, help_text="A user name.")
    model = serializers.CharField(required=False, help_text="owner/name")
    kind = serializers.ChoiceField(API_KINDS, required=False)
    day = serializers.DateField(required=False, help_text="A day of the site's time zone.")


class ChangesView(APIView):
    permission_classes = [MayTune]

    @extend_schema(
        operation_id="admin_changes_list",
        parameters=[RecentChangesQuery],
        responses={200: RecentChangeListSerializer, **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List changes, the newest first: settings, models, and the prompt library."""
        asked = RecentChangesQuery.read(request)
        after = Place.read(asked["cursor"]) if "cursor" in asked else None
        if "cursor" in asked and after is None:
            raise ValidationError({"cursor": ["Take a page's `next` as it is."]})
        wanted = Wanted(
            by=asked.get("by", ""),
            model=asked.get("model", ""),
            kind=Kind(asked["kind"]) if "kind" in asked else None,
            day=asked.get("day"),
        )
        page = list_changes(
            caller(request), wanted, after=after, most=asked["page_size"], for_api=True
        )
        results = RecentChangeSerializer(page.changes, many=True).data
        return Response({"next": _next(request, page.next), "results": results})


def _next(request: Request, place: Place | None) -> str | None:
    if place is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = str(place)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
