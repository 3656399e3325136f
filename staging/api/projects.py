"""The staging API: projects and their members."""

import uuid
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import StrictSerializer
from staging.access import Right
from staging.api.access import caller, check_may, check_right, get_or_404, seen_projects
from staging.api.headers import LOCATION
from staging.api.pages import PageQuery, answer_page, page_of
from staging.api.refusals import refused
from staging.deletion.deleting import delete_project
from staging.invitations import invite
from staging.models import DisclosureRule, Invitation, Project, ProjectMember
from staging.projects import (
    change_project,
    create_project,
    remove_member,
    set_member,
    totals_of,
)


class ProjectQuery(PageQuery):
    name = serializers.CharField(required=False, help_text="A part of the name, in any case.")


class ProjectRequestSerializer(StrictSerializer):
    name = serializers.CharField(max_length=200)
    model = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="owner/name that its jobs use; null for the default.",
    )
    profile = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="A profile of that model; null for the live one.",
    )


class ProjectSerializer(serializers.ModelSerializer[Project]):
    owner = serializers.CharField(source="owner.username")
    access = serializers.ChoiceField(
        choices=["owner", "edit", "see"], help_text="What you may do: all, stage and judge, look."
    )
    model = serializers.CharField(
        source="model.slug",
        default=None,
        allow_null=True,
        help_text="What its jobs use; null: the default for staging.",
    )
    profile = serializers.CharField(
        source="profile.name",
        default=None,
        allow_null=True,
        help_text="The profile of that model; null: the live one.",
    )
    profile_retired = serializers.SerializerMethodField(
        help_text="Its profile is out of use: jobs are refused until you choose another."
    )

    class Meta:
        model = Project
        fields = (
            "id", "name", "is_unsorted", "owner", "access", "model", "profile", "profile_retired",
            "created_at",
        )  # fmt: skip

    def get_profile_retired(self, project: Project) -> bool:
        return project.profile is not None and project.profile.retired_at is not None


class ProjectTotalsSerializer(serializers.Serializer[Any]):
    """What is there now; cost and time also of what was deleted."""

    photos = serializers.IntegerField()
    jobs = serializers.IntegerField()
    pictures = serializers.IntegerField()
    cost = serializers.FloatField(help_text="US dollars, as far as prices are known.")
    unpriced = serializers.IntegerField(help_text="Successes at an unknown price, not in cost.")
    seconds = serializers.FloatField(help_text="From bought to succeeded, all added up.")


class ProjectRuleSerializer(serializers.Serializer[Any]):
    """The rule of disclosure that holds in a project, whose it is, and since when."""

    label = serializers.CharField(  # type: ignore[assignment]  # not the serializer's own label
        help_text='"off": pictures without a label.'
    )
    of = serializers.ChoiceField(choices=["site", "project"], source="scope")
    since = serializers.DateTimeField(source="set_at")


class ProjectDetailSerializer(ProjectSerializer):
    totals = serializers.SerializerMethodField()

    disclosure_rule = serializers.SerializerMethodField(
        help_text="The label that an operator's rule puts on its pictures; null: profiles decide."
    )

    class Meta(ProjectSerializer.Meta):
        fields = (*ProjectSerializer.Meta.fields, "totals", "disclosure_rule")  # type: ignore[assignment]  # one more

    def get_totals(self, project: Project) -> ProjectTotalsSerializer:
        # The annotation is for the API's document, which shows what is in the answer.
        return ProjectTotalsSerializer(totals_of(project)).data  # type: ignore[return-value]

    @extend_schema_field(ProjectRuleSerializer(allow_null=True))
    def get_disclosure_rule(self, project: Project) -> Any:
        rule = DisclosureRule.objects.find_for(project.pk)
        return ProjectRuleSerializer(rule).data if rule else None


class MemberSerializer(serializers.ModelSerializer[ProjectMember]):
    username = serializers.CharField(source="user.username", read_only=True)
    since = serializers.DateTimeField(source="created_at", read_only=True)
    may_edit = serializers.BooleanField(
        help_text="May stage, judge and delete photos and jobs; else only see."
    )

    class Meta:
        model = ProjectMember
        fields = ("username", "may_edit", "since")


class AskedMemberSerializer(serializers.Serializer[Any]):
    """What was asked, whatever came of it."""

    username = serializers.CharField()
    may_edit = serializers.BooleanField()


class PendingInvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation as the project's owner sees it, whether or not there is such an account."""

    asked_at = serializers.DateTimeField(source="created_at")
    expires_at = serializers.DateTimeField()

    class Meta:
        model = Invitation
        fields = ("username", "may_edit", "asked_at", "expires_at")


