"""What a source shows now, whatever its kind. Pick-up keeps it; the console's trial does not."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from syndicate.errors import FetchError, ParseError, PickupError
from syndicate.model import Content, SourceStatus
from syndicate.pickup.bounded.children import parse
from syndicate.pickup.bounded.wire import Parser, Task
from syndicate.pickup.clean import absolute_url
from syndicate.pickup.fetch import Answer, Fetcher
from syndicate.pickup.folder import read_folder
from syndicate.pickup.reading import Hub
from syndicate.pickup.wordpress import POSTS
from syndicate.settings import FeedSource, FolderSource, PolledSource, WordPressSource
from syndicate.store.pages import PageText

BELIEVED_FOR = timedelta(days=1)
"""A server that says *unchanged* for so long is asked for the whole feed once: some say it whatever changes."""


_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*(\"[^\"]*\"|[^\s;,\"]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a source shows. ``contents`` is None when it can't be read, or is what it was.

    ``complete`` says that what is not shown, nor ``present``, is gone. ``answer`` is the server's, for those that have
    one, ``asks_every`` what the feed itself asks for, and ``texts`` what its articles' own pages said.
    """

    contents: tuple[Content, ...] | None = None
    complete: bool = False
    present: Collection[str] = ()
    problems: tuple[PickupError, ...] = ()
    error: PickupError | None = None
    answer: Answer | None = None
    body_hash: str = ""
    asks_every: timedelta | None = None
    hub: Hub | None = None
    texts: tuple[PageText, ...] = ()


async def look(source: PolledSource, status: SourceStatus, fetcher: Fetcher, now: datetime) -> Shown:
    """Looks at it once. What is wrong with it is in the result."""
    match source:
        case FolderSource():
            try:
                scan = await asyncio.to_thread(read_folder, source.path)
            except PickupError as error:
                return Shown(error=error)
            return Shown(contents=scan.contents, complete=True, present=scan.present, problems=scan.problems)
        case FeedSource() | WordPressSource():
            return await _look_at_feed(source, status, fetcher, now)


async def _look_at_feed(
    source: FeedSource | WordPressSource, status: SourceStatus, fetcher: Fetcher, now: datetime
) -> Shown:
    if status.url != source.url:
        status = SourceStatus(name=source.name)
    is_believed = status.read_at is not None and now - status.read_at < BELIEVED_FOR
    parser: Parser = "wordpress" if isinstance(source, WordPressSource) else "feed"
    answer = await fetcher.get(
        status.location or (source.url + POSTS if parser == "wordpress" else source.url),
        etag=status.etag if is_believed else "",
        last_modified=status.last_modified if is_believed else "",
    )
    if answer.problem or answer.is_unchanged:
        return _without_contents(answer)
    known_hash = status.body_hash if is_believed else ""
    shown = await _read(answer, known_hash, parser)
    if not isinstance(shown, str):
        return shown
    if status.read_at and _host(shown) != _host(answer.url):
        reason = f"is a web page now; its feed may be {shown}, at another host: put that into the settings if it is so"
        return Shown(error=ParseError(answer.url, reason), answer=answer)
    named = await fetcher.get(shown)
    named = replace(named, hops=answer.hops + named.hops, moved_to=named.moved_to or named.url)
    if named.problem:
        return _without_contents(named)
    found = await _read(named, known_hash, parser)
    if isinstance(found, str):
        return Shown(
            error=ParseError(answer.url, f"is a web page, and so is the feed that it names, {shown}"), answer=named
        )
    return found


def _without_contents(answer: Answer) -> Shown:
    error = FetchError(answer.url, answer.problem) if answer.problem else None
    return Shown(error=error, answer=answer)


async def _read(answer: Answer, known_hash: str, parser: Parser) -> Shown | str:
    """What it shows; or, of a web page, where its feed is. Nothing when the body is the one that is known."""
    body_hash = hashlib.sha256(answer.body).hexdigest()
    if body_hash == known_hash:
        return Shown(answer=answer, body_hash=body_hash)
    try:
        read = await parse(Task(parser, answer.body, answer.url, answer.content_type))
    except ParseError as error:
        return Shown(error=error, answer=answer)
    if read.elsewhere:
        return read.elsewhere
    problems: tuple[PickupError, ...] = ()
    if read.left_out:
        most = len(read.contents)
        problems = (ParseError(answer.url, f"has {most + read.left_out:,} articles; the newest {most:,} were read"),)
    return Shown(
        contents=read.contents,
        problems=problems,
        answer=answer,
        body_hash=body_hash,
        asks_every=read.asks_every,
        hub=hub_of(answer.links, answer.url) or read.hub,
    )


def hub_of(links: str, url: str) -> Hub | None:
    """The hub that a Link header names (RFC 8288 §3); there it counts more than in the feed itself (WebSub §4)."""
    named: dict[str, str] = {}
    for address, parameters in _LINK.findall(links):
        for rel in _REL.findall(parameters)[:1]:
            for one in rel.strip('"').lower().split():
                named.setdefault(one, address)
    hub = absolute_url(named.get("hub"), url)
    return Hub(hub, absolute_url(named.get("self"), url) or url) if hub else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
