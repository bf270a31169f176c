"""The DNS, asked of this machine's name servers or of another one. Called by ``preflight``."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

_SECONDS = 5.0
_MOST = 50
"""Records of one answer that are looked at."""

Kind = Literal["TXT", "MX", "A", "AAAA", "PTR"]
Look = Callable[[str, Kind], Awaitable[tuple[str, ...] | None]]
"""What stands at a name: nothing is an empty tuple, and None says that nobody answered."""


class Names:
    """One run's questions, each asked once. ``server`` is an address, or ``address:port``; empty: this machine's own.

    :raises ValueError: for a server that is no IP address.
    """

    def __init__(self, server: str = "") -> None:
        self._server = _host_and_port(server) if server else None
        self._asked: dict[tuple[str, Kind], asyncio.Future[tuple[str, ...] | None]] = {}

    async def look(self, name: str, kind: Kind) -> tuple[str, ...] | None:
        """The records at a name, as ``Look`` says. PTR takes an IP address; MX gives ``preference host``, best first.

        A TXT record is joined from its strings (RFC 7208 §3.3).
        """
        key = (name.lower().rstrip("."), kind)
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(self._ask(*key))
        return await self._asked[key]

    async def _ask(self, name: str, kind: Kind) -> tuple[str, ...] | None:
        import dns.exception  # the command line needs none of it, and starts sooner without
        import dns.resolver
        import dns.reversename

        try:
            asked = dns.reversename.from_address(name) if kind == "PTR" else name
            answer = await self._resolver().resolve(asked, kind, lifetime=_SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, ValueError):
            return None
        return tuple(_text(one, kind) for one in sorted(answer, key=_order)[:_MOST])

    def _resolver(self) -> Resolver:
        from dns.asyncresolver import Resolver

        if not self._server:
            return Resolver()
        host, port = self._server
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = [host], port
        return resolver


def _host_and_port(server: str) -> tuple[str, int]:
    """``address``, ``address:port``, ``[address]:port`` or a bare IPv6 address."""
    host, colon, port = server.rpartition(":")
    if not (colon and port.isdecimal() and (host.endswith("]") or ":" not in host)):
        host, port = server, "53"
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def _order(record: Any) -> tuple[int, str]:
    return getattr(record, "preference", 0), record.to_text()


def _text(record: Any, kind: Kind) -> str:
    match kind:
        case "TXT":
            return b"".join(record.strings).decode("utf-8", "replace")
        case "MX":
            return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"
        case "PTR":
            return str(record.target.to_text(omit_final_dot=True))
        case "A" | "AAAA":
            return str(record.address)
