"""A real SMTP relay on a free loopback port, in a thread and event loop of its own; the ``relay`` fixture hands it out.

A test tells it at run time how to misbehave, and reads off it what arrived::

    @pytest.mark.relay(security="starttls", login=("news", "secret"))
    def test_something(relay):
        relay.refuse("rcpt", "450 4.2.1 try later", matching="@slow", times=1)
        relay.cut("content", matching="eve@")
        ...
        assert relay.messages[0].recipients == ("reader@example.org",)
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Verb = Literal["connect", "ehlo", "mail", "rcpt", "data", "content", "reply"]
"""Where it misbehaves. ``data`` is the answer to the DATA command, ``content`` the one to the final dot. ``reply`` is
for cutting only: the message is kept, and its sender never hears so."""

Security = Literal["none", "starttls", "starttls-required", "tls"]


@dataclass(frozen=True, slots=True)
class Received:
    """One message that was accepted: the envelope's two sides, and the bytes as they came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(slots=True)
class _Rule:
    verb: Verb
    reply: str | None
    matching: str
    times: int | None
    until: Callable[[], bool] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def applies(self, verb: Verb, addresses: Sequence[str]) -> bool:
        if verb != self.verb or not any(re.search(self.matching, address) for address in addresses):
            return False
        with self.lock:
            if self.times is None:
                return True
            self.times -= 1
            return self.times >= 0


class Relay:
    """The server. ``messages``, ``connections`` (ever), ``open`` (now) and ``most_open`` may be read at any time."""

    host = "127.0.0.1"

    def __init__(self, security: Security = "none", login: tuple[str, str] | None = None) -> None:
        self.security, self.login = security, login
        self.messages: list[Received] = []
        self.connections = self.open = self.most_open = 0
        self.logins: list[tuple[str, str]] = []
        self.port = 0
        self.limit = 33_554_432
        self._rules: list[_Rule] = []
        self._protocols: set[_Protocol] = set()
        self._folder = TemporaryDirectory(prefix="relay-")
        self._tls: ssl.SSLContext | None = None
        self._started, self._stop = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="relay")

    def refuse(self, verb: Verb, reply: str, matching: str = "", times: int | None = None) -> None:
        """Answer ``reply`` at ``verb`` if ``matching`` (a pattern) is found in an address; ``times`` times, or always.

        The addresses looked at are the sender's at ``mail``, the one recipient's at ``rcpt``, and all accepted
        recipients' at ``data`` and ``content``; at ``connect`` and ``ehlo`` only an empty pattern matches.
        """
        self._rules.append(_Rule(verb, reply, matching, times))

    def cut(self, verb: Verb, matching: str = "", times: int | None = None) -> None:
        """Close the connection at ``verb`` instead of answering; otherwise as ``refuse``."""
        self._rules.append(_Rule(verb, None, matching, times))

    def hold(self, verb: Verb, matching: str, until: Callable[[], bool]) -> None:
        """Answer at ``mail`` or ``rcpt`` only when ``until`` says so, and then as if nothing had been."""
        self._rules.append(_Rule(verb, None, matching, None, until))

    def behave(self) -> None:
        """Forget all that ``refuse`` and ``cut`` were told."""
        self._rules.clear()

    @property
    def url(self) -> str:
        """What ``[smtp] url`` must be, without a user and password."""
        return self.url_for()

    def url_for(self, user: str = "", password: str = "") -> str:
        """What ``[smtp] url`` must be for that login."""
        scheme = {"none": "smtp", "starttls": "smtp", "starttls-required": "smtp+starttls", "tls": "smtps"}
        login = f"{user}:{password}@" if user else ""
        return f"{scheme[self.security]}://{login}{self.host}:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate (PEM) that vouches for this relay; only there when ``security`` is not ``none``."""
        return Path(self._folder.name) / "ca.pem"

    @property
    def recipients(self) -> list[str]:
        """Everyone who got a message, in order of arrival, as often as they got one."""
        return [recipient for message in self.messages for recipient in message.recipients]

    def __enter__(self) -> Self:
        if self.security != "none":
            authority = trustme.CA()
            authority.cert_pem.write_to_path(str(self.ca_file))
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(self.host, "localhost").configure_cert(self._tls)
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._folder.cleanup()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        tls = self._tls if self.security == "tls" else None
        server = await self._loop.create_server(lambda: _Protocol(self), self.host, 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for protocol in tuple(self._protocols):
            protocol.cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    def _verdict(self, verb: Verb, addresses: Sequence[str] = ("",)) -> _Rule | None:
        return next((rule for rule in tuple(self._rules) if rule.applies(verb, addresses)), None)


class _Protocol(SMTP):
    """One connection: aiosmtpd's server, with the relay's rules asked at every verb."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        upgrades = relay.security.startswith("starttls")
        super().__init__(
            self,
            hostname="relay.test",
            enable_SMTPUTF8=True,
            data_size_limit=relay.limit,
            tls_context=relay._tls if upgrades else None,
            require_starttls=relay.security == "starttls-required",
            auth_require_tls=upgrades or relay.login is None,
            authenticator=self._authenticator_of_relay,
            loop=asyncio.get_running_loop(),
        )

    def cut(self) -> None:
        """Close the connection without a word."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        upgraded = self in self.relay._protocols
        super().connection_made(transport)
        if not upgraded:
            self.relay._protocols.add(self)
            self.relay.connections += 1
            self.relay.open += 1
            self.relay.most_open = max(self.relay.most_open, self.relay.open)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self.relay._protocols:
            self.relay._protocols.remove(self)
            self.relay.open -= 1
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        rule = self.relay._verdict("connect")
        if rule is None:
            await super()._handle_client()
            return
        if rule.reply is not None:
            await self.push(rule.reply)
        assert self.transport is not None
        self.transport.close()

    async def _held(self, rule: _Rule) -> bool:
        """Whether the rule only wanted to be waited for."""
        if rule.until is None:
            return False
        while not rule.until():  # noqa: ASYNC110 - a test says when, from another thread
            await asyncio.sleep(0.005)
        return True

    async def _answer(self, rule: _Rule) -> str:
        if rule.reply is not None:
            return rule.reply
        self.cut()
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    def _authenticator_of_relay(self, *arguments: Any) -> AuthResult:
        given: LoginPassword = arguments[-1]
        pair = given.login.decode(), given.password.decode()
        self.relay.logins.append(pair)
        return AuthResult(success=pair == self.relay.login, handled=False)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        if rule := self.relay._verdict("ehlo"):
            return [await self._answer(rule)]
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.relay.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if (rule := self.relay._verdict("mail", [address])) and not await self._held(rule):
            return await self._answer(rule)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (rule := self.relay._verdict("rcpt", [address])) and not await self._held(rule):
            return await self._answer(rule)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def smtp_DATA(self, arg: str) -> None:
        assert self.envelope is not None
        rule = self.relay._verdict("data", self.envelope.rcpt_tos)
        if rule is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(await self._answer(rule))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if rule := self.relay._verdict("content", envelope.rcpt_tos):
            return await self._answer(rule)
        assert isinstance(envelope.content, bytes)
        self.relay.messages.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content))
        if rule := self.relay._verdict("reply", envelope.rcpt_tos):
            return await self._answer(rule)
        return f"250 2.0.0 OK: queued as {len(self.relay.messages)}"
