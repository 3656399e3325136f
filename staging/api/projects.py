"""The staging API: a user's projects."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.services import ProfileNotFound
from staging import services
from staging.api.jobs import caller
from staging.models import Project


class ProjectSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=200)
    model = serializers.CharField(
        source="model.slug",
        required=False,
        allow_null=True,
        default=None,
        help_text="owner/name that its jobs use; null for the default.",
    )
    profile = serializers.CharField(
        source="profile.name",
        required=False,
        allow_null=True,
        default=None,
        help_text="A profile of that model; null for the live one.",
    )
    created_at = serializers.DateTimeField(read_only=True)


class ProjectListView(APIView):
    @extend_schema(responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your projects, by name."""
        mine = Project.objects.filter(owner=caller(request)).select_related("model", "profile")
        return Response(ProjectSerializer(mine, many=True).data)

    @extend_schema(request=ProjectSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        """Make a project; it may name the model and the profile that its jobs use."""
        asked = ProjectSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        try:
            project = services.create_project(
                wanted["name"],
                owner=caller(request),
                model=(wanted.get("model") or {}).get("slug"),
                profile=(wanted.get("profile") or {}).get("name"),
            )
        except ProfileNotFound as error:
            raise ValidationError({"model": [str(error)]}) from error
        return Response(ProjectSerializer(project).data, status=status.HTTP_201_CREATED)
