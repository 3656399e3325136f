"""The staging API: the limits that an account's purchases have to fit into."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from staging.api.access import caller
from staging.api.refusals import refused
from staging.models import AskingPace, Period, WhenOver
from staging.spending.own_limits import SCOPES, limits_for

_UNKNOWN = "Null where you may not know it."


class LimitSerializer(serializers.Serializer[Any]):
    """A limit, with its dollars where the account may know them."""

    scope = serializers.ChoiceField(choices=SCOPES, help_text="What it bounds.")
    project = serializers.UUIDField(allow_null=True, help_text="Of the scope `project`.")
    period = serializers.ChoiceField(choices=Period.choices)
    when_over = serializers.ChoiceField(choices=WhenOver.choices)
    fits = serializers.BooleanField(help_text="Whether a typical picture fits now.")
    usd = serializers.FloatField(allow_null=True, help_text=f"US dollars a period. {_UNKNOWN}")
    spent = serializers.FloatField(allow_null=True, help_text=_UNKNOWN)
    held = serializers.FloatField(allow_null=True, help_text=f"By what is under way. {_UNKNOWN}")
    left = serializers.FloatField(allow_null=True, help_text=_UNKNOWN)
    resets_at = serializers.DateTimeField(help_text="When its next period begins.")


class PicturesAMinuteSerializer(serializers.Serializer[Any]):
    """The pictures that the account may ask for in a minute; null where there is no bound."""

    a_minute = serializers.IntegerField(allow_null=True)
    left = serializers.IntegerField(allow_null=True, help_text="At this moment.")


class LimitsSerializer(serializers.Serializer[Any]):
    limits = LimitSerializer(many=True)
    pictures = PicturesAMinuteSerializer()


class LimitsView(APIView):
    @extend_schema(responses={200: LimitsSerializer, **refused()})
    def get(self, request: Request) -> Response:
        """Look at the limits of your account, of the projects that you see, and of everything.

        Dollars are told of your own ones: your account's, and those of projects that you own.
        """
        user, most = caller(request), settings.COSTLY_REQUESTS_PER_MINUTE or None
        pictures = {"a_minute": most, "left": AskingPace.left(user) if most else None}
        found = {"limits": limits_for(user), "pictures": pictures}
        return Response(LimitsSerializer(found).data)
