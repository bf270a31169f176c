"""Opens a file of subscribers: CSV in UTF-8, UTF-16 or Windows-1252, a ZIP file of such, or JSON lines.

Of a ZIP file only CSV files are looked at, and they are read as they come: nothing of it is unpacked onto the disk.
"""

from __future__ import annotations

import codecs
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import IO

from syndicate.audience.formats.layout import lay_out
from syndicate.audience.formats.mailchimp import NEVER_SUBSCRIBED
from syndicate.audience.lines import Lines
from syndicate.audience.sheet import Sheet
from syndicate.errors import RosterError

_MOST_PARTS = 50
_LARGEST = 4 << 30
"""Bytes in the CSV files of one ZIP file."""

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Source:
    """Reads a file in pieces as UTF-8, also when it is UTF-16; ``done`` are the bytes read so far."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        self._file, self._path, self.done = file, path, 0
        self._ahead = self._raw(4)
        self.encoding = _encoding(self._ahead)
        self._decoder = codecs.getincrementaldecoder(self.encoding)("replace")

    @property
    def is_json(self) -> bool:
        """Whether it begins as a JSON object does."""
        return self._ahead.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")

    def read(self, size: int) -> bytes:
        """About so many bytes; none at the end. :raises RosterError: when the file is damaged."""
        while raw := self._ahead or self._raw(size):
            self._ahead = b""
            self.done += len(raw)
            piece = raw if self.encoding == "utf-8" else self._decoder.decode(raw).encode("utf-8", "replace")
            if piece:
                return piece
        return b""

    def _raw(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise RosterError(self._path, f"is damaged ({error}); download it again") from error


@dataclass(frozen=True, slots=True)
class Part:
    """One CSV file, open. ``path`` is how it is called in messages, ``name`` its own name."""

    name: str
    path: str
    source: Source
    sheet: Sheet | Lines


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is open: its ``parts`` in the order in which they are read, who left first; ``size`` in bytes.

    ``skipped`` are CSV files in a ZIP file that have no subscribers.
    """

    parts: tuple[Part, ...]
    size: int
    skipped: tuple[str, ...]

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return sum(part.source.done for part in self.parts)


@contextmanager
def opened(file: Path, mapping: Mapping[str, str]) -> Iterator[Reading]:
    """Opens it; ``mapping`` is as for ``lay_out``.

    :raises RosterError: when it can't be read, has no addresses, or ``mapping`` names a column that is not there.
    """
    with ExitStack() as stack:
        streams = _streams(stack, file)
        parts, skipped, size = [], [], 0
        for name, stream, length in streams:
            path = str(file) if len(streams) == 1 else f"{file}: {name}"
            try:
                parts.append(_part(name, path, stream, mapping))
                size += length
            except RosterError:
                if len(streams) == 1:
                    raise
                skipped.append(name)
        if not parts:
            raise RosterError(
                str(file), "none of the files in it has subscribers; it must hold CSV files with addresses"
            )
        _check(file, mapping, parts)
        parts.sort(key=lambda part: not part.sheet.layout.state)
        yield Reading(tuple(parts), size, tuple(skipped))


def print_of(file: Path, told: object) -> str:
    """What tells this file, and what was ``told`` of it, from any other. :raises RosterError: as ``opened`` does."""
    try:
        with file.open("rb") as data:
            return sha256(f"{file_digest(data, 'sha256').hexdigest()} {json.dumps(told)}".encode()).hexdigest()
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> RosterError:
    return RosterError(str(file), f"can't be read ({error.strerror or error}); check its name and permissions")


def _streams(stack: ExitStack, file: Path) -> list[tuple[str, IO[bytes], int]]:
    try:
        plain = stack.enter_context(file.open("rb"))
        if not zipfile.is_zipfile(plain):
            plain.seek(0)
            return [(file.name, plain, file.stat().st_size)]
        archive = stack.enter_context(zipfile.ZipFile(plain))
        found = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
        if len(found) > _MOST_PARTS or sum(one.file_size for one in found) > _LARGEST:
            raise RosterError(str(file), "holds too many or too large CSV files; unpack it, and import them one by one")
        return [(one.filename, stack.enter_context(archive.open(one)), one.file_size) for one in found]
    except OSError as error:
        raise _unreadable(file, error) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise RosterError(str(file), f"can't be unpacked ({error}); unpack it, and import its CSV files") from error


def _part(name: str, path: str, stream: IO[bytes], mapping: Mapping[str, str]) -> Part:
    own = PurePosixPath(name).name
    if own.lower().startswith(NEVER_SUBSCRIBED):
        raise RosterError(path, "has people who never subscribed, and who must not be mailed; leave it out")
    source = Source(stream, path)
    kind = Lines if source.is_json else Sheet
    return Part(own, path, source, kind(source, path, lambda names: lay_out(names, mapping)))


def _check(file: Path, mapping: Mapping[str, str], parts: list[Part]) -> None:
    names = {name.casefold(): name for part in parts for name in part.sheet.names}
    for column in mapping:
        if column.strip().casefold() not in names:
            known = ", ".join(name for name in names.values() if name)
            raise RosterError(str(file), f"has no column {column[:40]!r}; it has: {known}")


def _encoding(head: bytes) -> str:
    if head[:2] in _MARKS:
        return _MARKS[head[:2]]
    if head[1:2] == b"\0" and head[3:4] == b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[2:3] == b"\0":
        return "utf-16-be"
    return "utf-8"
