"""The staging API: batches of photos, and their progress."""

import uuid
from collections.abc import Sequence

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from staging.access import Right
from staging.api.access import (
    caller,
    check_may,
    check_right,
    find_project,
    get_or_404,
    in_seen_projects,
    seen_batches,
    seen_photos,
)
from staging.api.batch_documents import BatchSerializer, BatchSummarySerializer, describe_batch
from staging.api.batch_requests import BatchRequestSerializer, StoredPhotosSerializer
from staging.api.headers import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    LOCATION,
    REPLAYED,
    RETRY_AFTER,
)
from staging.api.idempotency import buy_once
from staging.api.job_requests import wish_in
from staging.api.pages import PageQuery, answer_page, page_of
from staging.api.polling import UNCHANGED, answer_look, headers_of_batch
from staging.api.refusals import refused
from staging.api.throttling import CostlyThrottle
from staging.api.uploads import BatchMultiPartParser
from staging.asking import rest_of
from staging.batches.progress import progress_of
from staging.batches.requesting import request_batch
from staging.batches.sent import Sending, from_archive, from_photo, from_upload
from staging.models import IdempotencyKey, Photo, Project, StagingBatch


class BatchQuery(PageQuery):
    project = serializers.UUIDField(required=False)


class BatchListView(APIView):
    throttle_classes = [CostlyThrottle]
    parser_classes = [*APIView.parser_classes, BatchMultiPartParser]

    @extend_schema(
        operation_id="staging_batches_list",
        parameters=[BatchQuery],
        responses={200: page_of(BatchSummarySerializer), **refused(400)},
    )
    def get(self, request: Request) -> Response:
        """List the batches of your projects, the newest first."""
        asked = BatchQuery.read(request)
        batches = in_seen_projects(StagingBatch.objects.all(), request)
        if "project" in asked:
            batches = batches.filter(project=asked["project"])
        return answer_page(batches, request, serializer=BatchSummarySerializer)

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION, ETAG, RETRY_AFTER],
        request={
            "application/json": StoredPhotosSerializer,
            "multipart/form-data": BatchRequestSerializer,
        },
        responses={202: BatchSerializer, **refused(400, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Stage many photos; the answer says where the batch is to be found."""
        check_right(request, Right.STAGE_MANY)
        batch, headers = buy_once(
            request, lambda key: _stage(request, key=key), bought=StagingBatch
        )
        # A replayed key may name a batch in a project that the caller has been removed from since.
        get_or_404(seen_batches(request), batch.pk, noun="batch")
        progress = progress_of([batch])[batch.pk]
        address = request.build_absolute_uri(reverse("batch", args=[batch.pk]))
        return Response(
            describe_batch(batch, progress, request),
            status=status.HTTP_202_ACCEPTED,
            headers={**headers_of_batch(progress), **headers, "Location": address},
        )


class BatchView(APIView):
    @extend_schema(
        parameters=[IF_NONE_MATCH, ETAG, RETRY_AFTER],
        responses={200: BatchSerializer, **UNCHANGED, **refused(404)},
    )
    def get(self, request: Request, batch_id: uuid.UUID) -> Response:
        """Look at a batch: how far it is, and each photo with its jobs or its error."""
        batch = get_or_404(seen_batches(request).select_related("model"), batch_id, noun="batch")
        progress = progress_of([batch])[batch.pk]
        return answer_look(
            request, headers_of_batch(progress), lambda: describe_batch(batch, progress, request)
        )


def _stage(request: Request, *, key: IdempotencyKey | None) -> StagingBatch:
    asked = BatchRequestSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    found = asked.validated_data
    photos, project = _find_place(
        request, ids=found.get("photos", []), project_id=found.get("project")
    )
    uploads, archive = found.get("images", []), found.get("archive")
    packed = from_archive(archive) if archive is not None else Sending()
    return request_batch(
        [*map(from_photo, photos), *map(from_upload, uploads), *packed.photos],
        wish_in(found),
        owner=caller(request),
        project=project,
        styles=found.get("styles", []),
        room_types=found.get("room_types", {}),
        require_rooms=found["require_rooms"],
        passed_over=packed.passed_over,
        callback_url=found["callback_url"],
        key=key,
        allow=rest_of(caller(request)),
    )


def _find_place(
    request: Request, *, ids: Sequence[uuid.UUID], project_id: uuid.UUID | None
) -> tuple[Sequence[Photo], Project]:
    """Return the stored photos with these ids, and the project to stage in.

    Raises ValidationError, MayOnlySee."""
    if not ids:
        return [], find_project(request, project_id, to=Right.STAGE_MANY)
    found = seen_photos(request).select_related("project__model", "project__profile").in_bulk(ids)
    if missing := [photo_id for photo_id in ids if photo_id not in found]:
        raise ValidationError({"photos": [f"You have no photo {missing[0]}."]})
    if len(found) != len(ids):
        raise ValidationError({"photos": ["One of these photos is named twice."]})
    photos = [found[photo_id] for photo_id in ids]
    project = photos[0].project
    if any(photo.project_id != project.pk for photo in photos):
        raise ValidationError(
            {"photos": ["They belong to several projects: send one's at a time."]}
        )
    if project_id and find_project(request, project_id, to=Right.STAGE_MANY).pk != project.pk:
        raise ValidationError({"project": ["The photos belong to another project."]})
    check_may(request, Right.STAGE_MANY, project)
    return photos, project
