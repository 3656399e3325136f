"""Checks of the list of predictions: its contents, its filters, its order and its pages."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from replicate_api.answers import RemotePrediction
from replicate_api.assumptions.outcomes import Failed, NotTried, assumption
from replicate_api.assumptions.purchases import CLOCK_MARGIN, carries, list_since
from replicate_api.assumptions.trial import Trial, eventually, first_of, photo_url_of


@assumption("The list shows the photo's address: a lost purchase is found again")
def list_shows_input(trial: Trial) -> str:
    first, url = first_of(trial), photo_url_of(trial)
    since = (first.created_at or datetime.now(UTC)) - CLOCK_MARGIN
    asked_at = time.monotonic()

    def find() -> RemotePrediction | None:
        listed = list_since(trial.client, since)
        return next((prediction for prediction in listed if carries(prediction, url)), None)

    found = eventually(find, within_s=trial.patience_s)
    if found is None:
        raise Failed(f"No listed prediction shows it after {trial.patience_s:.0f} s.")
    if found.id != first.id:
        raise Failed(f"It led to the prediction {found.id}, and {first.id} was bought.")
    trial.listed = found
    waited_s = time.monotonic() - asked_at
    return f"The list showed it {waited_s:.1f} s after the first look."


@assumption("The list's created_after and created_before hold")
def list_filters_hold(trial: Trial) -> str:
    first, second = first_of(trial), trial.second
    if second is None or first.created_at is None or second.created_at is None:
        raise NotTried("Two predictions with a time of creation are needed.")
    middle = first.created_at + (second.created_at - first.created_at) / 2

    def read() -> tuple[bool, bool, bool, bool]:
        after = {prediction.id for prediction in list_since(trial.client, middle)}
        page = trial.client.list_predictions(created_before=middle)
        before = {prediction.id for prediction in page.predictions}
        return second.id in after, first.id in after, first.id in before, second.id in before

    wanted = (True, False, True, False)
    if eventually(lambda: read() == wanted, within_s=min(trial.patience_s, 30.0)):
        return "At a moment between the two predictions, each filter shows the right one."
    newer, older, before_older, before_newer = read()
    wrong = [
        *(["created_after leaves the newer out"] if not newer else []),
        *(["created_after shows the older"] if older else []),
        *(["created_before leaves the older out"] if not before_older else []),
        *(["created_before shows the newer"] if before_newer else []),
    ]
    raise Failed(f"Between the two predictions {', '.join(wrong) or 'it is not steady'}.")


@assumption("The list begins with the newest")
def list_begins_with_newest(trial: Trial) -> str:
    page = trial.client.list_predictions()
    times = [prediction.created_at for prediction in page.predictions if prediction.created_at]
    if len(times) < 2:
        raise NotTried("Fewer than two predictions are listed.")
    if times != sorted(times, reverse=True):
        raise Failed("The times of creation do not fall.")
    return f"{len(times)} predictions, each older than the one before."


@assumption("A page of the list leads to the next")
def list_leads_on(trial: Trial) -> str:
    page = trial.client.list_predictions()
    if not page.next:
        raise NotTried(f"The account has one page of predictions ({len(page.predictions)}).")
    following = trial.client.list_predictions(cursor=page.next)
    last, first = page.predictions[-1:], following.predictions[:1]
    if not (last and first and last[0].created_at and first[0].created_at):
        raise Failed("One of the two pages is empty, or its predictions have no time.")
    if first[0].created_at > last[0].created_at or first[0].id == last[0].id:
        raise Failed("The second page does not go on where the first ends.")
    return f"After {len(page.predictions)} predictions, with the next older one."
