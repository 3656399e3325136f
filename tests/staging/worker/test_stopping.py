"""What a stopping worker hands back; tests/end_to_end has real ones that are told to stop."""

import pytest

from staging.models import Prediction, PredictionStatus
from staging.worker import stopping
from tests.staging.conftest import Ask, only

pytestmark = pytest.mark.django_db


def claimed(ask: Ask) -> Prediction:
    prediction = only(ask())
    assert Prediction.objects.claim(prediction)
    return prediction


def test_hand_back_frees_what_is_held(ask: Ask) -> None:
    prediction = claimed(ask)
    assert not Prediction.objects.claim(only(prediction.job))

    with stopping.holding(prediction):
        assert stopping.hand_back() == 1

    assert Prediction.objects.claim(only(prediction.job))


def test_hand_back_ends_the_claim_of_whoever_still_works_on_it(ask: Ask) -> None:
    prediction = claimed(ask)

    with stopping.holding(prediction):
        stopping.hand_back()
        wrote = Prediction.objects.move(prediction, PredictionStatus.SUBMITTING, by="late")

    assert not wrote
    assert only(prediction.job).status == "queued"


def test_hand_back_leaves_what_is_done_with(ask: Ask) -> None:
    with stopping.holding(claimed(ask)):
        pass

    assert stopping.hand_back() == 0


def test_hand_back_leaves_what_another_has_claimed_since(ask: Ask) -> None:
    prediction = claimed(ask)
    Prediction.objects.update(lease_number=prediction.lease_number + 1)

    with stopping.holding(prediction):
        assert stopping.hand_back() == 0

    assert only(prediction.job).lease_until is not None
