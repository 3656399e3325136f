"""Refusals as people see them in the admin: at the fields of a form, or as a message."""

from collections.abc import Mapping
from types import MappingProxyType

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest

from modelsettings.errors import RequestRefused

_SAME: Mapping[str, str] = MappingProxyType({})


def put_on_form(error: RequestRefused, form: BaseForm, *, names: Mapping[str, str] = _SAME) -> None:
    """Put each sentence at the field that it is about, and on top where the form has none such.

    `names` gives the form's name of a field where it is another than the request's.
    """
    for field, sentences in error.errors.items():
        name = names.get(field, field)
        form.add_error(name if name in form.fields else None, list(sentences))


def tell(error: RequestRefused, request: HttpRequest) -> None:
    """Show the sentence as a message of the next page."""
    messages.error(request, str(error))
