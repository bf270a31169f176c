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


def answer(
    request: Request, content: bytes, media_type: str, cache_control: str, *, modified_at: datetime | None = None
) -> Response:
    """``content``, or 304 when the request shows that it is known. ``modified_at`` is aware."""
    etag = etag_of(content)
    headers = {"ETag": etag, "Cache-Control": cache_control}
    if modified_at:
        headers["Last-Modified"] = format_datetime(modified_at.astimezone(UTC), usegmt=True)
    if _is_known(request, etag, modified_at):
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "Content-Type": f"{media_type}; charset=utf-8"})


def _is_known(request: Request, etag: str, modified_at: datetime | None) -> bool:
    """An entity tag, where there is one, decides alone (RFC 9110 §13.2.2)."""
    if given := ",".join(request.headers.getlist("if-none-match")):
        return given.strip() == "*" or etag in _TAG.findall(given)
    since = _instant(request.headers.get("if-modified-since", ""))
    return bool(since and modified_at and modified_at.replace(microsecond=0) <= since)


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
