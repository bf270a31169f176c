"""``/feeds/``: the published files, for those who put no other web server in front of the folder.

They are asked for more often than all else, so they are answered before any routing, with headers made beforehand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import quote, urlsplit

import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate import metrics
from syndicate.app import App
from syndicate.feeds.formats import FORMATS, PAGE_TYPE
from syndicate.feeds.front import INDEX, OUTLINE
from syndicate.feeds.heads import STYLE
from syndicate.web.accept import ANYWHERE, encodings_of
from syndicate.web.cached import etag_of, http_date, is_known
from syndicate.web.guard import LONE_PAGE, SECURITY, security_of
from syndicate.web.shelf import ENCODINGS, Copy, Shelf, read

log = structlog.get_logger()

ROOM = 64 * 1024 * 1024
"""Bytes of published files that are kept in memory."""

DESTINATION = "Sec-Fetch-Dest"
"""The header in which browsers say what they want something for (Fetch Metadata §2.1)."""

_HOME = "/feeds/"
_CACHE = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
_METHODS = "GET, HEAD, OPTIONS"
_FEEDS = {one.file: one.media_type for one in FORMATS}
_OTHERS = {INDEX: "text/html", OUTLINE: "text/x-opml", STYLE: "text/css"}

_FEED = f"(?:{'|'.join(map(re.escape, _FEEDS))})"
_PUBLISHED = re.compile(
    rf"{'|'.join(map(re.escape, _OTHERS))}"
    rf"|[a-z0-9-]+/(?:(?:digests/|tags/[\w-]+/)?{_FEED}|archive/[1-9][0-9]{{0,8}}/{_FEED})"
)
"""Every name that is published: its folders hold neither dots nor slashes, so none leads out of where feeds are."""


def _start(status: int, headers: Mapping[str, str]) -> Message:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


_NOTHING: Message = {"type": "http.response.body", "body": b""}
_NO_BODY = {**SECURITY, "Content-Length": "0"}
_REFUSED = _start(405, {**_NO_BODY, "Allow": _METHODS})
_BROKEN = _start(500, {**_NO_BODY, "Cache-Control": "no-store"})
_PREFLIGHT = _start(
    204,
    {
        **SECURITY,
        **ANYWHERE,
        "Allow": _METHODS,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
        "Access-Control-Max-Age": "86400",
    },
)
"""What browsers ask before a script may send validators (Fetch §3.3.2)."""
_SHARED = {**ANYWHERE, "Cache-Control": _CACHE, "Vary": f"Accept-Encoding, {DESTINATION}"}
"""Also said to whoever is up to date; what else was said of a file stays as it was then (RFC 9110 §15.4.5)."""


class Key(NamedTuple):
    """What a representation is chosen by; ``is_page`` is whether a browser wants to show it."""

    path: str
    encodings: tuple[str, ...]
    is_page: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A file with all that is said of it, in messages that are sent as they are."""

    copy: Copy
    etag: str
    etag_sent: bytes
    whole: Message
    body: Message
    unchanged: Message

    def answer(self, method: str, tags: bytes, since: bytes) -> tuple[Message, Message]:
        """What to send to a client with these ``If-None-Match`` and ``If-Modified-Since``."""
        if method == "OPTIONS":
            return _PREFLIGHT, _NOTHING
        if method not in ("GET", "HEAD"):
            return _REFUSED, _NOTHING
        if self._is_known(tags, since):
            return self.unchanged, _NOTHING
        return self.whole, self.body if method == "GET" else _NOTHING

    def _is_known(self, tags: bytes, since: bytes) -> bool:
        """Most send back just what they were told."""
        if tags == self.etag_sent:
            return True
        if not tags and not since:
            return False
        said = {"tags": tags.decode("latin-1"), "since": since.decode("latin-1")}
        return is_known(self.etag, self.copy.modified_at, **said)


