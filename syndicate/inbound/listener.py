"""An SMTP or LMTP server that an MTA hands our mail to; `serve` runs it.

It takes mail for our own addresses only, so it can't relay. Of a mail only the beginning is kept, so that neither its
size nor its shape costs memory. A mail is answered once what it wants is done: an MTA that does not hear the answer
hands it over again, and the second time changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import Self

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as Transaction

from syndicate.errors import StoreError, SyndicateError
from syndicate.inbound.addresses import Addresses
from syndicate.inbound.mime import ENOUGH
from syndicate.inbound.sort import Envelope, Kind, Receive
from syndicate.settings import Inbound

MOST_CONNECTIONS = 40
MOST_RECIPIENTS = 100
"""RFC 5321 §4.5.3.1.8."""

_IDLE_SECONDS = 120
_END = b"\r\n.\r\n"
_TAKEN = "250 2.0.0 taken"
_REFUSED = "550 5.7.1 this address reads commands only, such as subscribe or unsubscribe; nobody would see your mail"
_LATER = "451 4.3.0 not now; try again later"
_TOO_BIG = "552 5.3.4 this mail is too big"

log = structlog.get_logger()


class Listener:
    """``async with Listener(settings, addresses, receive) as listener`` listens until the block ends.

    At its end no new mail is taken, and what was taken is answered. ``settings.listen`` must be set.
    :raises SyndicateError: when it can't listen there.
    """

    def __init__(self, settings: Inbound, addresses: Addresses, receive: Receive) -> None:
        listening = settings.listening
        assert listening is not None
        self.host, self.port, self.is_lmtp = listening
        self.max_bytes, self.addresses = settings.max_bytes, addresses
        self.conversations: set[_Conversation] = set()
        self._receive = receive
        self._acts: set[asyncio.Future[str]] = set()
        self._server: asyncio.Server | None = None

    def turn_to(self, settings: Inbound, addresses: Addresses, receive: Receive) -> None:
        """From now on mail goes there. Where it listens stays as it is."""
        self.max_bytes, self.addresses, self._receive = settings.max_bytes, addresses, receive

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: self._protocol(loop), self.host, self.port)
        except OSError as error:
            reason = f"can't listen for mail at {self.host}:{self.port}: {error.strerror}"
            raise SyndicateError(f"{reason}; change inbound.listen; port 0 takes a free one") from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is None:
            return
        self._server.close()
        await asyncio.gather(*(one.end() for one in tuple(self.conversations)), return_exceptions=True)
        while self._acts:
            await asyncio.wait(self._acts)

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> asyncio.Protocol:
        if len(self.conversations) >= MOST_CONNECTIONS:
            return _Busy()
        return (_LmtpConversation if self.is_lmtp else _Conversation)(self, loop)

    async def answer(self, content: bytes, sender: str, recipient: str) -> str:
        """Has one recipient's mail dealt with; returns the reply for it."""
        envelope = Envelope(sender.strip("<>"), recipient)
        act = asyncio.ensure_future(asyncio.to_thread(self._act, content, envelope))
        self._acts.add(act)
        act.add_done_callback(self._acts.discard)
        return await asyncio.shield(act)

    def _act(self, content: bytes, envelope: Envelope) -> str:
        try:
            kind = self._receive(content, envelope)
        except StoreError as error:
            log.warning("mail put off", reason=str(error))
            return _LATER
        except Exception:
            log.exception("mail put off", recipient=envelope.recipient)
            return _LATER
        return _REFUSED if kind is Kind.UNKNOWN else _TAKEN


