"""The bundled sink: an SMTP server that takes everything and keeps nothing but counts. Started by ``sinks``.

It does as little as a correct server can, so that on a shared machine most of the time is left to who is measured.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

_END = b"\r\n.\r\n"
_RCPT = re.compile(rb"RCPT TO:<[^<>]*@([^<>@]+)>", re.IGNORECASE)
_ANSWERS = {
    b"HELO": b"250 sink.example\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
}


@dataclass(frozen=True, slots=True)
class Manners:
    """How the sink behaves. ``tarpit_domain``'s recipients are answered ``tarpit_seconds`` late, each on its own.

    ``certificate`` (PEM, with its key) makes it speak TLS from the first octet.
    """

    chunking: bool = False
    tarpit_domain: str = ""
    tarpit_seconds: float = 1.0
    certificate: Path | None = None


@dataclass(slots=True)
class Arrived:
    """What has arrived for one domain, and when the newest did (monotonic, the same clock in all processes)."""

    count: int = 0
    octets: int = 0
    latest: float = 0.0


@dataclass(slots=True)
class Tally:
    """What has arrived, by recipient domain."""

    domains: dict[str, Arrived] = field(default_factory=dict)

    def add(self, domain: str, octets: int) -> None:
        """Counts one message."""
        arrived = self.domains.setdefault(domain, Arrived())
        arrived.count += 1
        arrived.octets += octets
        arrived.latest = time.monotonic()


class Session(asyncio.Protocol):
    """One connection. ``_step`` takes one command, or one stretch of content, off the front of what has come in."""

    def __init__(self, manners: Manners, tally: Tally) -> None:
        self._manners, self._tally = manners, tally
        self._transport: asyncio.Transport
        self._kept = b""
        self._replies: list[bytes] = []
        self._step: Callable[[bytes, int], int] = self._command
        self._chunk, self._is_last = 0, False
        self._domain, self._octets = "", 0
        self._late = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Takes whole commands and content; what is left waits for more. All replies go out in one write."""
        data, start = self._kept + data, 0
        while not self._late and start < len(data) and (end := self._step(data, start)) > start:
            start = end
        self._kept = data[start:]
        if self._replies and not self._transport.is_closing():
            self._transport.write(b"".join(self._replies))
            self._replies.clear()

    def _command(self, data: bytes, start: int) -> int:
        end = data.find(b"\r\n", start)
        if end < 0:
            return start
        line = data[start:end]
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._rcpt(line)
        elif verb == b"DATA" and self._domain:
            self._replies.append(b"354 End data with <CR><LF>.<CR><LF>\r\n")
            self._step = self._content
            return end  # with its CRLF, so that a dot that comes first of all is found too
        elif verb == b"BDAT" and self._manners.chunking:
            _, size, *last = line.split()
            self._chunk, self._is_last, self._step = int(size), bool(last), self._chunked
            if not self._chunk:
                self._end_chunk()
        else:
            self._other(verb)
        return end + 2

    def _other(self, verb: bytes) -> None:
        if verb == b"EHLO":
            more = b"250-CHUNKING\r\n" if self._manners.chunking else b""
            self._replies.append(b"250-sink.example\r\n250-PIPELINING\r\n" + more + b"250 8BITMIME\r\n")
        elif verb == b"QUIT":
            self._transport.write(b"".join((*self._replies, b"221 2.0.0 Bye\r\n")))
            self._transport.close()
        else:
            self._domain = "" if verb in (b"MAIL", b"RSET") else self._domain
            self._replies.append(_ANSWERS.get(verb, b"503 5.5.1 Not now\r\n"))

    def _rcpt(self, line: bytes) -> None:
        match = _RCPT.match(line)
        self._domain = match[1].decode("ascii", "replace").lower() if match else "unknown"
        if self._domain == self._manners.tarpit_domain:
            self._late = True
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(self._manners.tarpit_seconds, self._end_tarpit)
        else:
            self._replies.append(b"250 2.1.5 Ok\r\n")

    def _end_tarpit(self) -> None:
        self._late = False
        if not self._transport.is_closing():
            self._replies.append(b"250 2.1.5 Ok\r\n")
            self._transport.resume_reading()
            self.data_received(b"")

    def _content(self, data: bytes, start: int) -> int:
        end = data.find(_END, start)
        if end < 0:
            settled = max(start, len(data) - len(_END) + 1)
            self._octets += settled - start
            return settled
        self._octets += end - start
        self._keep()
        return end + len(_END)

    def _chunked(self, data: bytes, start: int) -> int:
        taken = min(self._chunk, len(data) - start)
        self._chunk -= taken
        self._octets += taken
        if not self._chunk:
            self._end_chunk()
        return start + taken

    def _end_chunk(self) -> None:
        if not self._domain:
            self._replies.append(b"503 5.5.1 RCPT first\r\n")
        elif not self._is_last:
            self._replies.append(b"250 2.0.0 Ok\r\n")
        else:
            self._keep()
        self._step = self._command

    def _keep(self) -> None:
        self._replies.append(b"250 2.0.0 Ok: discarded\r\n")
        self._tally.add(self._domain, self._octets)
        self._domain, self._octets, self._step = "", 0, self._command


def serve(line: Connection, manners: Manners) -> None:
    """Says the port it took; then, whatever it is sent, answers with its tally, until the line is closed."""
    asyncio.run(_serve(line, manners))


async def _serve(line: Connection, manners: Manners) -> None:
    loop, stop, tally = asyncio.get_running_loop(), asyncio.Event(), Tally()
    tls = None
    if manners.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(manners.certificate)

    def asked() -> None:
        try:
            line.recv()
            line.send(tally)
        except (EOFError, OSError):
            loop.remove_reader(line.fileno())
            stop.set()

    server = await loop.create_server(lambda: Session(manners, tally), "127.0.0.1", 0, ssl=tls, backlog=200)
    line.send(server.sockets[0].getsockname()[1])
    loop.add_reader(line.fileno(), asked)
    await stop.wait()
    server.close()
