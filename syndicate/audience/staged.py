"""Uploaded files of subscribers in the database that all processes share, so that any of them may go on with each.

Whoever reads one has a copy of it on its own disk, which goes with the upload. Nothing tells of a process that died but
the end of its lease.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from syndicate.audience.uploads import (
    BUSY,
    KEPT_FOR,
    KEY,
    RUNNING,
    Stage,
    Upload,
    Uploads,
    columns_of,
    own_name,
    read,
    written,
)
from syndicate.errors import ConflictError, NotFoundError, RosterError
from syndicate.settings import Settings
from syndicate.store import Connection, Store, uploads
from syndicate.store.uploads import Held

LEASE = timedelta(seconds=60)
_LOOK_S = 0.5
_LEFT_ALONE = timedelta(hours=1)


def uploads_of(settings: Settings, store: Store) -> Uploads | Staged:
    """Those of a site: beside its settings, or in a database that is shared."""
    return Staged.of(settings, store) if store.is_shared else Uploads.of(settings)


def owe(connection: Connection, upload: Upload) -> None:
    """Notes that a worker is to import it. :raises ConflictError: when it is being read already."""
    now, due = datetime.now(UTC), replace(upload, stage=Stage.IMPORTING, told=None, error="")
    if not uploads.owe(connection, upload.key, written(due), now=now, until=now + KEPT_FOR):
        raise ConflictError(BUSY)


class Staged:
    """All of them. ``folder``, which is made when it is needed, has the copies of this process."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder

    @classmethod
    def of(cls, settings: Settings, store: Store) -> Staged:
        """Those of a site, with copies beside its settings."""
        return cls(store, settings.directory / "imports")

    def keep(self, file: BinaryIO, name: str, who: str, *, now: datetime) -> Upload:
        """Keeps what was sent; ``name`` may be anything. :raises StoreError: when it can't be written."""
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        upload = Upload(key=secrets.token_hex(8), name=own_name(name), who=who, size=size, came_at=now)
        with self._store.write() as connection:
            uploads.add(connection, upload.key, written(upload), now=datetime.now(UTC))
            uploads.put(connection, upload.key, uploads.FILE, file)
        return self.get(upload.key)

    def get(self, key: str) -> Upload:
        """One of them. :raises NotFoundError: when it is gone."""
        with self._store.read() as connection:
            found = uploads.every(connection, key) if KEY.fullmatch(key) else []
        if not found:
            raise NotFoundError("uploaded file", key[:40])
        return self._upload(found[0])

    def all(self) -> Iterator[Upload]:
        """The newest first."""
        with self._store.read() as connection:
            found = [self._upload(one) for one in uploads.every(connection)]
        yield from sorted(found, key=lambda one: one.came_at, reverse=True)

    def fetch(self, upload: Upload) -> Path:
        """The file, on this disk. :raises RosterError: when it can't be written there."""
        place = self._place(upload)
        if not place.exists():
            self._bring(upload.key, uploads.FILE, place)
        return place

    def columns(self, upload: Upload) -> list[str]:
        """The columns of a file in which no column is known. :raises RosterError: when it has none."""
        return columns_of(self.fetch(upload), upload.name) if upload.file else []

    def rejected(self, key: str) -> Path:
        """Where its bad rows go on this disk."""
        return self._folder / key / "rejected.csv"

    def give_out(self, upload: Upload) -> None:
        """Lets others have the bad rows that were found here."""
        for one in upload.told.rejected if upload.told else ():
            with one.open("rb") as file, self._store.write() as connection:
                uploads.put(connection, upload.key, one.name, file)

    def rejected_file(self, key: str, name: str) -> Path:
        """Bad rows, whoever found them, on this disk."""
        place = self._folder / key / "given" / name
        self._bring(key, name, place)
        return place

    def take(self, key: str) -> Hold:
        """Has it for oneself. :raises ConflictError: when one of them is being read already."""
        holder, now = secrets.token_hex(8), datetime.now(UTC)
        with self._store.write() as connection:
            if not uploads.take(connection, key, holder, now=now, until=now + LEASE):
                raise ConflictError(BUSY)
        return Hold(self._store, key, holder)

    def stop(self, key: str) -> None:
        """Has whoever reads it stop after the rows that they have in hand."""
        with self._store.write() as connection:
            uploads.stop(connection, self.get(key).key)

    def is_stopped(self, key: str) -> bool:
        """Whether somebody had it stopped, and nobody has begun again."""
        with self._store.read() as connection:
            return any(one.is_stopped for one in uploads.every(connection, key))

    def drop_file(self, key: str) -> None:
        """Deletes what was sent; what became of it stays."""
        with self._store.write() as connection:
            uploads.drop_parts(connection, key, uploads.FILE)
        shutil.rmtree(self._folder / key / "file", ignore_errors=True)

    def drop(self, key: str) -> None:
        """Deletes all of it. :raises ConflictError: while it is being read."""
        if self.get(key).is_running:
            raise ConflictError(RUNNING)
        with self._store.write() as connection:
            uploads.drop(connection, key)
        self.drop_copy(key)

    def drop_copy(self, key: str) -> None:
        """Deletes what this process has of it on its disk."""
        shutil.rmtree(self._folder / key, ignore_errors=True)

    def tidy(self, *, now: datetime) -> int:
        """Deletes those that nobody touched for ``KEPT_FOR``, and copies of what is gone; returns how many went."""
        with self._store.write() as connection:
            gone = uploads.forget(connection, before=now - KEPT_FOR, now=datetime.now(UTC))
            known = {one.key for one in uploads.every(connection) if one.has_file}
        before = (datetime.now(UTC) - _LEFT_ALONE).timestamp()
        for copy in self._folder.iterdir() if self._folder.is_dir() else ():
            if KEY.fullmatch(copy.name) and copy.name not in known and copy.stat().st_mtime < before:
                shutil.rmtree(copy, ignore_errors=True)
        return gone

    def _upload(self, held: Held) -> Upload:
        one = read(held.facts)
        is_running = held.lease_until is not None and held.lease_until > datetime.now(UTC)
        file, waits = self._place(one) if held.has_file else None, is_running and held.holder is None
        return replace(one, file=file, is_running=is_running, waits=waits)

    def _place(self, upload: Upload) -> Path:
        return self._folder / upload.key / "file" / upload.name

    def _bring(self, key: str, name: str, place: Path) -> None:
        draft = place.with_name(f".{secrets.token_hex(4)}.part")
        try:
            for folder in (self._folder, self._folder / key, place.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            with (
                self._store.read() as connection,
                os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out,
            ):
                out.writelines(uploads.parts(connection, key, name))
            draft.replace(place)
        except OSError as error:
            draft.unlink(missing_ok=True)
            reason = f"can't be copied to {self._folder} ({error.strerror}); make room, or mend its permissions"
            raise RosterError(place.name, reason) from None


class Hold:
    """A file that is one's own until ``give_back``, or until its lease ends."""

    def __init__(self, store: Store, key: str, holder: str) -> None:
        self._store, self._key, self._holder = store, key, holder
        self._looked = time.monotonic()
        self._is_lost = False

    @property
    def should_stop(self) -> bool:
        """Whether somebody wants it back, or has it."""
        if time.monotonic() - self._looked >= _LOOK_S and not self._is_lost:
            self._looked = time.monotonic()
            with self._store.write() as connection:
                until = datetime.now(UTC) + LEASE
                self._is_lost = not uploads.renew(connection, self._key, self._holder, until=until)
        return self._is_lost

    def note(self, upload: Upload) -> None:
        """Writes down how it stands, if it is still one's own."""
        with self._store.write() as connection:
            uploads.note(connection, self._key, written(upload), now=datetime.now(UTC), holder=self._holder)

    def give_back(self) -> None:
        """Others may have it."""
        with self._store.write() as connection:
            uploads.give_back(connection, self._key, self._holder)
