"""A real SMTP server on loopback that delivers nowhere: each mail becomes one ``.eml`` file. `catch` and `demo` run it.

Files are named by arrival and first recipient (``000001-ada@example.org.eml``) and appear whole or not at all. The
envelope stands on top as a mail server's final delivery writes it, ``Return-Path`` (RFC 5321 §4.4) and one
``Delivered-To`` for each recipient; below that, every byte is as it came.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from syndicate.errors import SyndicateError

MAX_BYTES = 30_000_000
"""The largest mail that is taken, as SIZE announces it (RFC 1870)."""

Store = Callable[[str, list[str], bytes], Path]


class Catcher:
    """The server: ``async with Catcher("127.0.0.1", 0, folder) as catcher`` listens until the block ends.

    It runs in the event loop that enters it. ``caught`` counts the mails it stored. Entering raises SyndicateError if
    ``host`` is not this machine's loopback, if the port is taken, or if the folder can't be made.
    """

    def __init__(self, host: str, port: int, directory: Path) -> None:
        self.host, self.directory = host, directory
        self.caught = 0
        self.port = port
        self._number = 0
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        _check_loopback(self.host)
        loop = asyncio.get_running_loop()
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._number = _last_number(self.directory)
            self._server = await loop.create_server(
                lambda: _Connection(self.store, self._connections, loop), self.host, self.port
            )
        except OSError as error:
            reason = f"can't catch mail at {self.host}:{self.port} into {self.directory}: {error.strerror}"
            raise SyndicateError(f"{reason}; choose another port (0 takes a free one) or folder") from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is None:
            return
        self._server.close()
        ended = [connection.abort() for connection in tuple(self._connections)]
        await asyncio.gather(*ended, return_exceptions=True)
        self._server = None

    def store(self, sender: str, recipients: list[str], content: bytes) -> Path:
        """Write one mail and return its file. Blocks for as long as one small write takes."""
        self._number += 1
        path = self.directory / f"{self._number:06}-{_safe(recipients[0])}.eml"
        envelope = [f"Return-Path: <{_printable(sender.strip('<>'))}>"]
        envelope += [f"Delivered-To: {_printable(recipient)}" for recipient in recipients]
        head = "".join(f"{line}\r\n" for line in envelope).encode("utf-8", "surrogateescape")
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.write_bytes(head + content)
        unfinished.replace(path)
        self.caught += 1
        return path


class _Connection(SMTP):
    """One client: aiosmtpd speaks the protocol and hands each mail to the catcher."""

    def __init__(self, store: Store, connections: set[_Connection], loop: asyncio.AbstractEventLoop) -> None:
        self._store, self._connections = store, connections
        self._ended = loop.create_future()
        super().__init__(
            self,
            hostname="localhost",
            ident="syndicate catcher",
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    def abort(self) -> asyncio.Future[None]:
        """Cut the connection; the future is done when nothing of it runs any more."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        return self._ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.add(self)
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self._handler_coroutine.add_done_callback(self._end)

    def _end(self, handler: asyncio.Task[None]) -> None:
        if not handler.cancelled():
            handler.exception()
        self._connections.discard(self)
        if not self._ended.done():
            self._ended.set_result(None)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd when a mail is complete; the answer goes to the client."""
        assert isinstance(envelope.content, bytes)
        try:
            path = self._store(envelope.mail_from or "", envelope.rcpt_tos, envelope.content)
        except OSError as error:
            return f"452 4.3.1 can't store the mail: {error.strerror}"
        return f"250 2.0.0 stored as {path.name}"


def _check_loopback(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise SyndicateError(
            f"the catcher takes mail from anyone, so it listens on loopback only: found {host!r}; "
            "use 127.0.0.1, ::1 or localhost"
        )


def _last_number(directory: Path) -> int:
    numbers = (re.match(r"\d+", path.name) for path in directory.glob("*.eml"))
    return max((int(number[0]) for number in numbers if number), default=0)


def _safe(address: str) -> str:
    return re.sub(r"[^A-Za-z0-9.@+-]", "_", address)[:100]


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "", text)