class PublishedFeeds:
    """ASGI middleware: answers for the published files that are there, and leaves everything else to ``pages``.

    Feeds of newsletters that are no longer configured are still there for those who follow them.
    """

    def __init__(self, pages: ASGIApp, app: App) -> None:
        site = app.settings.site.url.rstrip("/")
        self._pages, self._directory, self._hubs = pages, app.settings.feeds.directory, app.settings.hubs
        self._address = f"{site}{_HOME}"
        self._security = security_of(site)
        self._with_slash = _start(308, {**_NO_BODY, **self._security, "Location": f"{urlsplit(site).path}{_HOME}"})
        self._shelf = Shelf[Ready](ROOM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or hands on."""
        if scope["type"] == "http" and scope["path"].startswith("/feeds"):
            found = await self._answer(scope)
            if found:
                start, body = found
                _hits(scope["path"], start["status"]).inc()
                await send(start)
                await send(body)
                return
        await self._pages(scope, receive, send)

    async def _answer(self, scope: Scope) -> tuple[Message, Message] | None:
        tags = since = encodings = destination = b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                tags = tags + b"," + value if tags else value
            elif name == b"if-modified-since":
                since = value
            elif name == b"accept-encoding":
                encodings = value
            elif name == b"sec-fetch-dest":
                destination = value
        key = (scope["path"], _taken(encodings), destination == b"document")
        ready = self._shelf.get(key)
        if ready is None or not ready.copy.is_current:
            try:
                ready = await self._find(Key(*key))
            except OSError as error:
                log.warning("a published file can't be read", path=scope["path"], reason=str(error))
                return _BROKEN, _NOTHING
        if ready is None:
            return (self._with_slash, _NOTHING) if scope["path"] == "/feeds" else None
        return ready.answer(scope["method"], tags, since)

    async def _find(self, key: Key) -> Ready | None:
        """What is there now; None when nothing is."""
        name = _name_of(key.path)
        self._shelf.drop(key)
        ready = await asyncio.to_thread(self._fetch, name, key) if name else None
        if ready:
            self._shelf.put(key, ready, len(ready.copy.content))
        return ready

    def _fetch(self, name: str, key: Key) -> Ready | None:
        copy = read(self._directory / name, key.encodings)
        if copy is None:
            return None
        file = Path(name).name
        media_type = shown_type((_FEEDS | _OTHERS)[file], is_page=key.is_page)
        etag = etag_of(media_type.encode() + b"\0" + copy.content)
        kept = {**_SHARED, "ETag": etag}
        said = {
            "Access-Control-Expose-Headers": "ETag, Link",
            "Content-Type": f"{media_type}; charset=utf-8",
            "Content-Length": str(len(copy.content)),
            "Last-Modified": http_date(copy.modified_at),
        }
        if copy.encoding:
            said["Content-Encoding"] = copy.encoding
        if file in _FEEDS and self._hubs:
            said["Link"] = self._links(name)
        if file == INDEX:
            said["Content-Security-Policy"] = LONE_PAGE
        return Ready(
            copy=copy,
            etag=etag,
            etag_sent=etag.encode(),
            whole=_start(200, {**self._security, **kept, **said}),
            body={"type": "http.response.body", "body": copy.content},
            unchanged=_start(304, kept),
        )

    def _links(self, name: str) -> str:
        """Where the feed is, and who tells of changes (WebSub §4)."""
        links = [(self._address + quote(name), "self"), *((hub, "hub") for hub in self._hubs)]
        return ", ".join(f'<{url}>; rel="{relation}"' for url, relation in links)


def shown_type(media_type: str, *, is_page: bool) -> str:
    """As what a feed is sent; browsers are given ``PAGE_TYPE`` where they would show its text, and not a page."""
    return PAGE_TYPE if is_page and media_type.endswith("+xml") else media_type


def _name_of(path: str) -> str | None:
    """The file below the feeds' folder that an address stands for, None for addresses of nothing published."""
    name = normalize("NFC", path.removeprefix(_HOME)) or INDEX
    return name if path.startswith(_HOME) and _PUBLISHED.fullmatch(name) else None


@lru_cache(maxsize=4096)
def _hits(path: str, status: int) -> Counter:
    """Only of what is published: what else people try must not become a label."""
    folders = (_name_of(path) or INDEX).split("/")
    newsletter = folders[0] if len(folders) > 1 else "all"
    return metrics.FEED_HITS.labels(newsletter, folders[-1], status)


@lru_cache(maxsize=256)
def _taken(header: bytes) -> tuple[str, ...]:
    return tuple(encodings_of(header.decode("latin-1"), tuple(ENCODINGS)))
