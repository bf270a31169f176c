"""Writes a backup: the database as it is at one moment, the settings with their secrets, templates and articles.

Called by the command line. Feeds are not in it: they are published anew.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple

from syndicate.errors import ArchiveError, StoreError
from syndicate.keeping.archive import Manifest, Writer
from syndicate.settings import Settings, SettingsFile
from syndicate.store import Store
from syndicate.store.engine.snapshot import database_file, snapshot

PATTERN = "syndicate-????????T??????Z.tar.gz"
"""The names of backups in a folder of them."""


class Backup(NamedTuple):
    """What was written: into which file, None for standard output; how many files; what is elsewhere and left out."""

    file: Path | None
    files: int
    left_out: tuple[str, ...]


def name_of(now: datetime) -> str:
    """What a backup in a folder of them is called; the names sort by time."""
    return f"syndicate-{now:%Y%m%dT%H%M%SZ}.tar.gz"


def back_up(
    settings: Settings, file: SettingsFile, store: Store, target: Path, now: datetime, *, force: bool
) -> Backup:
    """Writes it beside ``target``, and gives it that name when all of it is on the disk.

    :raises ArchiveError: when there is a file of that name and ``force`` was not said, or it can't be written.
    :raises StoreError: when the database is on a server, or damaged.
    """
    if target.exists() and not force:
        raise ArchiveError(str(target), "is there already; choose another name, or add --force")
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            written = write(settings, file, store, out, now, beside=target.parent)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise ArchiveError(str(target), f"can't be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
    return written._replace(file=target)


def write(
    settings: Settings, file: SettingsFile, store: Store, out: IO[bytes], now: datetime, *, beside: Path | None = None
) -> Backup:
    """Writes it there; the database is copied to ``beside`` first, or to where it is.

    :raises StoreError: when the database is on a server, or damaged.
    """
    root, found = file.path.parent, store.version()
    if found is None:
        raise StoreError(store.name, "is empty: there is nothing to back up")
    database = database_file(settings.store.url)
    with tempfile.TemporaryDirectory(prefix=".syndicate-", dir=beside or (database.parent if database else root)) as at:
        copy = Path(at) / "snapshot.db"
        snapshot(store, copy)
        lies = database.resolve() if database else root
        place = lies.relative_to(root).as_posix() if lies.is_relative_to(root) else lies.name
        manifest = Manifest(version("syndicate"), found, now, file.path.name, place)
        writer = Writer(out, manifest)
        writer.add(place, copy)
        left_out = []
        for path in dict.fromkeys(one.resolve() for one in (file.path, *_also(settings, file))):
            if not path.is_relative_to(root):
                left_out.append(str(path))
                continue
            for one in _files(path):
                name = one.relative_to(root).as_posix()
                if name not in manifest.files:
                    writer.add(name, one)
        writer.close()
    return Backup(None, len(manifest.files), tuple(left_out))


def rotate(folder: Path, keep: int) -> list[Path]:
    """Deletes the oldest backups in a folder of them, all but ``keep``; returns which."""
    old = sorted(folder.glob(PATTERN))[:-keep]
    for one in old:
        one.unlink(missing_ok=True)
    return old


def _also(settings: Settings, file: SettingsFile) -> Iterator[Path]:
    """Folders and files that the settings name, and the operator's templates."""
    root = file.path.parent
    yield from (root / name for name in sorted(_named(tomllib.loads(file.read().removeprefix("\ufeff")))))
    yield settings.directory / "templates"
    yield from (one.path for one in settings.sources if one.kind == "folder")


def _named(value: Any, key: str = "") -> Iterator[str]:
    """The values of every ``…_file``, wherever they stand."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
    elif key.endswith("_file"):
        yield str(value)


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    found = sorted(path.rglob("*")) if path.is_dir() else []
    return [one for one in found if one.is_file() and not any(p.startswith(".") for p in one.relative_to(path).parts)]
