"""Checks that cost nothing: of the token, the models, the webhook secret and an upload."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from replicate_api.assumptions.outcomes import Failed, Outcome, assumption, judge
from replicate_api.assumptions.trial import Trial
from replicate_api.errors import NotFound

# The pipeline buys with a photo's address while the file has at least this long to live.
LEAST_FILE_LIFE_S = 600
MIN_SECRET_BYTES = 16


@assumption("The token is accepted")
def token_is_accepted(trial: Trial) -> str:
    account = trial.client.get_account()
    return f"It belongs to an account of type {account.get('type', 'unknown')!r}."


def published_model_is_ours(trial: Trial, slug: str) -> Outcome:
    """Check that a model's published inputs are those of the catalogue."""

    def check() -> str:
        try:
            published = trial.client.get_model(slug)
        except NotFound as error:
            raise Failed(f"The model is gone. {error.detail}") from error
        if differences := trial.compare(published):
            raise Failed(" ".join(differences))
        return "Its inputs are those of the catalogue."

    return judge(f"{slug} is published as the catalogue has it", check)


@assumption("The webhook secret is readable")
def webhook_secret_is_readable(trial: Trial) -> str:
    secret = trial.client.get_webhook_secret()
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith("whsec_") or len(key) < MIN_SECRET_BYTES:
        raise Failed("It is not whsec_ and base64: no signature can be verified with it.")
    trial.secret = secret
    return f"It is whsec_ and base64, a key of {len(key)} bytes."


@assumption("An unknown prediction is a 404")
def unknown_prediction_is_not_found(trial: Trial) -> str:
    try:
        trial.client.get_prediction("0" * 26)
    except NotFound as error:
        return error.detail
    raise Failed("It was answered as if it were there.")


@assumption("An upload has an address and a time until which it holds")
def upload_has_address_and_expiry(trial: Trial) -> str:
    uploaded = trial.client.upload_file(
        trial.photo, filename="check-replicate.jpg", content_type="image/jpeg"
    )
    trial.uploaded = uploaded
    if uploaded.expires_at is None:
        raise Failed("It has an address and no expires_at, so Restage would use it for ever.")
    life_s = (uploaded.expires_at - datetime.now(UTC)).total_seconds()
    if life_s < LEAST_FILE_LIFE_S:
        raise Failed(f"It expires in {life_s:.0f} s: too soon to wait in a queue.")
    return f"It expires in {life_s / 60:.0f} minutes."
