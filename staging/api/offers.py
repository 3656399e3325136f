"""The models, profiles and parameters that the caller may ask for."""

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import check_query
from staging.api.access import caller
from staging.api.headers import ETAG, IF_NONE_MATCH
from staging.api.polling import UNCHANGED, answer_look
from staging.api.refusals import refused
from staging.clients import may_replace_prompt
from staging.offers import offers_to


class ProfileOfferSerializer(serializers.Serializer[Any]):
    """A profile, and what a job that uses it may change."""

    name = serializers.CharField()
    may_name = serializers.BooleanField(
        help_text="false: you get it without naming it, as the live one, for a room or a project."
    )
    is_live = serializers.BooleanField(help_text="Used where a request names no profile.")
    room_types = serializers.ListField(
        child=serializers.CharField(), help_text="Rooms whose jobs use it, whichever is live."
    )
    price = serializers.FloatField(
        allow_null=True,
        help_text="US dollars for one picture of a photo of 12 megapixels; null: unknown.",
    )
    parameters = serializers.DictField(
        help_text="A JSON Schema of what `overrides` may hold: types, bounds, defaults."
    )
    values = serializers.DictField(help_text="What these parameters are without an override.")


class ModelOfferSerializer(serializers.Serializer[Any]):
    """A model that can stage, and its profiles, the live one first."""

    model = serializers.CharField(source="slug")
    label = serializers.CharField()  # type: ignore[assignment]  # not the serializer's own label
    description = serializers.CharField(allow_blank=True)
    is_default = serializers.BooleanField(help_text="Used where neither request nor project does.")
    may_name = serializers.BooleanField(
        help_text="false: you get it without naming it, as the default or your project's."
    )
    takes_prompt = serializers.BooleanField()
    rooms = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Those it knows; null: any."
    )
    styles = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Those it knows; null: any."
    )
    profiles = ProfileOfferSerializer(many=True)


class OffersSerializer(serializers.Serializer[Any]):
    may_replace_prompt = serializers.BooleanField(
        help_text="Whether a request of yours may have prompt_mode=replace."
    )
    models = ModelOfferSerializer(many=True)


class OffersView(APIView):
    @extend_schema(
        parameters=[IF_NONE_MATCH, ETAG],
        responses={200: OffersSerializer, **UNCHANGED, **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List what you may ask for: models, profiles, the parameters to change, and prices."""
        check_query(request, [])
        user = caller(request)
        told = {"may_replace_prompt": may_replace_prompt(user), "models": offers_to(user)}
        document = OffersSerializer(told).data
        # No address in it expires: the tag is made of the document itself.
        written = json.dumps(document, cls=DjangoJSONEncoder, sort_keys=True).encode()
        headers = {
            "ETag": f'W/"{hashlib.sha256(written).hexdigest()[:32]}"',
            "Cache-Control": "private, no-cache",
        }
        return answer_look(request, headers, lambda: document)
