"""The staging API: the address for a job's callback, and the secret that signs callbacks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import checked
from staging.api.access import caller
from staging.callbacks import check_callback_url, get_callback_secret, renew_callback_secret
from staging.outbound.public_http import MAX_URL_LENGTH


class CallbackUrlField(serializers.CharField):
    """The address that is told of a job's end."""

    def __init__(self, **kwargs: Any) -> None:
        told = "An https address that is sent a signed POST when the job has ended."
        super().__init__(max_length=MAX_URL_LENGTH, help_text=told, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return checked(super().to_internal_value(data), check_callback_url)


class CallbackSecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="whsec_…, as the libraries of Standard Webhooks take.")


class CallbackSecretView(APIView):
    @extend_schema(responses=CallbackSecretSerializer)
    def get(self, request: Request) -> Response:
        """Read the secret that the callbacks of your jobs are signed with."""
        secret = get_callback_secret(caller(request))
        return Response({"secret": secret}, headers={"Cache-Control": "no-store"})


class RenewedSecretSerializer(CallbackSecretSerializer):
    earlier_until = serializers.DateTimeField(
        help_text="Until then callbacks bear a second signature, with the secret before it."
    )


class CallbackSecretRenewView(APIView):
    @extend_schema(request=None, responses=RenewedSecretSerializer)
    def post(self, request: Request) -> Response:
        """Replace the secret that the callbacks of your jobs are signed with."""
        account = caller(request)
        until = renew_callback_secret(account, by=account.get_username())
        told = RenewedSecretSerializer(
            {"secret": get_callback_secret(account), "earlier_until": until}
        )
        return Response(told.data, headers={"Cache-Control": "no-store"})
