"""The API's description (OpenAPI), completed with what holds for all views.

drf-spectacular reads requests and answers from the views. This module adds the errors that any
request of a kind can meet, in one shape each; that answers have all their fields; and a summary, a
group and a short name for each operation.
"""

import copy
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.permissions import IsAuthenticated

from config.http.errors import refusal_codes
from modelsettings.api.strict import StrictSerializer
from staging.api.refusals import DetailSerializer

Document = dict[str, Any]

# An operation's group, by the beginning of its path; the first that fits counts.
_TAGS = {
    "admin/models/{slug}/profiles": "profiles",
    "admin/models/{slug}": "settings",
    "admin/disclosure-rules": "settings",
    "admin/changes": "settings",
    "admin/settings": "settings",
    "admin/models": "models",
    "staging/jobs/{job_id}/shares": "shares",
    "staging/callback-secret": "callbacks",
    "staging/invitations": "projects",
    "staging/models": "models",
    "staging/limits": "usage",
    "staging/room-types": "prompts",
    "staging/styles": "prompts",
    "staging/prompt": "prompts",
    "tokens": "accounts",
}
_PATH_PARAMETERS = {
    "slug": "A model: owner/name, the slash as it is or as %2F.",
    "name": "A profile's name.",
    "username": "Whom it is about.",
}
# POST to these paths carries out an action; it creates nothing that has an address.
_VERBS = ("cancel", "retry", "repeat", "reset", "rollback", "renew", "accept", "decline")

_ERRORS: Document = {
    "type": "object",
    "description": "Sentences by the field that they are about, or one as `detail`. What is wrong "
    "with an element of a list or an object stands under its place.",
    "minProperties": 1,
    "additionalProperties": {
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "object"}]}},
            {"type": "object"},
        ]
    },
    "example": {"style": ['There is no style "baroque": choose one of modern, scandinavian.']},
}
_CODED: Document = {
    "type": "object",
    "description": "Why a request was refused: in a sentence for people, and as a code for a front "
    "end. Another release may add codes: treat one that you do not know as its status.",
    "properties": {"detail": {"type": "string"}, "code": {"type": "string"}},
    "required": ["code", "detail"],
}
# A field of a 403 with the code not_overridable.
_PARAMETERS: Document = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What clients may not change; with the code `not_overridable` alone.",
}
_REFUSALS = {
    "400": "Something in the request is wrong.",
    "401": "No token, or none that is valid.",
    "402": "A spending limit leaves no room for it.",
    "403": "You may not do this.",
    "404": "There is none, or it is not yours to see.",
    "409": "It is not possible as things stand.",
    "413": "It is too large.",
    "415": "A body of this type is not read.",
    "429": "Your account asked for too much in the last minute.",
}
# The components of refusals that bear a code: each status has codes of its own.
_CODED_NAMES = {
    "402": "PaymentRefusal",
    "403": "AccessRefusal",
    "409": "StateRefusal",
    "429": "PaceRefusal",
}
# Headers of refusals that pass after a while.
_LATER: Document = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds until it may work."}
}


def write_nulls_plainly(result: Document, **_: Any) -> Document:
    """Write null where a field may be null, as every generator reads it.

    drf-spectacular refers to a component `NullEnum`, from which generators make a class. A field
    that may hold anything it describes as `oneOf` anything and null; null matches both of these,
    and so is invalid.
    """
    result["components"]["schemas"].pop("NullEnum", None)
    written: Document = _with_plain_nulls(result)
    return written


def _with_plain_nulls(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_plain_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node == {"$ref": "#/components/schemas/NullEnum"}:
        return {"type": "null"}
    if node.get("oneOf") == [{}, {"type": "null"}]:
        return {name: value for name, value in node.items() if name != "oneOf"}
    return {name: _with_plain_nulls(value) for name, value in node.items()}


class RestageSchema(AutoSchema):
    """drf-spectacular's reading of a view, completed."""

    def get_summary(self) -> str:
        """Return the first line of an operation's description."""
        return str(self.get_description()).split("\n")[0].removesuffix(".")

    def get_tags(self) -> list[str]:
        path = self._short_path()
        found = (tag for beginning, tag in _TAGS.items() if path.startswith(beginning))
        return [next(found, "") or path.split("/")[1]]

    def get_operation_id(self) -> str:
        """Return a name for generated clients: `staging_jobs_cancel`, `…_pictures_download`."""
        name = str(super().get_operation_id()).replace("pictures.zip_retrieve", "pictures_download")
        if self._short_path().endswith(_VERBS):
            name = name.removesuffix("_create")
        return name

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Return a component's name; drf-spectacular adds `Request` to those of requests."""
        name = str(super().get_serializer_name(serializer, direction))
        if direction == "request":
            name = name.removesuffix("Serializer").removesuffix("Request")
        return name

    def _short_path(self) -> str:
        return str(self.path).removeprefix("/api/v1/")

    def _resolve_path_parameters(self, variables: Any) -> list[Document]:
        read: Any = super()._resolve_path_parameters
        found: list[Document] = read(variables)
        for parameter in found:
            if parameter["name"] in _PATH_PARAMETERS:
                parameter["description"] = _PATH_PARAMETERS[parameter["name"]]
        return found

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Document:
        """Say that an answer has every field, also where a request may leave it out."""
        read: Any = super()._map_basic_serializer
        schema: Document = read(serializer, direction)
        if direction == "response" and schema.get("properties"):
            schema["required"] = sorted(schema["properties"])
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _get_response_bodies(self, direction: Any = "response") -> Document:
        answers = super()._get_response_bodies(direction)
        if direction != "response":
            return answers
        for status in self._usual_refusals() - answers.keys():
            answers[status] = {"description": _REFUSALS[status]}
        for status, answer in answers.items():
            usual = _REFUSALS.get(status) or HTTPStatus(int(status)).phrase
            answer["description"] = answer["description"] or usual
            if status in _REFUSALS:
                answer["content"] = {"application/json": {"schema": self._refusal(status)}}
            if status in ("429", "503"):
                answer["headers"] = _LATER
        return dict(sorted(answers.items()))

    def _usual_refusals(self) -> set[str]:
        """Return the statuses of refusals that any view with such a request can answer."""
        is_safe = self.method == "GET"
        # Any If-None-Match is accepted: a malformed ETag counts as one that does not match.
        parameters = self._get_parameters()
        places = {item["in"] for item in parameters if item["name"] != "If-None-Match"}
        read_body: Any = self._get_request_body
        has_body = not is_safe and read_body() is not None
        only_account = self.view.permission_classes == [IsAuthenticated]
        possible = {
            "400": has_body or bool(places & {"query", "header"}),
            "401": True,
            # A session's request without its CSRF token is refused as well.
            "403": not (is_safe and only_account),
            "404": "path" in places,
            "413": has_body,
            "415": has_body,
            "429": not is_safe and bool(self.view.throttle_classes),
        }
        return {status for status, is_possible in possible.items() if is_possible}

    def _refusal(self, status: str) -> Document:
        if status == "400":
            return self._component("Errors", _ERRORS)
        if status not in _CODED_NAMES:
            return self.resolve_serializer(DetailSerializer, "response").ref
        schema = copy.deepcopy(_CODED)
        schema["properties"]["code"]["enum"] = refusal_codes()[int(status)]
        if status == "403":
            schema["properties"]["parameters"] = _PARAMETERS
        return self._component(_CODED_NAMES[status], schema)

    def _component(self, name: str, schema: Document) -> Document:
        make: Any = ResolvedComponent
        component = make(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
        self.registry.register_on_missing(component)
        found: Document = component.ref
        return found
