"""A wire that can be cut: a TCP proxy before a real server, for what happens when networks fail.

It runs in a thread of the test's process. ``cut`` ends every connection and refuses new ones; ``hold`` leaves them open
and lets no octet through, as a network does that drops packets; ``mend`` lets everything through again, also what
was held.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

LOOPBACK = "127.0.0.1"

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Wire:
    """One, before whatever ``connect`` reaches. It listens at ``port`` of an address of this machine."""

    def __init__(self, connect: Connect, address: str) -> None:
        self._connect, self._address = connect, address
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self._through = asyncio.Event()
        self._through.set()
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Returns when it listens."""
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Ends it, with all that goes through it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self) -> None:
        """From now on nobody gets through, and who was through is out."""
        self._do(self._cut)

    def hold(self) -> None:
        """From now on nothing that is sent arrives, and nobody is told so."""
        self._do(self._through.clear)

    def mend(self) -> None:
        """It works again."""
        self._do(self._mend)

    def _do(self, act: Callable[[], None]) -> None:
        done = threading.Event()

        def both() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(both)
        done.wait()

    def _cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def _mend(self) -> None:
        self._is_cut = False
        self._through.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self._address, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            if self._is_cut:
                writer.transport.abort()
                return
            back, there = await self._connect()
            self._writers.add(there)
            await asyncio.gather(self._carry(reader, there), self._carry(back, writer))
        except OSError:
            writer.transport.abort()
        finally:
            for one in (writer, there):
                if one:
                    self._writers.discard(one)
                    one.close()
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._through.wait()
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


@contextmanager
def wire_to(connect: Connect, address: str) -> Iterator[Wire]:
    """One before a server."""
    wire = Wire(connect, address)
    wire.start()
    try:
        yield wire
    finally:
        wire.close()


@contextmanager
def wire_to_port(port: int, address: str = LOOPBACK) -> Iterator[Wire]:
    """One before a port of this machine."""
    with wire_to(lambda: asyncio.open_connection(LOOPBACK, port), address) as wire:
        yield wire


@contextmanager
def wire_to_socket(path: str, address: str = LOOPBACK) -> Iterator[Wire]:
    """One before a Unix socket."""
    with wire_to(lambda: asyncio.open_unix_connection(path), address) as wire:
        yield wire
