"""Checks of a bought prediction: its answer, its output, its deadline and its cancelation."""

from __future__ import annotations

from replicate_api.assumptions.outcomes import Failed, NotTried, assumption
from replicate_api.assumptions.purchases import carries
from replicate_api.assumptions.trial import (
    MAX_OUTPUT_BYTES,
    Trial,
    duration_of,
    first_of,
    life_of,
    photo_url_of,
    until_finished,
)
from replicate_api.client import MIN_CANCEL_AFTER_S
from replicate_api.errors import ReplicateError

FIRST_DEADLINE_S = 300
# A create does not wait for the prediction; a slower one would hold a worker up.
AT_ONCE_S = 5.0


@assumption("A create answers with an id at once")
def create_answers_at_once(trial: Trial) -> str:
    trial.first = trial.purchases.buy(
        photo_url_of(trial), webhook=trial.webhook, cancel_after_s=FIRST_DEADLINE_S
    )
    took_s = trial.purchases.took_s
    if took_s > AT_ONCE_S:
        raise Failed(f"It answered after {took_s:.1f} s, which would hold a worker up.")
    return f"It answered after {took_s:.2f} s: {trial.first.status}."


@assumption("The Files address is accepted as input")
def files_address_is_accepted(trial: Trial) -> str:
    first = first_of(trial)
    first = until_finished(trial, first, within_s=trial.patience_s)
    trial.first = first
    if not first.is_finished:
        raise Failed(f"The prediction is still {first.status} after {trial.patience_s:.0f} s.")
    if first.status != "succeeded":
        raise Failed(f"The prediction ended {first.status}: {first.error or 'no reason given'}")
    return f"The prediction {first.id} succeeded{duration_of(first)}."


@assumption("A prediction shows the photo's address in its input")
def prediction_shows_input(trial: Trial) -> str:
    seen = trial.client.get_prediction(first_of(trial).id)
    if not carries(seen, photo_url_of(trial)):
        raise Failed("Its input does not hold the address as it was sent.")
    return "As it was sent."


@assumption("An output is on a host that we fetch from, without the token")
def output_is_downloadable(trial: Trial) -> str:
    first = first_of(trial)
    if not first.output_urls:
        raise NotTried("The first prediction has no output.")
    url = first.output_urls[0]
    # `downloads` sends the token to the API's own files, so an output must not be among them.
    if url.startswith(photo_url_of(trial).rpartition("/")[0]):
        raise Failed("It is among the API's files, which are for the token's owner.")
    download = trial.client.download(url, max_bytes=MAX_OUTPUT_BYTES)
    if not download.content or not download.content_type.startswith("image/"):
        raise Failed(f"It is no image: {len(download.content)} bytes of {download.content_type}.")
    return f"{len(download.content):,} bytes of {download.content_type}."


@assumption("Canceling what is finished changes nothing")
def cancel_of_finished_is_harmless(trial: Trial) -> str:
    first = first_of(trial)
    if not first.is_finished:
        raise NotTried("The first prediction is not finished.")
    try:
        answer = f"It answered {trial.client.cancel_prediction(first.id).status}"
    except ReplicateError as error:
        # No failure: the pipeline goes on, whatever a cancel answers.
        answer = f"It answered an error ({error.detail})"
    now = trial.client.get_prediction(first.id)
    if (now.status, now.output) != (first.status, first.output):
        raise Failed(f"{answer}, and the prediction that had {first.status} is {now.status}.")
    return f"{answer}, and the prediction is as it was."


@assumption("Cancel-After is shown as a deadline")
def deadline_is_shown(trial: Trial) -> str:
    if trial.second is None:
        trial.second = trial.purchases.buy(photo_url_of(trial), cancel_after_s=MIN_CANCEL_AFTER_S)
    second = trial.second
    if second.deadline is None or second.created_at is None:
        raise Failed("The answer to the create shows no deadline, or no time of creation.")
    after_s = (second.deadline - second.created_at).total_seconds()
    if abs(after_s - MIN_CANCEL_AFTER_S) > 1:
        raise Failed(f"{MIN_CANCEL_AFTER_S} s were asked for, and it shows {after_s:.1f} s.")
    return f"{after_s:.1f} s after the creation."


@assumption("Cancel-After ends what takes longer")
def deadline_ends_it(trial: Trial) -> str:
    if trial.second is None:
        raise NotTried("No prediction with a short deadline was bought.")
    grace_s = min(trial.patience_s, 30.0)
    second = until_finished(trial, trial.second, within_s=MIN_CANCEL_AFTER_S + grace_s)
    trial.second = second
    if not second.is_finished:
        raise Failed(f"It is {second.status} {grace_s:.0f} s after its deadline.")
    if second.status in ("succeeded", "failed"):
        raise NotTried(
            f"It {second.status} before its deadline{duration_of(second)}: a slower model, "
            "with --model, would show it."
        )
    lived_s = life_of(second)
    if lived_s is not None and lived_s < MIN_CANCEL_AFTER_S - 1:
        raise Failed(f"It was {second.status} after {lived_s:.1f} s, before its deadline.")
    after = "" if lived_s is None else f" after {lived_s:.1f} s"
    return f"It was {second.status}{after}."


@assumption("Canceling ends what runs")
def cancel_ends_what_runs(trial: Trial) -> str:
    del trial
    raise NotTried("It would take a third purchase.")
