"""The network address of a client: what its requests are counted by, and logged with."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the address that a request came from, or None where there is none to read.

    Behind a trusted proxy it is the last address of X-Forwarded-For: the one that the proxy itself
    has added. All before it is what the client wrote, or a proxy that we do not know. Without a
    trusted proxy the header is ignored.
    """
    if settings.TRUSTED_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if added := _read(forwarded.rpartition(",")[2]):
            return str(added)
    found = _read(request.META.get("REMOTE_ADDR", ""))
    return str(found) if found else None


def counted_address(request: HttpRequest) -> str | None:
    """Return what stands for a client where its tries are counted.

    An IPv6 client has as many addresses as it likes, the last 64 bits being its own: all of them
    count as the first.
    """
    address = client_address(request)
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)


def _read(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        # Without the zone of a link-local address, which a database does not store.
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
