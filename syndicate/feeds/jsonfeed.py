"""A feed → its bytes as JSON Feed 1.1 (jsonfeed.org/version/1.1). Called by ``formats``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from syndicate.feeds.context import FeedContext, Piece, plain
from syndicate.feeds.wording import line, rfc3339, summary_of, title_of

JSON, JSON_TYPE = "feed.json", "application/feed+json"


def build_json(feed: FeedContext) -> bytes:
    """The same that the other formats say; what a field has nothing for is left out."""
    out = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": line(feed.title),
        "home_page_url": feed.home_url,
        "feed_url": feed.address + JSON,
        "description": line(feed.description),
        "language": feed.language,
        "authors": [{"name": line(feed.author)}],
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs],
    }
    items = [_filled(_item(piece)) for piece in feed.pieces]
    text = json.dumps(_filled(out) | {"items": items}, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _item(piece: Piece) -> dict[str, Any]:
    return {
        "id": plain(piece.id),
        "url": plain(piece.url),
        "title": title_of(piece),
        "content_html": piece.html or "<p></p>",
        "summary": summary_of(piece),
        "image": plain(piece.image or ""),
        "date_published": rfc3339(piece.published_at),
        "date_modified": rfc3339(piece.updated_at),
        "authors": [{"name": line(author)} for author in piece.authors],
        "tags": [line(tag) for tag in piece.tags],
        "language": line(piece.language or ""),
        "attachments": [
            _filled({"url": plain(one.url), "mime_type": line(one.type), "size_in_bytes": one.length})
            for one in piece.enclosures
        ],
    }


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
