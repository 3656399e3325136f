"""The staging API: actions on a job: cancel, retry, repeat, judge."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from staging.access import Right
from staging.api.access import caller
from staging.api.documents import JobSerializer
from staging.api.headers import ETAG, IDEMPOTENCY_KEY, LOCATION, REPLAYED, RETRY_AFTER
from staging.api.idempotency import buy_once
from staging.api.job_requests import RatingSerializer, RepeatRequestSerializer
from staging.api.jobs import answer_job, get_job_to_change
from staging.api.refusals import refused
from staging.api.throttling import CostlyThrottle
from staging.asking import rest_of
from staging.jobs.canceling import cancel_job
from staging.jobs.judging import get_picture, judge_picture
from staging.jobs.repeating import repeat_job, retry_job
from staging.models import IdempotencyKey, StagingJob


class CancelView(APIView):
    @extend_schema(
        parameters=[LOCATION, ETAG, RETRY_AFTER],
        request=None,
        responses={202: JobSerializer, **refused(403, 404, 409)},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Cancel a job: what is not bought ends at once, what runs when Replicate has ended it.

        What succeeds before that is paid for, and is kept.
        """
        job = get_job_to_change(request, job_id, right=Right.CANCEL)
        cancel_job(job, by=caller(request))
        return answer_job(request, job)


class RetryView(APIView):
    throttle_classes = [CostlyThrottle]

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION, ETAG, RETRY_AFTER],
        request=None,
        responses={202: JobSerializer, **refused(400, 402, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Try again, with the same seeds, what failed or was canceled in a finished job."""
        job = get_job_to_change(request, job_id, right=Right.REPEAT)

        def retry(key: IdempotencyKey | None) -> StagingJob:
            by = caller(request)
            retry_job(job, by=by, key=key, allow=rest_of(by))
            return job

        tried, headers = buy_once(request, retry, bought=StagingJob)
        return answer_job(request, tried, headers=headers)


class RepeatView(APIView):
    throttle_classes = [CostlyThrottle]

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION, ETAG, RETRY_AFTER],
        request=RepeatRequestSerializer,
        responses={202: JobSerializer, **refused(400, 402, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Make a new job of the same photo, with the settings and the prompt of this one."""
        job = get_job_to_change(request, job_id, right=Right.REPEAT)

        def repeat(key: IdempotencyKey | None) -> StagingJob:
            asked = RepeatRequestSerializer(data=request.data)
            asked.is_valid(raise_exception=True)
            seed = asked.validated_data["seed"]
            by = caller(request)
            return repeat_job(job, by=by, seed=seed, key=key, allow=rest_of(by))

        again, headers = buy_once(request, repeat, bought=StagingJob)
        return answer_job(request, again, headers=headers)


class RatingView(APIView):
    @extend_schema(
        parameters=[ETAG],
        request=RatingSerializer,
        responses={200: JobSerializer, **refused(400, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, job_id: uuid.UUID) -> Response:
        """Accept or reject a picture, give it stars, write a note; null withdraws."""
        job = get_job_to_change(request, job_id, right=Right.JUDGE)
        asked = RatingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        picture = get_picture(job, said.pop("image", None))
        judge_picture(picture, by=caller(request), **said)
        return answer_job(request, job, status=200)
