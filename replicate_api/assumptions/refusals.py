"""Checks of Replicate's refusals: of wrong inputs, and of too many requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from replicate_api.assumptions.outcomes import Failed, NotTried, assumption
from replicate_api.assumptions.trial import Trial, photo_url_of
from replicate_api.client import MIN_CANCEL_AFTER_S
from replicate_api.errors import InvalidInput, RateLimited

# Creates sent one after another might never reach the limit.
FLOOD_THREADS = 8


@assumption("null is refused where it is not allowed, and the input is named")
def null_is_refused(trial: Trial) -> str:
    name = trial.subject.solid_input
    if name is None:
        raise NotTried(f"Every input of {trial.subject.slug} may be null.")
    return _refusal_of(trial, name, None)


@assumption("A value outside an enum is refused, and the input is named")
def wrong_choice_is_refused(trial: Trial) -> str:
    name = trial.subject.choice_input
    if name is None:
        raise NotTried(f"{trial.subject.slug} has no input with an enum.")
    return _refusal_of(trial, name, "no-such-choice")


@assumption("An input that the schema does not name is refused or ignored")
def unknown_input_is_refused_or_ignored(trial: Trial) -> str:
    try:
        trial.second = trial.purchases.buy(
            photo_url_of(trial),
            changes={"no_such_input": 1},
            cancel_after_s=MIN_CANCEL_AFTER_S,
        )
    except InvalidInput as error:
        return f"Refused. {error.detail}"
    return "Accepted: a misspelt input is paid for, so Restage sends inputs of the schema alone."


@assumption("A 429 says how long to wait")
def limit_is_told(trial: Trial) -> str:
    error = trial.purchases.throttled[0] if trial.purchases.throttled else _flood(trial)
    if not error.told_by:
        raise Failed(f"Neither its header nor its body says it. {error.detail}")
    return f"{error.retry_after_s:g} s, told in its {error.told_by}. {error.detail}"


def _refusal_of(trial: Trial, name: str, value: object) -> str:
    """Send a wrong value; return the text of its refusal, or raise Failed where it is accepted."""
    try:
        accepted = trial.purchases.buy(
            photo_url_of(trial), changes={name: value}, cancel_after_s=MIN_CANCEL_AFTER_S
        )
    except InvalidInput as error:
        if not any(field.endswith(f".{name}") for field, _ in error.fields):
            named = ", ".join(field for field, _ in error.fields) or "nothing"
            raise Failed(
                f"Refused, but invalid_fields names {named} and not {name}. {error.detail}"
            ) from error
        return f"{name}: {dict(error.fields).get(f'input.{name}', error.detail)}."
    trial.second = accepted
    raise Failed(f"Accepted for {name}: a wrong value is paid for.")


def _flood(trial: Trial) -> RateLimited:
    """Send creates with an empty input until one is refused with a 429."""
    if not trial.burst:
        raise NotTried("No 429 came: give --burst N, which sends N creates that buy nothing.")

    def send(_: int) -> RateLimited | None:
        try:
            accepted = trial.client.create_prediction(
                model=trial.subject.slug,
                version=trial.subject.version,
                input={},
                cancel_after_s=MIN_CANCEL_AFTER_S,
            )
        except RateLimited as error:
            return error
        except InvalidInput:
            return None
        trial.client.cancel_prediction(accepted.id)
        raise Failed("A create without any input was accepted, and so the flood ended.")

    with ThreadPoolExecutor(FLOOD_THREADS) as pool:
        for start in range(0, trial.burst, FLOOD_THREADS):
            wave = range(start, min(start + FLOOD_THREADS, trial.burst))
            for error in pool.map(send, wave):
                if error is not None:
                    return error
    raise NotTried(f"None of {trial.burst} creates was refused with a 429: give a larger --burst.")
