"""Addresses of the public internet: the same ones on every release of Python.

`ipaddress` knows them too, by tables that differ between releases. Where all releases agree we
agree with them, and where they or we do not is listed here.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staging.outbound.public_addresses import NOT_PUBLIC_V4, NOT_PUBLIC_V6, Address, is_public

Network = IPv4Network | IPv6Network

# Python asks only whether a network is registered as private: of these it says that, or the
# contrary, by release. We refuse all of them.
REFUSED_ON_PURPOSE: list[Network] = [
    # Until 2024 public but for a few; since then private but for .9 and .10.
    IPv4Network("192.0.0.0/24"),
    # Withdrawn, and called public by all.
    IPv4Network("192.88.99.0/24"),
    # Multicast, most of which is called public by all.
    IPv4Network("224.0.0.0/4"),
    # Since 2024 public in parts: anycasts, AMT, AS112, ORCHIDv2.
    IPv6Network("2001::/23"),
    # Registered in 2024, and unknown to most.
    IPv6Network("3fff::/20"),
]
# Judged by the address inside; Python calls 6to4 public or private, by release, whole.
WRAPPING: list[Network] = [IPv6Network("2001::/32"), IPv6Network("2002::/16")]
UNICAST = IPv6Network("2000::/3")

# A busy machine is not a slow function.
patiently = settings(deadline=None)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True),
        ("2002:5db8:d822::1", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.0.9", False),
        ("192.0.0.192", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("239.1.1.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fe80::1%lo", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::5db8:d822", False),
        ("2002:7f00:1::1", False),
        ("2002:a00:1::1", False),
        ("2002:e000:1::1", False),
        ("2001:0:5db8:d822::", False),
        ("2001:0:5db8:d822:0:0:a247:27dd", True),
        ("2001:0:a00:1:0:0:a247:27dd", False),
        ("2001:0:5db8:d822:0:0:80ff:fffe", False),
        ("2001:1::1", False),
        ("2001:20::1", False),
        ("3fff::1", False),
        ("3fff:1000::1", True),
        ("5f00::1", False),
        ("100::1", False),
        ("64:ff9b:1::a00:1", False),
        ("2620:4f:8000::1", True),
    ],
)
def test_is_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def is_as_python_says(address: Address) -> bool:
    return is_public(address) == address.is_global


def is_listed(address: Address) -> bool:
    """Say whether we may differ from Python here, on purpose."""
    return any(is_within(address, network) for network in [*REFUSED_ON_PURPOSE, *WRAPPING])


def is_within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


@patiently
@given(st.ip_addresses(v=4))
def test_ipv4_is_as_python_says_but_for_what_is_listed(address: IPv4Address) -> None:
    assert is_as_python_says(address) or is_listed(address)


@patiently
@given(st.ip_addresses(v=6) | st.ip_addresses(v=6, network=UNICAST))
def test_ipv6_is_as_python_says_within_global_unicast(address: IPv6Address) -> None:
    if address in UNICAST:
        assert is_as_python_says(address) or is_listed(address)


@pytest.mark.parametrize("network", [*NOT_PUBLIC_V4, *NOT_PUBLIC_V6], ids=str)
def test_edges_of_each_network_are_as_python_says(network: Network) -> None:
    first, last = network[0], network[-1]
    outside = [first - 1] if int(first) else []
    outside += [last + 1] if str(last) != "255.255.255.255" else []

    assert not is_public(first)
    assert all(is_as_python_says(edge) or is_listed(edge) for edge in [first, last, *outside])


@pytest.mark.parametrize("network", REFUSED_ON_PURPOSE, ids=str)
@patiently
@given(data=st.data())
def test_what_is_listed_is_refused(network: Network, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(network=network))

    assert not is_public(address) or any(is_within(address, wrapping) for wrapping in WRAPPING)


@patiently
@given(st.ip_addresses(v=6))
def test_outside_of_global_unicast_only_wrapped_addresses_are_public(address: IPv6Address) -> None:
    if address not in UNICAST and is_public(address):
        assert any(
            address in wrapping
            for wrapping in (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
        )


@patiently
@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_what_wraps_an_address_is_judged_by_it(inner: IPv4Address, server: IPv4Address) -> None:
    bits = int(inner)

    wrapping = {
        "mapped": IPv6Address(0xFFFF << 32 | bits),
        "NAT64": IPv6Address(0x64FF9B << 96 | bits),
        "6to4": IPv6Address(0x2002 << 112 | bits << 80 | 1),
    }
    teredo = IPv6Address(0x20010000 << 96 | int(server) << 64 | bits ^ 0xFFFFFFFF)

    assert {name: is_public(address) for name, address in wrapping.items()} == dict.fromkeys(
        wrapping, is_public(inner)
    )
    assert is_public(teredo) == (is_public(server) and is_public(inner))
