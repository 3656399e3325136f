"""The staging API: asking for a job, and looking at one."""

import uuid
from collections.abc import Mapping
from typing import IO, Any, cast

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.api.exchange import errors_by_field
from modelsettings.schema.validation import SettingsRefused
from modelsettings.services import ProfileNotFound
from staging import images, links, prompts, services
from staging.models import Photo, Prediction, Project, StagedImage, StagingJob
from staging.models.prediction import total_cost

# The largest photo, and room for the other fields.
MAX_UPLOAD_BYTES = images.MAX_BYTES + 2**20


class PhotoTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"We take photos of at most {images.MAX_BYTES // 2**20} MB, one a request."
    default_code = "too_large"


class BoundedMultiPartParser(MultiPartParser):
    """DRF's parser of uploads, which refuses before it reads what is too long anyway."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > MAX_UPLOAD_BYTES:
            raise PhotoTooLarge
        return super().parse(stream, media_type, parser_context)


class OverridesField(serializers.JSONField):
    """An object; in a form, its JSON."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            value = super().to_internal_value(data)
        except RecursionError:
            raise ValidationError("It is nested too deep.") from None
        if not isinstance(value, dict):
            raise ValidationError("Write an object of parameters and their values.")
        return value


class StagingRequestSerializer(serializers.Serializer[Any]):
    """What to stage: one of `image` (a file) and `photo` (the id of one that was uploaded)."""

    image = serializers.FileField(required=False, help_text="JPEG, PNG or WebP, up to 30 MB.")
    photo = serializers.UUIDField(required=False)
    room_type = serializers.ChoiceField(
        choices=list(prompts.ROOM_TYPES.items()), required=False, allow_blank=True, default=""
    )
    style = serializers.ChoiceField(  # type: ignore[assignment]  # not the field's own style
        choices=list(prompts.STYLES.items()), required=False, allow_blank=True, default=""
    )
    prompt = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=5000, help_text="Your own words."
    )
    prompt_mode = serializers.ChoiceField(
        choices=["add", "replace"],
        default="add",
        help_text="Whether your words are added to the rules that keep the room, or replace them.",
    )
    model = serializers.CharField(required=False, help_text="owner/name; else the default.")
    profile = serializers.CharField(required=False, help_text="Else the model's live one.")
    project = serializers.UUIDField(required=False, help_text="One of yours.")
    overrides = OverridesField(required=False, help_text="Settings for this job alone.")
    seed = serializers.IntegerField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("image" in attrs) == ("photo" in attrs):
            raise ValidationError({"image": ["Send either image or photo."]})
        return attrs


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = ("id", "url", "thumbnail_url", "width", "height", "original_name")

    def get_url(self, photo: Photo) -> str:
        return _absolute(self, str(photo.file))

    def get_thumbnail_url(self, photo: Photo) -> str:
        return _absolute(self, str(photo.thumbnail))


class StagedImageSerializer(serializers.ModelSerializer[StagedImage]):
    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()

    class Meta:
        model = StagedImage
        fields = ("url", "thumbnail_url", "width", "height", "format", "size", "sha256")

    def get_url(self, image: StagedImage) -> str:
        return _absolute(self, str(image.file))

    def get_thumbnail_url(self, image: StagedImage) -> str:
        return _absolute(self, str(image.thumbnail))


class StepSerializer(serializers.Serializer[Any]):
    """One step of a prediction's way."""

    status = serializers.CharField(source="target")
    at = serializers.DateTimeField()
    by = serializers.CharField()
    why = serializers.CharField()
    prediction = serializers.IntegerField(
        source="prediction.position", help_text="Which of the job's predictions, from 0."
    )


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()


class JobSerializer(serializers.ModelSerializer[StagingJob]):
    model_id = serializers.CharField(source="model.slug")
    project = serializers.UUIDField(source="project_id", allow_null=True)
    profile = serializers.CharField(source="profile_name")
    photo = PhotoSerializer()
    images = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()

    class Meta:
        model = StagingJob
        fields = (
            "id", "status", "project", "model_id", "version", "profile", "revision", "room_type",
            "style", "prompt", "photo", "images", "error", "cost", "settings", "overrides",
            "input", "delivery", "created_at", "finished_at", "timeline",
        )  # fmt: skip

    @extend_schema_field(StagedImageSerializer(many=True))
    def get_images(self, job: StagingJob) -> Any:
        made = [image for one in job.predictions.all() for image in one.images.all()]
        return StagedImageSerializer(made, many=True, context=self.context).data

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: StagingJob) -> Any:
        failed = [one for one in job.predictions.all() if one.error_code]
        return {"code": failed[0].error_code, "detail": failed[0].error} if failed else None

    @extend_schema_field(serializers.FloatField(allow_null=True, help_text="US dollars."))
    def get_cost(self, job: StagingJob) -> Any:
        cost = total_cost(list(job.predictions.all()))
        return None if cost is None else float(cost)

    @extend_schema_field(StepSerializer(many=True))
    def get_timeline(self, job: StagingJob) -> Any:
        steps = [step for one in job.predictions.all() for step in one.transitions.all()]
        return StepSerializer(sorted(steps, key=lambda step: (step.at, step.pk)), many=True).data


