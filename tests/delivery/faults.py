"""What a relay may do instead of answering as it should; for ``tests/faulty.py``."""

from __future__ import annotations

import asyncio

from tests.faulty import Fault, Wire

ENDLESS = 8_000_000
"""Bytes of the reply that has no end: no client listens to all of it."""

LATER = b"451 4.3.0 not now\r\n"
NEVER = b"554 5.0.0 never\r\n"
CLOSING = b"421 4.4.2 going away\r\n"


def saying(reply: bytes) -> Fault:
    """Refuses in so many words."""

    async def answer(wire: Wire, honest: bytes) -> None:
        await wire.say(reply)

    return Fault(answer)


async def _says_421_and_goes(wire: Wire, honest: bytes) -> None:
    await wire.say(CLOSING)
    wire.writer.close()


async def _closes(wire: Wire, honest: bytes) -> None:
    wire.writer.transport.abort()


async def _half_closes(wire: Wire, honest: bytes) -> None:
    wire.writer.write_eof()
    await wire.reader.read()


async def _says_nothing(wire: Wire, honest: bytes) -> None:
    await wire.reader.read()


async def _says_garbage(wire: Wire, honest: bytes) -> None:
    await wire.say(b"\x16\x03\x01\xff\x00 what was the question\r\n")
    await wire.reader.read()


async def _never_ends(wire: Wire, honest: bytes) -> None:
    line = honest[:3] + b"-" + b"and so on " * 40 + b"\r\n"
    for _ in range(ENDLESS // len(line)):
        await wire.say(line)
    raise AssertionError("someone listened to all of it")


async def _says_it_twice(wire: Wire, honest: bytes) -> None:
    await wire.say(honest + honest)


async def _forgets_it(wire: Wire, honest: bytes) -> None:
    pass


async def _says_it_and_closes(wire: Wire, honest: bytes) -> None:
    await wire.say(honest)
    wire.writer.close()


async def _drips(wire: Wire, honest: bytes) -> None:
    for byte in honest:
        await wire.say(bytes([byte]))
        await asyncio.sleep(0.0005)


async def _says_it_in_lines(wire: Wire, honest: bytes) -> None:
    await wire.say(honest[:3] + b"-there is\r\n" + honest[:3] + b"-\r\n" + honest[:2])
    await asyncio.sleep(0.001)
    await wire.say(honest[2:])


async def _says_it_with_bare_lf(wire: Wire, honest: bytes) -> None:
    await wire.say(honest.replace(b"\r\n", b"\n"))


DROPS = Fault(_forgets_it)
"""It did not keep what it was given, and goes on as if nothing had been said."""

BREAKS = {
    "421": Fault(_says_421_and_goes),
    "close": Fault(_closes),
    "half-close": Fault(_half_closes),
    "tarpit": Fault(_says_nothing),
    "garbage": Fault(_says_garbage),
    "endless": Fault(_never_ends),
    "twice": Fault(_says_it_twice, honours=True),
    "never": Fault(_forgets_it, honours=True),
    "close-after": Fault(_says_it_and_closes, honours=True),
}
"""After these the connection is of no use."""

ODD = {
    "drip": Fault(_drips, honours=True),
    "lines": Fault(_says_it_in_lines, honours=True),
    "bare-lf": Fault(_says_it_with_bare_lf, honours=True),
}
"""Strange, and still an answer."""
