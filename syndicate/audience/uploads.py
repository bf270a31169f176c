"""Files of subscribers that were sent to the console, each in a folder of its own, until it is imported or dropped.

Beside each lies what was said of it, how far it is, and its bad rows. Nobody but the service's user may read any of it.
A lock that the operating system takes off whoever dies tells whether one is being read at this moment.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from syndicate.audience.diff import Diff, Mark, Sample
from syndicate.audience.formats.layout import Layout
from syndicate.audience.reading import Source
from syndicate.audience.roster import Progress, Terms
from syndicate.audience.sheet import Sheet
from syndicate.errors import ConflictError, NotFoundError, RosterError
from syndicate.settings import Settings

KEPT_FOR = timedelta(days=7)
"""After so long without a change, a file that nobody imported goes, and so do the bad rows of one that was."""

KEY = re.compile(r"[0-9a-f]{16}")
_UNSAFE = re.compile(r"[^\w.() -]+")
_PATIENCE_S = 0.2
"""Who only asks whether one is being read holds the lock for a moment, too."""

BUSY = "another file is being read at this moment; wait until that is done"
RUNNING = "this file is being read at this moment; stop that first"

_STATE, _LOCK, _STOP = "state.json", "running", "stop"


class Stage(StrEnum):
    """What was done with a file last, or is being done: ``comparing`` and ``importing`` may have been cut off."""

    NEW = "new"
    COMPARING = "comparing"
    COMPARED = "compared"
    IMPORTING = "importing"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file: who sent it, what they said of it, how far it is, in ``told``, and what went wrong, in ``error``.

    ``file`` is None once it was imported. ``is_running``: somebody reads it at this moment, or a worker is to; until
    one does it ``waits``.
    """

    key: str
    name: str
    who: str
    size: int
    came_at: datetime
    stage: Stage = Stage.NEW
    terms: Terms = field(default_factory=Terms)
    told: Progress | None = None
    error: str = ""
    file: Path | None = None
    is_running: bool = False
    waits: bool = False

    @property
    def was_cut_off(self) -> bool:
        """Whether it was being read, and no longer is."""
        return self.stage in (Stage.COMPARING, Stage.IMPORTING) and not self.is_running


