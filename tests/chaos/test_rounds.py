"""How a round counts what struck."""

from typing import Any

from tests.chaos.rounds import hits

LOSE: dict[str, Any] = {"on": "webhook", "do": "lose", "times": 0}
DROPS: dict[str, Any] = {"on": "create", "do": "drop", "times": 3}
BUSY: dict[str, Any] = {"on": "get", "do": "status", "status": 429}


def test_hits_adds_up_what_still_stands() -> None:
    standing = [{**LOSE, "seconds": None, "hits": 2}, {**LOSE, "chance": 0.5, "hits": 5}]

    assert hits((LOSE, {**LOSE, "chance": 0.5}), standing) == {"webhook lose": 7}


def test_hits_knows_that_what_stands_no_more_was_used_up() -> None:
    assert hits((DROPS, BUSY), []) == {"create drop": 3, "look status 429": 1}


def test_hits_takes_both_ways_to_look_for_one() -> None:
    standing = [{**BUSY, "hits": 0}, {**BUSY, "on": "list", "hits": 4}]

    assert hits((BUSY, {**BUSY, "on": "list"}), standing) == {"look status 429": 4}


def test_hits_names_what_never_struck() -> None:
    assert hits((DROPS,), [{**DROPS, "hits": 0}]) == {"create drop": 0}
