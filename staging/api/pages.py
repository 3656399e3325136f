"""Lists in pages: the query of a list, and the answer with one of its pages.

    class ThingQuery(PageQuery):
        project = serializers.UUIDField(required=False)

    @extend_schema(
        operation_id="staging_things_list",
        parameters=[ThingQuery],
        responses=page_of(ThingSerializer),
    )
    def get(self, request: Request) -> Response:
        asked = ThingQuery.read(request)
        things = seen_things(request)
        if "project" in asked:
            things = things.filter(project=asked["project"])
        return answer_page(things, request, serializer=ThingSerializer)

A cursor marks where a page begins; rows that come or go meanwhile do not shift it.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from modelsettings.api.strict import check_query

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100

Row = TypeVar("Row", bound=Model)


class MomentField(serializers.DateTimeField):
    """A time that all databases can compare with: from 1901 to 2999."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if not _is_sane(moment):
            raise ValidationError("Write a year between 1901 and 2999.")
        return moment


class PageQuery(serializers.Serializer[Any]):
    """The query that every list takes; subclasses add filters."""

    cursor = serializers.CharField(
        required=False, help_text="Where a page begins: from `next` or `previous` of another."
    )
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE
    )

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the request's query. Raises ValidationError, also for unknown parameters."""
        asked = cls(data=request.query_params)
        check_query(request, asked.fields)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)


class CreatedPages(CursorPagination):
    """Pages by `created_at`, the newest first."""

    # Rows made at the same moment need a second column, to have an order for the cursor.
    ordering = ("-created_at", "-pk")
    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Refuse a cursor that we did not make: its text is compared with a time."""
        try:
            cursor = super().decode_cursor(request)
            # The type stubs are wrong: it is a text.
            position: Any = cursor.position if cursor else None
            moment = None if position is None else parse_datetime(position)
        except (NotFound, ValueError):
            raise _no_cursor() from None
        if position is not None and (moment is None or not _is_sane(moment)):
            raise _no_cursor()
        return cursor


def answer_page(
    rows: QuerySet[Row], request: Request, *, serializer: type[serializers.BaseSerializer[Any]]
) -> Response:
    """Answer with the page that a request asks for, the newest rows first."""
    pages = CreatedPages()
    page = pages.paginate_queryset(rows, request)
    shown = serializer(page, many=True, context={"request": request})
    return pages.get_paginated_response(shown.data)


def _is_sane(moment: datetime) -> bool:
    return moment.tzinfo is not None and 1900 < moment.year < 3000


def _no_cursor() -> ValidationError:
    return ValidationError({"cursor": ["This is no cursor: take the address in `next`."]})


def page_of(
    serializer: type[serializers.BaseSerializer[Any]],
) -> type[serializers.BaseSerializer[Any]]:
    """Return a serializer that describes a page of a list in the API's description."""
    name = serializer.__name__.removesuffix("Serializer")
    return type(
        f"{name}PageSerializer",
        (serializers.Serializer,),
        {
            "next": serializers.URLField(allow_null=True, help_text="The older ones."),
            "previous": serializers.URLField(allow_null=True, help_text="The newer ones."),
            "results": serializer(many=True),
        },
    )
