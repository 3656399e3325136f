"""The address of a client, as a proxy tells it or as a client would like it to be."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from config.http.client_address import client_address, counted_address

PROXY = "10.0.0.2"


def asked(settings: Settings, *, trusted: bool, forwarded: str = "", peer: str = PROXY) -> object:
    settings.TRUSTED_PROXY = trusted
    headers = {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        # What a client wrote, and what the proxy added to it.
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1,unknown , 203.0.113.7:55123", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2:3::4"),
        ("[2001:db8:1:2:3::4]:443", "2001:db8:1:2:3::4"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::1"),
        # No address: it did not come by the proxy.
        ("", PROXY),
        ("203.0.113.7, somebody", PROXY),
    ],
)
def test_client_address_behind_a_proxy(settings: Settings, forwarded: str, address: str) -> None:
    assert asked(settings, trusted=True, forwarded=forwarded) == address


def test_client_address_without_a_proxy_is_not_what_a_client_writes(settings: Settings) -> None:
    found = asked(settings, trusted=False, peer="192.0.2.9", forwarded="203.0.113.7")

    assert found == "192.0.2.9"


def test_client_address_of_a_socket_without_one(settings: Settings) -> None:
    assert asked(settings, trusted=False, peer="") is None


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
        ("", None),
    ],
)
def test_counted_address(peer: str, counted: str | None) -> None:
    assert counted_address(RequestFactory().get("/", REMOTE_ADDR=peer)) == counted
