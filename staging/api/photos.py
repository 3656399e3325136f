"""The staging API: photos, uploaded once and staged many ways."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.strict import StrictSerializer
from staging.access import Right
from staging.api.access import (
    caller,
    check_may,
    check_right,
    find_project,
    get_or_404,
    in_seen_projects,
    seen_photos,
)
from staging.api.documents import PhotoSerializer, StagedImageSerializer
from staging.api.headers import LOCATION
from staging.api.pages import PageQuery, answer_page, page_of
from staging.api.refusals import refused
from staging.api.throttling import CostlyThrottle
from staging.api.uploads import BoundedMultiPartParser, read_upload
from staging.deletion.deleting import delete_photo
from staging.models import JobStatus, Photo, StagingJob
from staging.models.prediction import total_cost
from staging.photos import add_photo

# As many as a page can show side by side; `GET staging/jobs` lists all.
MAX_VARIANTS = 100


class PhotoQuery(PageQuery):
    project = serializers.UUIDField(required=False)


class PhotoRequestSerializer(StrictSerializer):
    image = serializers.FileField(help_text="JPEG, PNG, WebP, HEIC, AVIF or TIFF, up to 100 MB.")
    project = serializers.UUIDField(required=False, help_text="Without one, your Unsorted.")


class VariantSerializer(serializers.ModelSerializer[StagingJob]):
    """One job of a photo, as it stands beside the others."""

    status = serializers.ChoiceField(choices=JobStatus.choices)
    model_id = serializers.CharField(source="model.slug")
    profile = serializers.CharField(source="profile_name")
    cost = serializers.SerializerMethodField()
    images = serializers.SerializerMethodField()

    class Meta:
        model = StagingJob
        fields = (
            "id", "status", "room_type", "style", "model_id", "profile", "revision", "cost",
            "created_at", "images",
        )  # fmt: skip

    @extend_schema_field(serializers.FloatField(allow_null=True, help_text="US dollars."))
    def get_cost(self, job: StagingJob) -> Any:
        cost = total_cost(list(job.predictions.all()))
        return None if cost is None else float(cost)

    @extend_schema_field(StagedImageSerializer(many=True))
    def get_images(self, job: StagingJob) -> Any:
        made = [image for prediction in job.predictions.all() for image in prediction.images.all()]
        return StagedImageSerializer(made, many=True, context=self.context).data


class PhotoWithVariantsSerializer(PhotoSerializer):
    variants = serializers.SerializerMethodField()

    class Meta(PhotoSerializer.Meta):
        fields = (*PhotoSerializer.Meta.fields, "variants")  # type: ignore[assignment]  # one more

    @extend_schema_field(VariantSerializer(many=True))
    def get_variants(self, photo: Photo) -> Any:
        """List the photo's jobs, the newest first, up to 100."""
        return VariantSerializer(_variants_of(photo), many=True, context=self.context).data


class PhotoListView(APIView):
    throttle_classes = [CostlyThrottle]
    parser_classes = [BoundedMultiPartParser]

    @extend_schema(
        operation_id="staging_photos_list",
        parameters=[PhotoQuery],
        responses={200: page_of(PhotoSerializer), **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List the photos of your projects, the newest first."""
        asked = PhotoQuery.read(request)
        photos: QuerySet[Photo] = in_seen_projects(Photo.objects.all(), request)
        if "project" in asked:
            photos = photos.filter(project=asked["project"])
        return answer_page(photos, request, serializer=PhotoSerializer)

    @extend_schema(
        parameters=[LOCATION],
        request={"multipart/form-data": PhotoRequestSerializer},
        responses={201: PhotoSerializer, **refused(400, 403, 409, 413, 415, 503)},
    )
    def post(self, request: Request) -> Response:
        """Upload a photo, to stage it as often as you like."""
        check_right(request, Right.UPLOAD)
        asked = PhotoRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = read_upload(asked.validated_data["image"])
        project = find_project(request, asked.validated_data.get("project"), to=Right.UPLOAD)
        photo = add_photo(upload, owner=caller(request), project=project)
        return Response(
            PhotoSerializer(photo, context={"request": request}).data,
            status=status.HTTP_201_CREATED,
            headers={"Location": request.build_absolute_uri(reverse("photo", args=[photo.pk]))},
        )


class PhotoView(APIView):
    @extend_schema(responses={200: PhotoWithVariantsSerializer, **refused(404)})
    def get(self, request: Request, photo_id: uuid.UUID) -> Response:
        """Look at a photo with all that was made of it, side by side."""
        photo = get_or_404(seen_photos(request), photo_id, noun="photo")
        return Response(PhotoWithVariantsSerializer(photo, context={"request": request}).data)

    @extend_schema(responses={204: None, **refused(403, 404, 409)})
    def delete(self, request: Request, photo_id: uuid.UUID) -> Response:
        """Delete a photo with all that was made of it, the files too; 409 while a job runs."""
        photo = get_or_404(seen_photos(request).select_related("project"), photo_id, noun="photo")
        check_may(request, Right.DELETE_PHOTO, photo.project)
        delete_photo(photo)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _variants_of(photo: Photo) -> QuerySet[StagingJob]:
    return (
        photo.jobs.select_related("model")
        .prefetch_related("predictions__images")
        .order_by("-created_at")[:MAX_VARIANTS]
    )
