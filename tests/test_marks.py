"""The markers by which the tests are chosen that run on each kind of database."""

import pytest

from tests.conftest import varies_a_door

A_FILE_OF_DOORS = "tests/modelsettings/api/test_config.py"


class Named(pytest.Item):
    """A test that is not run, but has a name."""

    def runtest(self) -> None:
        """Do nothing."""


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


@pytest.mark.parametrize(
    ("name", "varies"),
    [
        (f"{A_FILE_OF_DOORS}::test_get_of_something_else[acme/gone]", True),
        # Those of tests.quick.
        (f"{A_FILE_OF_DOORS}::test_get_of_what_is_not_there[acme/gone]", False),
        ("tests/staging/spending/test_changing.py::test_a_rule", False),
    ],
)
def test_a_door_is_varied(name: str, varies: bool, request: pytest.FixtureRequest) -> None:
    assert varies_a_door(Named.from_parent(request.session, name="", nodeid=name)) is varies


def test_what_commits_is_more_than_a_door(request: pytest.FixtureRequest) -> None:
    commits = Named.from_parent(request.session, name="", nodeid=f"{A_FILE_OF_DOORS}::test_another")
    commits.add_marker(pytest.mark.django_db(transaction=True))

    assert not varies_a_door(commits)
