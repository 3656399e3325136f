"""The staging API: making, listing, reading and deleting jobs."""

import uuid
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from staging.access import Right
from staging.api.access import (
    caller,
    check_may,
    check_right,
    get_or_404,
    in_seen_projects,
    seen_jobs,
)
from staging.api.documents import JobSerializer
from staging.api.headers import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    LOCATION,
    REPLAYED,
    RETRY_AFTER,
)
from staging.api.idempotency import buy_once
from staging.api.job_filters import JobQuery, filter_jobs
from staging.api.job_requests import (
    StagingRequestSerializer,
    StoredPhotoRequestSerializer,
    find_place,
    wish_in,
)
from staging.api.pages import answer_page, page_of
from staging.api.polling import UNCHANGED, answer_look, headers_of_job
from staging.api.refusals import refused
from staging.api.throttling import CostlyThrottle
from staging.api.uploads import BoundedMultiPartParser
from staging.asking import rest_of
from staging.deletion.deleting import delete_job
from staging.jobs.requesting import request_staging
from staging.models import IdempotencyKey, Prediction, StagingJob

_EXAMPLE = OpenApiExample(
    "A bedroom",
    {
        "photo": "8c1f5d0e-3f0b-4c53-9d0a-3b0f1f8f6a11",
        "room_type": "bedroom",
        "style": "scandinavian",
        "overrides": {"num_outputs": 2},
        "seed": 7,
    },
    media_type="application/json",
    request_only=True,
)


class JobListView(APIView):
    """A user's jobs."""

    throttle_classes = [CostlyThrottle]
    parser_classes = [*APIView.parser_classes, BoundedMultiPartParser]

    @extend_schema(
        operation_id="staging_jobs_list",
        parameters=[JobQuery],
        responses={200: page_of(JobSerializer), **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List the jobs of your projects, the newest first."""
        jobs = filter_jobs(
            in_seen_projects(_with_parts(StagingJob.objects.all()), request),
            JobQuery.read(request),
        )
        return answer_page(jobs.prefetch_related(_shown()), request, serializer=JobSerializer)

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION, ETAG, RETRY_AFTER],
        examples=[_EXAMPLE],
        request={
            "application/json": StoredPhotoRequestSerializer,
            "multipart/form-data": StagingRequestSerializer,
        },
        responses={202: JobSerializer, **refused(400, 402, 403, 404, 409, 413, 415, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """Stage a photo; the answer says where the job is to be found."""
        check_right(request, Right.STAGE)
        job, headers = buy_once(request, lambda key: _stage(request, key=key), bought=StagingJob)
        return answer_job(request, job, headers=headers)


class JobView(APIView):
    @extend_schema(
        parameters=[IF_NONE_MATCH, ETAG, RETRY_AFTER],
        responses={200: JobSerializer, **UNCHANGED, **refused(404)},
    )
    def get(self, request: Request, job_id: uuid.UUID) -> Response:
        """Look at one of your jobs: its status, its pictures, its timeline."""
        job = get_or_404(find_jobs(request), job_id, noun="job")
        return answer_look(request, headers_of_job(job), lambda: _describe(job, request))

    @extend_schema(responses={204: None, **refused(403, 404, 409)})
    def delete(self, request: Request, job_id: uuid.UUID) -> Response:
        """Delete a finished job with its pictures; what it cost stays counted."""
        job = get_job_to_change(request, job_id, right=Right.DELETE_JOB)
        delete_job(job)
        return Response(status=status.HTTP_204_NO_CONTENT)


def find_jobs(request: Request) -> QuerySet[StagingJob]:
    return _with_parts(seen_jobs(request))


def _with_parts(jobs: QuerySet[StagingJob]) -> QuerySet[StagingJob]:
    return jobs.select_related("photo", "model", "batch_photo")


def get_job_to_change(request: Request, job_id: uuid.UUID, *, right: Right) -> StagingJob:
    """Return a job with which the caller may do that. Raises NotFound, RightMissing, MayOnlySee."""
    job = get_or_404(seen_jobs(request).select_related("project", "photo"), job_id, noun="job")
    check_may(request, right, job.project)
    return job


def answer_job(
    request: Request, job: StagingJob, *, status: int = 202, headers: dict[str, str] | None = None
) -> Response:
    """Answer with a job as it is now; a 202 has its address as Location."""
    found = get_or_404(find_jobs(request), job.pk, noun="job")
    told = {**headers_of_job(found), **(headers or {})}
    if status == 202:
        told["Location"] = request.build_absolute_uri(reverse("job", args=[job.pk]))
    return Response(_describe(found, request), status=status, headers=told)


def _shown() -> "Prefetch[str, QuerySet[Prediction], str]":
    """Return the related rows that a job's document shows."""
    told = Prediction.objects.select_related("held_by_limit__project", "held_by_limit__account")
    told = told.prefetch_related("images", "transitions__prediction")
    return Prefetch("predictions", told)


def _describe(job: StagingJob, request: Request) -> Any:
    prefetch_related_objects([job], _shown())
    return JobSerializer(job, context={"request": request}).data


def _stage(request: Request, *, key: IdempotencyKey | None) -> StagingJob:
    asked = StagingRequestSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    found = asked.validated_data
    sent = found["image"] if "image" in found else found["photo"]
    photo, project = find_place(request, sent, project_id=found.get("project"))
    return request_staging(
        photo,
        wish_in(found),
        owner=caller(request),
        project=project,
        callback_url=found["callback_url"],
        key=key,
        allow=rest_of(caller(request)),
    )