class ProjectListView(APIView):
    @extend_schema(
        operation_id="staging_projects_list",
        parameters=[ProjectQuery],
        responses={200: page_of(ProjectSerializer), **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List the projects that you own or are a member of, the newest first."""
        asked = ProjectQuery.read(request)
        projects = _projects(request)
        if "name" in asked:
            projects = projects.filter(name__icontains=asked["name"])
        return answer_page(projects, request, serializer=ProjectSerializer)

    @extend_schema(
        parameters=[LOCATION],
        request=ProjectRequestSerializer,
        responses={201: ProjectSerializer, **refused(400, 403, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Make a project; it may name the model and the profile that its jobs use."""
        check_right(request, Right.MAKE_PROJECT)
        asked = ProjectRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = create_project(owner=caller(request), **asked.validated_data)
        address = request.build_absolute_uri(reverse("project", args=[made.pk]))
        return Response(
            ProjectSerializer(find_with_access(request, made.pk)).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": address},
        )


class ProjectView(APIView):
    @extend_schema(responses={200: ProjectDetailSerializer, **refused(404)})
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        """Look at a project: who may do what in it, and what it came to."""
        project = find_with_access(request, project_id)
        return Response(ProjectDetailSerializer(project).data)

    @extend_schema(
        request=ProjectRequestSerializer,
        responses={200: ProjectDetailSerializer, **refused(400, 403, 404, 409, 413, 415)},
    )
    def patch(self, request: Request, project_id: uuid.UUID) -> Response:
        """Rename it, or choose the model and profile of its next jobs; null takes them away.

        Another model leaves the profile behind.
        """
        project = _owned(request, project_id)
        asked = ProjectRequestSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        change_project(project, asked.validated_data, by=caller(request))
        return Response(ProjectDetailSerializer(find_with_access(request, project.pk)).data)

    @extend_schema(responses={204: None, **refused(403, 404, 409)})
    def delete(self, request: Request, project_id: uuid.UUID) -> Response:
        """Delete it with its photos, jobs and pictures; 409 while a job is unfinished."""
        project = _owned(request, project_id, right=Right.DELETE_PROJECT)
        delete_project(project)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberListView(APIView):
    @extend_schema(responses={200: MemberSerializer(many=True), **refused(404)})
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        """List who works in a project beside its owner."""
        project = get_or_404(seen_projects(request), project_id, noun="project")
        return Response(MemberSerializer(_members(project), many=True).data)


class MemberView(APIView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "\0" in kwargs["username"]:
            # PostgreSQL has no such text.
            raise NotFound("There is no such member.")

    @extend_schema(
        request=MemberSerializer,
        responses={
            200: MemberSerializer,
            201: MemberSerializer,
            202: AskedMemberSerializer,
            **refused(400, 403, 404, 409, 413, 415),
        },
    )
    def put(self, request: Request, project_id: uuid.UUID, username: str) -> Response:
        """Let an account see your project, or edit it too: stage, judge and delete in it.

        Where clients are strangers to each other it is 202 for any name: its account is asked.
        """
        project = _owned(request, project_id)
        asked = MemberSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if settings.CLIENTS_ARE_STRANGERS:
            invite(project, username, **asked.validated_data)
            told = {"username": username, **asked.validated_data}
            return Response(AskedMemberSerializer(told).data, status=status.HTTP_202_ACCEPTED)
        member, is_new = set_member(project, username, **asked.validated_data)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(MemberSerializer(member).data, status=code)

    @extend_schema(responses={204: None, **refused(403, 404)})
    def delete(self, request: Request, project_id: uuid.UUID, username: str) -> Response:
        """End a membership: as the owner anybody's, else your own. Take an invitation back."""
        project = get_or_404(seen_projects(request), project_id, noun="project")
        if username != caller(request).get_username():
            check_may(request, Right.CHANGE_PROJECT, project)
        if not remove_member(project, username):
            raise NotFound("There is no such member.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProjectInvitationListView(APIView):
    @extend_schema(responses={200: PendingInvitationSerializer(many=True), **refused(403, 404)})
    def get(self, request: Request, project_id: uuid.UUID) -> Response:
        """List whom you asked into your project, until they accept; 14 days at most.

        It is the same for a name that no account has.
        """
        project = _owned(request, project_id)
        pending = project.invitations.pending()
        return Response(PendingInvitationSerializer(pending, many=True).data)


def _projects(request: Request) -> QuerySet[Project]:
    """Return the projects that the caller sees, each with the `access` they have to it."""
    user = caller(request)
    edits = ProjectMember.objects.filter(project=OuterRef("pk"), user=user, may_edit=True)
    access = Case(
        When(owner=user, then=Value("owner")),
        When(Exists(edits), then=Value("edit")),
        default=Value("see"),
        output_field=CharField(),
    )
    rows = seen_projects(request).select_related("owner", "model", "profile")
    return rows.annotate(access=access)


def find_with_access(request: Request, project_id: uuid.UUID) -> Project:
    return get_or_404(_projects(request), project_id, noun="project")


def _owned(
    request: Request, project_id: uuid.UUID, *, right: Right = Right.CHANGE_PROJECT
) -> Project:
    project = get_or_404(seen_projects(request), project_id, noun="project")
    check_may(request, right, project)
    return project


def _members(project: Project) -> QuerySet[ProjectMember]:
    return project.members.select_related("user")