class _Busy(asyncio.Protocol):
    """Turns a connection away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"421 4.3.2 too many connections; try again later\r\n")
        transport.close()


class _Conversation(SMTP):
    """One client: aiosmtpd speaks the protocol, but for the content, which it would keep whole, line by line."""

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        self._listener = listener
        self._ended = loop.create_future()
        self._idle = asyncio.Event()
        self._idle.set()
        super().__init__(
            self,
            hostname="localhost",
            ident="syndicate",
            data_size_limit=listener.max_bytes,
            enable_SMTPUTF8=True,
            timeout=_IDLE_SECONDS,
            loop=loop,
        )

    async def end(self) -> None:
        """Cuts the connection, but answers a whole mail first; returns when nothing of it runs any more."""
        await self._idle.wait()
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        await self._ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._listener.conversations.add(self)
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self._handler_coroutine.add_done_callback(self._end)

    def _end(self, handler: asyncio.Task[None]) -> None:
        if not handler.cancelled():
            handler.exception()
        self._listener.conversations.discard(self)
        if not self._ended.done():
            self._ended.set_result(None)

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _transaction: Transaction, name: str, lines: list[str]
    ) -> list[str]:
        """What is offered (RFC 2033 §5 wants both)."""
        session.host_name = name
        return [lines[0], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", *lines[1:]]

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, transaction: Transaction, sender: str, options: list[str]
    ) -> str:
        """Anyone may write to us."""
        transaction.mail_from = sender
        transaction.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, transaction: Transaction, recipient: str, _options: list[str]
    ) -> str:
        """Only our own addresses are known."""
        if self._listener.addresses.accepts(recipient) is None:
            return "550 5.1.1 no such address here"
        if len(transaction.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        transaction.rcpt_tos.append(recipient)
        return "250 2.1.5 ok"

    async def handle_exception(self, error: Exception) -> str:
        """What aiosmtpd can't parse."""
        log.warning("a mail client was not understood", error=type(error).__name__)
        return "500 5.5.2 not understood"

    async def smtp_DATA(self, arg: str | None) -> None:
        """Called by aiosmtpd for the DATA command."""
        assert self.envelope is not None
        if self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - StreamReader does not tell
            # Who talks on before the answer to DATA may mean to hide a mail in another's content (RFC 2920 §3.1).
            await self.push("554 5.5.0 wait for the answer to DATA")
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.close()
            return
        if not self.envelope.rcpt_tos or arg:
            await self.push("501 5.5.4 DATA takes nothing" if arg else "503 5.5.1 RCPT first")
            return
        try:
            for reply in await self._replies(self.envelope):
                await self.push(reply)
        finally:
            self._idle.set()
        self.envelope = self._create_envelope()

    async def _replies(self, transaction: Transaction) -> list[str]:
        self._reader.feed_data(b"\r\n")  # so that the end is found the same way in a mail without a line
        await self.push("354 end with a dot")
        content = await self._content()
        self._idle.clear()
        if content is None:
            return self._told([_TOO_BIG] * len(transaction.rcpt_tos))
        sender = transaction.mail_from or ""
        return self._told([await self._listener.answer(content, sender, one) for one in transaction.rcpt_tos])

    def _told(self, replies: list[str]) -> list[str]:
        """SMTP has but one reply for all recipients: later for all if for one, and taken if for one."""
        ranked = (_LATER, _TAKEN, _TOO_BIG, _REFUSED)
        return [min(replies, key=ranked.index)]

    async def _content(self) -> bytes | None:
        """The beginning of what comes up to the dot, dots undone (RFC 5321 §4.5.2); None when all is too much."""
        kept, size, more = bytearray(), 0, True
        while more:
            try:
                read = await self._reader.readuntil(_END)
                more = False
            except asyncio.LimitOverrunError as over:
                read = await self._reader.readexactly(over.consumed)
            size += len(read)
            kept += read[: ENOUGH + len(_END) - len(kept)]
        if size - len(_END) > self._listener.max_bytes:
            return None
        whole = bytes(kept.removesuffix(_END[2:])) if size == len(kept) else bytes(kept)
        return whole.replace(b"\r\n.", b"\r\n")[2:]


class _LmtpConversation(_Conversation, LMTP):
    """The same with LHLO, and one reply for each recipient (RFC 2033 §4.2)."""

    def _told(self, replies: list[str]) -> list[str]:
        return replies
