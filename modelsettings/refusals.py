"""Refusals as people see them in the admin: at the fields of a form, or as a message."""

from collections.abc import Mapping
from types import MappingProxyType

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest

from modelsettings.errors import RequestRefused

_SAME: Mapping[str, str] = MappingProxyType({})


def put_on_form(error: RequestRefused, form: BaseForm, *, names: Mapping[str, str] = _SAME) -> None:
    """Put each sentence at the field that it is about, or on top where the form has no such field.

    `names` maps a field of the request to the form's, where their names differ.
    """
    for field, sentences in error.errors.items():
        name = names.get(field, field)
        form.add_error(name if name in form.fields else None, list(sentences))


def tell(error: RequestRefused, request: HttpRequest) -> None:
    """Show the sentence as a message of the next page."""
    messages.error(request, str(error))
