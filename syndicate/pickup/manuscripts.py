"""Manuscripts as files: in a hidden folder of a source's own, where no pick-up looks, until they are published.

Then they are articles like any other of that folder, and can be changed there. Called by the console.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from syndicate.errors import ConflictError, NotFoundError, ParseError, SyndicateError
from syndicate.pickup.manuscript import Manuscript, from_file, name_of, to_file
from syndicate.settings import kept

FOLDER = ".manuscripts"
LARGEST = 1_000_000
"""Octets of a file."""

MOST = 200
"""So many are listed."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Listed:
    """A manuscript in a list."""

    name: str
    title: str
    changed_at: datetime


class Manuscripts:
    """Those of one source, whose articles lie in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._articles, self._folder = folder, folder / FOLDER

    def listed(self) -> list[Listed]:
        """The newest first; what can't be read is known by its name."""
        files = [one for one in self._files() if _NAME.fullmatch(one.stem)]
        dated = []
        for one in files:
            with suppress(OSError):
                dated.append((one.stat().st_mtime, one))
        found = []
        for at, one in sorted(dated, reverse=True)[:MOST]:
            with suppress(OSError):
                found.append(Listed(one.stem, _title(one), datetime.fromtimestamp(at, UTC)))
        return found

    def obstacle(self) -> str:
        """Why nothing can be written there; empty when it can."""
        if not self._articles.is_dir():
            return f"there is no folder {self._articles}"
        if not self._folder.resolve().is_relative_to(self._articles.resolve()):
            return f"{self._folder} leads elsewhere"
        return kept.obstacle(self._folder / "x.md") or kept.obstacle(self._articles / f"{FOLDER}.md")

    def open(self, name: str) -> tuple[Manuscript, str]:
        """What was typed, and the print that a form brings back. :raises NotFoundError: when there is none."""
        text = self._read(name)
        return from_file(text, f"{name}.md"), sha256(text.encode()).hexdigest()

    def keep(self, name: str, manuscript: Manuscript, print_: str) -> str:
        """Writes it; without ``name`` it is a new one. Returns its name.

        :raises ConflictError: when another one stands there than ``print_`` tells, or nothing can be written.
        """
        self._may_write(name, print_)
        content = to_file(manuscript).encode()
        if len(content) > LARGEST:
            raise ConflictError(f"it has {len(content):,} octets; at most {LARGEST:,} are kept")
        with _told(self._folder):
            self._folder.mkdir(exist_ok=True)
            name = name or next(one for one in _names(manuscript.title) if not self._place(one).exists())
            kept.write(self._place(name), content)
        return name

    def publish(self, name: str, print_: str, now: datetime) -> str:
        """Makes it an article of the folder; returns the file's name there. No file that is there is touched.

        :raises ConflictError: as ``keep``. :raises ParseError: when it can't be an article.
        """
        self._may_write(name, print_)
        manuscript, _ = self.open(name)
        place = self._place(name)
        with _told(self._articles):
            published = self._linked(place, manuscript, now)
            kept.sync(self._articles)
            place.unlink()
        return published.name

    def _linked(self, place: Path, manuscript: Manuscript, now: datetime) -> Path:
        """The file under the first name that is free; a link, unlike a move, never replaces another file."""
        for name in _names(manuscript.title):
            kept.write(place, to_file(manuscript, slug=name, date=now).encode())
            published = self._articles / f"{name}.md"
            with suppress(FileExistsError):
                published.hardlink_to(place)
                return published
        raise AssertionError("names never end")

    def discard(self, name: str, print_: str) -> None:
        """Throws it away. :raises ConflictError: as ``keep``."""
        self._may_write(name, print_)
        with _told(self._folder):
            self._place(name).unlink()

    def _files(self) -> Iterator[Path]:
        try:
            yield from self._folder.glob("*.md")
        except OSError:
            return

    def _may_write(self, name: str, print_: str) -> None:
        if name and self.open(name)[1] != print_:
            raise ConflictError(f"manuscript {name} was changed by somebody else meanwhile; nothing was done")
        if obstacle := self.obstacle():
            raise ConflictError(f"nothing can be written here: {obstacle}")

    def _read(self, name: str) -> str:
        place = self._place(name)
        try:
            with place.open("rb") as file:
                return file.read(LARGEST + 1)[:LARGEST].decode()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError("manuscript", name) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SyndicateError(f"{place} can't be read: {error}") from None

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFoundError("manuscript", name)
        return self._folder / f"{name}.md"


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the file system refuses is told to people."""
    try:
        yield
    except OSError as error:
        raise SyndicateError(f"nothing can be written to {folder}: {error.strerror}") from None


def _names(title: str) -> Iterator[str]:
    first = name_of(title)
    yield first
    yield from (f"{first}-{number}" for number in count(2))


def _title(file: Path) -> str:
    with file.open("rb") as opened:
        head = opened.read(10_000).decode("utf-8", "replace")
    try:
        return from_file(head, file.name).title or file.stem
    except ParseError:
        return file.stem
