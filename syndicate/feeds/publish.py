"""The current articles → feeds on disk. Called after each pick-up, and by ``syndicate publish``.

A folder whose fingerprint and files are as they were left is neither built nor read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from syndicate.feeds.files import alone, stamps_of, write_if_changed
from syndicate.feeds.formats import FORMATS as FORMATS
from syndicate.feeds.front import FRONT, front
from syndicate.feeds.front import INDEX as INDEX
from syndicate.feeds.heads import Heads
from syndicate.feeds.ids import Ids, authority_of
from syndicate.feeds.plan import Planner
from syndicate.render.environment import Environment
from syndicate.render.links import Links
from syndicate.settings.schema import Settings
from syndicate.store import Store, published
from syndicate.store.published import Folder

_AUTHORITY = "authority"
_ROOT = ""
_WORKERS = 2
_AHEAD = 3
"""Folders that are written while the next one is built; they bound what is held in memory."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a publishing did: the ``names`` of the files that changed, such as ``daily/atom.xml``, in order, and how
    many were left as they are. Compressed forms are not counted."""

    directory: Path
    names: tuple[str, ...]
    unchanged: int

    @property
    def written(self) -> tuple[Path, ...]:
        """The files that changed."""
        return tuple(self.directory / name for name in self.names)

    def and_then(self, later: Published) -> Published:
        """Both together, of which the other came later."""
        return Published(later.directory, tuple(dict.fromkeys((*self.names, *later.names))), later.unchanged)


def publish(
    settings: Settings,
    store: Store,
    templates: Environment,
    links: Links,
    *,
    now: datetime,
) -> Published:
    """Brings the feeds' folder up to date. Feeds of newsletters that are no longer configured stay, but unlisted.

    ``now`` is aware. Raises SyndicateError, naming the path, when a file can't be written, and StoreError and
    TemplateError.
    """
    directory = settings.feeds.directory
    heads = Heads(settings, templates, links, ids_of(store, settings))
    with alone(directory):
        with store.read() as connection:
            known = published.folders(connection)
            ends = published.page_ends(connection)
            plan = Planner(heads, ends, frozenset(known)).plan(connection, now)
        if any(plan.closed.values()):
            with store.write() as connection:
                for feed, further in plan.closed.items():
                    published.add_page_ends(connection, feed, len(ends.get(feed, ())), further)
        with store.read() as connection, _Press(directory, known) as press:
            for sheet in plan.sheets:
                if not press.is_as_left(sheet.folder, sheet.fingerprint, sheet.files):
                    press.put(sheet.folder, sheet.fingerprint, sheet.build(connection))
            if not press.is_as_left(_ROOT, plan.front, FRONT):
                press.put(_ROOT, plan.front, front(settings.site, templates, plan.listed).items())
        if press.changed:
            with store.write() as connection:
                published.save_folders(connection, press.changed)
    return Published(directory, tuple(press.names), press.unchanged)


def ids_of(store: Store, settings: Settings) -> Ids:
    """Makes ids under the host that the site had when this was first called; it is remembered for good."""
    with store.read() as connection:
        authority = published.fact(connection, _AUTHORITY)
    if authority is None:
        with store.write() as connection:
            authority = published.remember(connection, _AUTHORITY, authority_of(settings.site.url))
    return Ids(authority)


@dataclass(slots=True)
class _Press:
    """Writes folders while further ones are built. ``changed`` and ``names`` are whole when its block has ended."""

    directory: Path
    known: Mapping[str, Folder]
    changed: dict[str, Folder] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    unchanged: int = 0
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS, "publish"))
    _under_way: deque[tuple[str, str, list[tuple[str, Future[bool]]]]] = field(default_factory=deque)

    def __enter__(self) -> _Press:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            while self._under_way and kind is None:
                self._finish()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def is_as_left(self, folder: str, fingerprint: str, files: Iterable[str]) -> bool:
        """Whether the folder was published so, and nobody touched its files since."""
        left = self.known.get(folder)
        if left is None or left.fingerprint != fingerprint:
            return False
        names = list(files)
        if stamps_of(self.directory / folder, names) != left.files:
            return False
        self.unchanged += len(names)
        return True

    def put(self, folder: str, fingerprint: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Writes the folder's files, soon."""
        path = self.directory / folder
        parts = [(name, self._pool.submit(write_if_changed, path / name, content)) for name, content in documents]
        self._under_way.append((folder, fingerprint, parts))
        while len(self._under_way) > _AHEAD:
            self._finish()

    def _finish(self) -> None:
        folder, fingerprint, parts = self._under_way.popleft()
        for name, is_changed in parts:
            if is_changed.result():
                self.names.append(f"{folder}/{name}".lstrip("/"))
            else:
                self.unchanged += 1
        self.changed[folder] = Folder(fingerprint, stamps_of(self.directory / folder, [name for name, _ in parts]))
