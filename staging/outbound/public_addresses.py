"""Addresses of the public internet, told apart by a table of our own.

Python's `is_global` is no measure: its table of networks changed within 3.11, 3.12 and 3.13, and
Debian's 3.11.2 has the later one. Here the same addresses are public whatever the interpreter.

The table follows IANA's registries of special-purpose addresses, both of 2025-10-09:
https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry;
multicast (224.0.0.0/4, RFC 5771) has a registry of its own. Some blocks are not globally reachable
but for a few addresses, of protocols that are not HTTP: such a block is taken as not public as a
whole. Addresses that are not listed are public, and so are the sinks of AS112, which IANA calls
reachable.
"""

import ipaddress
from ipaddress import IPv4Network, IPv6Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, behind a provider's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, among them the reachable anycasts .9 and .10
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4 and 6a44, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the limited broadcast
    )
)
# The only part of IPv6 that IANA gives out as global unicast: all else is private or unused.
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, among them reachable anycasts, AMT and ORCHIDv2
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
# Addresses in these networks lead to an IPv4 address that is written inside them.
MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
TEREDO = IPv6Network("2001::/32")
SIX_TO_FOUR = IPv6Network("2002::/16")


def is_public(address: Address) -> bool:
    """Say whether an address is of the public internet.

    An address that wraps IPv4 addresses is public if all of these are.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    if inner := inner_addresses(address):
        return all(is_public(found) for found in inner)
    return address in GLOBAL_UNICAST_V6 and not any(address in network for network in NOT_PUBLIC_V6)


def inner_addresses(address: Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 one leads to: mapped, NAT64, 6to4, Teredo.

    Teredo's are two, the relay's server and the client, whose bits are inverted (RFC 4380).
    """
    if isinstance(address, ipaddress.IPv4Address):
        return []
    bits = int(address)
    if address in MAPPED or address in NAT64:
        return [_v4(bits)]
    if address in SIX_TO_FOUR:
        return [_v4(bits >> 80)]
    if address in TEREDO:
        return [_v4(bits >> 64), _v4(~bits)]
    return []


def _v4(bits: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bits & 0xFFFFFFFF)
