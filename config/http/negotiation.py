"""Chooses the format that the API answers in."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OwnFormat(DefaultContentNegotiation):
    """Answers in the view's own format where a client asks for one that the view does not have.

    RFC 9110 (12.5.1) allows this or a 406. With this a browser's address bar, and a client that
    asks for a ZIP, can read the sentence of a refusal.
    """

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        offered = list(renderers)
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(
                request, offered, format_suffix
            )
        except (NotAcceptable, Http404):
            return offered[0], offered[0].media_type
        return chosen
