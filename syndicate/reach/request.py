"""One request to an address that somebody else named, within bounds. Called by pick-up, and for WebSub."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version

import httpx2

from syndicate.errors import ReachError
from syndicate.reach.addresses import target_of, without_userinfo
from syndicate.reach.pinned import PinnedTransport
from syndicate.reach.unfold import ACCEPTED, UnfoldError, unfolder

_CONNECTIONS = 64
"""So many are open at the same time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far requests go: each takes ``seconds`` at most, and answers are read up to ``max_bytes``, decompressed.

    ``permitted_by`` is the setting that ``allow_private`` comes from; errors name it.
    """

    seconds: float
    max_bytes: int
    allow_private: bool
    permitted_by: str


def open_client(bounds: Bounds, trust: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    """What requests are made with. It believes no proxy in the environment, which would go where nobody checked.

    It takes no cookies: who asks is to be no one in particular.
    """
    transport = PinnedTransport(
        trust or _trust(), allow_private=bounds.allow_private, permitted_by=bounds.permitted_by, most=_CONNECTIONS
    )
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx2.AsyncClient(trust_env=False, timeout=bounds.seconds, transport=transport, cookies=no_cookies)


@cache
def _trust() -> ssl.SSLContext:
    """Read once: it takes longer than a request."""
    return httpx2.create_ssl_context(trust_env=False)


@asynccontextmanager
async def in_time(url: str, bounds: Bounds) -> AsyncGenerator[None, None]:
    """Ends what is done inside after ``bounds.seconds``. :raises ReachError: then."""
    try:
        async with asyncio.timeout(bounds.seconds):
            yield
    except TimeoutError:
        raise ReachError(without_userinfo(url), f"took longer than {bounds.seconds:g} s") from None


@asynccontextmanager
async def request(
    client: httpx2.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> AsyncGenerator[httpx2.Response, None]:
    """The answer, of any status, with its body still to be read; redirects are not followed.

    Every address of the host must be allowed, and the one that was checked is the one that is connected to. Raises
    ReachError, and TimeoutError for the caller's ``in_time``.
    """
    shown, target = without_userinfo(url), target_of(url)
    asked = client.build_request(method, target, headers={"accept-encoding": ACCEPTED, **headers}, content=content)
    try:
        response = await client.send(asked, stream=True, follow_redirects=False)
        try:
            yield response
        finally:
            await response.aclose()
    except httpx2.TimeoutException:
        raise TimeoutError from None
    except httpx2.HTTPError as error:
        raise ReachError(shown, f"can't be fetched: {str(error) or type(error).__name__}") from None
    except ReachError as error:
        raise ReachError(shown, error.reason) from None


async def body_of(response: httpx2.Response, url: str, bounds: Bounds) -> bytes:
    """All of the body, decompressed. :raises ReachError: when it is larger than ``bounds.max_bytes``.

    A small answer may be made to unfold without end, so it is unfolded piece by piece.
    """
    shown = without_userinfo(url)
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    unfolding = unfolder(coding)
    if unfolding is None:
        raise ReachError(shown, f"sent a body in the coding {coding[:40]!r}, which was not asked for")
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            for piece in unfolding.feed(chunk):
                body += piece
                if len(body) > bounds.max_bytes:
                    raise ReachError(shown, f"is larger than {bounds.max_bytes:,} bytes")
        unfolding.end()
    except UnfoldError:
        raise ReachError(shown, "sent a body that can't be decompressed") from None
    return bytes(body)


@cache
def user_agent(role: str) -> str:
    """How the service calls itself where it is a ``role``, such as *feed reader*."""
    try:
        return f"syndicate/{version('syndicate')} (newsletter and feed service; {role})"
    except PackageNotFoundError:
        return f"syndicate (newsletter and feed service; {role})"
