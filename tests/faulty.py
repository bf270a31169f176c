"""An SMTP server written by hand, in a thread of its own, that says what no good server says, at any verb.

What ``tests/relay.py`` can't do for aiosmtpd is in the way: wrong counts of replies, half-closed connections, replies
without an end, and RFC 3030's CHUNKING. A test reads off it what arrived, and can hold its answers back::

    with FaultyServer(chunking=True) as server:
        server.misbehave("rcpt", FAULTS["garbage"], matching="r1@", times=1)
        server.hold_after(20)
        ...
        server.wait_until(lambda: len(server.messages) == 20)
        server.go_on()
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self

from tests.relay import Received

Verb = Literal["connect", "ehlo", "mail", "rcpt", "data", "content", "kept"]
"""Where it misbehaves. ``content`` is the answer to a whole message, ``kept`` the same when the message was kept."""

_FAR_AWAY = 0.008
"""Seconds until it says that it is there: chunks are for relays at a distance."""

PATIENCE = 30.0
"""Seconds that a test waits for what must come; nothing is learnt from how long it took."""


class Wire:
    """One connection. ``rcpt`` is the address that the open transaction is for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.sender = self.rcpt = ""
        self.body = bytearray()

    async def say(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Forgets the transaction."""
        self.sender = self.rcpt = ""
        self.body.clear()


@dataclass(frozen=True, slots=True)
class Fault:
    """How it answers where a good server would say ``honest``; ``honours``: the command counts all the same."""

    answer: Callable[[Wire, bytes], Awaitable[None]]
    honours: bool = False


@dataclass(slots=True)
class _Rule:
    verb: Verb
    fault: Fault
    matching: str
    times: int | None

    def applies(self, verb: Verb, address: str) -> bool:
        if verb != self.verb or self.times == 0 or not re.search(self.matching, address):
            return False
        if self.times is not None:
            self.times -= 1
        return True


class FaultyServer:
    """The server. ``messages``, ``connections`` (ever), ``open`` (now) and ``misbehaved`` may be read at any time."""

    def __init__(self, *, pipelining: bool = True, chunking: bool = False) -> None:
        self.messages: list[Received] = []
        self.failures: list[Exception] = []
        self.connections = self.open = self.misbehaved = self.port = 0
        self._offers = [name for name, on in (("PIPELINING", pipelining), ("CHUNKING", chunking)) if on]
        self._rules: list[_Rule] = []
        self._hold_after: int | None = None
        self._changed = threading.Condition()
        self._going_on, self._stop = asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wires: set[Wire] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="faulty")

    def misbehave(self, verb: Verb, fault: Fault, matching: str = "", times: int | None = None) -> None:
        """Does so at ``verb`` for recipients in which ``matching`` (a pattern) is found; ``times`` times, or always."""
        self._rules.append(_Rule(verb, fault, matching, times))

    def behave(self) -> None:
        """Forgets every fault."""
        self._rules.clear()

    def wait_idle(self) -> None:
        """Waits until no connection is open."""
        self.wait_until(lambda: self.open == 0)

    def hold_after(self, count: int) -> None:
        """From the message of that number on, nothing is answered to a message until ``go_on``."""
        self._hold_after = count

    def go_on(self) -> None:
        """Gives the answers that were held back, and all others."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._going_on.set)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that arrives here."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), "it did not come"

    @property
    def url(self) -> str:
        """What ``[smtp] url`` must be."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        """Everyone for whom a message was kept, in order of arrival, as often as one was."""
        return [recipient for message in tuple(self.messages) for recipient in message.recipients]

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait_until(lambda: self.port > 0)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        assert not self.failures, self.failures

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self._note(lambda: setattr(self, "port", server.sockets[0].getsockname()[1]))
        await self._stop.wait()
        server.close()
        self._going_on.set()
        for wire in tuple(self._wires):
            wire.writer.transport.abort()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)

    def _note(self, change: Callable[[], object]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _count(self, change: int) -> None:
        self.open += change
        self.connections += max(change, 0)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        self._wires.add(wire)
        self._note(lambda: self._count(1))
        try:
            await self._answer(wire, "connect", b"220 faulty.test ESMTP\r\n")
            while not writer.is_closing() and (line := await reader.readline()):
                await self._obey(wire, line.strip())
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:  # noqa: BLE001 - the test must hear of it
            self.failures.append(error)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._wires.discard(wire)
            self._note(lambda: self._count(-1))

    async def _obey(self, wire: Wire, line: bytes) -> None:
        verb, _, rest = line.decode("ascii", "replace").partition(" ")
        obey = getattr(self, f"_on_{verb.lower()}", None) if verb.isalpha() else None
        if obey is None:
            await wire.say(b"500 5.5.2 unknown command\r\n")
        else:
            await obey(wire, rest)

    async def _on_ehlo(self, wire: Wire, _: str) -> None:
        names = ["faulty.test", *self._offers, "8BITMIME"]
        lines = [f"250-{name}\r\n" for name in names[:-1]] + [f"250 {names[-1]}\r\n"]
        await self._answer(wire, "ehlo", "".join(lines).encode())

    _on_helo = _on_ehlo

    async def _on_mail(self, wire: Wire, rest: str) -> None:
        wire.reset()
        if await self._answer(wire, "mail", b"250 2.1.0 sender ok\r\n"):
            wire.sender = _address(rest)

    async def _on_rcpt(self, wire: Wire, rest: str) -> None:
        if not wire.sender:
            await wire.say(b"503 5.5.1 no sender\r\n")
        elif await self._answer(wire, "rcpt", b"250 2.1.5 recipient ok\r\n", _address(rest)):
            wire.rcpt = _address(rest)

    async def _on_data(self, wire: Wire, _: str) -> None:
        if not wire.rcpt:
            await wire.say(b"503 5.5.1 no recipient\r\n")
        elif await self._answer(wire, "data", b"354 go ahead\r\n"):
            while (line := await wire.reader.readline()) != b".\r\n":
                if not line:
                    return
                wire.body += line.removeprefix(b".")
            await self._take(wire)

    async def _on_bdat(self, wire: Wire, rest: str) -> None:
        size, _, last = rest.partition(" ")
        wire.body += await wire.reader.readexactly(int(size))
        if not wire.rcpt:
            wire.reset()
            await wire.say(b"503 5.5.1 no recipient\r\n")
        elif last:
            await self._take(wire)
        else:
            await wire.say(b"250 2.0.0 octets received\r\n")

    async def _on_noop(self, wire: Wire, _: str) -> None:
        await asyncio.sleep(_FAR_AWAY if "CHUNKING" in self._offers else 0)
        await wire.say(b"250 2.0.0 here\r\n")

    async def _on_rset(self, wire: Wire, _: str) -> None:
        wire.reset()
        await wire.say(b"250 2.0.0 ok\r\n")

    async def _on_quit(self, wire: Wire, _: str) -> None:
        await wire.say(b"221 2.0.0 bye\r\n")
        wire.writer.close()

    async def _take(self, wire: Wire) -> None:
        """Keeps a whole message, unless it is to be refused, and answers."""
        received, rcpt = Received(wire.sender, (wire.rcpt,), bytes(wire.body)), wire.rcpt
        wire.reset()
        fault = self._fault("content", rcpt)
        if fault is None or fault.honours:
            self._note(lambda: self.messages.append(received))
            fault = fault or self._fault("kept", rcpt)
        if self._hold_after is not None and len(self.messages) >= self._hold_after:
            await self._going_on.wait()
        await _say(wire, fault, b"250 2.0.0 kept\r\n")

    async def _answer(self, wire: Wire, verb: Verb, honest: bytes, address: str = "") -> bool:
        """Answers a command, honestly or not; returns whether it counts."""
        fault = self._fault(verb, address or wire.rcpt)
        await _say(wire, fault, honest)
        return fault is None or fault.honours

    def _fault(self, verb: Verb, address: str) -> Fault | None:
        found = next((rule.fault for rule in tuple(self._rules) if rule.applies(verb, address)), None)
        if found:
            self._note(self._misbehave)
        return found

    def _misbehave(self) -> None:
        self.misbehaved += 1


async def _say(wire: Wire, fault: Fault | None, honest: bytes) -> None:
    await (fault.answer(wire, honest) if fault else wire.say(honest))


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
