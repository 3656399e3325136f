"""Downloads a prediction's outputs, finishes them as its job asks, and stores the pictures."""

from datetime import timedelta
from decimal import Decimal

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from modelsettings.schema.outputs import MEGAPIXEL
from replicate_api import errors
from staging import images
from staging.models import Prediction, PredictionStatus, StagedImage
from staging.predictions.claims import work_off
from staging.predictions.replicate import replicate
from staging.predictions.retries import code_of, give_back, give_up
from staging.spending.estimating import cost_of_outputs

log = structlog.get_logger(__name__)

BY = "worker: collect"

# Enough for a PNG of 50 megapixels.
MAX_OUTPUT_BYTES = 100 * 2**20
# A picture that cannot be decoded may be a download that broke off unnoticed. The picture is paid
# for, so it is downloaded again.
MAX_BROKEN_DOWNLOADS = 3


def collect_waiting() -> int:
    """Collect the outputs that wait; return the number of predictions."""
    return work_off(PredictionStatus.COLLECTING, collect, by=BY)


def collect(prediction: Prediction) -> None:
    """Fetch, finish and store the outputs of one claimed prediction, then let it succeed."""
    try:
        stored = [
            _store_output(prediction, url=url, position=position)
            for position, url in enumerate(prediction.outputs)
        ]
    except errors.NotFound as error:
        why = f"The picture was gone before it was fetched. {error}"
        _lose(prediction, code="outputs_gone", why=why)
    # A 4xx that is not documented is a proxy's whim, such as Cloudflare's 403.
    except (errors.TryAgain, errors.UndocumentedRefusal) as error:
        give_back(prediction, status=PredictionStatus.COLLECTING, error=error, by=BY)
    except errors.DoNotRetry as error:
        _lose(prediction, code=code_of(error), why=str(error))
    except images.PictureRefused as error:
        # Counted apart from `tries`: a call that failed before says nothing about the picture.
        broken = prediction.broken_downloads + 1
        if broken >= MAX_BROKEN_DOWNLOADS:
            _lose(prediction, code="bad_output", why=str(error))
            return
        give_back(
            prediction,
            status=PredictionStatus.COLLECTING,
            error=error,
            by=BY,
            broken_downloads=broken,
        )
    else:
        _succeed(prediction, stored)


def _lose(prediction: Prediction, *, code: str, why: str) -> None:
    """Fail a prediction whose outputs are lost; Replicate made them, so they have cost money."""
    cost = _cost_of(prediction, images=len(prediction.outputs))
    give_up(prediction, code=code, why=why, by=BY, may_have_cost=True, cost=cost)


def _store_output(prediction: Prediction, *, url: str, position: int) -> tuple[StagedImage, int]:
    """Download, finish and store one output; return its row, which is not saved yet.

    Beside it stand the pixels that the model made, which are charged for, before any crop of ours.
    Raises images.PictureRefused, and what `ReplicateClient.download` raises.
    """
    if position:
        # Each output may take a lease's time: the claim's own lease is for the first.
        until = timezone.now() + timedelta(seconds=settings.STAGING_LEASE_S)
        Prediction.objects.note(prediction, lease_until=until)
    delivery = prediction.job.delivered
    download = replicate().download(url, max_bytes=MAX_OUTPUT_BYTES)
    picture = images.prepare_picture(
        download.content,
        aspect_ratio=delivery.aspect_ratio,
        output_format=delivery.output_format,
        quality=delivery.output_quality,
        disclosure=delivery.disclosure,
    )
    stem = f"pictures/{prediction.pk}/{position}-{picture.sha256[:16]}"
    row = StagedImage(
        prediction=prediction,
        position=position,
        file=_store(f"{stem}{picture.extension}", picture.content),
        thumbnail=_store(f"{stem}-thumbnail.webp", picture.thumbnail),
        width=picture.width,
        height=picture.height,
        format=picture.format,
        size=len(picture.content),
        sha256=picture.sha256,
    )
    return row, picture.made_pixels


def _store(name: str, content: bytes) -> str:
    """Store a file whose name follows from its content, unless it is stored already.

    So a worker that takes a prediction over stores no file twice.
    """
    if default_storage.exists(name):
        if default_storage.size(name) == len(content):
            return name
        # The worker that wrote it was killed while it was writing.
        default_storage.delete(name)
    return default_storage.save(name, ContentFile(content))


def _succeed(prediction: Prediction, stored: list[tuple[StagedImage, int]]) -> None:
    megapixels = sum(pixels for _, pixels in stored) / MEGAPIXEL
    cost = _cost_of(prediction, images=len(stored), output_megapixels=megapixels)
    with transaction.atomic():
        succeeded = Prediction.objects.move(
            prediction,
            PredictionStatus.SUCCEEDED,
            by=BY,
            pictures=len(stored),
            cost=cost,
            error="",
            error_code="",
        )
        # Not where the claim was lost: the worker that took over saves its own rows.
        if succeeded:
            StagedImage.objects.bulk_create(image for image, _ in stored)
            log.info("collected", images=len(stored), cost=str(cost))


def _cost_of(
    prediction: Prediction, *, images: int, output_megapixels: float | None = None
) -> Decimal | None:
    """Return what a finished prediction costs in dollars, or None where its price does not tell."""
    return cost_of_outputs(
        prediction.job,
        images=images,
        seconds=prediction.metrics.get("predict_time"),
        output_megapixels=output_megapixels,
    )
