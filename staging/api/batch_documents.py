"""The API's answers about batches: their progress, and each photo with its jobs or its error."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from staging.api.access import caller
from staging.api.documents import ErrorSerializer, StagedImageSerializer
from staging.batches.progress import Progress, photos_with_jobs, progress_of
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    JobStatus,
    Prediction,
    StagingBatch,
    StagingJob,
)
from staging.prompts import MODES
from staging.spending.telling import tell_error


class PhotoCountsSerializer(serializers.Serializer[Any]):
    waiting = serializers.IntegerField()
    staged = serializers.IntegerField()
    refused = serializers.IntegerField()


JobCountsSerializer = type(
    "JobCountsSerializer",
    (serializers.Serializer,),
    {status.value: serializers.IntegerField() for status in JobStatus},
)


class _BatchListSerializer(serializers.ListSerializer[Any]):
    """Reads the progress of all batches of a page in one go."""

    def to_representation(self, data: Any) -> Any:
        batches = list(data)
        found = progress_of(batches)
        return super().to_representation([_summarise(batch, found[batch.pk]) for batch in batches])


class BatchSummarySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    project = serializers.UUIDField()
    styles = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    is_finished = serializers.BooleanField(
        help_text="Whether nothing is left to do; `not_made` says whether all was made."
    )
    percent = serializers.IntegerField(
        min_value=0, max_value=100, help_text="`done` of `total`; 100 only where all was made."
    )
    done = serializers.IntegerField(help_text="Of `total`, those whose job made a picture.")
    not_made = serializers.IntegerField(
        help_text="Of `total`, those of which nothing comes: a photo refused, a job failed,"
        " canceled or deleted, a style without a job."
    )
    total = serializers.IntegerField(help_text="Photos times styles.")
    photo_counts = PhotoCountsSerializer()
    job_counts = JobCountsSerializer()
    cost = serializers.FloatField(allow_null=True, help_text="US dollars, so far.")
    held = serializers.FloatField(
        allow_null=True,
        help_text="US dollars that spending limits hold, or will, for its jobs that have not ended;"
        " null where none is left, or a cost is unknown.",
    )

    class Meta:
        list_serializer_class = _BatchListSerializer


class BatchJobSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.URLField()
    status = serializers.ChoiceField(choices=JobStatus.choices)
    error = ErrorSerializer(allow_null=True)
    images = StagedImageSerializer(many=True)


class BatchStyleSerializer(serializers.Serializer[Any]):
    """One style of one photo: its job, or why there is none; neither while the photo waits."""

    style = serializers.CharField()  # type: ignore[assignment]  # not the field's own style
    job = BatchJobSerializer(allow_null=True)
    error = serializers.CharField(allow_null=True)


class BatchPhotoSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    room_type = serializers.CharField()
    status = serializers.ChoiceField(choices=BatchPhotoStatus.choices)
    error = serializers.CharField(allow_null=True, help_text="Why the photo was refused.")
    photo = serializers.UUIDField(allow_null=True)
    styles = BatchStyleSerializer(many=True)


class BatchSerializer(BatchSummarySerializer):
    """A batch with each of its photos, and by style each one's job or error."""

    prompt = serializers.CharField()
    prompt_mode = serializers.ChoiceField(choices=list(MODES))
    model_id = serializers.CharField(allow_null=True)
    profile = serializers.CharField(allow_null=True)
    overrides = serializers.DictField()
    seed = serializers.IntegerField(allow_null=True)
    passed_over = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Files of the ZIP that were passed over, counted by extension.",
    )
    folders_without_room = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Folders that name no room, each with its photos that got `room_type` so.",
    )
    photos = BatchPhotoSerializer(many=True)

    class Meta:
        list_serializer_class = serializers.ListSerializer


def _summarise(batch: StagingBatch, progress: Progress) -> dict[str, Any]:
    return {
        "id": batch.pk,
        "project": batch.project_id,
        "styles": batch.styles,
        "created_at": batch.created_at,
        "is_finished": progress.is_finished,
        "percent": progress.percent,
        "done": progress.made,
        "not_made": progress.not_made,
        "total": progress.total,
        "photo_counts": {
            status.value: progress.photos.get(status, 0) for status in BatchPhotoStatus
        },
        "job_counts": {status.value: progress.jobs.get(status, 0) for status in JobStatus},
        "cost": progress.cost,
        "held": progress.outlay.held,
    }


def describe_batch(batch: StagingBatch, progress: Progress, request: Request) -> Any:
    document = {
        **_summarise(batch, progress),
        "prompt": batch.prompt,
        "prompt_mode": batch.prompt_mode,
        "model_id": batch.model.slug if batch.model else None,
        "profile": batch.profile_name or None,
        "overrides": batch.overrides,
        "seed": batch.seed,
        "passed_over": batch.passed_over,
        "folders_without_room": batch.folders_without_room,
        "photos": [_describe_photo(photo, batch, request) for photo in photos_with_jobs(batch)],
    }
    return BatchSerializer(document, context={"request": request}).data


def _describe_photo(photo: BatchPhoto, batch: StagingBatch, request: Request) -> dict[str, Any]:
    # Where a style was asked for again, its newest job counts.
    jobs = {job.style: job for job in reversed(photo.jobs.all())}
    return {
        "name": photo.name,
        "room_type": photo.room_type,
        "status": photo.status,
        "error": photo.error or None,
        "photo": photo.photo_id,
        "styles": [
            {
                "style": style,
                "job": _describe_job(jobs[style], request) if style in jobs else None,
                "error": photo.job_errors.get(style),
            }
            for style in batch.styles
        ],
    }


def _describe_job(job: StagingJob, request: Request) -> dict[str, Any]:
    predictions = list(job.predictions.all())
    failed = [prediction for prediction in predictions if prediction.error_code]
    return {
        "id": job.pk,
        "url": request.build_absolute_uri(reverse("job", args=[job.pk])),
        "status": job.status,
        "error": _describe_error(failed[0], request) if failed else None,
        "images": [image for prediction in predictions for image in prediction.images.all()],
    }


def _describe_error(prediction: Prediction, request: Request) -> dict[str, str]:
    told = tell_error(prediction, to=caller(request))
    return {"code": prediction.error_code, "detail": told}
