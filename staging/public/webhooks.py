"""Receives Replicate's webhooks; each address names its prediction and has a secret token."""

import json
import uuid

import structlog
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from replicate_api.client import RemotePrediction
from replicate_api.errors import BadAnswer, ReplicateError
from replicate_api.webhooks import InvalidSignature
from staging import callbacks
from staging.models import Prediction, Tallied, Tally
from staging.predictions import settlement
from staging.predictions.webhook_signature import check_signature
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)

# Enough for a prediction with its logs; inputs are short, since a photo is an address.
MAX_WEBHOOK_BYTES = 2 * 2**20


@csrf_exempt
@require_POST
def replicate_webhook(request: HttpRequest, prediction_id: uuid.UUID, token: str) -> HttpResponse:
    """Take Replicate's webhook: 200 for one that was understood, even if it is no news.

    The address names our prediction, since Replicate's id may not be known here yet, and its token
    is secret. The signature proves that Replicate sent the webhook.
    """
    prediction = Prediction.objects.filter(pk=prediction_id).first()
    if prediction is None or not prediction.is_webhook_token(token):
        Tally.add(Tallied.WEBHOOK_UNKNOWN_ADDRESS)
        raise Http404("There is no such webhook.")
    with structlog.contextvars.bound_contextvars(
        job=str(prediction.job_id),
        prediction=str(prediction_id),
        # As the request says; its signature is not checked yet.
        webhook=request.headers.get("webhook-id", "")[:100],
    ):
        return _take_webhook(request, prediction)


def _take_webhook(request: HttpRequest, prediction: Prediction) -> HttpResponse:
    body = request.read(MAX_WEBHOOK_BYTES + 1)
    if len(body) > MAX_WEBHOOK_BYTES:
        return _refuse(Tallied.WEBHOOK_TOO_LARGE, 413, "This webhook is too large.")
    try:
        prediction.webhook_id = check_signature(body, headers=request.headers)[:100]
    except InvalidSignature as error:
        return _refuse(Tallied.WEBHOOK_BAD_SIGNATURE, 401, str(error))
    except ReplicateError as error:
        # Replicate sends it again; where that fails as well, polling settles the prediction.
        log.warning("the webhooks' secret cannot be fetched", error=str(error))
        return _refuse(Tallied.WEBHOOK_UNCHECKED, 503, "The signature cannot be checked now.")
    remote = _read_prediction(body)
    if remote is None:
        return _refuse(Tallied.WEBHOOK_NO_PREDICTION, 400, "This webhook is not a prediction.")
    if not _is_sent_here(remote, path=request.path):
        return _refuse(Tallied.WEBHOOK_ANOTHERS, 400, "This webhook is another prediction's.")
    log.info("webhook accepted", status=remote.status)
    known = prediction.status
    _receive(prediction, remote)
    is_news = prediction.status != known
    Tally.add(Tallied.WEBHOOK_ACCEPTED if is_news else Tallied.WEBHOOK_OLD)
    return _answer(200, "Thank you.")


def _read_prediction(body: bytes) -> RemotePrediction | None:
    """Return the prediction in a webhook's body; None where the body is not one."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    try:
        return RemotePrediction.from_json(document)
    except BadAnswer:
        return None


def _is_sent_here(remote: RemotePrediction, *, path: str) -> bool:
    """Say whether a signed body belongs to this address, which the signature does not cover."""
    return remote.webhook is None or remote.webhook.endswith(path)


def _receive(prediction: Prediction, remote: RemotePrediction) -> None:
    """Settle a prediction by a verified webhook, and wake the step that follows."""
    if settlement.settle(prediction, remote, by=settlement.WEBHOOK):
        wake(Step.COLLECT)
    elif prediction.finished_at:
        callbacks.wake_where_due()


def _refuse(verdict: Tallied, status: int, detail: str) -> JsonResponse:
    Tally.add(verdict)
    log.warning("webhook refused", status=status, reason=detail)
    return _answer(status, detail)


def _answer(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)
