"""Lists that stay as fast with a million rows as with a thousand, for all growing tables.

    @admin.register(Thing)
    class ThingAdmin(BoundedListAdmin):
        paged_by = "created_at"

A list gets slow by counting its rows, by skipping many of them, by sorting them by a column
without an index, and by a filter that lists a whole table. So rows are counted up to
`MOST_COUNTED` ("over 200"), and only the pages of these have numbers. After the last of them an
*Older* link goes on from its last row by `paged_by`, an indexed column by which the rows are
ordered, the newest first. No other column sorts. Queries for the rows of a page alone go into
`prepare_rows`.
"""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from staging.access import seen_kinds
from staging.admin.page_parts import user_of
from staging.finding import Word, words_of

MOST_COUNTED = 200


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts at most MOST_COUNTED rows, and numbers only their pages.

    A single walk along an index finds the keys of all numbered pages, and with them the count. A
    page then reads its rows by their keys, without a second walk.
    """

    template_name = "admin/staging/pagination.html"

    @cached_property
    def keys(self) -> list[Any]:
        """The primary keys of the rows on numbered pages, and of a next row where there is one."""
        return list(self._rows.values_list("pk", flat=True)[: MOST_COUNTED + 1])

    @property
    def has_more(self) -> bool:
        """Whether there are rows after the last numbered page."""
        return len(self.keys) > MOST_COUNTED

    @cached_property
    def count(self) -> int:
        return min(len(self.keys), MOST_COUNTED)

    def page(self, number: int | str) -> Any:
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        keys = self.keys[bottom : min(bottom + self.per_page, self.count)]
        return Page(self._rows.filter(pk__in=keys), number, self)

    @property
    def _rows(self) -> QuerySet[Any]:
        return cast("QuerySet[Any]", self.object_list)


class BoundedChangeList(ChangeList):
    """A page of rows, prepared by its admin's `prepare_rows`."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # Otherwise the page's head would show the count of all rows, and offer to show them all.
        self.full_result_count = self.result_count
        page = self.paginator.page(self.page_num if self.multi_page else 1)
        self.result_list = list(self.model_admin.prepare_rows(page.object_list))
        sees = seen_kinds(user_of(request))
        for row in self.result_list:
            row.sees = sees

    @property
    def older_url(self) -> str:
        """The address of the rows after the last numbered page; empty on earlier pages.

        The last row is shown once more there, so that rows of the same moment are not lost.
        """
        rows, by = list(self.result_list), self.model_admin.paged_by
        if not rows or not self.paginator.has_more or self.page_num < self.paginator.num_pages:
            return ""
        return self._with({f"{by}__lte": getattr(rows[-1], by).isoformat()})

    @property
    def newest_url(self) -> str:
        """The address of the same list from its beginning; empty where this is it."""
        name = f"{self.model_admin.paged_by}__lte"
        return self._with({name: None}) if name in self.params else ""

    def _with(self, changed: dict[str, str | None]) -> str:
        kept = {**self.filter_params, **changed}
        return "?" + urlencode({k: v for k, v in kept.items() if v is not None}, doseq=True)


class BoundedListAdmin(ModelAdmin):
    """The admin of a model with up to millions of rows; see the module's docstring."""

    paged_by = "created_at"
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0
    list_per_page = 25
    list_filter_submit = True
    list_fullwidth = True
    sortable_by = ()
    # Matches rows by a word of a search (`staging.finding`), in the place of `search_fields`.
    named_by: Callable[[Word], Q] | None = None

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Return what Django searches; with `named_by`, only that there is a search."""
        return tuple(self.search_fields) or (("pk",) if self.named_by else ())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return BoundedChangeList

    def prepare_rows(self, rows: QuerySet[Any]) -> Any:
        """Return the rows of a page, with related rows and attributes that the list shows."""
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by words, each of which has to name a row."""
        if self.named_by is None:
            found: tuple[QuerySet[Any], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found
        for word in words_of(search_term, by=user_of(request)):
            queryset = queryset.filter(self.named_by(word))
        return queryset, False

    class Media:
        css = {"all": ["restage/admin.css"]}
