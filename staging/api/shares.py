"""The staging API: public pages of before and after."""

import uuid

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import StrictSerializer
from staging.access import Right
from staging.api.access import caller, check_may, check_right, get_or_404, seen_jobs
from staging.api.refusals import refused
from staging.jobs.judging import get_picture
from staging.models import Share
from staging.shares import revoke_share, share_picture, share_url, shares_of


class ShareSerializer(serializers.ModelSerializer[Share]):
    image = serializers.IntegerField(source="image_id", help_text="The picture that it shows.")
    url = serializers.SerializerMethodField(help_text="The page; whoever has it sees it.")
    qr_url = serializers.SerializerMethodField(help_text="Its QR code, as SVG.")
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(
        allow_null=True, help_text="When its addresses ended, for ever; else null."
    )

    class Meta:
        model = Share
        fields = ("id", "image", "url", "qr_url", "created_at", "revoked_at")

    @extend_schema_field(serializers.URLField())
    def get_url(self, share: Share) -> str:
        return share_url(share, request=self.context["request"])

    @extend_schema_field(serializers.URLField())
    def get_qr_url(self, share: Share) -> str:
        return share_url(share, request=self.context["request"], page="share-qr")


class ShareRequestSerializer(StrictSerializer):
    image = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The id of one of the job's pictures; it may be left out where there is one.",
    )


class JobSharesView(APIView):
    @extend_schema(responses={200: ShareSerializer(many=True), **refused(403, 404)})
    def get(self, request: Request, job_id: uuid.UUID) -> Response:
        """List a job's public pages, the newest first, those that were revoked included."""
        job = get_or_404(seen_jobs(request), job_id, noun="job")
        check_right(request, Right.SEE_SHARES)
        shares = ShareSerializer(shares_of(job), many=True, context={"request": request})
        return Response(shares.data)

    @extend_schema(
        request=ShareRequestSerializer,
        responses={201: ShareSerializer, **refused(400, 403, 404, 409)},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Make a public page of one picture, before and after, at a new address."""
        job = get_or_404(seen_jobs(request).select_related("project"), job_id, noun="job")
        check_may(request, Right.SHARE, job.project)
        asked = ShareRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        picture = get_picture(job, asked.validated_data.get("image"))
        share = share_picture(picture, by=caller(request))
        told = ShareSerializer(share, context={"request": request})
        return Response(told.data, status=status.HTTP_201_CREATED)


class ShareView(APIView):
    @extend_schema(responses={204: None, **refused(403, 404)})
    def delete(self, request: Request, share_id: uuid.UUID) -> Response:
        """Revoke a public page: its addresses end at once, and for ever."""
        seen = Share.objects.filter(image__prediction__job__in=seen_jobs(request))
        share = get_or_404(
            seen.select_related("image__prediction__job__project"), share_id, noun="share"
        )
        check_may(request, Right.REVOKE, share.image.prediction.job.project)
        revoke_share(share, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
