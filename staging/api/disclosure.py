"""Rules of disclosure, for the site or a project: the right to change settings sets them.

As everywhere in the API, a project is there for its owner and its members alone; the admin's page
has the rules of all projects.
"""

import uuid
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.actors import Actor
from modelsettings.api.permissions import MayTune
from modelsettings.api.protocol import REASON, change_reason
from modelsettings.api.strict import StrictSerializer, check_query
from staging.api.access import seen_projects
from staging.api.refusals import refused
from staging.disclosure import end_rule, set_rule
from staging.models import DisclosureRule, Project

# The newest rules; a site changes its rule a few times a year.
MOST = 500


class DisclosureRuleSerializer(serializers.Serializer[Any]):
    """A rule, in force or ended: who set it and ended it, when and why."""

    id = serializers.IntegerField()
    project = serializers.UUIDField(
        source="project_id", allow_null=True, help_text="null: the whole site."
    )
    label = serializers.CharField(  # type: ignore[assignment]  # not the serializer's own label
        help_text='"off": pictures without a label.'
    )
    reason = serializers.CharField(allow_blank=True)
    set_by = serializers.CharField()
    set_at = serializers.DateTimeField()
    ended_by = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField(allow_blank=True)


class NewDisclosureRuleSerializer(StrictSerializer):
    """A label for every picture of the site or of a project from now on."""

    project = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="One of yours; null: the site."
    )
    label = serializers.CharField(  # type: ignore[assignment]  # not the serializer's own label
        max_length=60, help_text='"off": pictures without a label.'
    )


class DisclosureRuleListView(APIView):
    permission_classes = [MayTune]

    @extend_schema(
        operation_id="admin_disclosure_rules_list",
        responses={200: DisclosureRuleSerializer(many=True), **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List the rules of the site and of your projects, the newest first, ended ones too."""
        check_query(request, [])
        rules = list(_seen_rules(request)[:MOST])
        return Response(DisclosureRuleSerializer(rules, many=True).data)

    @extend_schema(
        request=NewDisclosureRuleSerializer,
        parameters=[REASON],
        responses={201: DisclosureRuleSerializer, **refused(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Set the rule of the site or of a project of yours; it ends the one before."""
        asked = NewDisclosureRuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = set_rule(
            _find_project(request, asked.validated_data["project"]),
            asked.validated_data["label"],
            by=Actor.of(request.user),
            reason=change_reason(request)[:500],
        )
        return Response(DisclosureRuleSerializer(rule).data, status=status.HTTP_201_CREATED)


class DisclosureRuleView(APIView):
    permission_classes = [MayTune]

    @extend_schema(parameters=[REASON], responses={204: None, **refused(400, 404)})
    def delete(self, request: Request, rule_id: int) -> Response:
        """End a rule; it stays in the list. To end one that has ended changes nothing."""
        rule = _seen_rules(request).select_related("project").filter(pk=rule_id).first()
        if rule is None:
            raise NotFound("There is no such rule.")
        if rule.ended_at is None:
            reason = change_reason(request)[:500]
            end_rule(rule, by=Actor.of(request.user), reason=reason)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _seen_rules(request: Request) -> QuerySet[DisclosureRule]:
    return DisclosureRule.objects.filter(Q(project=None) | Q(project__in=seen_projects(request)))


def _find_project(request: Request, key: uuid.UUID | None) -> Project | None:
    if key is None:
        return None
    project = seen_projects(request).filter(pk=key).first()
    if project is None:
        raise ValidationError({"project": ["You have no such project."]})
    return project
