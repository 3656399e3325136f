"""The parts of one sandbox, built once and handed to the endpoints."""

from __future__ import annotations

from starlette.requests import Request

from sandbox.blobs import Blobs
from sandbox.faults import Faults
from sandbox.files import FileStore
from sandbox.options import Options
from sandbox.outputs import OutputMaker, OutputStore
from sandbox.photos import PhotoReader
from sandbox.pictures import Studio
from sandbox.predictions import PredictionStore
from sandbox.published import Catalogue
from sandbox.runs import Runs
from sandbox.throttle import Bucket
from sandbox.webhooks import Postman


class Parts:
    """Everything that the endpoints share."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.counts: dict[str, int] = {}
        self.faults = Faults()
        self.blobs = Blobs()
        self.catalogue = Catalogue(options.models)
        self.predictions = PredictionStore()
        self.files = FileStore(self.blobs, lifetime_s=options.file_lifetime_s)
        self.outputs = OutputStore(
            self.blobs, origin=options.origin, retention_s=options.retention_s
        )
        self.creations = Bucket(
            options.creations_per_minute, burst=options.creations_per_minute / 10
        )

    def open(self) -> None:
        """Build what needs the running event loop."""
        options = self.options
        self.postman = Postman(
            secret=options.webhook_secret,
            faults=self.faults,
            retry_scale=options.webhook_retry_scale,
            timeout_s=options.webhook_timeout_s,
        )
        self.photos = PhotoReader(self.files, api=options.api)
        self.maker = OutputMaker(
            photos=self.photos, studio=Studio(), store=self.outputs, threads=options.threads
        )
        self.runs = Runs(
            maker=self.maker,
            postman=self.postman,
            seconds=options.seconds,
            api=options.api,
            retention_s=options.retention_s,
        )

    async def close(self) -> None:
        """Stop every task and remove every file."""
        self.runs.close()
        await self.postman.close()
        await self.photos.close()
        self.maker.close()
        self.blobs.close()


def parts_of(request: Request) -> Parts:
    """Return the parts of the sandbox that a request came to."""
    parts = request.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("the application was not built by build_app")
    return parts
