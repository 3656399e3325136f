"""The staging API: invitations into projects, as the account that was asked answers them."""

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from staging.api.access import caller, get_or_404
from staging.api.pages import PageQuery, answer_page, page_of
from staging.api.projects import ProjectSerializer, find_with_access
from staging.api.refusals import refused
from staging.invitations import accept_invitation, decline_invitation
from staging.models import Invitation


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    project = serializers.CharField(source="project.name", help_text="The project's name.")
    owner = serializers.CharField(source="project.owner.username", help_text="Who asks you.")
    asked_at = serializers.DateTimeField(source="created_at")
    expires_at = serializers.DateTimeField()

    class Meta:
        model = Invitation
        fields = ("id", "project", "owner", "may_edit", "asked_at", "expires_at")


class InvitationListView(APIView):
    @extend_schema(
        operation_id="staging_invitations_list",
        parameters=[PageQuery],
        responses={200: page_of(InvitationSerializer), **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List the projects that you are asked into, the newest first."""
        PageQuery.read(request)
        return answer_page(_waiting(request), request, serializer=InvitationSerializer)


class AcceptView(APIView):
    @extend_schema(request=None, responses={200: ProjectSerializer, **refused(404, 409)})
    def post(self, request: Request, invitation_id: uuid.UUID) -> Response:
        """Become a member; the answer is the project."""
        invitation = get_or_404(_waiting(request), invitation_id, noun="invitation")
        project = accept_invitation(invitation, by=caller(request))
        return Response(ProjectSerializer(find_with_access(request, project.pk)).data)


class DeclineView(APIView):
    @extend_schema(request=None, responses={204: None, **refused(404, 409)})
    def post(self, request: Request, invitation_id: uuid.UUID) -> Response:
        """Decline it; the owner who asked is not told."""
        invitation = get_or_404(_waiting(request), invitation_id, noun="invitation")
        decline_invitation(invitation, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _waiting(request: Request) -> QuerySet[Invitation]:
    return Invitation.objects.waiting_for(caller(request)).select_related("project__owner")
