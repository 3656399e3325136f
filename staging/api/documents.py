"""The API's answers about photos, pictures and jobs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from staging import links
from staging.api.access import caller
from staging.models import Photo, StagedImage, StagingJob, Verdict
from staging.models.prediction import total_cost
from staging.spending.outlay import outlay_of
from staging.spending.telling import tell_error


class OriginalSerializer(serializers.Serializer[Any]):
    """A photo as it came."""

    name = serializers.CharField(source="original_name")
    format = serializers.CharField(
        source="original_format", help_text='"jpeg", "png", "webp", "heic", "avif" or "tiff".'
    )
    width = serializers.IntegerField(source="original_width", help_text="As it is shown: turned.")
    height = serializers.IntegerField(source="original_height")
    size = serializers.IntegerField(source="original_size", help_text="In bytes.")


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    """A photo as it is kept and sent to models: JPEG, sRGB, upright, without metadata."""

    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id")
    original = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = (
            "id", "project", "url", "thumbnail_url", "width", "height", "size", "original_name",
            "original", "created_at",
        )  # fmt: skip

    def get_url(self, photo: Photo) -> str:
        return _absolute(self, str(photo.file))

    def get_thumbnail_url(self, photo: Photo) -> str:
        return _absolute(self, str(photo.thumbnail))

    @extend_schema_field(OriginalSerializer(allow_null=True))
    def get_original(self, photo: Photo) -> Any:
        """Describe the file that was sent; null for a photo older than these columns."""
        return OriginalSerializer(photo).data if photo.original_size else None


class StagedImageSerializer(serializers.ModelSerializer[StagedImage]):
    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField()
    stars = serializers.IntegerField(read_only=True, allow_null=True, help_text="1 to 5.")
    note = serializers.CharField(read_only=True)
    cost = serializers.SerializerMethodField()

    class Meta:
        model = StagedImage
        fields = (
            "id", "url", "thumbnail_url", "width", "height", "format", "size", "sha256", "verdict",
            "stars", "note", "cost",
        )  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=Verdict.choices, allow_null=True))
    def get_verdict(self, image: StagedImage) -> Any:
        return image.verdict or None

    @extend_schema_field(serializers.FloatField(allow_null=True, help_text="US dollars."))
    def get_cost(self, image: StagedImage) -> Any:
        bought = image.prediction
        return None if bought.cost is None else float(bought.cost / len(bought.images.all()))

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
    project = serializers.UUIDField(source="project_id")
    batch = serializers.SerializerMethodField()
    repeats = serializers.UUIDField(
        source="repeats_id", allow_null=True, help_text="The job that this one does once more."
    )
    profile = serializers.CharField(source="profile_name")
    photo = PhotoSerializer()
    images = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    estimate = serializers.SerializerMethodField()
    held = serializers.SerializerMethodField()
    seconds = serializers.SerializerMethodField()
    settings = serializers.DictField(help_text="The whole document that it runs with.")
    overrides = serializers.DictField(help_text="What its request set for it alone.")
    input = serializers.DictField(help_text="What the model is sent, the photo by reference.")
    delivery = serializers.DictField(help_text="What Restage does itself.")
    disclosure_rule = serializers.CharField(
        allow_blank=True, help_text='Whose rule set its label: "site" or "project"; else empty.'
    )
    timeline = serializers.SerializerMethodField()

    class Meta:
        model = StagingJob
        fields = (
            "id", "status", "project", "batch", "repeats", "model_id", "version", "profile",
            "revision", "room_type", "style", "prompt", "photo", "images", "error", "cost",
            "estimate", "held", "seconds", "settings", "overrides", "input", "delivery",
            "disclosure_rule",
            "created_at", "finished_at", "timeline",
        )  # fmt: skip

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_batch(self, job: StagingJob) -> Any:
        return job.batch_photo.batch_id if job.batch_photo else None

    @extend_schema_field(StagedImageSerializer(many=True))
    def get_images(self, job: StagingJob) -> Any:
        made = [image for prediction in job.predictions.all() for image in prediction.images.all()]
        return StagedImageSerializer(made, many=True, context=self.context).data

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: StagingJob) -> Any:
        failed = [
            prediction
            for prediction in job.predictions.all()
            if prediction.error_code and not prediction.is_replaced
        ]
        if not failed:
            return None
        told = tell_error(failed[0], to=caller(self.context["request"]))
        return {"code": failed[0].error_code, "detail": told}

    @extend_schema_field(serializers.FloatField(allow_null=True, help_text="US dollars."))
    def get_cost(self, job: StagingJob) -> Any:
        cost = total_cost(list(job.predictions.all()))
        return None if cost is None else float(cost)

    @extend_schema_field(
        serializers.FloatField(
            allow_null=True,
            help_text="US dollars that it should cost, about, as it was known when it was asked"
            " for; null where that is unknown.",
        )
    )
    def get_estimate(self, job: StagingJob) -> Any:
        counted = [prediction for prediction in job.predictions.all() if not prediction.is_replaced]
        return None if job.expected_cost is None else float(job.expected_cost * len(counted))

    @extend_schema_field(
        serializers.FloatField(
            allow_null=True,
            help_text="US dollars that spending limits hold for it, or will, until it ends: the"
            " most that the rest of it may cost. Null once it has ended.",
        )
    )
    def get_held(self, job: StagingJob) -> Any:
        held = outlay_of(job, job.predictions.all()).held
        return None if held is None else float(held)

    @extend_schema_field(
        serializers.FloatField(allow_null=True, help_text="From its creation to its end.")
    )
    def get_seconds(self, job: StagingJob) -> Any:
        if job.finished_at is None:
            return None
        return round((job.finished_at - job.created_at).total_seconds(), 3)

    @extend_schema_field(StepSerializer(many=True))
    def get_timeline(self, job: StagingJob) -> Any:
        steps = [
            step for prediction in job.predictions.all() for step in prediction.transitions.all()
        ]
        return StepSerializer(sorted(steps, key=lambda step: (step.at, step.pk)), many=True).data


def _absolute(serializer: serializers.BaseSerializer[Any], name: str) -> str:
    url: str = serializer.context["request"].build_absolute_uri(links.link_to(name))
    return url
