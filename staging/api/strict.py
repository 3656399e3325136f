"""Requests that are read to the letter."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

# What a form of the admin's session brings beside its fields.
_OF_FORMS = {"csrfmiddlewaretoken"}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses a field that it does not know: misspelt, it would buy what nobody asked for."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields) - _OF_FORMS
            if unknown:
                known = ", ".join(self.fields)
                sentence = f"There is no field of this name: choose from {known}."
                raise ValidationError({name: [sentence] for name in sorted(unknown)})
        return super().to_internal_value(data)
