"""The message path: MAIL, RCPT, DATA and content on a connection that aiosmtplib has opened. Called by ``relay``.

Where the server offers PIPELINING (RFC 2920), a message's content, its final dot and the next message's envelope go out
in one write, so that each message costs one round trip; elsewhere it is a plain dialogue. Content comes ready for the
wire (CRLF, no line that begins with a single dot, CRLF at its end) and is never looked at again.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import aiosmtplib

from syndicate.delivery.outcome import Broken, Reply

LONGEST_REPLY = 64 * 1024
"""Bytes of one reply, all its lines together; a server that says more is not making sense."""

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it is from and for, as MAIL and RCPT name them (RFC 5321 §3.3)."""

    sender: str
    recipient: str

    def commands(self) -> tuple[bytes, bytes, bytes]:
        """MAIL, RCPT and DATA. :raises ValueError: for an address that could end its command, or is not ASCII."""
        for address in (self.sender, self.recipient):
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} can't stand in an SMTP command")
        return (
            f"MAIL FROM:<{self.sender}>\r\n".encode("ascii"),
            f"RCPT TO:<{self.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        )


class MessagePath(asyncio.Protocol):
    """One connection's dialogue about messages. One call at a time; after an error it is closed for good."""

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool, timeout: float) -> None:
        self._transport = transport
        self._pipelining = pipelining
        self._timeout = timeout
        self._received = bytearray()
        self._lines: list[bytes] = []
        self._length = 0
        self._replies: deque[tuple[int, str]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost: str = ""
        self._must_reset = False

    @classmethod
    def take_over(cls, client: aiosmtplib.SMTP, timeout: float) -> Self:
        """Goes on where ``client`` has connected, said EHLO and signed in; it must not be used for messages again."""
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise ConnectionError("the connection is closed")
        path = cls(transport, pipelining=client.supports_extension("pipelining"), timeout=timeout)
        transport.set_protocol(path)
        return path

    @property
    def is_open(self) -> bool:
        """Whether another message can be begun, as far as is known."""
        return not self._lost and not self._transport.is_closing()

    async def open(self, envelope: Envelope) -> Reply | None:
        """Says who it is from and for. None: the server waits for the content; else what it refuses with.

        :raises ConnectionError: when the connection broke: nothing was handed over.
        """
        commands = envelope.commands()
        try:
            async with asyncio.timeout(self._timeout):
                if not self._pipelining:
                    return await self._open_in_turn(commands)
                await self._write(self._reset() + b"".join(commands))
                return await self._opened()
        except (ConnectionError, TimeoutError) as error:
            raise ConnectionError(self._broken(error, "before DATA")) from None

    async def finish(self, content: bytes, following: Envelope | None) -> tuple[Reply | Broken, Reply | Broken | None]:
        """Hands over the content of the open message, and opens the ``following`` one.

        Returns the server's answer to the content, and its refusal of ``following`` (None: it waits for its content).
        A connection that breaks before ``following`` was opened has handed nothing of it over.
        """
        commands = following.commands() if following else ()
        together = bool(commands) and self._pipelining
        try:
            async with asyncio.timeout(self._timeout):
                await self._write(b"".join((content, b".\r\n", *(commands if together else ()))))
                answer = Reply("content", *await self._reply())
        except (ConnectionError, TimeoutError) as error:
            broken = Broken(self._broken(error, "during DATA"))
            return broken, broken if following else None
        try:
            async with asyncio.timeout(self._timeout):
                if not following:
                    return answer, None
                refusal = await (self._opened() if together else self._open_in_turn(commands))
                return answer, refusal
        except (ConnectionError, TimeoutError) as error:
            return answer, Broken(self._broken(error, "before DATA"))

    def close(self) -> None:
        """Ends the connection, in whatever state it is."""
        self._lost = self._lost or "closed"
        self._transport.abort()

    async def quit(self) -> None:
        """Says goodbye and ends the connection; a server that does not answer is not waited for long."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(min(5.0, self._timeout)):
                await self._write(b"QUIT\r\n")
                await self._reply()
        self.close()

    async def _open_in_turn(self, commands: tuple[bytes, ...]) -> Reply | None:
        """One command after the other, and none after a refusal."""
        if reset := self._reset():
            await self._write(reset)
            await self._reply()
        for verb, command in zip(("MAIL", "RCPT", "DATA"), commands, strict=True):
            await self._write(command)
            reply = Reply(verb, *await self._reply())
            if not _goes_on(reply):
                self._must_reset = True
                return reply
        return None

    async def _opened(self) -> Reply | None:
        """Reads what the server says to an envelope that went out in one write."""
        if self._resetting:
            await self._reply()
        replies = [Reply(verb, *await self._reply()) for verb in ("MAIL", "RCPT", "DATA")]
        refusal = next((reply for reply in replies if not _goes_on(reply)), None)
        if refusal is None:
            return None
        self._must_reset = True
        if replies[-1].code == 354:
            await self._write(b".\r\n")  # RFC 2920 §3.1: DATA was taken without a recipient; end it with nothing in it
            await self._reply()
        return refusal

    def _reset(self) -> bytes:
        """RSET, when the last envelope was refused and its transaction may still be open (RFC 5321 §4.1.1.5)."""
        self._resetting, self._must_reset = self._must_reset, False
        return b"RSET\r\n" if self._resetting else b""

    async def _write(self, data: bytes) -> None:
        if self._lost:
            raise ConnectionError(self._lost)
        self._transport.write(data)
        await self._writable.wait()

    async def _reply(self) -> tuple[int, str]:
        while not self._replies:
            if self._lost:
                raise ConnectionError(self._lost)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._replies.popleft()

    def _broken(self, error: Exception, when: str) -> str:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        self.close()
        return f"connection lost {when}: {why}"

    def data_received(self, data: bytes) -> None:
        """Takes replies apart (RFC 5321 §4.2), however they were split; a bare LF ends a line too."""
        self._received += data
        *lines, rest = self._received.split(b"\n")
        self._received = bytearray(rest)
        for line in lines:
            self._take(bytes(line.rstrip(b"\r")))
        if len(self._received) + self._length > LONGEST_REPLY:
            self._lose("the server's reply has no end")
        self._wake()

    def _take(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        if not match or (self._lines and not self._lines[0].startswith(match[1])):
            self._lose(f"the server said something that is no reply: {_shown(line)}")
            return
        self._lines.append(line)
        self._length += len(line) + 2
        if match[2] != b"-":
            text = " ".join(_shown(one[4:]) for one in self._lines)
            self._replies.append((int(match[1]), text[:_SHOWN]))
            self._lines, self._length = [], 0

    def connection_lost(self, error: Exception | None) -> None:
        """The server, or the network, ended it."""
        self._lose(str(error) if error else "the server closed the connection")

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The transport's buffer has room."""
        self._writable.set()

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        self._transport.abort()
        self._writable.set()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def _goes_on(reply: Reply) -> bool:
    return reply.code == 354 if reply.verb == "DATA" else 200 <= reply.code < 300


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_SHOWN]
