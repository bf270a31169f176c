"""Takes an SMTP server's replies apart (RFC 5321 §4.2), however they were split. Called by ``smtp``."""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache

LONGEST_REPLY = 64 * 1024
"""Bytes of one reply, all its lines together; a server that says more is not making sense."""

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_SHOWN = 500
_USUAL = 100


class Replies:
    """Bytes in, replies out: ``ready`` holds the complete ones, oldest first, as code and text on one line."""

    __slots__ = ("_length", "_lines", "_received", "ready")

    def __init__(self) -> None:
        self._received = b""
        self._lines: list[bytes] = []
        self._length = 0
        self.ready: deque[tuple[int, str]] = deque()

    def feed(self, data: bytes) -> str:
        """Takes what came; returns why it makes no sense, or nothing. A bare LF ends a line too."""
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            if wrong := self._take(line[:-1] if line.endswith(b"\r") else line):
                return wrong
        return "the server's reply has no end" if len(self._received) + self._length > LONGEST_REPLY else ""

    def _take(self, line: bytes) -> str:
        if not self._lines and (reply := _usual(line) if len(line) <= _USUAL else _alone(line)):
            self.ready.append(reply)
            return ""
        match = _LINE.fullmatch(line)
        if not match or (self._lines and not self._lines[0].startswith(match[1])):
            return f"the server said something that is no reply: {_shown(line)}"
        if match[2] == b"-":
            self._lines.append(line)
            self._length += len(line) + 2
            return ""
        text = " ".join(_shown(one[4:]) for one in (*self._lines, line))
        self._lines, self._length = [], 0
        self.ready.append((int(match[1]), text[:_SHOWN]))
        return ""


def _alone(line: bytes) -> tuple[int, str] | None:
    """The reply that has this one line, None when it goes on or is none."""
    match = _LINE.fullmatch(line)
    return None if not match or match[2] == b"-" else (int(match[1]), _shown(line[4:]))


_usual = lru_cache(maxsize=256)(_alone)
"""Most of what a server says it has said before."""


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()[:_SHOWN]
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_SHOWN]
