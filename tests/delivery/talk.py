"""A server that speaks SMTP by hand, for what no well-behaved server would say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from syndicate.delivery.envelope import Abilities, Commands
from syndicate.delivery.outcome import Broken, Reply
from syndicate.delivery.smtp import MessagePath


class Talk:
    """The server's side of one connection, and all that it heard."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer
        self.heard: list[bytes] = []

    async def line(self) -> bytes:
        """The next line, without its end."""
        got = (await self.reader.readline()).rstrip(b"\r\n")
        self.heard.append(got)
        return got

    async def lines(self, count: int) -> None:
        """The next lines."""
        for _ in range(count):
            await self.line()

    async def content(self) -> bytes:
        """Up to the final dot."""
        got = await self.reader.readuntil(b"\r\n.\r\n")
        self.heard.append(got)
        return got

    async def say(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Says no more; what was said arrives."""
        self._writer.write_eof()

    def hear_no_more(self) -> None:
        """Takes nothing any more; what is sent piles up on the way."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def hang_up(self) -> None:
        """Ends the connection at once."""
        self._writer.transport.abort()


async def finish(
    path: MessagePath, content: bytes, following: Commands | None
) -> tuple[Reply | Broken, Reply | Broken | None]:
    """Hands over the content, and opens the next; returns what was said to both."""
    answer = await path.finish(content, following)
    return answer, await path.opened(following) if following else None


Script = Callable[[Talk], Awaitable[None]]


@asynccontextmanager
async def talking(
    script: Script, *, pipelining: bool = True, abilities: Abilities | None = None, patience: float = 5
) -> AsyncIterator[tuple[MessagePath, Talk]]:
    """A message path to a server that follows ``script``, and the server's side of it."""
    met: asyncio.Future[Talk] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(reader, writer)
        met.set_result(talk)
        try:
            await script(talk)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, host, port)
    path = MessagePath(transport, abilities or Abilities(pipelining=pipelining), timeout=patience)
    transport.set_protocol(path)
    try:
        yield path, await met
    finally:
        path.close()
        await ended.wait()
        server.close()
        await server.wait_closed()
