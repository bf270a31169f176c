"""The published feeds that can be followed: addresses ↔ files. Whatever else lies in the folder has no hub."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

_SEGMENT = re.compile(r"[\w-]+")
_PRIVATE = "private"
_ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Followable:
    """The feeds under ``directory``, which is seen at ``base``; ``media_types`` are those of the files' names.

    Pages of an archive (RFC 5005 §4) can't be followed, for they hardly change, and private feeds are nobody else's.
    """

    base: str
    directory: Path
    media_types: Mapping[str, str]

    def address(self, relative: str) -> str:
        """The public address of a feed, as its ``rel=self`` says; ``relative`` is the file's, with slashes."""
        return self.base + quote(relative)

    def file(self, address: str) -> Path | None:
        """The file of a feed that is published, by just its public address."""
        relative = unquote(address.removeprefix(self.base))
        is_one = address.startswith(self.base) and self.address(relative) == address and self._is_feed(relative)
        file = self.directory / relative
        return file if is_one and file.is_file() else None

    def read(self, address: str) -> tuple[str, bytes] | None:
        """Media type and bytes of a feed as it is now; None when it is not there."""
        file = self.file(address)
        try:
            return (self.media_types[file.name], file.read_bytes()) if file else None
        except FileNotFoundError:
            return None

    def all(self) -> Iterator[tuple[str, str]]:
        """Address and fingerprint of each; a feed with another fingerprint was written anew, which happens only when
        its bytes change."""
        yield from sorted(self._below(self.directory, ()))

    def _below(self, directory: str | os.PathLike[str], here: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        try:
            found = list(os.scandir(directory))
        except FileNotFoundError:
            return
        for one in found:
            inside = (*here, one.name)
            if here and one.name in self.media_types:
                with suppress(FileNotFoundError):
                    written = one.stat()
                    yield self.address("/".join(inside)), f"{written.st_mtime_ns}-{written.st_size}"
            elif _SEGMENT.fullmatch(one.name) and not _is_hidden(inside) and one.is_dir():
                yield from self._below(one.path, inside)

    def _is_feed(self, relative: str) -> bool:
        *folders, name = relative.split("/")
        whole = bool(folders) and name in self.media_types and all(map(_SEGMENT.fullmatch, folders))
        return whole and not _is_hidden(folders[:1]) and not _is_hidden(folders[:2])


def _is_hidden(folders: tuple[str, ...] | list[str]) -> bool:
    return folders[0] == _PRIVATE or (len(folders) == 2 and folders[1] == _ARCHIVE)