class JobPages(CursorPagination):
    ordering = "-created_at"
    page_size = 20


class JobListView(APIView):
    """A user's jobs."""

    parser_classes = [*APIView.parser_classes, BoundedMultiPartParser]

    @extend_schema(responses=JobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your jobs, the newest first."""
        pages = JobPages()
        page = pages.paginate_queryset(_jobs_of(request), request, view=self)
        return pages.get_paginated_response(_serialize(page, request, many=True))

    @extend_schema(request=StagingRequestSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Stage a photo; the answer says where the job is to be found."""
        asked = StagingRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        upload, photo_id = wanted.pop("image", None), wanted.pop("photo", None)
        photo = _get_photo(request, photo_id) if photo_id else _read_upload(upload)
        project_id = wanted.pop("project", None)
        try:
            job = services.request_staging(
                photo,
                owner=caller(request),
                project=_get_project(request, project_id) if project_id else None,
                **wanted,
            )
        except images.PhotoRefused as error:
            raise ValidationError({"image": [str(error)]}) from error
        except SettingsRefused as error:
            raise ValidationError(_errors_of_settings(error, wanted)) from error
        except (ProfileNotFound, services.CannotStage) as error:
            raise ValidationError({"model": [str(error)]}) from error
        found = _jobs_of(request).get(pk=job.pk)
        return Response(
            _serialize(found, request),
            status=status.HTTP_202_ACCEPTED,
            headers={"Location": request.build_absolute_uri(reverse("job", args=[job.pk]))},
        )


class JobView(APIView):
    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: uuid.UUID) -> Response:
        """Look at one of your jobs: its status, its pictures, its timeline."""
        job = _jobs_of(request).filter(pk=job_id).first()
        if job is None:
            raise NotFound("You have no such job.")
        return Response(_serialize(job, request))


def caller(request: Request) -> User:
    """Return who asks: the permission lets in nobody without an account."""
    return cast("User", request.user)


def _jobs_of(request: Request) -> QuerySet[StagingJob]:
    predictions = Prediction.objects.prefetch_related("images", "transitions__prediction")
    return (
        StagingJob.objects.filter(owner=caller(request))
        .select_related("photo", "model")
        .prefetch_related(Prefetch("predictions", predictions))
    )


def _get_project(request: Request, project_id: uuid.UUID) -> Project:
    mine = Project.objects.filter(owner=caller(request)).select_related("model", "profile")
    project = mine.filter(pk=project_id).first()
    if project is None:
        raise ValidationError({"project": ["You have no such project."]})
    return project


def _errors_of_settings(error: SettingsRefused, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Put each sentence under the field of the request that it is about."""
    found = errors_by_field(error)
    of_seed = {"seed": found.pop("seed")} if "seed" in wanted and "seed" in found else {}
    return {**of_seed, **({"overrides": found} if found else {})}


def _read_upload(upload: "UploadedFile[bytes]") -> services.Upload:
    if (upload.size or 0) > images.MAX_BYTES:
        raise PhotoTooLarge
    return services.Upload(upload.read(images.MAX_BYTES + 1), name=upload.name or "")


def _get_photo(request: Request, photo_id: uuid.UUID) -> Photo:
    photo = Photo.objects.filter(pk=photo_id, owner=caller(request)).first()
    if photo is None:
        raise ValidationError({"photo": ["You have no such photo."]})
    return photo


def _serialize(found: Any, request: Request, *, many: bool = False) -> Any:
    return JobSerializer(found, many=many, context={"request": request}).data


def _absolute(serializer: serializers.BaseSerializer[Any], name: str) -> str:
    url: str = serializer.context["request"].build_absolute_uri(links.link_to(name))
    return url
