"""The file that an article was picked up from: read, tried and written by people. Called by the console."""

from __future__ import annotations

import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from syndicate.errors import ConflictError, ParseError, SyndicateError
from syndicate.model import Content
from syndicate.pickup.folder import parse
from syndicate.settings import kept

LARGEST = 1_000_000
"""Octets that can be changed by a form."""


class TextFile:
    """A file of a source's ``folder``, by its name there, which is the article's guid."""

    def __init__(self, folder: Path, guid: str) -> None:
        self._folder, self._guid = folder, guid
        self.place = folder / guid

    def obstacle(self) -> str:
        """Why it can't be changed from here; empty when it can."""
        if not self.place.resolve().is_relative_to(self._folder.resolve()) or self.place.is_symlink():
            return "it lies elsewhere"
        if not self.place.is_file():
            return "it is not there any more"
        if self.place.stat().st_size > LARGEST:
            return f"it has more than {LARGEST:,} octets"
        try:
            self.place.read_bytes().decode()
        except UnicodeDecodeError:
            return "it is not in UTF-8; change it by hand"
        except OSError as error:
            return f"it can't be read: {error.strerror}"
        return kept.obstacle(self.place)

    def read(self) -> tuple[str, str]:
        """What stands there, and the print that a form brings back. :raises ConflictError: when it can't be changed."""
        if obstacle := self.obstacle():
            raise ConflictError(f"{self._guid} can't be changed from here: {obstacle}")
        text = self.place.read_bytes().decode()
        return text, sha256(text.encode()).hexdigest()

    def tried(self, text: str, now: datetime) -> Content | None:
        """The article that it would be; None for a draft. :raises ParseError: when it would be none."""
        return parse(text.encode(), self._guid, now)

    def save(self, text: str, print_: str) -> None:
        """Writes it and keeps what stood there; its date stays, which is the article's where the text says none.

        :raises ConflictError: when another text stands there than ``print_`` tells, or it can't be changed.
        """
        before, now = self.read()
        if now != print_:
            raise ConflictError(f"{self._guid} was changed by somebody else meanwhile; nothing was written")
        if len(text.encode()) > LARGEST:
            raise ParseError(self._guid, f"has more than {LARGEST:,} octets")
        if text == before:
            return
        seen = self.place.stat()
        try:
            kept.keep(self.place)
            kept.write(self.place, text.encode(), seen)
            os.utime(self.place, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        except OSError as error:
            raise SyndicateError(f"{self.place} can't be written: {error.strerror}") from None
