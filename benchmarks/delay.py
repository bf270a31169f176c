"""A longer wire: a TCP proxy on loopback that hands on every octet some time after it came. Run in its own process.

Both directions, order kept, no limit to the bandwidth; the end of one direction travels like its octets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from benchmarks.children import served
from benchmarks.sinks import HOST


class Wire(asyncio.Protocol):
    """One end of a proxied connection; what comes in here leaves at ``other``."""

    def __init__(self, delay: float, other: Wire | None = None) -> None:
        self._delay, self.other = delay, other
        self.transport: asyncio.Transport | None = None
        self._under_way: deque[tuple[float, bytes | None]] = deque()
        self.has_ended = False
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to hand out what has come in at the other end."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Puts it under way."""
        self._send(data)

    def eof_received(self) -> bool:
        """Puts the end under way; the other direction stays open."""
        self._send(None)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that broke breaks the other side too; one that was closed here was closed on both sides."""
        if error is not None and self.other and self.other.transport:
            self.other.transport.abort()

    def _send(self, data: bytes | None) -> None:
        due_at = self._loop.time() + self._delay
        self._under_way.append((due_at, data))
        if len(self._under_way) == 1:
            self._loop.call_at(due_at, self._arrive)

    def _arrive(self) -> None:
        """Hands on all that is due. One timer at a time, so that nothing can overtake."""
        now = self._loop.time()
        while self._under_way and self._under_way[0][0] <= now:
            self._hand_on(self._under_way.popleft()[1])
        if self._under_way:
            self._loop.call_at(self._under_way[0][0], self._arrive)

    def _hand_on(self, data: bytes | None) -> None:
        if self.other is None or self.other.transport is None or self.other.transport.is_closing():
            return
        if data is not None:
            self.other.transport.write(data)
            return
        self.has_ended = True
        self.other.transport.write_eof()
        if self.other.has_ended and self.transport:
            self.transport.close()
            self.other.transport.close()


class Entrance(Wire):
    """The end that a client connects to. It reads nothing before the far side is there."""

    def __init__(self, delay: float, port: int) -> None:
        super().__init__(delay)
        self._port = port
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connects on."""
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        self._task = self._loop.create_task(self._connect_on(self.transport))

    async def _connect_on(self, transport: asyncio.Transport) -> None:
        try:
            _, self.other = await self._loop.create_connection(lambda: Wire(self._delay, self), HOST, self._port)
        except OSError:
            transport.abort()
        else:
            transport.resume_reading()


def serve(line: Connection, port: int, delay: float) -> None:
    """Says the port it took, and serves until the line is closed."""
    asyncio.run(_serve(line, port, delay))


async def _serve(line: Connection, port: int, delay: float) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Entrance(delay, port), HOST, 0, backlog=200)
    line.send(server.sockets[0].getsockname()[1])
    loop.add_reader(line.fileno(), stop.set)
    await stop.wait()
    loop.remove_reader(line.fileno())
    server.close()


@contextmanager
def far_away(port: int, round_trip: float) -> Iterator[int]:
    """The port of a proxy before ``port`` that makes a round trip take so many seconds."""
    with served(serve, port, round_trip / 2) as line:
        yield line.recv()
