"""Logs: one line for each event, as JSON in production, with all secrets masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from modelsettings.masking import mask

_SECRET = re.compile(
    r"\b(r8_|whsec_|sk-)[A-Za-z0-9_+/=-]{6,}|(?<=Bearer )\S+|(?<=Token )[0-9a-f]{40,}"
)
# The part of a file's address that makes it work: our signature, or S3's.
_SIGNATURE = re.compile(
    r"\b(signature|x-amz-signature|x-amz-credential|x-amz-security-token)=[^&\s\"'<>]+",
    re.IGNORECASE,
)
_WEBHOOK_TOKEN = re.compile(r"(webhooks/replicate/[0-9a-f-]{36}/)[A-Za-z0-9_-]+")


# The part of a public page's address that opens it.
_SHARE_TOKEN = re.compile(r"(/s/[0-9a-f]{32}/)[\w-]+")


def mask_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace configured secrets, and text that looks like one, in the values of a log event."""
    for key, value in event.items():
        # Keys with an underscore are structlog's own, and never shown.
        if not key.startswith("_"):
            event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    """Mask a value at any depth; an object becomes its `repr`, as the renderer would write it.

    Django logs requests as objects, whose addresses may be signed.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_masked(key): _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    text = _SECRET.sub("***", mask(value if isinstance(value, str) else repr(value)))
    text = _SHARE_TOKEN.sub(r"\1***", _WEBHOOK_TOKEN.sub(r"\1***", text))
    return _SIGNATURE.sub(r"\1=***", text)


def configure(*, as_json: bool) -> None:
    """Send structlog's and the standard library's records to one stream, in one shape."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_stream())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_secrets,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # httpx would log each request to Replicate; our own events say more.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # axes says of each try what config.accounts.events says of it, in more lines.
    logging.getLogger("axes").setLevel(logging.ERROR)
    # Celery would log two lines for each of beat's wake-ups, one every other second.
    for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _stream() -> TextIO:
    """Return standard output; for a command standard error, since its output is its answer."""
    return sys.stderr if Path(sys.argv[0]).name == "manage.py" else sys.stdout
