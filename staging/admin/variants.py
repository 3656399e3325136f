"""A photo's variants: its jobs side by side, filtered by room, style, model and verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet

from staging.jobs.judging import FRESH, jobs_judged
from staging.models import Photo, StagedImage, StagingJob, Verdict
from staging.models.prediction import total_cost
from staging.spending.waiting import Waits, find_waits

A_PAGE = 24

_NONE = StagingJob.objects.none()
_VERDICTS = [*Verdict.choices, (FRESH, "No verdict yet")]


@dataclass(frozen=True, slots=True)
class Variant:
    """A job of the photo with its pictures; `cost` is of one picture, `waits` why there is none."""

    job: StagingJob
    images: list[StagedImage]
    cost: Decimal | None
    waits: str


def variants_context(
    photo: Photo, asked: Mapping[str, str], *, viewer: User, sees: Mapping[str, bool]
) -> dict[str, Any]:
    """Return a page of variants, the newest first, and the filters that would change it.

    Without jobs or pictures where the user does not see such rows.
    """
    jobs = StagingJob.objects.filter(photo=photo) if sees["stagingjob"] else _NONE
    offered = _offered(jobs)
    chosen = {name: asked.get(name, "") for name in offered}
    page = Paginator(_filtered(jobs, chosen), A_PAGE).get_page(asked.get("page"))
    waits = find_waits(page.object_list, viewer=viewer)
    variants = [
        _variant(job, waits=waits, with_pictures=sees["stagedimage"]) for job in page.object_list
    ]
    return {
        "variants": variants,
        "page": page,
        "waits": waits,
        "filters": [
            (name, label, choices, chosen[name])
            for name, (label, choices) in offered.items()
            if len(choices) > 1 or chosen[name]
        ],
        "is_filtered": any(chosen.values()),
        "is_live": any(not variant.job.is_finished for variant in variants),
    }


def _filtered(jobs: QuerySet[StagingJob], chosen: Mapping[str, str]) -> QuerySet[StagingJob]:
    equal = {"room_type": "room_type", "style": "style", "model": "model__slug"}
    for name, column in equal.items():
        if chosen[name]:
            jobs = jobs.filter(**{column: chosen[name].replace("\0", "")})
    if chosen["verdict"] in dict(_VERDICTS):
        jobs = jobs_judged(jobs, chosen["verdict"])
    return (
        jobs.defer("settings", "input", "prompt")
        .select_related("model")
        .prefetch_related("predictions__images")
        .order_by("-created_at", "-pk")
    )


def _offered(jobs: QuerySet[StagingJob]) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Return the label and choices of each filter: only values that the photo's jobs have."""
    seen = set(jobs.order_by().values_list("room_type", "style", "model__slug", "model__label"))
    rooms, styles = sorted({row[0] for row in seen}), sorted({row[1] for row in seen})
    return {
        "room_type": ("Room", [(name, name.replace("_", " ")) for name in rooms]),
        "style": ("Style", [(name, name.replace("_", " ")) for name in styles]),
        "model": ("Model", sorted({(row[2], row[3]) for row in seen})),
        "verdict": ("Verdict", _VERDICTS),
    }


def _variant(job: StagingJob, *, waits: Waits, with_pictures: bool) -> Variant:
    predictions = list(job.predictions.all())
    images = [image for prediction in predictions for image in prediction.images.all()]
    cost = total_cost(predictions)
    each = cost if cost is None else cost / max(1, len(images))
    return Variant(job, images if with_pictures else [], each, waits.words.get(job.pk, ""))
