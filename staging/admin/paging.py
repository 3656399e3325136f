"""Lists that stay as fast with a million rows as with a thousand; for every list of the work.

    @admin.register(Thing)
    class ThingAdmin(BoundedListAdmin):
        paged_by = "created_at"

What makes a list slow is counting its rows, skipping many of them, sorting them by a column
without an index, and a filter that lists a whole table. So here rows are counted up to
`MOST_COUNTED` ("over 200"), pages are numbered as far as that, and behind them an *Older* link
goes on from the last row by `paged_by`: a column with an index, newest first, by which the rows
are ordered. No column sorts. What is asked for only the rows on the page goes into `prepare_rows`.
"""

import re
import uuid
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

MOST_COUNTED = 200


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts at most MOST_COUNTED rows, and numbers only the pages of those.

    One walk along an index finds the keys of all numbered pages, and with them the count; a page
    then reads its rows by their keys, so that nothing is looked for twice.
    """

    template_name = "admin/staging/pagination.html"

    @cached_property
    def keys(self) -> list[Any]:
        """The primary keys of the rows that are numbered, and of one more where there is one."""
        return list(self._rows.values_list("pk", flat=True)[: MOST_COUNTED + 1])

    @property
    def has_more(self) -> bool:
        """Whether there are rows behind the last numbered page."""
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
    """A page of rows, with what its admin reads for these rows alone."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # Else the page's head would say how many results there are, and offer to show all.
        self.full_result_count = self.result_count
        page = self.paginator.page(self.page_num if self.multi_page else 1)
        self.result_list = self.model_admin.prepare_rows(page.object_list)

    @property
    def older_url(self) -> str:
        """Where the rows behind the last numbered page begin; empty on the pages before it.

        The last row is shown once more there: what was made in the same moment is not lost.
        """
        rows, by = list(self.result_list), self.model_admin.paged_by
        if not rows or not self.paginator.has_more or self.page_num < self.paginator.num_pages:
            return ""
        return self._with({f"{by}__lte": getattr(rows[-1], by).isoformat()})

    @property
    def newest_url(self) -> str:
        """The same list from its beginning; empty where this is the beginning."""
        name = f"{self.model_admin.paged_by}__lte"
        return self._with({name: None}) if name in self.params else ""

    def _with(self, changed: dict[str, str | None]) -> str:
        kept = {**self.filter_params, **changed}
        return "?" + urlencode({k: v for k, v in kept.items() if v is not None}, doseq=True)


class BoundedListAdmin(ModelAdmin):
    """Pages of a model whose rows may be a million; see the module's docstring."""

    paged_by = "created_at"
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0
    list_per_page = 25
    list_filter_submit = True
    list_fullwidth = True
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return BoundedChangeList

    def prepare_rows(self, rows: QuerySet[Any]) -> Any:
        """Return the rows of one page, with what the list shows of each beside its columns."""
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Where `search_fields` is the id alone, find it by how it begins, through its index."""
        if tuple(self.search_fields) != ("pk",):
            found: tuple[QuerySet[Any], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found
        return (find_by_id(queryset, search_term) if search_term.strip() else queryset), False

    class Media:
        css = {"all": ["restage/admin.css"]}
        js = ["restage/search-select.js"]


def find_by_id(rows: QuerySet[Any], beginning: str) -> QuerySet[Any]:
    """Return those whose UUID begins so; by a range, which the primary key's index serves."""
    digits = re.sub(r"[-\s]|^job\b", "", beginning.strip().lower())
    if not re.fullmatch(r"[0-9a-f]{1,32}", digits):
        return rows.none()
    first, last = digits.ljust(32, "0"), digits.ljust(32, "f")
    return rows.filter(pk__gte=uuid.UUID(first), pk__lte=uuid.UUID(last))
