"""Published models: files in the shape that `GET /v1/models/{owner}/{name}` answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sandbox.validation import Document, InputSchema

HIDDEN = "hidden"
# Every model has these fields at Replicate, and the official Python client insists on them; a file
# that was written by hand may leave them out.
LEFT_OUT: Document = {
    "description": None,
    "visibility": "public",
    "github_url": None,
    "paper_url": None,
    "license_url": None,
    "run_count": 0,
    "cover_image_url": None,
    "default_example": None,
    "latest_version": None,
}
# A key of a file for the sandbox alone: "fastapi" has the model refuse inputs in FastAPI's words,
# as models do whose inputs Replicate does not check itself.
REFUSALS = "x-sandbox-refusals"
# Replicate may answer null here, which the official Python client refuses.
NO_COG_VERSION = "0.0.0"


class PublishedModel:
    """One model as it was published."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.owner: str = document["owner"]
        self.name: str = document["name"]

    @property
    def slug(self) -> str:
        """The model's `owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def is_official(self) -> bool | None:
        """Whether Replicate maintains the model; None where the file does not say."""
        return self.document.get("is_official")

    @property
    def latest_version(self) -> Document | None:
        """The version in use; null for a few official models.

        docs/replicate-facts/http.md, "Models and their schemas".
        """
        return self.document.get("latest_version")

    @property
    def shown(self) -> Document:
        """The model as the API shows it: its file, with the fields that it leaves out."""
        address = {"url": f"https://replicate.com/{self.slug}"}
        said = {key: value for key, value in self.document.items() if key != REFUSALS}
        return {**address, **LEFT_OUT, **said, "latest_version": self.shown_version}

    @property
    def shown_version(self) -> Document | None:
        """The version in use as the API shows it."""
        return self.latest_version and {"cog_version": NO_COG_VERSION, **self.latest_version}

    @property
    def version_id(self) -> str:
        """The version that a prediction of this model shows."""
        if self.is_official or self.latest_version is None:
            return HIDDEN
        return str(self.latest_version["id"])

    @property
    def published_at(self) -> str:
        """The time when the version in use was created, in ISO 8601; empty without a version."""
        return str((self.latest_version or {}).get("created_at") or "")

    @cached_property
    def schemas(self) -> Document:
        """The components of the model's OpenAPI document."""
        openapi = (self.latest_version or {}).get("openapi_schema") or {}
        return dict((openapi.get("components") or {}).get("schemas") or {})

    @cached_property
    def input_schema(self) -> InputSchema:
        """The model's Input, ready to validate with."""
        return InputSchema(self.schemas, speaks_fastapi=self.document.get(REFUSALS) == "fastapi")

    @cached_property
    def output_schema(self) -> Document:
        """The model's Output; a list of addresses where none was published."""
        output = self.schemas.get("Output")
        while output and "$ref" in output:
            output = self.schemas.get(str(output["$ref"]).rsplit("/", 1)[-1])
        return output or {"type": "array", "items": {"type": "string", "format": "uri"}}


class Catalogue:
    """The models of some folders, by slug and by version."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._models: dict[str, PublishedModel] = {}
        # Each version that was ever published, by slug and id: it can be run for ever.
        self._versions: dict[tuple[str, str], PublishedModel] = {}
        self.read()

    def __iter__(self) -> Iterator[PublishedModel]:
        return iter(list(self._models.values()))

    def read(self) -> None:
        """Read the folders again: new files appear, changed files take effect."""
        for folder in self._folders:
            for path in sorted(folder.glob("*.json")):
                document: Any = json.loads(path.read_text())
                if isinstance(document, dict) and {"owner", "name"} <= document.keys():
                    self.put(document)

    def put(self, document: Document) -> None:
        """Publish a model, in place of an earlier one of that name."""
        model = PublishedModel(document)
        self._models[model.slug] = model
        if model.latest_version is not None:
            self._versions[model.slug, str(model.latest_version["id"])] = model

    def find(self, slug: str) -> PublishedModel | None:
        """Return the model called `owner/name`, reading the folders again at need."""
        if slug not in self._models:
            self.read()
        return self._models.get(slug)

    def newest_first(self) -> list[PublishedModel]:
        """Return all models by the age of their version, those without one last."""
        return sorted(self, key=lambda model: model.published_at, reverse=True)

    def search(self, text: str) -> list[PublishedModel]:
        """Return the models whose name or description has every word of a text."""
        words = text.lower().split()
        return [
            model
            for model in self.newest_first()
            if all(
                word in f"{model.slug} {model.document.get('description')}".lower()
                for word in words
            )
        ]

    def find_version(self, version: str) -> PublishedModel | None:
        """Return the model that a prediction's `version` names, where it may be run that way.

        `owner/name` is for official models only, `owner/name:id` and `id` for the others.
        A model whose file does not say whether it is official may be run either way.
        """
        slug, _, version_id = version.partition(":")
        if "/" in slug:
            model = self.find(slug)
            if model is None or (model.is_official is False and not version_id):
                return None
            if not version_id:
                return model
            return _where_runnable([self._versions.get((slug, version_id))])
        return _where_runnable(
            [model for (_, number), model in self._versions.items() if number == version]
        )


def _where_runnable(found: Iterable[PublishedModel | None]) -> PublishedModel | None:
    return next((model for model in found if model and not model.is_official), None)
