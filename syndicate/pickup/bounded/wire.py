"""What goes between this process and one that parses: frames on a socket, JSON and bytes; nothing that could run."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from socket import socket
from typing import Literal

from pydantic import TypeAdapter

from syndicate.pickup.reading import Reading

_READING = TypeAdapter(Reading)
_READ, _REFUSED, _LAST = b"+", b"-", b"."

Parser = Literal["feed", "wordpress", "posted", "ghost", "page"]
"""Names of what ``child`` can parse with."""


@dataclass(frozen=True, slots=True)
class Task:
    """Bytes from ``url`` to be parsed, and by what."""

    parser: Parser
    body: bytes
    url: str
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no reading: the text of a ParseError without its origin."""

    reason: str


def send_task(connection: socket, task: Task) -> None:
    """Hands it over. :raises OSError: when the other side is gone, or the socket's time is over."""
    told = {key: value for key, value in asdict(task).items() if key != "body"}
    _send(connection, json.dumps(told).encode(), task.body)


def receive_task(connection: socket) -> Task | None:
    """The next task; None when there will be none."""
    frames = _receive(connection)
    return Task(**json.loads(frames[0]), body=frames[1]) if frames else None


def send_answer(connection: socket, answer: Reading | Refusal, *, is_last: bool) -> None:
    """Hands it over, and whether it is the last one that this process gives."""
    if isinstance(answer, Refusal):
        kind, body = _REFUSED, answer.reason.encode("utf-8", "replace")
    else:
        kind, body = _READ, _READING.dump_json(answer)
    _send(connection, kind + (_LAST if is_last else b""), body)


def receive_answer(connection: socket) -> tuple[Reading | Refusal, bool] | None:
    """The answer, its types checked, and whether it is the last one; None when the other side is gone.

    :raises ValueError: when it is no answer.
    """
    frames = _receive(connection)
    if not frames:
        return None
    head, body = frames
    if head.startswith(_REFUSED):
        return Refusal(body.decode("utf-8", "replace")), head.endswith(_LAST)
    return _READING.validate_json(body), head.endswith(_LAST)


def _send(connection: socket, head: bytes, body: bytes) -> None:
    connection.sendall(struct.pack("!II", len(head), len(body)) + head)
    connection.sendall(body)


def _receive(connection: socket) -> tuple[bytes, bytes] | None:
    lengths = _exactly(connection, 8)
    if lengths is None:
        return None
    head, body = (_exactly(connection, length) for length in struct.unpack("!II", lengths))
    return None if head is None or body is None else (head, body)


def _exactly(connection: socket, length: int) -> bytes | None:
    found = bytearray(length)
    view = memoryview(found)
    while view:
        count = connection.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return bytes(found)