class Uploads:
    """All of them, in a folder that is made when the first comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, settings: Settings) -> Uploads:
        """Those of a site: beside its settings."""
        return cls(settings.directory / "imports")

    def keep(self, file: BinaryIO, name: str, who: str, *, now: datetime) -> Upload:
        """Keeps what was sent; ``name`` may be anything. :raises RosterError: when it can't be written."""
        key, own = secrets.token_hex(8), own_name(name)
        place = self._folder / key / "file"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            place.parent.mkdir(mode=0o700)
            place.mkdir(mode=0o700)
            with os.fdopen(os.open(place / own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
                shutil.copyfileobj(file, out, 1 << 20)
            upload = Upload(key=key, name=own, who=who, size=(place / own).stat().st_size, came_at=now)
            self.note(upload)
        except OSError as error:
            shutil.rmtree(place.parent, ignore_errors=True)
            reason = f"can't be kept in {self._folder} ({error.strerror}); make room, or mend its permissions"
            raise RosterError(own, reason) from None
        return self.get(key)

    def get(self, key: str) -> Upload:
        """One of them. :raises NotFoundError: when it is gone."""
        try:
            if not KEY.fullmatch(key):
                raise ValueError(key)
            upload = read(json.loads((self._folder / key / _STATE).read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            raise NotFoundError("uploaded file", key[:40]) from None
        file = self._folder / key / "file" / upload.name
        return replace(upload, file=file if file.exists() else None, is_running=self._running() == key)

    def all(self) -> Iterator[Upload]:
        """The newest first."""
        keys = [one.name for one in self._folder.iterdir()] if self._folder.is_dir() else []
        found = []
        for key in filter(KEY.fullmatch, keys):
            try:
                found.append(self.get(key))
            except NotFoundError:
                continue
        yield from sorted(found, key=lambda one: one.came_at, reverse=True)

    def note(self, upload: Upload) -> None:
        """Writes down how it stands, all or nothing."""
        place = self._folder / upload.key / _STATE
        draft = place.with_suffix(".part")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            json.dump(written(upload), out)
        draft.replace(place)

    def rejected(self, key: str) -> Path:
        """Where its bad rows go."""
        return self._folder / key / "rejected.csv"

    def columns(self, upload: Upload) -> list[str]:
        """The columns of a file in which no column is known. :raises RosterError: when it has none."""
        return columns_of(upload.file, upload.name) if upload.file else []

    def fetch(self, upload: Upload) -> Path:
        """The file, which must be there still."""
        assert upload.file is not None
        return upload.file

    def give_out(self, upload: Upload) -> None:
        """Bad rows are where they were written."""

    def rejected_file(self, key: str, name: str) -> Path:
        """Bad rows, by the name that was told."""
        return self.rejected(key).with_name(name)

    def take(self, key: str) -> Taken:
        """Has it for oneself. :raises ConflictError: when one of them is being read already."""
        lock = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        until = time.monotonic() + _PATIENCE_S
        while not _locked(lock, fcntl.LOCK_EX):
            if time.monotonic() > until:
                os.close(lock)
                raise ConflictError(BUSY)
            time.sleep(_PATIENCE_S / 20)
        os.ftruncate(lock, 0)
        os.pwrite(lock, key.encode(), 0)
        stop = self._folder / key / _STOP
        stop.unlink(missing_ok=True)
        return Taken(self, lock, stop)

    def stop(self, key: str) -> None:
        """Has whoever reads it stop after the rows that they have in hand."""
        (self._folder / self.get(key).key / _STOP).touch(0o600)

    def is_stopped(self, key: str) -> bool:
        """Whether somebody had it stopped, and nobody has begun again."""
        return (self._folder / key / _STOP).exists()

    def drop_file(self, key: str) -> None:
        """Deletes what was sent; what became of it stays."""
        shutil.rmtree(self._folder / key / "file")

    def drop(self, key: str) -> None:
        """Deletes all of it. :raises ConflictError: while it is being read."""
        if self.get(key).is_running:
            raise ConflictError(RUNNING)
        shutil.rmtree(self._folder / key)

    def tidy(self, *, now: datetime) -> int:
        """Deletes those that nobody touched for ``KEPT_FOR``; returns how many."""
        old = [one for one in self.all() if not one.is_running and self._changed_at(one.key) < now - KEPT_FOR]
        for one in old:
            shutil.rmtree(self._folder / one.key)
        return len(old)

    def _changed_at(self, key: str) -> datetime:
        return datetime.fromtimestamp((self._folder / key / _STATE).stat().st_mtime, UTC)

    def _running(self) -> str:
        try:
            lock = os.open(self._folder / _LOCK, os.O_RDONLY)
        except OSError:
            return ""
        try:
            return "" if _locked(lock, fcntl.LOCK_SH) else os.pread(lock, 64, 0).decode("ascii", "replace")
        finally:
            os.close(lock)


class Taken:
    """A file that is one's own until ``give_back``."""

    def __init__(self, uploads: Uploads, lock: int, stop: Path) -> None:
        self._uploads, self._lock, self._stop = uploads, lock, stop

    @property
    def should_stop(self) -> bool:
        """Whether somebody wants it back."""
        return self._stop.exists()

    def note(self, upload: Upload) -> None:
        """Writes down how it stands."""
        self._uploads.note(upload)

    def give_back(self) -> None:
        """Others may have it."""
        os.close(self._lock)


def _locked(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def columns_of(file: Path, name: str) -> list[str]:
    """The columns of a file in which no column is known. :raises RosterError: when it has none."""
    with file.open("rb") as opened:
        return Sheet(Source(opened, name), name, lambda _: Layout(places={})).names


def own_name(name: str) -> str:
    """The last part of what a browser calls it, as a name that every file system takes."""
    return _UNSAFE.sub("_", PurePath(name.replace("\\", "/")).name).strip(" .")[-80:] or "subscribers"


def written(upload: Upload) -> dict[str, Any]:
    """How it stands, as it is kept; ``read`` reads it."""
    told = upload.told
    return {
        **{name: getattr(upload, name) for name in ("key", "name", "who", "size", "stage", "error")},
        "came_at": upload.came_at.isoformat(),
        "terms": asdict(upload.terms),
        "told": told and {**asdict(told), "rejected": [one.name for one in told.rejected]},
    }


def read(facts: Mapping[str, Any]) -> Upload:
    """What ``written`` made. Whether there is a file, and somebody reads it, is not among it."""
    told, terms = facts["told"], facts["terms"]
    return Upload(
        **{name: facts[name] for name in ("key", "name", "who", "size", "error")},
        stage=Stage(facts["stage"]),
        came_at=datetime.fromisoformat(facts["came_at"]),
        terms=Terms(**(terms | {"newsletters": tuple(terms["newsletters"])})),
        told=told and _progress(told),
    )


def _progress(told: Mapping[str, Any]) -> Progress:
    counted = told["diff"]
    samples = tuple(Sample(Mark(one["mark"]), one["line"], one["address"], one["about"]) for one in counted["samples"])
    return Progress(
        done=told["done"],
        size=told["size"],
        diff=Diff(**(counted | {"samples": samples})),
        parts=(),
        skipped=tuple(told["skipped"]),
        rejected=tuple(Path(one) for one in told["rejected"]),
        resumed=told["resumed"],
    )
