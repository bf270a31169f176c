"""An SMTP server in a process of its own that writes down each message before it says that it has it.

``python -m tests.kill.server LOG [--chunking] [--delay-ms N] [--also ADDRESS]`` prints its port. It knows nothing of
the program: its log, one JSON list a line, is what a killed sender's ledger is held against.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import sys
import time
from contextlib import suppress
from email.parser import BytesHeaderParser
from itertools import count
from pathlib import Path

FAR_AWAY = 0.01
"""Seconds until NOOP is answered where chunks are offered: they are for relays at a distance."""


class Log:
    """Appends lines; each is with the operating system when ``write`` returns, so no end of this process loses it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, *facts: object) -> None:
        """One line."""
        os.write(self._file, json.dumps(facts).encode() + b"\n")


class Connection:
    """One sender's connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: Log, *, chunking: bool, delay: float
    ) -> None:
        self._reader, self._writer, self._log = reader, writer, log
        self._chunking, self._delay = chunking, delay
        self._recipient, self._content = "", b""

    async def serve(self) -> None:
        """Until the other side goes. What it did not hear out is no message."""
        self._say("220 kill.test")
        while (line := await self._reader.readline()).endswith(b"\r\n"):
            if not await self._obey(line.decode("ascii").strip()):
                break
            if self._is_heard_out:
                await self._writer.drain()

    @property
    def _is_heard_out(self) -> bool:
        return b"\n" not in self._reader._buffer  # type: ignore[attr-defined]

    async def _obey(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                self._say("250-kill.test", *(["250-CHUNKING"] if self._chunking else []), "250 PIPELINING")
            case "MAIL":
                self._recipient, self._content = "", b""
                self._say("250 2.1.0 ok")
            case "RCPT":
                self._recipient = rest.partition("<")[2].partition(">")[0]
                self._say("250 2.1.5 ok")
            case "DATA":
                self._say("354 go ahead")
                await self._writer.drain()
                self._content = (await self._reader.readuntil(b"\r\n.\r\n"))[:-3]
                await self._keep()
            case "BDAT":
                size, _, last = rest.partition(" ")
                self._content += await self._reader.readexactly(int(size))
                if last:
                    await self._keep()
                else:
                    self._say("250 2.0.0 go on")
            case "NOOP":
                await asyncio.sleep(FAR_AWAY if self._chunking else 0)
                self._say("250 2.0.0 ok")
            case "QUIT":
                self._say("221 2.0.0 bye")
            case _:
                self._say("250 2.0.0 ok")
        return verb.upper() != "QUIT"

    async def _keep(self) -> None:
        header, _, body = self._content.partition(b"\r\n\r\n")
        identity = BytesHeaderParser().parsebytes(header)["Message-ID"]
        digest = hashlib.sha256(body).hexdigest()[:16]
        self._log.write("message", self._recipient, identity, digest, round(time.time(), 6))
        await asyncio.sleep(self._delay)
        self._say("250 2.0.0 kept")

    def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())


async def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill.server")
    parser.add_argument("log", type=Path)
    parser.add_argument("--chunking", action="store_true")
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--also", action="append", default=[], metavar="ADDRESS", help="where it listens, too")
    given = parser.parse_args()
    log, numbers = Log(given.log), count(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        log.write("open", number)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await Connection(reader, writer, log, chunking=given.chunking, delay=given.delay_ms / 1000).serve()
        finally:
            writer.close()
            log.write("closed", number)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 24)
    port = server.sockets[0].getsockname()[1]
    for one in given.also:
        await asyncio.start_server(serve, one, port, limit=1 << 24)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
