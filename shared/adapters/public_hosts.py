"""Where a server lies: only what is reachable by everybody may be visited on a stranger's word.

Names that somebody chose could lead into our own network, or to the address where a machine finds its credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Addresses of IPv6 that carry one of IPv4, by which they could lead anywhere.
# Source: RFC 4291 (mapped, compatible), RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
_CARRIERS: tuple[ipaddress.IPv6Network, ...] = tuple(
    ipaddress.IPv6Network(network)
    for network in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
# What registries keep for themselves, in networks that older versions of Python call global.
# Source: IANA IPv4 Special-Purpose Address Registry; RFC 3879 (site-local).
_RESERVED: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv6Network("fec0::/10"),
)
_NOT_EVERYBODYS = (*_CARRIERS, *_RESERVED)
# Where AWS answers machines, whatever the registries say of it.
_METADATA = frozenset({"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"})


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """The addresses that a name has now.

    Raises:
        OSError: it has none, or nobody could be asked.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in found]


def is_public(address: str) -> bool:
    """Whether it is a global unicast address, which anybody could visit too."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in _NOT_EVERYBODYS):
        return False
    is_special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    return ip.is_global and not is_special and str(ip) not in _METADATA


def is_loopback(address: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
