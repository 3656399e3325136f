from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from staging.models import Tallied, Tally
from tests.missing import POSTGRES, needs

pytestmark = pytest.mark.django_db


def counts() -> dict[tuple[str, str], int]:
    return {(one.name, one.label): one.count for one in Tally.objects.all()}


def test_add_counts_each_label_apart() -> None:
    for tallied in (Tallied.BOUGHT, Tallied.UNCERTAIN, Tallied.BOUGHT):
        Tally.add(tallied)
    for _ in range(5):
        Tally.add(Tallied.BOUGHT)

    assert counts() == {("submits", "bought"): 7, ("submits", "uncertain"): 1}


def test_add_is_one_statement_once_the_row_is_there(django_assert_num_queries: object) -> None:
    Tally.add(Tallied.BOUGHT)

    with django_assert_num_queries(1):  # type: ignore[operator]
        Tally.add(Tallied.BOUGHT)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_add_by_threads_at_once_loses_none() -> None:
    start = Barrier(4)

    def add(_: int) -> None:
        try:
            start.wait()
            for _ in range(5):
                Tally.add(Tallied.BOUGHT)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(4)))

    assert counts() == {("submits", "bought"): 20}
