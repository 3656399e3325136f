"""The API's addresses of an account itself: its tokens."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.accounts import tokens
from config.accounts.refusals import SessionRequired
from modelsettings.api.strict import StrictSerializer
from staging.api.access import caller
from staging.api.refusals import refused


class TokenSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="details.id")
    name = serializers.CharField(source="details.name", help_text="Empty for one without a name.")
    starts_with = serializers.SerializerMethodField(help_text="The token's first 8 characters.")
    created_at = serializers.DateTimeField(source="created")
    last_used_at = serializers.DateTimeField(
        source="details.last_used_at",
        allow_null=True,
        help_text="To about a minute; null: never, as far as is known.",
    )
    ends_at = serializers.DateTimeField(
        source="expiry", allow_null=True, help_text="null: when it is revoked."
    )
    is_this = serializers.SerializerMethodField(help_text="Whether this request was sent with it.")

    def get_starts_with(self, token: Any) -> str:
        return str(token.token_key[:8])

    def get_is_this(self, token: Any) -> bool:
        return bool(token == self.context["request"].auth)


class NewTokenSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    token = serializers.CharField(
        help_text="The token itself, shown this once: only its hash is stored."
    )


class TokenRequestSerializer(StrictSerializer):
    name = serializers.CharField(max_length=100, help_text="What it is for.")
    ends_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="null: when it is revoked."
    )

    def validate_ends_at(self, ends_at: Any) -> Any:
        if ends_at is not None and ends_at <= timezone.now():
            raise serializers.ValidationError("Name a time to come, or none.")
        return ends_at


class TokenListView(APIView):
    @extend_schema(responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your API tokens that work, the newest first."""
        found = tokens.list_tokens(caller(request))
        return Response(TokenSerializer(found, many=True, context={"request": request}).data)

    @extend_schema(
        request=TokenRequestSerializer,
        responses={201: NewTokenSerializer, **refused(400, 403)},
    )
    def post(self, request: Request) -> Response:
        """Make an API token; only a signed-in session can, never a token."""
        if request.auth is not None:
            raise SessionRequired
        asked = TokenRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        token, secret = tokens.create_token(caller(request), **asked.validated_data)
        told = {"id": token.details.pk, "token": secret}
        headers = {"Cache-Control": "no-store"}
        return Response(told, status=status.HTTP_201_CREATED, headers=headers)


class TokenView(APIView):
    @extend_schema(responses={204: None, **refused(404)})
    def delete(self, request: Request, token_id: uuid.UUID) -> Response:
        """Revoke one of your API tokens: it opens nothing more, at once."""
        token = tokens.find_token(caller(request), token_id)
        if token is None:
            raise NotFound("You have no such token.")
        token.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
