"""The receiver of Replicate's webhooks: each address names its prediction, by a secret token."""

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
from staging.predictions.webhooks import check_signature
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)

# A prediction with its logs; the largest input is an address.
MAX_WEBHOOK_BYTES = 2 * 2**20


@csrf_exempt
@require_POST
def replicate_webhook(request: HttpRequest, prediction_id: uuid.UUID, token: str) -> HttpResponse:
    """Take Replicate's webhook: 200 for what was understood, old news included.

    The token in the address names the prediction before its id is known here; the signature
    proves that Replicate sent it.
    """
    prediction = Prediction.objects.filter(pk=prediction_id).first()
    if prediction is None or not prediction.is_webhook_token(token):
        Tally.add(Tallied.WEBHOOK_UNKNOWN_ADDRESS)
        raise Http404("There is no such webhook.")
    with structlog.contextvars.bound_contextvars(
        job=str(prediction.job_id),
        prediction=str(prediction_id),
        # As it says itself, until its signature is checked.
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
        # Replicate tries again; polling settles it where that is in vain.
        log.warning("the webhooks' secret is not to be had", error=str(error))
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
    """Read what a webhook says; None where that is no prediction."""
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
    """Take over what a verified webhook says of a prediction."""
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
