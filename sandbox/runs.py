"""The runs of predictions: each starts, processes, and comes to one of four ends."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from sandbox.clock import now
from sandbox.dice import Dice
from sandbox.outputs import Made, OutputMaker
from sandbox.photos import RunFailed
from sandbox.predictions import Prediction, prediction_object
from sandbox.webhooks import Postman

# The share of its time that a prediction waits in the queue.
QUEUED = 0.2
FOREVER_S = 365 * 24 * 3600.0
# As docs/replicate-facts/http.md, "Creating a prediction", has it: 30 minutes of running.
LONGEST_RUN_S = 30 * 60.0


class Runs:
    """Runs predictions, each as a task of its own."""

    def __init__(
        self, *, maker: OutputMaker, postman: Postman, seconds: float, api: str, retention_s: float
    ) -> None:
        self._maker = maker
        self._postman = postman
        self._seconds = seconds
        self._api = api
        self._retention_s = retention_s
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, prediction: Prediction) -> None:
        """Run a prediction from now on."""
        task = asyncio.get_running_loop().create_task(self._run(prediction))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self, prediction: Prediction) -> None:
        """End a prediction as canceled; one that is over stays as it is."""
        self._end(prediction, "canceled")

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _run(self, prediction: Prediction) -> None:
        fate = prediction.fate.do if prediction.fate else ""
        asked_s = prediction.fate.seconds if prediction.fate else None
        total_s = self._duration(prediction)
        queued_s = QUEUED * total_s
        if fate == "queue":
            queued_s = FOREVER_S if asked_s is None else asked_s
        if not await self._wait(prediction, queued_s):
            return
        if fate == "abort":
            self._end(prediction, "aborted")
            return
        prediction.start()
        self._notify(prediction, "start")
        if fate == "odd_status" and prediction.fate:
            prediction.status = prediction.fate.detail or "paused"
        running_s = (1 - QUEUED) * total_s
        if fate == "slow":
            running_s = 10.0 if asked_s is None else asked_s
        if fate in ("hang", "odd_status", "forget"):
            running_s = FOREVER_S
        await self._process(prediction, running_s=running_s)

    async def _process(self, prediction: Prediction, *, running_s: float) -> None:
        # The picture is drawn while the time passes, so that drawing seldom adds to it.
        making = asyncio.create_task(self._maker.make(prediction))
        making.add_done_callback(_look_at_error)
        if not await self._wait(prediction, min(running_s, LONGEST_RUN_S)):
            making.cancel()
            return
        fate = prediction.fate
        if running_s > LONGEST_RUN_S:
            self._end(prediction, "failed", error="Prediction timed out after 30 minutes.")
        elif fate and fate.do == "fail":
            self._end(prediction, "failed", error=fate.error)
        elif fate and fate.do == "cancel":
            self._end(prediction, "canceled")
        else:
            await self._finish(prediction, making)

    async def _finish(self, prediction: Prediction, making: asyncio.Task[Made]) -> None:
        try:
            made = await making
        except RunFailed as error:
            self._end(prediction, "failed", error=str(error))
            return
        # A cancel may have come while the picture was drawn.
        if prediction.is_over:
            return
        prediction.logs = made.logs
        if prediction.logs:
            self._notify(prediction, "logs")
        if not (prediction.fate and prediction.fate.do == "no_output"):
            prediction.output = made.output
            prediction.image_count = made.image_count
            self._notify(prediction, "output")
        self._end(prediction, "succeeded")

    async def _wait(self, prediction: Prediction, seconds: float) -> bool:
        """Let time pass; return false if the prediction ended in the meantime."""
        until = now() + timedelta(seconds=seconds)
        end = min(until, prediction.deadline) if prediction.deadline else until
        try:
            async with asyncio.timeout(max(0.0, (end - now()).total_seconds())):
                await prediction.settled.wait()
        except TimeoutError:
            if end is not until:
                # As docs/replicate-facts/http.md, "Statuses", has it for a deadline that passes.
                self._end(prediction, "canceled" if prediction.started_at else "aborted")
                return False
        return not prediction.is_over

    def _end(self, prediction: Prediction, status: str, *, error: str | None = None) -> None:
        if prediction.end(status, error=error):
            self._notify(prediction, "completed")

    def _notify(self, prediction: Prediction, event: str) -> None:
        if prediction.is_forgotten:
            return
        shown = prediction_object(prediction, api=self._api, retention_s=self._retention_s)
        # The prediction is not over yet, and an unfinished one is shown without an output.
        if event == "output":
            shown["output"] = prediction.output
        self._postman.send(prediction, event=event, shown=shown)

    def _duration(self, prediction: Prediction) -> float:
        """Return how long this input takes: 75 to 125 % of the average, always the same."""
        dice = Dice("duration", json.dumps(prediction.input, sort_keys=True, default=str))
        return self._seconds * dice.between(0.75, 1.25)


def _look_at_error(making: asyncio.Task[Made]) -> None:
    """Retrieve the error of a run that is no longer awaited, so that asyncio stays quiet."""
    if not making.cancelled():
        making.exception()
