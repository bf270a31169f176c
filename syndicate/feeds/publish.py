"""The current articles → feeds on disk. Called after each pick-up, and by ``syndicate publish``.

A file is replaced whole, and only when its bytes differ: whoever serves the folder can trust modification times.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from syndicate.errors import SyndicateError
from syndicate.feeds.build import ATOM, RSS, FeedContext, build_atom, build_rss
from syndicate.render.environment import Environment, render
from syndicate.render.links import Links
from syndicate.settings.schema import Newsletter, Settings
from syndicate.store import Store, articles

INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of feed: the file it is, what readers call it, how it is served and how it is made."""

    file: str
    title: str
    media_type: str
    build: Callable[[FeedContext], bytes]


FORMATS = (
    Format(RSS, "RSS", "application/rss+xml", build_rss),
    Format(ATOM, "Atom", "application/atom+xml", build_atom),
)
"""Every kind of feed that each newsletter has."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a publishing did: the files ``written``, in order, and how many were left as they are."""

    written: tuple[Path, ...]
    unchanged: int


def publish(settings: Settings, store: Store, templates: Environment, links: Links) -> Published:
    """Brings the feeds' folder up to date. Feeds of newsletters that are no longer configured stay, but unlisted.

    Raises SyndicateError, naming the path, when a file can't be written, and StoreError and TemplateError.
    """
    written: list[Path] = []
    unchanged = 0
    for path, content in _files(settings, store, templates, links):
        if write_if_changed(path, content):
            written.append(path)
        else:
            unchanged += 1
    return Published(tuple(written), unchanged)


def feed_of(settings: Settings, store: Store, newsletter: Newsletter, links: Links) -> FeedContext:
    """What a newsletter's feeds show now."""
    sources = newsletter.sources or tuple(source.name for source in settings.sources)
    with store.read() as connection:
        found = articles.latest(connection, sources, newsletter.tags, settings.feeds.entries)
    return FeedContext(site=settings.site, newsletter=newsletter, articles=tuple(found), links=links)


def write_if_changed(path: Path, content: bytes) -> bool:
    """Replaces the file in one step, readable for all; false when it already holds just that."""
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SyndicateError(f"{path}: can't be written: {reason}; mend that, or change feeds.directory") from error
    return True


def _files(settings: Settings, store: Store, templates: Environment, links: Links) -> Iterator[tuple[Path, bytes]]:
    directory = settings.feeds.directory
    for newsletter in settings.newsletters:
        feed = feed_of(settings, store, newsletter, links)
        for kind in FORMATS:
            yield directory / newsletter.slug / kind.file, kind.build(feed)
    language = templates.languages.best([settings.site.language])
    values = {"site": settings.site, "newsletters": settings.newsletters, "formats": FORMATS}
    index = render(templates, f"feeds/{INDEX}", language=language, **values)
    yield directory / INDEX, index.encode()


def _replace(path: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            # Or a power cut could leave the new name with nothing in it.
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
