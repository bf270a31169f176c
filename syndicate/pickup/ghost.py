"""Ghost's webhooks (https://ghost.org/docs/webhooks/): who may send one, and what it says of a post."""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from syndicate.errors import ForgedError, ParseError
from syndicate.pickup.build import Raw, Said, newest_of
from syndicate.pickup.clean import absolute_url
from syndicate.pickup.markdown import as_utc
from syndicate.pickup.reading import Reading

_LATE = timedelta(minutes=5)
_SIGNATURE = re.compile(r"\s*sha256=([0-9a-fA-F]{64})\s*,\s*t=(\d{1,16})\s*")


def prove(body: bytes, signature: str, key: str, now: datetime) -> None:
    """Checks ``X-Ghost-Signature``: HMAC-SHA256 of the body and, right behind it, the time in milliseconds.

    :raises ForgedError: when it is not by who has the key, or is older, or newer, than five minutes.
    """
    match = _SIGNATURE.fullmatch(signature)
    if not match:
        raise ForgedError("the header X-Ghost-Signature is missing: set the webhook's secret in Ghost")
    mac = hmac.new(key.encode(), body + match[2].encode(), sha256).hexdigest()
    if not hmac.compare_digest(mac, match[1].lower()):
        raise ForgedError("the signature is not by the secret of this source")
    if abs(int(match[2]) / 1000 - now.timestamp()) > _LATE.total_seconds():
        raise ForgedError("the signature is too old, or a clock is wrong")


@dataclass(frozen=True, slots=True)
class Told:
    """Which post a webhook tells of, and whether everyone may read it now."""

    guid: str
    is_public: bool


def told_of(body: bytes, name: str) -> Told:
    """Without what the post says. :raises ParseError: when it tells of no post."""
    try:
        post = json.loads(body)["post"]
        now, before = (_dict(post.get(key)) for key in ("current", "previous"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ParseError(name, "tells of no post; choose the events about posts") from None
    guid = now.get("id") or before.get("id")
    if not isinstance(guid, str) or not guid:
        raise ParseError(name, "tells of a post without `id`")
    return Told(guid, is_public=now.get("status") == "published" and now.get("visibility", "public") == "public")


def parse_ghost(body: bytes, _url: str, _content_type: str | None) -> Reading:
    """The post as it is now. Its identity is the one that it has in Ghost's own feed."""
    post = _dict(_dict(_dict(json.loads(body)).get("post")).get("current"))
    link = absolute_url(_text(post, "url"), None)
    markup = _text(post, "html")
    return newest_of(
        [
            Said(
                guid=_text(post, "id"),
                title=Raw(_text(post, "title"), is_html=False),
                body=Raw(markup, base_url=link) if markup else Raw(_text(post, "plaintext"), is_html=False),
                summary=Raw(_text(post, "custom_excerpt"), is_html=False),
                url=link,
                authors=_names(post.get("authors")),
                tags=[tag for tag in _names(post.get("tags")) if not tag.startswith("#")],
                image=absolute_url(_text(post, "feature_image"), link),
                published_at=_instant(post, "published_at"),
                updated_at=_instant(post, "updated_at"),
            )
        ]
    )


def _names(things: object) -> list[str]:
    """Of authors or tags; Ghost's internal tags begin with #."""
    return [_text(one, "name") for one in things if isinstance(one, dict)] if isinstance(things, list) else []


def _instant(post: dict[str, Any], key: str) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat(_text(post, key)))
    except (ValueError, OverflowError):
        return None


def _text(thing: dict[str, Any], key: str) -> str:
    value = thing.get(key)
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
