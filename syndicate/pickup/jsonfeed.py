"""JSON Feed 1.0 and 1.1 (https://jsonfeed.org/version/1.1) → articles; the feed parser hands JSON on to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from syndicate.errors import ParseError
from syndicate.model import Enclosure
from syndicate.pickup.build import Raw, Said, newest_of
from syndicate.pickup.clean import absolute_url
from syndicate.pickup.markdown import as_utc
from syndicate.pickup.reading import Hub, Reading


def parse_json_feed(body: bytes, url: str) -> Reading:
    """The articles of a JSON Feed that was fetched from ``url``. What has another type than it should is left out.

    Raises ParseError when it is not one.
    """
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParseError(url, f"is not readable JSON: {error}") from None
    if not isinstance(feed, dict) or "jsonfeed.org/version/1" not in str(feed.get("version")):
        raise ParseError(url, "is JSON but not a JSON Feed: its `version` must be https://jsonfeed.org/version/1.1")
    reading = newest_of([_said(item, feed, url) for item in _dicts(feed.get("items"))])
    hubs = (absolute_url(_text(hub, "url"), url) for hub in _dicts(feed.get("hubs")) if _text(hub, "type") == "WebSub")
    hub = next(filter(None, hubs), None)
    topic = absolute_url(_text(feed, "feed_url"), url) or url
    return replace(reading, hub=Hub(hub, topic) if hub else None)


def _said(item: dict[str, Any], feed: dict[str, Any], url: str) -> Said:
    link = absolute_url(_text(item, "url") or _text(item, "external_url"), url)
    base = link or url
    markup, words = _text(item, "content_html"), _text(item, "content_text")
    images = (absolute_url(_text(item, key), base) for key in ("image", "banner_image"))
    return Said(
        guid=_text(item, "id"),
        title=Raw(_text(item, "title"), is_html=False),
        body=Raw(markup, base_url=base) if markup else Raw(words, is_html=False),
        summary=Raw(_text(item, "summary"), is_html=False),
        url=link,
        authors=list(_authors(item)) or list(_authors(feed)),
        tags=[tag for tag in _list(item.get("tags")) if isinstance(tag, str)],
        language=_text(item, "language") or _text(feed, "language") or None,
        image=next((image for image in images if image), None),
        enclosures=tuple(_enclosures(item, base)),
        published_at=_instant(item, "date_published"),
        updated_at=_instant(item, "date_modified"),
    )


def _authors(thing: dict[str, Any]) -> Iterator[str]:
    """Version 1.0 has one ``author``, 1.1 has ``authors``."""
    return (_text(author, "name") for author in _dicts([*_list(thing.get("authors")), thing.get("author")]))


def _enclosures(item: dict[str, Any], base: str) -> Iterator[Enclosure]:
    for attachment in _dicts(item.get("attachments")):
        address = absolute_url(_text(attachment, "url"), base)
        size = attachment.get("size_in_bytes")
        if address:
            length = size if isinstance(size, int) and size > 0 else 0
            yield Enclosure(address, _text(attachment, "mime_type") or "application/octet-stream", length)


def _instant(item: dict[str, Any], key: str) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat(_text(item, key)))
    except (ValueError, OverflowError):
        return None


def _text(thing: dict[str, Any], key: str) -> str:
    """Text; identities may be numbers in feeds of version 1.0."""
    value = thing.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]
