"""Requests that are read to the letter."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

from modelsettings.errors import RequestRefused

Value = TypeVar("Value")

# Fields that a form of the admin's session brings beside its own.
_OF_FORMS = {"csrfmiddlewaretoken"}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses a field that it does not know.

    A misspelt field, passed over, would buy or reset what the client did not mean.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            _check_texts(data)
            unknown = set(data) - set(self.fields) - _OF_FORMS
            if unknown:
                known = ", ".join(self.fields)
                sentence = f"There is no field of this name: choose from {known}."
                raise ValidationError({name: [sentence] for name in sorted(unknown)})
        return super().to_internal_value(data)


def _check_texts(fields: Mapping[str, Any]) -> None:
    whole = api_settings.NON_FIELD_ERRORS_KEY
    # An error at a name that no answer could repeat goes under the whole.
    checks = [(whole, list(fields)), *fields.items()]
    errors: dict[str, Any] = {}
    for name, value in checks:
        try:
            check_text(value)
        except ValidationError as error:
            errors[name if _is_text(name) else whole] = error.detail
    if errors:
        raise ValidationError(errors)


def check_query(request: Request, known: Iterable[str]) -> None:
    """Raise ValidationError for an unknown query parameter: misspelt, it would ask for all."""
    choices = list(known)
    if unknown := sorted(set(request.query_params) - set(choices)):
        some = f"Ask for one of: {', '.join(choices)}."
        sentence = some if choices else "This address takes no parameters."
        raise ValidationError({name: [sentence] for name in unknown})


def checked(value: Value, check: Callable[[Value], object]) -> Value:
    """Return a field's value that `check` lets through; its refusal becomes the field's error.

    DRF collects it with the errors of the other fields, for one answer.
    """
    try:
        check(value)
    except RequestRefused as error:
        raise ValidationError(str(error)) from error
    return value


def check_text(document: object) -> None:
    """Raise ValidationError where JSON brought half a character: no answer could repeat it."""
    try:
        is_text = _is_text(document)
    except RecursionError:
        raise ValidationError("It is nested too deep.") from None
    if not is_text:
        raise ValidationError("It holds half a character (a lone surrogate).")


def _is_text(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, Mapping):
        return all(_is_text(name) and _is_text(entry) for name, entry in value.items())
    return not isinstance(value, list) or all(map(_is_text, value))
