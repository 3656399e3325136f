"""Finds settings across all models and profiles."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.permissions import MayTune
from modelsettings.api.strict import check_query
from modelsettings.schema.comparison import or_null
from modelsettings.settings import search


class SearchSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(required=False, default="", allow_blank=True)
    test = serializers.ChoiceField(
        choices=[(name, words) for name, (words, _) in search.TESTS.items()], default="set"
    )
    value = serializers.CharField(required=False, default="", allow_blank=True)
    changed_only = serializers.BooleanField(required=False, default=False)


class HitSerializer(serializers.Serializer[Any]):
    model_id = serializers.CharField(source="slug")
    profile = serializers.CharField()
    is_live = serializers.BooleanField()
    key = serializers.CharField()
    value = serializers.SerializerMethodField(method_name="show_value")
    default = serializers.SerializerMethodField(method_name="show_default")
    is_changed = serializers.BooleanField()

    @extend_schema_field(OpenApiTypes.ANY)
    def show_value(self, hit: search.Hit) -> Any:
        return or_null(hit.value)

    @extend_schema_field(OpenApiTypes.ANY)
    def show_default(self, hit: search.Hit) -> Any:
        return or_null(hit.default)


class SearchView(APIView):
    permission_classes = [MayTune]

    @extend_schema(parameters=[SearchSerializer], responses=HitSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Find settings by key, value and *changed from default*, whatever the model."""
        asked = SearchSerializer(data=request.query_params)
        check_query(request, asked.fields)
        asked.is_valid(raise_exception=True)
        return Response(
            HitSerializer(search.search_settings(**asked.validated_data), many=True).data
        )
