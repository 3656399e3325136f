"""Tells the error of a prediction: with a limit's figures to those who may know them, to no other.

`SpendingLimit.shows_figures_to` decides who may. What is stored holds no figures.
"""

from django.contrib.auth.models import User

from staging.models import WAITING, Prediction, PredictionStatus, SpendingLimit


def tell_error(prediction: Prediction, *, to: User) -> str:
    """Return a prediction's error as a user may read it.

    The limit that holds it up was read with it, and that limit's project and account.
    """
    return tell_limit(prediction, prediction.held_by_limit, to=to)


def tell_limit(prediction: Prediction, limit: SpendingLimit | None, *, to: User) -> str:
    """Return a prediction's error as a user may read it, who may know its limit's figures."""
    waits = prediction.status == PredictionStatus.QUEUED and prediction.error_code in WAITING
    if waits and limit is not None and limit.shows_figures_to(to):
        return limit.in_figures(prediction.error_code)
    return prediction.public_error
