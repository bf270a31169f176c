"""IP addresses: the part of one that is kept, and the network that it counts for. Pure."""

from __future__ import annotations

import ipaddress
from typing import Literal, NamedTuple

_KEPT = {4: 24, 6: 48}
_COUNTED = {4: 32, 6: 64}


class Network(NamedTuple):
    """Who is asking, as far as limits go: one IPv4 address, or one IPv6 network (/64)."""

    version: int
    name: str


def kept(ip: str | None, how: Literal["cut", "full", "none"]) -> str | None:
    """What is kept of an address: its network (/24, or /48 in IPv6), all of it, or nothing; text that is none: none."""
    address = _address(ip)
    if address is None or how == "none":
        return None
    return str(address) if how == "full" else str(_network(address, _KEPT))


def counted(ip: str | None) -> Network | None:
    """Whom a request counts for; None when it did not come over IP."""
    address = _address(ip)
    return Network(address.version, str(_network(address, _COUNTED))) if address else None


def _address(ip: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """IPv4 in IPv6 (RFC 4291 §2.5.5.2) is IPv4."""
    try:
        address = ipaddress.ip_address((ip or "").partition("%")[0])
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address


def _network(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, lengths: dict[int, int]
) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network((address, lengths[address.version]), strict=False)
