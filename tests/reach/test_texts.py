"""TXT records, from a real name server on loopback."""

from __future__ import annotations

import asyncio

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from syndicate.reach import texts
from syndicate.reach.texts import texts_of


class Server(asyncio.DatagramProtocol):
    """Has two texts at ``lake.test``, none at ``bare.lake.test``, refuses ``no.test``, knows nothing else."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        answer = dns.message.make_response(asked)
        name = asked.question[0].name.to_text()
        if name == "lake.test.":
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"v=spf1 " "-all"', '"ž"'))
        elif name == "no.test.":
            answer.set_rcode(dns.rcode.REFUSED)
        elif name != "bare.lake.test.":
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), sender)


@pytest.mark.anyio
async def test_texts_are_joined_and_silence_is_not_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: resolver)
    monkeypatch.setattr(texts, "_SECONDS", 0.5)
    assert set(await texts_of("lake.test") or ()) == {"v=spf1 -all", "ž"}
    assert await texts_of("bare.lake.test") == ()
    assert await texts_of("gone.test") == ()
    assert await texts_of("no.test") is None
    transport.close()
