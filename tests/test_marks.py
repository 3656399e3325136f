"""The marker by which the tests are chosen that run on each kind of database."""

import pytest


def is_marked(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("database") is not None


@pytest.mark.django_db
def test_a_test_that_says_so_needs_a_database(request: pytest.FixtureRequest) -> None:
    assert is_marked(request)


@pytest.mark.usefixtures("operator")
def test_a_test_whose_fixtures_ask_for_it_needs_a_database(request: pytest.FixtureRequest) -> None:
    assert is_marked(request)


def test_another_needs_none(request: pytest.FixtureRequest) -> None:
    assert not is_marked(request)
