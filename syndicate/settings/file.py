"""The settings file itself: read, written whole or not at all, with what stood there before kept beside it.

Called by the command line, which reads it, by ``serve``, which follows it, and by the console, which writes it.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.settings.load import Understood, read, understand
from syndicate.settings.schema import Settings

KEPT = 20
"""So many previous versions are kept, as ``syndicate.toml.~1~`` and so on; the highest number is the newest."""

_ANYBODY = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Look(NamedTuple):
    """The file at one moment: two equal looks mean that nothing was written in between."""

    mtime_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class Version:
    """What stood in the file before. ``written_at`` is when it was written there."""

    number: int
    written_at: datetime


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
        try:
            seen, folder = self.path.stat(), self.path.parent.stat()
        except OSError as error:
            return f"it can't be looked at: {error.strerror}"
        if not seen.st_mode & _ANYBODY or not os.access(self.path, os.W_OK):
            return "the file may not be written"
        if not folder.st_mode & _ANYBODY or not os.access(self.path.parent, os.W_OK | os.X_OK):
            return f"files in {self.path.parent} may not be replaced"
        if os.geteuid() not in (0, seen.st_uid):
            return "the file belongs to another user of this machine"
        return ""

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
                self._keep()
                _write(self.path, text.encode(), self.path.stat())
            except OSError as error:
                raise SyndicateError(f"{self.path} can't be written: {error.strerror}; nothing was changed") from None

    def versions(self) -> list[Version]:
        """What is kept of what stood there before, newest first."""
        found = []
        for number in self._numbers():
            with suppress(OSError):
                written_at = datetime.fromtimestamp(self._place(number).stat().st_mtime, UTC)
                found.append(Version(number, written_at))
        return found

    def version(self, number: int) -> str:
        """The text of one of them. :raises NotFoundError: when it is not kept (any more)."""
        if number not in self._numbers():
            raise NotFoundError("previous version of the settings", number)
        return read(self._place(number))

    def _place(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.~{number}~")

    def _numbers(self) -> list[int]:
        name = re.compile(rf"{re.escape(self.path.name)}\.~([1-9][0-9]{{0,8}})~")
        found = (name.fullmatch(one.name) for one in self.path.parent.iterdir())
        return sorted((int(one[1]) for one in found if one), reverse=True)

    def _keep(self) -> None:
        numbers, seen = self._numbers(), self.path.stat()
        place = self._place(numbers[0] + 1 if numbers else 1)
        _write(place, self.path.read_bytes(), seen)
        os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        for number in numbers[KEPT - 1 :]:
            self._place(number).unlink(missing_ok=True)


def print_of(text: str) -> str:
    """What tells one state of the file from another."""
    return sha256(text.encode()).hexdigest()


def _write(place: Path, content: bytes, like: os.stat_result) -> None:
    """Whole or not at all, and on the disk when it returns. Until it is complete, only its owner can read it."""
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
            file.flush()
            os.fsync(descriptor)
        unfinished.replace(place)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
