"""The settings file itself: read, written whole or not at all, with what stood there before kept beside it.

Called by the command line, which reads it, by ``serve``, which follows it, and by the console, which writes it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from syndicate.errors import ConflictError, SyndicateError
from syndicate.settings import kept
from syndicate.settings.kept import Version
from syndicate.settings.load import Understood, read, understand
from syndicate.settings.schema import Settings


class Look(NamedTuple):
    """The file at one moment: two equal looks mean that nothing was written in between."""

    mtime_ns: int
    size: int
    inode: int


class SettingsFile:
    """``syndicate.toml`` with the environment that is laid over it.

    ``refused`` says why what stands there now is not in use though it can be read; empty when there is no such reason.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path, self.refused = path.resolve(), ""
        self._environ = environ
        self._turn = threading.Lock()

    def load(self) -> Settings:
        """:raises SettingsError: with all that is wrong in it."""
        return self.understand(self.read()).settings

    def read(self) -> str:
        """What stands in it. :raises SettingsError: when it can't be read."""
        return read(self.path)

    def understand(self, text: str) -> Understood:
        """What the settings would be if that stood in it. :raises SettingsError: with all that is wrong in it."""
        return understand(text, self.path, self._environ)

    def look(self) -> Look | None:
        """How it is now; None when it is not there."""
        try:
            seen = self.path.stat()
        except OSError:
            return None
        return Look(seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def changed_at(self) -> datetime | None:
        """When it came to be as it is, also by being moved here; None when it is not there."""
        try:
            return datetime.fromtimestamp(self.path.stat().st_ctime, UTC)
        except OSError:
            return None

    def obstacle(self) -> str:
        """Why it can't be written from here; empty when it can."""
        return kept.obstacle(self.path)

    def replace(self, text: str, instead_of: str) -> None:
        """Writes it anew, and keeps what stood there; mode, owner and group stay. ``instead_of`` is what stands there.

        :raises SettingsError: when ``text`` can't be used, and nothing was written.
        :raises ConflictError: when something else stands there, or it can't be written.
        """
        self.understand(text)
        with self._turn:
            if self.read() != instead_of:
                raise ConflictError("the settings file was changed by somebody else meanwhile; nothing was written")
            if obstacle := self.obstacle():
                raise ConflictError(f"{self.path} can't be changed from here: {obstacle}")
            try:
                kept.keep(self.path)
                kept.write(self.path, text.encode(), self.path.stat())
            except OSError as error:
                raise SyndicateError(f"{self.path} can't be written: {error.strerror}; nothing was changed") from None

    def versions(self) -> list[Version]:
        """What is kept of what stood there before, newest first."""
        return kept.versions(self.path)

    def version(self, number: int) -> str:
        """The text of one of them. :raises NotFoundError: when it is not kept (any more)."""
        return read(kept.version(self.path, number))


def print_of(text: str) -> str:
    """What tells one state of the file from another."""
    return sha256(text.encode()).hexdigest()
