"""Posts messages under our signature, as Standard Webhooks has it.

https://www.standardwebhooks.com
"""

import json
import time
from collections.abc import Collection
from typing import Any

from django.conf import settings

from staging import public_http
from staging.signatures import signed_headers


def post(
    url: str,
    message: dict[str, Any],
    *,
    message_id: str,
    secrets: list[str],
    private_networks: Collection[public_http.Network],
) -> int:
    """Send a message once; return the answer's status.

    A receiver knows by `message_id` what it has had already. Raises what `public_http.post` does.
    """
    body = json.dumps(message, ensure_ascii=False).encode()
    signed = signed_headers(message_id, body, at=int(time.time()), secrets=secrets)
    named = {"content-type": "application/json", "user-agent": "Restage", **signed}
    return public_http.post(
        url,
        body=body,
        headers=named.items(),
        timeout_s=settings.STAGING_CALLBACK_LIMIT_S,
        private_networks=private_networks,
    )
