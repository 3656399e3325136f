"""What a purchase will cost, before it is made."""

from decimal import Decimal

import pytest

from modelsettings.models import ReplicateModel
from staging.models import PriceEstimate
from staging.spending.estimating import typical_cost
from tests.staging.conftest import QWEN
from tests.staging.limits import unprice

pytestmark = pytest.mark.django_db


def test_typical_cost_is_of_a_photo_of_twelve_megapixels() -> None:
    model = ReplicateModel(price=[{"unit": "input_mp", "usd": 0.01}, {"unit": "run", "usd": 1}])

    assert typical_cost(model, settings={}) == Decimal("1.12")


def test_typical_cost_depends_on_the_settings() -> None:
    model = ReplicateModel.objects.get(slug="google/nano-banana-2")

    costs = [typical_cost(model, settings={"resolution": name}) for name in ("1K", "4K")]
    assert costs == [Decimal("0.067"), Decimal("0.151")]


def test_typical_cost_of_a_model_without_a_price_is_its_estimate() -> None:
    model = unprice()
    assert typical_cost(model, settings={}) is None

    PriceEstimate.objects.create(model=model, usd=Decimal("0.2"))

    assert (model.slug, typical_cost(model, settings={})) == (QWEN, Decimal("0.2"))
