"""The DNS, from a real name server on loopback."""

from __future__ import annotations

import asyncio

import dns.asyncresolver
import pytest

from syndicate.reach import names
from syndicate.reach.names import Names
from tests.nameserver import NameServer


def test_records_are_read_and_silence_is_not_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_SECONDS", 0.5)
    zone = {
        ("lake.org", "TXT"): ['"v=spf1 " "-all"', '"ž"'],
        ("lake.org", "MX"): ["20 b.lake.org.", "5 a.lake.org."],
        ("quiet.org", "MX"): ["0 ."],
        ("a.lake.org", "AAAA"): ["2001:db8::1"],
        ("1.2.0.192.in-addr.arpa", "PTR"): ["a.lake.org."],
        ("no.org", "TXT"): None,
    }

    async def asked() -> None:
        look = Names(server.address).look
        assert set(await look("Lake.org.", "TXT") or ()) == {"v=spf1 -all", "ž"}
        assert await look("lake.org", "MX") == ("5 a.lake.org", "20 b.lake.org")
        assert await look("quiet.org", "MX") == ("0 .",)
        assert await look("a.lake.org", "AAAA") == ("2001:db8::1",)
        assert await look("192.0.2.1", "PTR") == ("a.lake.org",)
        assert await look("lake.org", "A") == await look("gone.org", "A") == ()
        assert await look("no.org", "TXT") is None
        assert await look("no address", "PTR") is await look(f"{'x' * 70}.org", "A") is None

    with NameServer(zone) as server:
        asyncio.run(asked())


def test_another_server_can_be_named_in_any_way() -> None:
    servers = {
        "192.0.2.1": ("192.0.2.1", 53),
        "192.0.2.1:54": ("192.0.2.1", 54),
        "[2001:db8::1]:54": ("2001:db8::1", 54),
    }
    for given, expected in (servers | {"2001:db8::1": ("2001:db8::1", 53)}).items():
        found: dns.asyncresolver.Resolver = Names(given)._resolver()
        assert (found.nameservers, found.port) == ([expected[0]], expected[1])
    with pytest.raises(ValueError, match=r"dns\.example"):
        Names("dns.example")
