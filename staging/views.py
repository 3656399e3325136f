"""Pages without a form: files behind signed addresses, and Replicate's webhooks."""

import json
import uuid
from pathlib import PurePosixPath

import structlog
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from replicate_api.client import RemotePrediction
from replicate_api.errors import BadAnswer, ReplicateError
from replicate_api.webhooks import InvalidSignature
from staging import links, services
from staging.models import Prediction
from staging.webhooks import check_signature

log = structlog.get_logger(__name__)

# A prediction with its logs; the largest input is an address.
MAX_WEBHOOK_BYTES = 2 * 2**20
# Not from the machine's own table, which a slim image lacks.
MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


@require_safe
def media(request: HttpRequest, name: str) -> FileResponse:
    """Serve a stored file under an address that `links.link_to` made."""
    try:
        links.check_link(name, signature=request.GET.get("signature", ""))
        file = default_storage.open(name)
    except (links.LinkRefused, FileNotFoundError):
        raise Http404("There is no such file, or its address is no longer valid.") from None
    kind = MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
    answer = FileResponse(file, content_type=kind, filename=name.rpartition("/")[2])
    # The address changes with each look at a job, the file never does.
    answer.headers["Cache-Control"] = "private, max-age=3600, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@csrf_exempt
@require_POST
def replicate_webhook(request: HttpRequest, prediction_id: uuid.UUID, token: str) -> HttpResponse:
    """Take Replicate's webhook: 200 for what was understood, old news included.

    The token in the address names the prediction before its id is known here; the signature
    proves that Replicate sent it.
    """
    prediction = Prediction.objects.filter(pk=prediction_id).first()
    if prediction is None or not prediction.is_webhook_token(token):
        raise Http404("There is no such webhook.")
    body = request.read(MAX_WEBHOOK_BYTES + 1)
    if len(body) > MAX_WEBHOOK_BYTES:
        return _answer(413, "This webhook is too large.")
    try:
        webhook_id = check_signature(body, headers=request.headers)
    except InvalidSignature as error:
        log.warning("webhook refused", prediction=str(prediction_id), reason=str(error))
        return _answer(401, str(error))
    except ReplicateError as error:
        # Replicate tries again; polling settles it where that is in vain.
        log.warning("webhook unchecked", prediction=str(prediction_id), error=str(error))
        return _answer(503, "The signature cannot be checked now.")
    try:
        remote = RemotePrediction.from_json(json.loads(body))
    except (ValueError, RecursionError, BadAnswer):
        return _answer(400, "This webhook is not a prediction.")
    if not _is_sent_here(remote, path=request.path):
        return _answer(400, "This webhook is another prediction's.")
    with structlog.contextvars.bound_contextvars(
        job=str(prediction.job_id), prediction=str(prediction_id), webhook=webhook_id
    ):
        log.info("webhook accepted", status=remote.status)
        services.receive_webhook(prediction, remote)
    return _answer(200, "Thank you.")


def _is_sent_here(remote: RemotePrediction, *, path: str) -> bool:
    """Say whether a signed body belongs to this address, which the signature does not cover."""
    return remote.webhook is None or remote.webhook.endswith(path)


def _answer(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)
