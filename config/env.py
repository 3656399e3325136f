"""Reads the environment: each value once, with its type. A wrong value becomes a system check."""

import ipaddress
import os
from dataclasses import dataclass
from typing import Any

import dj_database_url


@dataclass(frozen=True, slots=True)
class Problem:
    """A value of the environment that cannot be used; `config.checks` reports it."""

    name: str
    message: str
    hint: str


problems: list[Problem] = []


def text(name: str, *, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str, *, default: str) -> str:
    """Return a value; note a problem where it is missing.

    Django refuses to work with an empty SECRET_KEY.
    """
    value = text(name, default=default)
    if not value:
        hint = "Set it to 50 random characters, or DEBUG=1 on your own machine."
        problems.append(Problem(name, f"{name} is missing.", hint))
    return value


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if value in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return value in ("1", "true", "yes", "on") if value else default
    problems.append(Problem(name, f"{name} is neither on nor off.", "Write 1 or 0."))
    return default


def number(name: str, *, default: int) -> int:
    value = text(name)
    if value.isdecimal() or not value:
        return int(value or default)
    problems.append(Problem(name, f"{name} is not a whole number.", f"The default is {default}."))
    return default


def words(name: str) -> list[str]:
    """Return the parts of a comma-separated value."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks of a comma-separated value; a wrong one becomes a problem."""
    found = []
    for word in words(name):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError as error:
            hint = "Write networks such as 10.0.0.0/8 or fd00::/8, separated by commas."
            problems.append(Problem(name, f"{name}: {error}.", hint))
    return found


def database(name: str, *, default: str) -> dict[str, Any]:
    """Return Django's settings for a database address, such as postgres://user@host/name."""
    address = text(name, default=default)
    try:
        return dict(dj_database_url.parse(address, conn_max_age=60, conn_health_checks=True))
    except ValueError:
        # The address holds a password, which the library's message would repeat.
        hint = "Write postgres://user:password@host:5432/name, or sqlite:////path/to/file."
        problems.append(Problem(name, f"{name} is not the address of a database.", hint))
        return dict(dj_database_url.parse(default))
