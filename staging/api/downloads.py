"""The staging API: pictures as a ZIP."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from staging.api.access import get_or_404, seen_jobs, seen_projects
from staging.api.refusals import refused
from staging.downloads import pick_pictures, safe_name, stream_zip, zip_folder
from staging.models import StagedImage, Verdict

# More ids would not fit into an address.
MAX_PICKED = 100
MAX_ID = 2**63 - 1


class PickQuery(serializers.Serializer[Any]):
    image = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        max_length=MAX_PICKED,
        default=list,
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices, default="")
    originals = serializers.BooleanField(default=False)


_ZIP = extend_schema(
    parameters=[
        OpenApiParameter(
            "image",
            {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
                "maxItems": MAX_PICKED,
            },
            description="Only the pictures of these ids: image=1&image=2.",
        ),
        OpenApiParameter("verdict", enum=Verdict.values, description="Only those judged so."),
        OpenApiParameter("originals", bool, description="With the photos, before staging."),
    ],
    responses={(200, "application/zip"): OpenApiTypes.BINARY, **refused(400, 404, 409)},
)


class ProjectPicturesView(APIView):
    @_ZIP
    def get(self, request: Request, project_id: uuid.UUID) -> StreamingHttpResponse:
        """Download a project's pictures, or some of them."""
        project = get_or_404(seen_projects(request), project_id, noun="project")
        pictures = StagedImage.objects.filter(prediction__job__project=project)
        return _answer(request, pictures, folder=project.name)


class JobPicturesView(APIView):
    @_ZIP
    def get(self, request: Request, job_id: uuid.UUID) -> StreamingHttpResponse:
        """Download a job's pictures, or some of them."""
        job = get_or_404(seen_jobs(request).select_related("project"), job_id, noun="job")
        pictures = StagedImage.objects.filter(prediction__job=job)
        return _answer(request, pictures, folder=job.project.name)


def _answer(
    request: Request, pictures: QuerySet[StagedImage], *, folder: str
) -> StreamingHttpResponse:
    asked = PickQuery(data=request.query_params)
    asked.is_valid(raise_exception=True)
    wanted = asked.validated_data
    folder = zip_folder(folder, verdict=wanted["verdict"])
    entries = pick_pictures(
        pictures,
        folder=folder,
        only=wanted["image"],
        verdict=wanted["verdict"],
        with_originals=wanted["originals"],
    )
    return StreamingHttpResponse(
        stream_zip(entries, folder=folder),
        content_type="application/zip",
        headers={
            "Content-Disposition": str(
                content_disposition_header(True, f"{safe_name(folder)}.zip")
            ),
            "Cache-Control": "private, no-store",
        },
    )
