"""Who sent a request, as far as its address tells."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

UNKNOWN_SOURCE = "unknown"
_LONGEST_ADDRESS = 64
_OWN_NETWORK_BITS = 64
# A load balancer may be set to state the client's port too.
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d{1,5})?|(?P<v4>\d+\.\d+\.\d+\.\d+):\d{1,5}")


def source_of(address: str) -> str:
    """What one sender has to itself: an IPv4 address, or the /64 network of an IPv6 address.

    Whoever has one IPv6 address has all of its network, and could take a new one for each request. Text that is no
    address stands for one source, whatever it says.
    """
    ip = _read(address.strip())
    if ip is None:
        return UNKNOWN_SOURCE
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((int(ip), _OWN_NETWORK_BITS), strict=False))
    return str(ip)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > _LONGEST_ADDRESS:
        return None
    with_port = _WITH_PORT.fullmatch(text)
    try:
        return ip_address(text if with_port is None else with_port["v6"] or with_port["v4"])
    except ValueError:
        return None
