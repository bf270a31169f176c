"""The message path: MAIL, RCPT and content on a connection that aiosmtplib has opened. Called by ``relay``.

Where the server offers PIPELINING (RFC 2920), a message's final dot and the next message's envelope go out in one
write, so that each message costs one round trip; elsewhere it is a plain dialogue. Content comes ready for the wire
(CRLF, no line that begins with a single dot, CRLF at its end) and is never looked at again. Where CHUNKING (RFC 3030)
is offered too, whole messages can be handed over one after the other, and their answers be read later.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import islice
from typing import NoReturn, Self, cast

import aiosmtplib

from syndicate.delivery.envelope import Abilities, Commands
from syndicate.delivery.outcome import Broken, Reply
from syndicate.delivery.replies import Replies

_DATA = b"DATA\r\n"
_DOT = b".\r\n"
_OPENING = ("MAIL", "RCPT", "DATA")
_GOODBYE_SECONDS = 5.0


class MessagePath(asyncio.Protocol):
    """One connection's dialogue about messages. One call at a time; after an error it is closed for good.

    Every call that waits gives up when ``look`` says that an answer took longer than ``timeout`` seconds.
    """

    def __init__(self, transport: asyncio.Transport, abilities: Abilities, *, timeout: float) -> None:
        self._transport = transport
        self.abilities = abilities
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._replies = Replies()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._lost = ""
        self._must_reset = self._resetting = self._is_opening = False
        self.is_out_of_step = False
        self.waiting_since: float | None = None
        self.waited = self._moved_at = 0.0
        self._left = 0
        self._watch: asyncio.TimerHandle = self._loop.call_later(timeout / 4, self._look)

    @classmethod
    def take_over(cls, client: aiosmtplib.SMTP, timeout: float, *, plain: bool = False) -> Self:
        """Goes on where ``client`` has connected, said EHLO and signed in; it must not be used for messages again.

        ``plain`` does without what the server says that it could.
        """
        transport = client.transport
        if transport is None or transport.is_closing():
            raise ConnectionError("the connection is closed")
        offered = {} if plain else dict(client.esmtp_extensions)
        path = cls(cast("asyncio.Transport", transport), Abilities.of(offered), timeout=timeout)
        transport.set_protocol(path)
        return path

    @property
    def is_open(self) -> bool:
        """Whether another message can be begun, as far as is known."""
        return not self._lost and not self._transport.is_closing()

    @property
    def tls(self) -> tuple[str, str]:
        """The version of TLS, and when the server's certificate ends, as OpenSSL writes it; both empty without TLS."""
        secured = self._transport.get_extra_info("ssl_object")
        certificate = self._transport.get_extra_info("peercert") or {}
        return (secured.version() or "", certificate.get("notAfter", "")) if secured else ("", "")

    async def round_trip(self) -> float:
        """Seconds until the server answers when there is nothing to do. :raises ConnectionError: when it broke."""
        began = self._loop.time()
        await self._write(b"NOOP\r\n")
        await self._reply()
        return self._loop.time() - began

    async def open(self, envelope: Commands) -> Reply | None:
        """Says who it is from and for. None: the server waits for the content; else what it refuses with.

        :raises ConnectionError: when the connection broke: nothing was handed over.
        """
        try:
            if not self.abilities.pipelining:
                return await self._open_in_turn(envelope)
            await self._write(b"".join((self._reset(), *envelope, _DATA)))
            return await self._opened()
        except ConnectionError as error:
            raise ConnectionError(f"connection lost before DATA: {error}") from None

    async def finish(self, content: bytes, following: Commands | None) -> Reply | Broken:
        """Sends the open message's content, and says the ``following`` envelope; returns the answer to the content."""
        try:
            if following and self.abilities.pipelining:
                await self._write(b"".join((content, _DOT, *following, _DATA)))
            else:
                await self._write(content + _DOT)
            answer = Reply("content", *await self._reply())
            if 300 <= answer.code < 400:
                self._out_of_step(answer)
        except ConnectionError as error:
            return Broken(f"connection lost during DATA: {error}")
        return answer

    async def opened(self, envelope: Commands) -> Reply | Broken | None:
        """What the server says to the envelope that ``finish`` was given. Broken: nothing of it was handed over."""
        try:
            if self.abilities.pipelining:
                return await self._opened()
            return await self._open_in_turn(envelope)
        except ConnectionError as error:
            return Broken(f"connection lost before DATA: {error}")

    async def hand_over(self, envelope: Commands, content: bytes) -> None:
        """Sends a whole message in one chunk (RFC 3030 §2); ``handed_over`` reads what the server says to it.

        :raises ConnectionError: when the connection is lost.
        """
        await self._write(b"".join((*envelope, b"BDAT %d LAST\r\n" % len(content), content)))

    async def handed_over(self) -> Reply | Broken:
        """The answer to the oldest message of ``hand_over``: the first refusal, or what became of the chunk.

        A server that refused an envelope refuses its chunk too, and says so; the next message begins anew.
        """
        try:
            replies = [Reply(verb, *await self._reply()) for verb in ("MAIL", "RCPT", "BDAT")]
        except ConnectionError as error:
            return Broken(f"connection lost during BDAT: {error}")
        if replies[0].code < 400 and replies[1].code >= 400 and replies[2].code < 300:
            self._lose("the server took content for nobody")
        answer = next((reply for reply in replies if not 200 <= reply.code < 300), replies[2])
        if answer.code < 400 and not 200 <= answer.code < 300:
            self._lose(f"the server's answers are out of step: {answer} to {answer.verb}")
            return Broken(f"connection lost during BDAT: {self._lost}")
        return answer

    def close(self) -> None:
        """Ends the connection, in whatever state it is."""
        self._lose("closed")

    async def quit(self) -> None:
        """Says goodbye and ends the connection; a server that does not answer is not waited for long."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(min(_GOODBYE_SECONDS, self._timeout)):
                await self._write(b"QUIT\r\n")
                await self._reply()
        self.close()

    async def _open_in_turn(self, envelope: Commands) -> Reply | None:
        """One command after the other, and none after a refusal."""
        if reset := self._reset():
            await self._write(reset)
            await self._reply()
        for verb, command in zip(_OPENING, (*envelope, _DATA), strict=True):
            await self._write(command)
            reply = Reply(verb, *await self._reply())
            if not _goes_on(verb, reply.code):
                if reply.code < 400:
                    self._out_of_step(reply)
                self._must_reset = True
                return reply
        return None

    async def _opened(self) -> Reply | None:
        """Reads what the server says to an envelope that went out in one write."""
        if self._resetting:
            await self._reply()
            self._resetting = False
        self._is_opening = True
        try:
            self._check_opening()
            await self._until(3)
        except ConnectionError:
            if not self.is_out_of_step and (refusal := self._refusal()):
                return refusal  # the words that it hung up with say more than that it hung up
            raise
        finally:
            self._is_opening = False
        data = self._replies.ready[2][0]
        refusal = self._refusal()
        if refusal is None:
            return None
        self._must_reset = True
        if data == 354:
            await self._write(_DOT)  # RFC 2920 §3.1: DATA was taken without a recipient; end it with nothing in it
            await self._reply()
        return refusal

    def _refusal(self) -> Reply | None:
        """The first refusal among the answers to MAIL, RCPT and DATA that came."""
        ready, refusal = self._replies.ready, None
        for verb in _OPENING[: len(ready)]:
            code, text = ready.popleft()
            if refusal is None and not _goes_on(verb, code):
                refusal = Reply(verb, code, text)
        if refusal and refusal.code < 400:
            self._out_of_step(refusal)
        return refusal

    def _out_of_step(self, reply: Reply) -> NoReturn:
        self.is_out_of_step = True
        self._lose(f"the server's answers are out of step: {reply} to {reply.verb}")
        raise ConnectionError(self._lost)

    def _reset(self) -> bytes:
        """RSET, when the last envelope was refused and its transaction may still be open (RFC 5321 §4.1.1.5)."""
        self._resetting, self._must_reset = self._must_reset, False
        return b"RSET\r\n" if self._resetting else b""

    async def _write(self, data: bytes) -> None:
        if self._lost:
            raise ConnectionError(self._lost)
        self._transport.write(data)
        if self._room is not None:
            self._moved_at = self._loop.time()
            await self._room

    async def _reply(self) -> tuple[int, str]:
        if not self._replies.ready:
            await self._until(1)
        return self._replies.ready.popleft()

    async def _until(self, count: int) -> None:
        """Waits for so many replies. :raises ConnectionError: when they will not come."""
        while len(self._replies.ready) < count:
            if self._lost:
                raise ConnectionError(self._lost)
            self._wanted = count
            self._waiter = self._loop.create_future()
            self.waiting_since = self._loop.time()
            try:
                await self._waiter
            finally:
                self.waited = self._loop.time() - self.waiting_since
                self._waiter = self.waiting_since = None

    def _look(self) -> None:
        """Ends a wait that takes too long. A timer for all waits is cheaper than one for each."""
        if not self._lost:
            if self.waiting_since is not None and self._loop.time() - self.waiting_since > self._timeout:
                self._lose("no answer in time")
            elif self._room is not None and self._is_stuck():
                self._lose("nothing is taken any more")
            else:
                self._watch = self._loop.call_later(self._timeout / 4, self._look)

    def _is_stuck(self) -> bool:
        """Whether nothing of what is to be sent went off in time; a slow network takes its time, but some goes."""
        left, now = self._transport.get_write_buffer_size(), self._loop.time()
        if left != self._left:
            self._left, self._moved_at = left, now
        return now - self._moved_at > self._timeout

    def data_received(self, data: bytes) -> None:
        """Replies, or parts of them."""
        if wrong := self._replies.feed(data):
            self._lose(wrong)
        if self._is_opening:
            self._check_opening()
        if len(self._replies.ready) >= self._wanted:
            self._wake()

    def _check_opening(self) -> None:
        if any(300 <= code < 400 for code, _ in islice(self._replies.ready, 2)):
            self.is_out_of_step = True  # an answer to DATA where one to MAIL or RCPT must be: one before is missing
            self._lose("the server's answers are out of step")

    def connection_lost(self, error: Exception | None) -> None:
        """The server, or the network, ended it."""
        self._lose(str(error) if error else "the server closed the connection")

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """The transport's buffer has room."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        self._watch.cancel()
        self._transport.abort()
        self.resume_writing()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _goes_on(verb: str, code: int) -> bool:
    return code == 354 if verb == "DATA" else 200 <= code < 300
