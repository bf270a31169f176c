"""Published files, kept in memory for as long as they are what is on disk. ``feeds`` hands them out.

Whether they still are is asked at every request, of the file system alone: publishing may happen in another process.
"""

from __future__ import annotations

import errno
import gzip
import os
import zlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

import brotli

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content codings in which a file may lie beside itself, the best first, with what its name then ends in."""

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP)

Some = TypeVar("Some")
Mark = tuple[int, int, int]
"""Inode, time and size of a file: one that is replaced has another inode, one that is written another time."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file as it lay there: ``content`` in an ``encoding``, ``""`` for none. ``modified_at`` is the plain file's."""

    content: bytes
    encoding: str
    modified_at: datetime
    marks: tuple[tuple[str, Mark | None], ...]

    @property
    def is_current(self) -> bool:
        """Whether every file that this was read from, or looked for in vain, is as it was."""
        for path, mark in self.marks:
            try:
                found = os.stat(path)  # noqa: PTH116 - a string costs less, and this is done at every request
            except OSError:
                found = None
            if (found and (found.st_ino, found.st_mtime_ns, found.st_size)) != mark:
                return False
        return True


def read(path: Path, encodings: Sequence[str]) -> Copy | None:
    """The file in the first of these encodings that there is, else as it is; None when there is no such file.

    An encoded file counts only where it holds just what the plain one does: publishing replaces one after the other.
    """
    plain = _read(path)
    if plain is None:
        return None
    content, mark = plain
    modified_at = datetime.fromtimestamp(mark[1] / 1e9, UTC)
    marks: list[tuple[str, Mark | None]] = [(str(path), mark)]
    for encoding in encodings:
        beside = path.with_name(path.name + ENCODINGS[encoding])
        encoded = _read(beside)
        marks.append((str(beside), encoded and encoded[1]))
        if encoded and _decoded(encoded[0], encoding) == content:
            return Copy(encoded[0], encoding, modified_at, tuple(marks))
    return Copy(content, "", modified_at, tuple(marks))


class Shelf(Generic[Some]):
    """What was asked for lately, up to ``room`` bytes in all; what is too large for it is not kept."""

    def __init__(self, room: int) -> None:
        self._room, self._taken = room, 0
        self._kept: OrderedDict[Hashable, tuple[Some, int]] = OrderedDict()

    def get(self, key: Hashable) -> Some | None:
        """None when it is not there, or no longer."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: Some, size: int) -> None:
        """Takes the place of what was there, and of what nobody asked for longest."""
        self.drop(key)
        if size > self._room:
            return
        self._kept[key] = (value, size)
        self._taken += size
        while self._taken > self._room:
            _, (_, freed) = self._kept.popitem(last=False)
            self._taken -= freed

    def drop(self, key: Hashable) -> None:
        """Forgets it."""
        _, size = self._kept.pop(key, (None, 0))
        self._taken -= size


def _read(path: Path) -> tuple[bytes, Mark] | None:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            return file.read(), (found.st_ino, found.st_mtime_ns, found.st_size)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise


def _decoded(content: bytes, encoding: str) -> bytes | None:
    """None when it is no such thing, such as a file that is half written."""
    try:
        return gzip.decompress(content) if encoding == "gzip" else brotli.decompress(content)
    except (OSError, EOFError, zlib.error, brotli.error):
        return None
