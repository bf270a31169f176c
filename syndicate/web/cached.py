"""Answers that need not be sent twice: validators, and 304 to whoever is up to date. For feeds and the style."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

from fastapi import Request
from fastapi.responses import Response

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag_of(content: bytes) -> str:
    """A strong validator: other bytes have another one (RFC 9110 §8.8.3)."""
    return f'"{sha256(content).hexdigest()[:32]}"'


def http_date(instant: datetime) -> str:
    """An aware instant as headers have it (RFC 9110 §5.6.7)."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def answer(request: Request, content: bytes, media_type: str, cache_control: str) -> Response:
    """``content``, or 304 when the request shows that it is known."""
    etag = etag_of(content)
    headers = {"ETag": etag, "Cache-Control": cache_control}
    if is_known(etag, None, tags=",".join(request.headers.getlist("if-none-match"))):
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "Content-Type": f"{media_type}; charset=utf-8"})


def is_known(etag: str, modified_at: datetime | None, *, tags: str = "", since: str = "") -> bool:
    """Whether a client that sends these ``If-None-Match`` and ``If-Modified-Since`` headers has it already.

    An entity tag, where there is one, decides alone (RFC 9110 §13.2.2).
    """
    if tags:
        return tags.strip() == "*" or etag in _TAG.findall(tags)
    instant = _instant(since) if since else None
    return bool(instant and modified_at and modified_at.replace(microsecond=0) <= instant)


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
