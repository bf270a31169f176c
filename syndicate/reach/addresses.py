"""Which addresses may be connected to. Called by ``pinned`` and ``request``."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

import httpx2

from syndicate.errors import ReachError

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
"""What machines in a cloud are told about themselves, where that has a public address."""

# Names that are never answered must not occupy the threads that everything else waits for.
_resolving = ThreadPoolExecutor(8, thread_name_prefix="resolve")


@lru_cache(maxsize=1024)
def target_of(url: str) -> httpx2.URL:
    """``url`` taken apart. :raises ReachError: when it is not one of http or https with a host."""
    shown = without_userinfo(url)
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise ReachError(shown, "is not a usable address") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise ReachError(shown, "only http:// and https:// addresses are fetched")
    return target


async def addresses_of(host: str, port: int, *, allow_private: bool, permitted_by: str) -> list[str]:
    """The IP addresses of ``host``, when all of them may be connected to.

    ``permitted_by`` is the setting behind ``allow_private``. Raises ReachError.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_resolving, _resolve, host, port)
    except (OSError, UnicodeError):
        raise ReachError(host, f"host {host} is not known") from None
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    for address in addresses:
        if not allow_private and not is_public(address):
            raise ReachError(host, f"is at {address}, which is not public; `{permitted_by}` permits it")
    return addresses


def _resolve(host: str, port: int) -> list[tuple[object, object, object, object, tuple[object, ...]]]:
    return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether an IP address is one that anyone on the internet could be reached at, also when wrapped in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and ip.is_site_local:
            return False
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _METADATA


def without_userinfo(url: str) -> str:
    """``url`` without user name and password, for errors, logs and the store."""
    try:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return "the address"
