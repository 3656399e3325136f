"""A client of Restage's API: asks for a staging, follows it, and brings the picture."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

ENDS = ("succeeded", "partially_succeeded", "failed", "canceled")
LOOK_EVERY_S = 0.2


class Refused(Exception):
    """Restage said no; the message is its reason."""


class Client:
    """Calls the Restage at `address` for one user."""

    def __init__(self, address: str, *, token: str) -> None:
        # trust_env off: the machine's proxy must not be asked for a loopback address.
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Token {token}"},
            timeout=30,
            trust_env=False,
            follow_redirects=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # An open connection would keep the web server from ending at once.
        self._http.close()

    def is_known(self) -> bool:
        """Return whether Restage accepts the token."""
        return self._http.get("/api/v1/admin/models").status_code not in (401, 403)

    def request_staging(self, photo: Path, *, room: str, style: str, model: str) -> dict[str, Any]:
        """Ask for a staging and return the job. Raises Refused."""
        fields = {"room_type": room, "style": style} | ({"model": model} if model else {})
        with photo.open("rb") as image:
            answer = self._http.post("/api/v1/staging/jobs", data=fields, files={"image": image})
        return _read(answer)

    def follow(
        self, job: dict[str, Any], *, tell: Callable[[dict[str, Any]], None], within_s: float
    ) -> dict[str, Any]:
        """Call `tell` with each state of the job; return it once it has ended. Raises Refused."""
        until = time.monotonic() + within_s
        tell(job)
        while job["status"] not in ENDS:
            if time.monotonic() > until:
                raise Refused(f"The job is still {job['status']} after {within_s:.0f} seconds.")
            time.sleep(LOOK_EVERY_S)
            job = _read(self._http.get(f"/api/v1/staging/jobs/{job['id']}"))
            tell(job)
        if not job["images"]:
            raise Refused(f"The job {job['status']}: {reason(job.get('error'))}")
        return job

    def bring_pictures(self, job: dict[str, Any], *, folder: Path) -> list[Path]:
        """Write the job's pictures as after.webp, after-2.webp, … and return their paths."""
        return [
            self._bring(image, folder / ("after" if number == 1 else f"after-{number}"))
            for number, image in enumerate(job["images"], start=1)
        ]

    def _bring(self, image: dict[str, Any], stem: Path) -> Path:
        answer = self._http.get(image["url"])
        if answer.is_error or not answer.headers.get("Content-Type", "").startswith("image/"):
            raise Refused(f"The picture did not come: {answer.status_code} from {answer.url}")
        file = stem.with_name(f"{stem.name}.{image['format']}")
        file.write_bytes(answer.content)
        return file


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = f"an answer that is not JSON, of status {answer.status_code}"
    if answer.is_error or not isinstance(document, dict):
        raise Refused(f"Restage answered {answer.status_code}: {reason(document)}")
    return document


def reason(document: Any) -> str:
    """Return the text of a refusal on one line.

    >>> reason({"image": ["This is not a photo."]})
    'image: This is not a photo.'
    """
    if isinstance(document, dict):
        parts = [
            reason(value)
            if key in ("detail", "message", "non_field_errors")
            else f"{key}: {reason(value)}"
            for key, value in document.items()
        ]
        return "; ".join(parts)
    if isinstance(document, list) and document:
        return "; ".join(reason(item) for item in document)
    return str(document) if document else "no reason was given"
