"""Files that the service writes: whole or not at all, with what stood there before kept beside them.

Called by the settings file, and by the desk for templates and articles.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syndicate.errors import NotFoundError

KEPT = 20
"""So many previous versions are kept, as ``NAME.~1~`` and so on; the highest number is the newest."""

_ANYBODY = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_NEW_FILE = 0o644


@dataclass(frozen=True, slots=True)
class Version:
    """What stood in the file before. ``written_at`` is when it was written there."""

    number: int
    written_at: datetime


def obstacle(path: Path) -> str:
    """Why it can't be written from here, or made; empty when it can."""
    try:
        seen = path.stat() if path.exists() else None
        folder = next(one for one in path.parents if one.exists())
        may_be = folder.stat()
    except OSError as error:
        return f"it can't be looked at: {error.strerror}"
    if seen and (not seen.st_mode & _ANYBODY or not os.access(path, os.W_OK)):
        return "the file may not be written"
    if not stat.S_ISDIR(may_be.st_mode) or not may_be.st_mode & _ANYBODY or not os.access(folder, os.W_OK | os.X_OK):
        return f"files in {folder} may not be {'replaced' if seen else 'made'}"
    if seen and os.geteuid() not in (0, seen.st_uid):
        return "the file belongs to another user of this machine"
    return ""


def versions(path: Path) -> list[Version]:
    """What is kept of what stood there before, newest first."""
    found = []
    for number in _numbers(path):
        with suppress(OSError):
            written_at = datetime.fromtimestamp(_place(path, number).stat().st_mtime, UTC)
            found.append(Version(number, written_at))
    return found


def version(path: Path, number: int) -> Path:
    """Where one of them lies. :raises NotFoundError: when it is not kept (any more)."""
    if number not in _numbers(path):
        raise NotFoundError(f"previous version of {path.name}", number)
    return _place(path, number)


def keep(path: Path) -> None:
    """Keeps what stands there as the newest version, and no more than ``KEPT``."""
    numbers, seen = _numbers(path), path.stat()
    place = _place(path, numbers[0] + 1 if numbers else 1)
    write(place, path.read_bytes(), seen)
    os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    for number in numbers[KEPT - 1 :]:
        _place(path, number).unlink(missing_ok=True)


def write(place: Path, content: bytes, like: os.stat_result | None = None) -> None:
    """Whole or not at all, and on the disk when it returns; mode, owner and group as those of ``like``.

    Until it is complete, only its owner can read it.
    """
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if like and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode) if like else _NEW_FILE)
            file.flush()
            os.fsync(descriptor)
        unfinished.replace(place)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync(place.parent)


def sync(folder: Path) -> None:
    """What was made, moved or removed in it is on the disk when it returns."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _place(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.~{number}~")


def _numbers(path: Path) -> list[int]:
    name = re.compile(rf"{re.escape(path.name)}\.~([1-9][0-9]{{0,8}})~")
    try:
        found = [name.fullmatch(one.name) for one in path.parent.iterdir()]
    except FileNotFoundError:
        return []
    return sorted((int(one[1]) for one in found if one), reverse=True)
