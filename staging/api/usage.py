"""The staging API: what was spent, and how long it took."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import StrictSerializer
from staging.access import Right
from staging.api.access import caller, check_right, get_or_404, seen_projects
from staging.api.refusals import refused
from staging.errors import NotTheOwner
from staging.models import Project
from staging.usage import BY, report_usage

DEFAULT_DAYS = 30


class UsageQuery(StrictSerializer):
    by = serializers.ChoiceField(choices=BY, default="day")
    since = serializers.DateField(
        required=False, help_text="The first day; without it, 29 days before the last."
    )
    until = serializers.DateField(required=False, help_text="The last day; without it, today.")
    project = serializers.UUIDField(
        required=False, help_text="One that you see; without it, all that you own."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.setdefault("until", timezone.localdate())
        if until.year < 1900:
            raise ValidationError({"until": ["Write a day of this age."]})
        since: date = attrs.setdefault("since", until - timedelta(days=DEFAULT_DAYS - 1))
        if since > until:
            raise ValidationError({"since": ["This day is after the last one."]})
        return attrs


class UsageRowSerializer(serializers.Serializer[Any]):
    """Predictions by how they ended, and what they came to."""

    key = serializers.CharField(
        help_text="The day, the project's id, the model as owner/name, or that and a profile; the "
        "account's user name, empty where it is not known."
    )
    label = serializers.CharField()  # type: ignore[assignment]  # not the field's own label
    succeeded = serializers.IntegerField(help_text="Predictions.")
    failed = serializers.IntegerField()
    canceled = serializers.IntegerField()
    pictures = serializers.IntegerField()
    cost = serializers.FloatField(help_text="US dollars, as far as prices are known.")
    unpriced = serializers.IntegerField(help_text="Successes at an unknown price, not in cost.")
    cost_per_picture = serializers.FloatField(
        allow_null=True, help_text="Of those whose price is known; null where none is."
    )
    seconds_per_picture = serializers.FloatField(
        allow_null=True, help_text="From bought to succeeded, on average."
    )
    median_seconds = serializers.FloatField(
        allow_null=True, help_text="From bought to succeeded, to two digits; null of none."
    )
    accepted = serializers.IntegerField(help_text="Pictures whose verdict is that now.")
    rejected = serializers.IntegerField()
    rejected_cost = serializers.FloatField(
        help_text="US dollars that the rejected pictures had cost, as far as prices are known."
    )


class UsageSerializer(serializers.Serializer[Any]):
    by = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    rows = UsageRowSerializer(many=True)
    totals = UsageRowSerializer(source="total")


class UsageView(APIView):
    @extend_schema(
        parameters=[UsageQuery], responses={200: UsageSerializer, **refused(400, 403, 404)}
    )
    def get(self, request: Request) -> Response:
        """Add up cost and time of your projects by day, project, model, profile or account.

        A prediction counts on the day on which it ended, also when its job was deleted since. A
        project that was deleted counts no more. Only its owner may know what each account spent.
        """
        check_right(request, Right.SEE_USAGE)
        asked = UsageQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        projects = _projects(request, wanted.pop("project", None), by=wanted["by"])
        return Response(UsageSerializer(report_usage(projects=projects, **wanted)).data)


def _projects(request: Request, project_id: uuid.UUID | None, *, by: str) -> QuerySet[Project]:
    if project_id is None:
        return Project.objects.filter(owner=caller(request))
    project = get_or_404(seen_projects(request), project_id, noun="project")
    if by == "account" and project.owner_id != caller(request).pk:
        raise NotTheOwner
    return Project.objects.filter(pk=project.pk)
