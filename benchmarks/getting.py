"""A client that asks for the same thing again and again, over connections that stay open.

It costs less than what it asks, or it would hold up the fast side: all answers are alike, so their octets are counted
and nothing of them is read.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from benchmarks.children import Meter, Run
from benchmarks.sinks import HOST

_MOST = 1 << 20
_PATIENCE = 10_000
"""Milliseconds."""


def get(port: int, path: str, headers: dict[str, str], count: int, connections: int) -> Run:
    """Asks so many times. :raises RuntimeError: when an answer is not like the first one, or none comes."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    size = answer(port, request).size
    with ExitStack() as closing:
        opened = [closing.enter_context(socket.create_connection((HOST, port))) for _ in range(min(connections, count))]
        meter = Meter()
        _ask(opened, request, size, count)
        return meter.read(count)


def _ask(opened: Sequence[socket.socket], request: bytes, size: int, count: int) -> None:
    poll, of, missing = select.poll(), {one.fileno(): one for one in opened}, {one.fileno(): size for one in opened}
    space, asked, done = bytearray(_MOST), len(opened), 0
    for one in opened:
        poll.register(one, select.POLLIN)
        one.sendall(request)
    while done < count:
        ready = poll.poll(_PATIENCE)
        for number, _ in ready:
            came = of[number].recv_into(space)
            missing[number] -= came
            if came == 0 or missing[number] < 0:
                raise RuntimeError("an answer was not like the first one")
            if missing[number] == 0:
                done, missing[number] = done + 1, size
                if asked < count:
                    asked += 1
                    of[number].sendall(request)
        if not ready:
            raise RuntimeError(f"no answer for {_PATIENCE // 1000} s")


class Answer(NamedTuple):
    """``size`` is how many octets it has in all; ``headers`` are by their names in lower case."""

    status: int
    size: int
    headers: dict[str, str]


def answer(port: int, request: bytes) -> Answer:
    """One answer. :raises RuntimeError: when it is neither the whole thing nor says that it did not change."""
    with socket.create_connection((HOST, port), timeout=_PATIENCE / 1000) as line:
        line.sendall(request)
        received = bytearray()
        while b"\r\n\r\n" not in received:
            received += line.recv(_MOST) or b"\r\n\r\n"
    head, _, _ = bytes(received).partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    status = first.split(" ")[1:2]
    if status not in (["200"], ["304"]):
        raise RuntimeError(f"the answer was {first!r}")
    body = 0 if status == ["304"] else int(headers["content-length"])
    return Answer(int(status[0]), len(head) + 4 + body, headers)
