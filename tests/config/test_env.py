from collections.abc import Callable, Iterator

import pytest

from config import env


@pytest.fixture(autouse=True)
def problems() -> Iterator[list[env.Problem]]:
    before = list(env.problems)
    env.problems.clear()
    yield env.problems
    env.problems[:] = before


@pytest.mark.parametrize(
    ("value", "read"),
    [("1", True), ("Yes", True), (" on ", True), ("0", False), ("no", False), ("", False)],
)
def test_flag(monkeypatch: pytest.MonkeyPatch, value: str, read: bool) -> None:
    monkeypatch.setenv("A_FLAG", value)

    assert env.flag("A_FLAG") is read
    assert env.problems == []


def test_number_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_NUMBER", raising=False)

    assert env.number("A_NUMBER", default=7) == 7


def test_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDS", " a.example , ,b.example,")

    assert env.words("WORDS") == ["a.example", "b.example"]


def test_database_keeps_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_DATABASE", "postgres://ann:pw@db:5433/restage")

    read = env.database("A_DATABASE", default="sqlite://:memory:")

    assert (read["ENGINE"], read["HOST"], read["PORT"]) == (
        "django.db.backends.postgresql", "db", 5433
    )  # fmt: skip
    assert (read["CONN_MAX_AGE"], read["CONN_HEALTH_CHECKS"]) == (60, True)


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (env.flag, "maybe", "NAME is neither on nor off."),
        (lambda name: env.number(name, default=7), "-1", "NAME is not a whole number."),
        (lambda name: env.number(name, default=7), "many", "NAME is not a whole number."),
        (lambda name: env.secret(name, default=""), " ", "NAME is missing."),
        (
            lambda name: env.database(name, default="sqlite://:memory:"),
            "mongo://ann:hunter2@db/x",
            "NAME is not the address of a database.",
        ),
    ],
)
def test_a_wrong_value_is_a_problem_that_does_not_repeat_it(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], object], value: str, message: str
) -> None:
    monkeypatch.setenv("NAME", value)

    read("NAME")

    assert [(one.name, one.message) for one in env.problems] == [("NAME", message)]
    assert "hunter2" not in repr(env.problems)


def test_networks_leaves_out_what_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWORKS", "10.0.0.0/8, fd00::/8, 10.0.0.1/8, everything")

    found = env.networks("NETWORKS")

    assert [str(one) for one in found] == ["10.0.0.0/8", "fd00::/8"]
    assert [one.message for one in env.problems] == [
        "NETWORKS: 10.0.0.1/8 has host bits set.",
        "NETWORKS: 'everything' does not appear to be an IPv4 or IPv6 network.",
    ]
