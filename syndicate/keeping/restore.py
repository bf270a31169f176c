"""Puts a backup back into an empty folder, as a copy that sends nothing yet. Called by the command line."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

from syndicate.errors import ArchiveError, StoreError
from syndicate.keeping.archive import Manifest, unpack
from syndicate.settings import SettingsFile
from syndicate.store import Store, audit, copies
from syndicate.store.copies import Standing
from syndicate.store.engine.snapshot import ailments, database_file
from syndicate.store.schema import VERSION


class Restored(NamedTuple):
    """What came back: into which folder, the database's file, and the backup's own words."""

    folder: Path
    database: Path
    manifest: Manifest


def restore(
    archive: IO[bytes], name: str, folder: Path, environ: Mapping[str, str], who: str, now: datetime
) -> Restored:
    """All or nothing: it is unpacked and checked in a folder inside, and moved out of it at the end.

    The database goes where the settings say, with what ``environ`` lays over them; it is held.

    :raises ArchiveError: when the folder or the database is not empty, or the archive is not as it was made.
    :raises SettingsError: when the settings can't be used here.
    :raises StoreError: when the database is damaged, or of a newer program.
    """
    was_there = folder.exists()
    if was_there and (not folder.is_dir() or any(folder.iterdir())):
        raise ArchiveError(str(folder), "is not an empty folder; choose another")
    staged = folder / ".restoring"
    try:
        staged.mkdir(mode=0o700, parents=True)
        manifest = unpack(archive, staged, name)
        if manifest.version > VERSION:
            raise ArchiveError(name, f"is of a newer program ({manifest.program}); restore it with that one")
        database = _database(staged, manifest, environ)
        _hold(staged / manifest.database, manifest, who, now)
        _move(staged, folder, manifest, database)
    except OSError as error:
        raise ArchiveError(str(error.filename or folder), f"can't be written ({error.strerror})") from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        if not was_there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    inside = database.is_relative_to(staged)
    return Restored(folder, folder / database.relative_to(staged) if inside else database, manifest)


def _database(staged: Path, manifest: Manifest, environ: Mapping[str, str]) -> Path:
    """Where it is to be: in the staged folder, or elsewhere, where nothing may be yet."""
    settings = SettingsFile(staged / manifest.settings, environ).load()
    found = database_file(settings.store.url)
    if found is None:
        raise StoreError("the database", "is on a server by these settings; a backup's database is a file")
    if found.exists() and not found.is_relative_to(staged):
        raise ArchiveError(str(found), "is there already, and the settings name it as their database; move it away")
    return found


def _hold(file: Path, manifest: Manifest, who: str, now: datetime) -> None:
    store = Store(f"sqlite:///{file}")
    try:
        if found := ailments(store, most=1):
            raise StoreError(store.name, f"the database in the backup is damaged: {found[0]}")
        with store.write() as connection:
            reason = f"it was restored from a backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC"
            copies.mark(connection, Standing.HELD, reason, now=manifest.made_at)
            audit.note(connection, who, "restored", about="this copy", detail=manifest.made_at.isoformat(), now=now)
    finally:
        store.close()


def _move(staged: Path, folder: Path, manifest: Manifest, database: Path) -> None:
    """The settings come last: a folder without them is no installation yet."""
    made = staged / manifest.database
    if made != database:
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, database)
    for one in sorted(staged.iterdir(), key=lambda one: one.name == manifest.settings):
        one.rename(folder / one.name)
