"""A real name server on a free loopback port, with the records that a test gives it.

``NameServer({("lake.org", "MX"): ["10 mail.lake.org."]})``. Texts are written in quotation marks, as in zone files. A
name of which it has nothing does not exist; what it is given None for, it refuses.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str] | None]


class NameServer:
    """The server; ``address`` is what to ask."""

    def __init__(self, zone: Zone) -> None:
        zone = {(name.lower(), kind): found for (name, kind), found in zone.items()}
        known = {name for name, _ in zone}

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                sock.sendto(_answer(data, zone, known), self.client_address)

        self._server: Any = socketserver.UDPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="name server")
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _answer(data: bytes, zone: Zone, known: set[str]) -> bytes:
    asked = dns.message.from_wire(data)
    answer = dns.message.make_response(asked)
    question = asked.question[0]
    name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
    found = zone.get((name, kind), ())
    if found is None:
        answer.set_rcode(dns.rcode.REFUSED)
    elif found:
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    elif name not in known:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer.to_wire()
