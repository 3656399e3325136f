"""Expected costs and their bounds: by a model's price, or else by an operator's estimate."""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Any

from modelsettings import catalog
from modelsettings.model_schema import ModelSchema
from modelsettings.models import ReplicateModel
from modelsettings.pinned_schemas import find_schema
from modelsettings.pricing import Quantities, cost_of, most_cost_of
from modelsettings.schema.outputs import MEGAPIXEL, Asked
from staging.models import PriceEstimate, StagingJob

# A photo of a room as a telephone takes it, of 12 megapixels.
TYPICAL_PHOTO = (4000, 3000)
# An image whose address a setting names is never seen here, so it counts as the largest photo that
# Restage itself takes.
_UNSEEN_MEGAPIXELS = 50
# `Prediction.reserved` has six places, and four before the point.
_PLACES, _MOST = Decimal("0.000001"), Decimal("9999.999999")


def expected_cost(job: StagingJob) -> Decimal | None:
    """Return the dollars that one prediction of a job should cost, or None where that is unknown.

    The model's price counts; where it does not tell, the operator's estimate.
    """
    asked = _asked(job.model, job.settings, photo=_size_of_photo(job))
    return _about(job.model, asked, pictures=asked.pictures[0])


def most_cost(job: StagingJob) -> Decimal | None:
    """Return the most dollars that one prediction of a job may cost, or None where it is unknown.

    So much is held from before the purchase until its end. It is never less than `expected_cost`,
    and equals it where the operator's estimate counts.
    """
    asked = _asked(job.model, job.settings, photo=_size_of_photo(job))
    return _most(job.model, asked, pictures=asked.pictures[1])


def note_costs(job: StagingJob, *, estimates: Mapping[int, Decimal] | None = None) -> None:
    """Write down in a new job what each of its predictions should cost, and may cost at most.

    `estimates` are the operator's, by models' keys, where the caller has read all of them.
    """
    asked = _asked(job.model, job.settings, photo=_size_of_photo(job))
    about = _about_by_price(job.model, asked, pictures=asked.pictures[0])
    most = _most_by_price(job.model, asked, pictures=asked.pictures[1])
    if about is None or most is None:
        known = estimates or {}
        estimate = _find_estimate(job.model) if estimates is None else known.get(job.model.pk)
        about, most = (estimate if about is None else about), (estimate if most is None else most)
    job.expected_cost = None if about is None else min(about, _MOST).quantize(_PLACES)
    job.most_cost = most


def cost_of_outputs(
    job: StagingJob,
    *,
    images: int,
    seconds: float | None,
    output_megapixels: float | None = None,
) -> Decimal | None:
    """Return what a prediction of a job has cost, or None where its price does not tell."""
    asked = _asked(job.model, job.settings, photo=_size_of_photo(job))
    quantities = Quantities(
        images=images,
        seconds=seconds,
        input_megapixels=None if asked.other_images else _sent_megapixels(asked),
        output_megapixels=output_megapixels,
    )
    return cost_of(job.model.price, settings=job.settings, quantities=quantities)


def typical_cost(
    model: ReplicateModel,
    *,
    settings: Mapping[str, Any],
    estimates: Mapping[int, Decimal] | None = None,
) -> Decimal | None:
    """Return what one picture of a typical photo costs in dollars, or None if that is unknown.

    `estimates` are the operator's, by models' keys, where the caller has read all of them.
    """
    asked = _asked(model, settings, photo=TYPICAL_PHOTO)
    cost = _about_by_price(model, asked, pictures=1)
    if cost is not None:
        return cost
    return _find_estimate(model) if estimates is None else estimates.get(model.pk)


def pictures_asked(schema: ModelSchema | None, *, settings: Mapping[str, Any]) -> int:
    """Return how many pictures settings ask for in one prediction of a model with this schema.

    They are several where the model itself makes a number of them.
    """
    asked = Asked(
        parameters=_own_parameters(schema),
        settings=settings,
        photo=TYPICAL_PHOTO,
        makes_many=schema is None or schema.makes_many,
    )
    return asked.pictures[0]


def usually_held() -> Decimal | None:
    """Return the most that a picture of the default model may cost, or None if that is unknown."""
    model = ReplicateModel.objects.filter(is_default=True).select_related("live_profile").first()
    if model is None or model.live_profile is None:
        return None
    asked = _asked(model, model.live_profile.values, photo=TYPICAL_PHOTO)
    return _most(model, asked, pictures=1)


def _asked(model: ReplicateModel, settings: Mapping[str, Any], *, photo: tuple[int, int]) -> Asked:
    schema = find_schema(model)
    return Asked(
        parameters=_own_parameters(schema),
        settings=settings,
        photo=photo,
        makes_many=schema is None or schema.makes_many,
        largest=catalog.find_overlay(model.slug).largest,
    )


def _own_parameters(schema: ModelSchema | None) -> dict[str, Any]:
    """Return the parameters that the model itself carries out.

    What Restage carries out asks the model for nothing: each of several outputs is a prediction of
    its own, and a crop makes no picture larger.
    """
    parameters = schema.parameters if schema else {}
    return {name: prop for name, prop in parameters.items() if "x-applied-by" not in prop}


def _about(model: ReplicateModel, asked: Asked, *, pictures: int) -> Decimal | None:
    cost = _about_by_price(model, asked, pictures=pictures)
    return _find_estimate(model) if cost is None else cost


def _about_by_price(model: ReplicateModel, asked: Asked, *, pictures: int) -> Decimal | None:
    quantities = Quantities(
        images=pictures,
        input_megapixels=_sent_megapixels(asked),
        output_megapixels=pictures * asked.megapixels[0],
    )
    return cost_of(model.price, settings=asked.settings_with_defaults, quantities=quantities)


def _most(model: ReplicateModel, asked: Asked, *, pictures: int) -> Decimal | None:
    cost = _most_by_price(model, asked, pictures=pictures)
    return _find_estimate(model) if cost is None else cost


def _most_by_price(model: ReplicateModel, asked: Asked, *, pictures: int) -> Decimal | None:
    quantities = Quantities(
        images=pictures,
        input_megapixels=max(1.0, _sent_megapixels(asked)),
        output_megapixels=pictures * asked.megapixels[1],
    )
    cost = most_cost_of(model.price, settings=asked.settings, quantities=quantities)
    return None if cost is None else min(cost, _MOST).quantize(_PLACES, ROUND_UP)


def _size_of_photo(job: StagingJob) -> tuple[int, int]:
    return job.photo.width, job.photo.height


def _sent_megapixels(asked: Asked) -> float:
    width, height = asked.photo
    return width * height / MEGAPIXEL + asked.other_images * _UNSEEN_MEGAPIXELS


def _find_estimate(model: ReplicateModel) -> Decimal | None:
    return PriceEstimate.objects.filter(model=model.pk).values_list("usd", flat=True).first()
