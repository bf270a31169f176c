"""Feeds on disk, each also compressed beside it. Called by ``publish``.

A file is replaced whole, and only when its bytes differ: whoever serves the folder can trust modification times.
Nobody waits for the disk: what a power cut takes has another size than was noted, and the next publishing restores it.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import brotli

from syndicate.errors import SyndicateError

COMPRESSED = (".gz", ".br")
"""What a file's compressed forms end in (RFC 1952, RFC 7932); web servers find them by these names."""


_GZIP_LEVEL, _BROTLI_QUALITY = 4, 3
"""Where each gives most for its time, of 220 kB of prose and markup: 59 and 57 kB, in 3 and 2 ms. The levels that leave
a twentieth less take several times as long, for a file that the next article replaces."""


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Makes the folder, and waits until no other process publishes into it."""
    with _told(directory):
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_if_changed(path: Path, content: bytes) -> bool:
    """Replaces the file and its compressed forms in one step each, readable for all; false when it holds just that.

    All have the same modification time. Compressed forms that are missing or say something else are mended.
    """
    forms = {
        path: content,
        forms_of(path)[1]: gzip.compress(content, _GZIP_LEVEL, mtime=0),
        forms_of(path)[2]: brotli.compress(content, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY),
    }
    with _told(path):
        stale = [one for one, octets in forms.items() if not (one.is_file() and one.read_bytes() == octets)]
        if stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            stamp = time.time_ns() if path in stale else path.stat().st_mtime_ns
            for one in reversed(stale):
                _replace(one, forms[one], stamp)
        return path in stale


def forms_of(path: Path) -> tuple[Path, ...]:
    """The file itself, and its compressed forms."""
    return path, *(path.with_name(path.name + suffix) for suffix in COMPRESSED)


def stamps_of(folder: Path, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Name → size and modification time of those files and of their compressed forms; what is missing is left out."""
    found = {}
    for name in names:
        for suffix in ("", *COMPRESSED):
            try:
                seen = os.stat(f"{folder}/{name}{suffix}")  # noqa: PTH116 - half the time, for each file each time
            except OSError:
                continue
            found[name + suffix] = seen.st_size, seen.st_mtime_ns
    return found


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SyndicateError(f"{path}: can't be written: {reason}; mend that, or change feeds.directory") from error


def _replace(path: Path, content: bytes, stamp: int) -> None:
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.utime(file.fileno(), ns=(stamp, stamp))
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
