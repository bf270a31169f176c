"""A remote feed's bytes → articles. Pick-up calls it with what ``fetch`` brought."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

import feedparser
from lxml import html as markup
from lxml.etree import ParserError

from syndicate.errors import ParseError
from syndicate.model import Enclosure
from syndicate.pickup.build import Raw, Said, newest_of
from syndicate.pickup.clean import absolute_url, one_line
from syndicate.pickup.encoding import mended
from syndicate.pickup.jsonfeed import parse_json_feed
from syndicate.pickup.reading import Hub, Reading

_HTML_TYPES = {"text/html", "application/xhtml+xml", "html", "xhtml"}
_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_ENTITY = re.compile(rb"<!ENTITY\s+([^\s%\"'>]{1,100})\s+(?:SYSTEM\s+|PUBLIC\s+)?[\"']([^\"']*)", re.IGNORECASE)
_MOST_ENTITIES, _MOST_GROWN = 200, 1_000_000
_DOCTYPE = re.compile(rb"\A(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE[^<>\[]*\[", re.DOTALL | re.IGNORECASE)


def parse_feed(body: bytes, url: str, content_type: str | None) -> Reading:
    """The articles of an RSS, Atom, RDF or JSON feed that was fetched from ``url``, in the feed's own order.

    Relative links are resolved against ``xml:base``, else the article's link, else ``url``. Entries with neither title
    nor text are left out; of several with one guid the first counts, and of all the newest ``MOST`` do. Raises
    ParseError that says what it is instead.
    """
    head = body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        raise ParseError(url, "is empty; a feed was expected")
    if head.startswith((b"{", b"[")) or "json" in (content_type or ""):
        return parse_json_feed(body, url)
    body, content_type = mended(body, content_type)
    _refuse_entities(body, url)
    found = _parse(body, url, content_type)
    if not found.version and not found.entries:
        return _feed_of_page(body, url)
    said = [_said(entry, found.feed, url, found.version) for entry in found.entries]
    return replace(newest_of(said), asks_every=_asks_every(found.feed), hub=_hub(found.feed, url))


def _parse(body: bytes, url: str, content_type: str | None) -> Any:
    try:
        return feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-location": url, "content-type": content_type or ""},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except (MemoryError, RecursionError):
        raise
    # feedparser meets broken documents with errors of many kinds: ValueError, KeyError, UnicodeDecodeError …
    except Exception as error:  # noqa: BLE001
        raise ParseError(url, f"is broken beyond reading ({one_line(str(error))})") from None


def _refuse_entities(body: bytes, url: str) -> None:
    """Entities of its own are how a small document becomes a huge one in memory; a few small ones are harmless."""
    narrow = body.replace(b"\0", b"")
    doctype = _DOCTYPE.match(narrow.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe"))
    if not doctype:
        return
    declared = _ENTITY.findall(narrow)
    grown = sum(len(value) * narrow.count(b"&" + name + b";") for name, value in declared[:_MOST_ENTITIES])
    if len(declared) > _MOST_ENTITIES or grown > _MOST_GROWN:
        raise ParseError(url, "declares XML entities that make it far larger than it is, which is refused")


def _feed_of_page(body: bytes, url: str) -> Reading:
    """Where the feed is that a web page names in its head (RSS Autodiscovery). :raises ParseError: when it does not."""
    try:
        page = markup.fromstring(body)
    except (ParserError, ValueError):
        raise ParseError(url, "is not a feed") from None
    if next(page.iter("head", "body"), None) is None and page.tag != "html":
        raise ParseError(url, "is not a feed")
    base = absolute_url(next(iter(page.xpath("//base/@href")), None), url) or url
    for link in page.xpath("//link[@href]"):
        is_alternate = "alternate" in str(link.get("rel", "")).lower().split()
        if is_alternate and str(link.get("type", "")).partition(";")[0].strip().lower() in _FEED_TYPES:
            named = absolute_url(link.get("href"), base)
            if named and named != url:
                return Reading(elsewhere=named)
    raise ParseError(url, "is a web page, not a feed, and names none")


def _said(entry: Any, feed: Any, url: str, version: str) -> Said:
    link = absolute_url(entry.get("link"), url)
    base = link or url
    enclosures = tuple(_enclosures(entry, base))
    return Said(
        guid=entry.get("id") or "",
        title=_raw(entry.get("title_detail"), base, url),
        body=max(
            (_raw(detail, base, url) for detail in entry.get("content", ()) if _is_text(detail)),
            key=lambda raw: len(raw.value),
            default=Raw(),
        ),
        summary=_raw(entry.get("summary_detail"), base, url),
        url=link,
        authors=list(_authors(entry, version)) or (list(_authors(feed, version)) if version.startswith("atom") else []),
        tags=[tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", ())],
        language=_language(entry) or feed.get("language"),
        image=next(_images(entry, enclosures, base), None),
        enclosures=enclosures,
        published_at=_instant(entry, "published_parsed"),
        updated_at=_instant(entry, "updated_parsed"),
    )


def _raw(detail: Any, base: str, url: str) -> Raw:
    if not detail:
        return Raw()
    # feedparser says the feed's own address where the document names no xml:base.
    named = detail.get("base")
    return Raw(
        detail.get("value") or "",
        is_html=detail.get("type") in _HTML_TYPES,
        base_url=named if named and named != url else base,
    )


def _is_text(detail: Any) -> bool:
    return detail.get("type") in _HTML_TYPES or str(detail.get("type", "")).startswith("text/")


def _authors(thing: Any, version: str) -> Iterator[str]:
    """Names only. RSS 2.0 writes ``address (Name)``, which feedparser cuts wrongly at long top-level domains."""
    for author in thing.get("authors", ()):
        if author.get("email") and not version.startswith("atom"):
            yield parseaddr(thing.get("author", ""))[0]
        else:
            yield author.get("name") or ""


def _language(entry: Any) -> str | None:
    details = [*entry.get("content", ()), entry.get("title_detail"), entry.get("summary_detail")]
    return next((detail["language"] for detail in details if detail and detail.get("language")), None)


def _enclosures(entry: Any, base: str) -> Iterator[Enclosure]:
    for link in entry.get("links", ()):
        address = absolute_url(link.get("href"), base) if link.get("rel") == "enclosure" else None
        if address:
            length = str(link.get("length") or "")
            yield Enclosure(
                address,
                link.get("type") or "application/octet-stream",
                int(length) if length.isascii() and length.isdigit() else 0,
            )


def _images(entry: Any, enclosures: tuple[Enclosure, ...], base: str) -> Iterator[str]:
    """Addresses of pictures of the article, those made for lists first (Media RSS §thumbnail)."""
    pictures = [media.get("url") for media in entry.get("media_thumbnail", ())]
    pictures += [
        media.get("url")
        for media in entry.get("media_content", ())
        if media.get("medium") == "image" or str(media.get("type", "")).startswith("image/")
    ]
    if entry.get("image"):
        pictures.append(entry["image"].get("href"))
    pictures += [enclosure.url for enclosure in enclosures if enclosure.type.startswith("image/")]
    return (address for address in (absolute_url(picture, base) for picture in pictures) if address)


def _hub(feed: Any, url: str) -> Hub | None:
    named = {link.get("rel"): link.get("href") for link in reversed(feed.get("links", ()))}
    address = absolute_url(named.get("hub"), url)
    return Hub(address, absolute_url(named.get("self"), url) or url) if address else None


def _asks_every(feed: Any) -> timedelta | None:
    """RSS's ``ttl`` in minutes, or how often the syndication module says that it is renewed."""
    try:
        if feed.get("ttl"):
            return timedelta(minutes=int(feed["ttl"]))
        period = _PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
        return period / max(1, int(feed.get("sy_updatefrequency") or 1)) if period else None
    except (ValueError, OverflowError):
        return None


def _instant(entry: Any, key: str) -> datetime | None:
    # feedparser's own lookup would answer with the other instant, and warn.
    parsed = dict.get(entry, key)
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None
