"""The models, and the default for staging."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.api.permissions import MayChooseModels
from modelsettings.api.protocol import REASON, change_reason
from modelsettings.api.strict import StrictSerializer
from modelsettings.models import ReplicateModel


class ModelSerializer(serializers.Serializer[Any]):
    """A model and its live profile."""

    id = serializers.CharField(source="slug")
    label = serializers.CharField()  # type: ignore[assignment]  # not the serializer's own label
    description = serializers.CharField()
    is_enabled = serializers.BooleanField()
    is_default = serializers.BooleanField()
    clients_may_name = serializers.BooleanField()
    obstacle = serializers.CharField(
        allow_null=True, help_text="Why a job cannot use the model; null where it can."
    )
    profile = serializers.CharField(source="live_profile.name")
    revision = serializers.IntegerField(source="live_profile.revision")
    price = serializers.ListField(child=serializers.DictField())


class ActiveModelSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(
        allow_null=True, help_text="owner/name of the default model for staging; null without one."
    )


class ActiveModelRequestSerializer(StrictSerializer):
    value = serializers.CharField(help_text="owner/name of the default model for staging.")


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

    @extend_schema(
        request=ActiveModelRequestSerializer, responses=ActiveModelSerializer, parameters=[REASON]
    )
    def put(self, request: Request) -> Response:
        """Choose the default model for staging; one that cannot stage is refused."""
        asked = ActiveModelRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        slug = asked.validated_data["value"]
        registry.choose_default(slug, by=Actor.of(request.user), reason=change_reason(request))
        return Response({"value": slug})
