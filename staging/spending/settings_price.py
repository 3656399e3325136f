"""Says what a typical photo would cost by settings that are not saved yet."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modelsettings.models import ModelSettings
from modelsettings.pinned_schemas import find_schema
from modelsettings.schema.delivery import split
from staging.spending.outlay import outlay_of_settings


def price_of_settings(profile: ModelSettings, values: Mapping[str, Any]) -> Decimal | None:
    """Return the dollars of a job of a typical photo with other values than a profile has.

    None where that is unknown. `values` are valid, and whole.
    """
    schema = find_schema(profile.model)
    if schema is None:
        return None
    _, delivered = split(schema.settings, values)
    return outlay_of_settings(profile.model, values, predictions=delivered.num_outputs).about
