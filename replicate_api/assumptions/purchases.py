"""The predictions that the checks buy: two at most, each with a deadline, none left running."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from replicate_api.answers import RemotePrediction
from replicate_api.assumptions.outcomes import NotTried
from replicate_api.client import ReplicateClient
from replicate_api.errors import RateLimited, ReplicateError

MAX_PURCHASES = 2
# A create refused with a 429 is sent again this many times; an account low on credit may send 6
# a minute.
MAX_WAITS = 5
LONGEST_WAIT_S = 60.0
# How far Replicate's clock may be from ours.
CLOCK_MARGIN = timedelta(seconds=90)
MAX_PAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The model that the checks use, with an input for it that lacks only the photo.

    `choice_input` is an input with an enum, `solid_input` one that may not be null; each is None
    where the model has none.
    """

    slug: str
    version: str | None
    photo_input: str
    takes_many: bool
    input: Mapping[str, object]
    choice_input: str | None
    solid_input: str | None

    def input_with(self, photo_url: str, changes: Mapping[str, object]) -> dict[str, object]:
        """Return the input with the photo and the changes in it."""
        photo = [photo_url] if self.takes_many else photo_url
        return {**self.input, self.photo_input: photo, **changes}


@dataclass(kw_only=True)
class Purchases:
    """Buys predictions, counts them and cancels them.

    A request whose answer was lost counts as bought.
    """

    client: ReplicateClient
    subject: Subject
    count: int = 0
    took_s: float = 0.0
    throttled: list[RateLimited] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _photo_urls: set[str] = field(default_factory=set)
    _uncertain: int = 0
    _begun_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def buy(
        self,
        photo_url: str,
        *,
        cancel_after_s: int,
        webhook: str | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> RemotePrediction:
        """Buy a prediction and set `took_s` to the time that the answer took.

        Waits as long as a 429 asks. Raises NotTried once MAX_PURCHASES are bought.
        """
        if self.count >= MAX_PURCHASES:
            raise NotTried(f"{MAX_PURCHASES} predictions are bought already, and no more are.")
        for _ in range(MAX_WAITS):
            try:
                return self._buy_once(photo_url, cancel_after_s, webhook, changes or {})
            except RateLimited as error:
                self.throttled.append(error)
                time.sleep(min(error.retry_after_s, LONGEST_WAIT_S))
        raise self.throttled[-1]

    def cancel_running(self) -> list[str]:
        """Cancel unfinished predictions; return the ids that may still run until their deadline."""
        unfinished = set(self._ids)
        if self._uncertain:
            unfinished |= self._find_lost()
        return sorted(id_ for id_ in unfinished if not self._is_ended(id_))

    def _buy_once(
        self,
        photo_url: str,
        cancel_after_s: int,
        webhook: str | None,
        changes: Mapping[str, object],
    ) -> RemotePrediction:
        # Counted before the request, which Ctrl-C may interrupt at any point.
        self.count += 1
        self._uncertain += 1
        self._photo_urls.add(photo_url)
        since = time.monotonic()
        try:
            bought = self.client.create_prediction(
                model=self.subject.slug,
                version=self.subject.version,
                input=self.subject.input_with(photo_url, changes),
                webhook=webhook,
                cancel_after_s=cancel_after_s,
            )
        except ReplicateError as error:
            if error.proves_not_bought:
                self.count -= 1
                self._uncertain -= 1
            raise
        self.took_s = time.monotonic() - since
        self._ids.add(bought.id)
        self._uncertain -= 1
        return bought

    def _find_lost(self) -> set[str]:
        """Return the ids of the listed predictions that have our photo's address."""
        lost: set[str] = set()
        for _ in range(3):
            with suppress(ReplicateError):
                lost = {
                    prediction.id
                    for prediction in list_since(self.client, self._begun_at - CLOCK_MARGIN)
                    if any(carries(prediction, url) for url in self._photo_urls)
                }
            if lost - self._ids:
                break
            # A purchase of this second may not be listed yet.
            time.sleep(1)
        return lost

    def _is_ended(self, id_: str) -> bool:
        try:
            return (
                self.client.get_prediction(id_).is_finished
                or self.client.cancel_prediction(id_).is_finished
            )
        except ReplicateError:
            return False


def carries(prediction: RemotePrediction, photo_url: str) -> bool:
    """Return whether the photo's address is in the input, which identifies a lost purchase."""
    values = (prediction.input or {}).values()
    return any(value in (photo_url, [photo_url]) for value in values)


def list_since(client: ReplicateClient, since: datetime) -> list[RemotePrediction]:
    """Return the predictions listed since a moment, newest first, a thousand at most."""
    page = client.list_predictions(created_after=since)
    found = list(page.predictions)
    for _ in range(MAX_PAGES - 1):
        if not page.next:
            break
        page = client.list_predictions(cursor=page.next)
        found += page.predictions
    return found
