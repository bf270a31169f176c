"""What holds for every answer: security headers, HEAD wherever GET is, and small bodies. The server wraps itself in it.

No answer sets a cookie, and no page runs a script, but for the console's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024
"""Bytes; the forms here, and one-click posts, need less than a hundred."""

SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src https: http: data:; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }
)
"""On every answer that does not say something stricter itself."""


def security_of(site_url: str) -> Mapping[str, str]:
    """The same for that site: browsers that saw it over TLS ask for it over TLS alone, for a year (RFC 6797 §6.1)."""
    is_secure = site_url.startswith("https:")
    return {**SECURITY, "Strict-Transport-Security": "max-age=31536000"} if is_secure else SECURITY


# A page that stands by itself brings its style along; it may load pictures, and nothing else.
LONE_PAGE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

# What came from elsewhere was cleaned when it was picked up. Had something got through, it could do nothing all the
# same: in a sandbox no script runs, no form is sent, and nothing leads away by itself (HTML §7.1.5), such as a refresh.
_SANDBOX = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads"

SENT_PAGE = f"{LONE_PAGE}; {_SANDBOX}"
"""A digest: a page that stands by itself, made of articles."""

ARTICLE_PAGE = (
    "default-src 'none'; style-src 'self'; img-src https: http: data:; media-src https: http:; form-action 'none'; "
    f"base-uri 'none'; frame-ancestors 'none'; {_SANDBOX}"
)
"""An article, with sounds and films that are its enclosures."""


class Guard:
    """ASGI middleware. ``security`` is on every answer that does not say something stricter itself."""

    def __init__(self, app: ASGIApp, security: Mapping[str, str]) -> None:
        self._app, self._security = app, security

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A HEAD request is a GET whose answer loses its body (RFC 9110 §9.3.2)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._security.items():
                    headers.setdefault(name, value)
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if is_head:
            scope = {**scope, "method": "GET", "state": {**scope.get("state", {}), "is_head": True}}
        await self._app(scope, receive, guarded)


async def small_body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """The body of a POST; what is larger than so many bytes is refused as soon as that is known (413)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise HTTPException(413)
    return bytes(body)


def ip_of(request: Request) -> str | None:
    """Where a request comes from, None when that can't be told. Behind a web server on this machine, it says so."""
    return request.client.host if request.client else None
