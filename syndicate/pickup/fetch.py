"""One conditional GET of a remote source, within limits. Pick-up calls it; it blocks, so give it a thread."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2

from syndicate.errors import FetchError, ReachError
from syndicate.reach.addresses import without_userinfo
from syndicate.reach.request import Bounds, body_of, in_time, open_client, request, user_agent
from syndicate.settings import Fetch

MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A source's answer: ``url`` is where it came from in the end, ``body`` is decompressed."""

    body: bytes
    url: str
    content_type: str | None
    etag: str
    last_modified: str


def fetch(url: str, *, etag: str = "", last_modified: str = "", settings: Fetch) -> Fetched | None:
    """Get ``url`` unless it is unchanged since ``etag`` and ``last_modified`` (RFC 9110 §13): then None.

    ``settings.timeout`` is for the whole exchange, redirects included; ``settings.max_bytes`` for the decompressed
    body. Unless ``settings.allow_private``, every address on the way must be a public one, and the one that was
    checked is the one that is connected to. Raises FetchError.
    """
    headers = {"user-agent": user_agent("feed reader"), "accept": _ACCEPT}
    headers |= {"if-none-match": etag} if etag else {}
    headers |= {"if-modified-since": last_modified} if last_modified else {}
    seconds = settings.timeout.total_seconds()
    bounds = Bounds(seconds, settings.max_bytes, settings.allow_private, permitted_by="[fetch] allow_private")

    async def bounded() -> Fetched | None:
        async with in_time(url, bounds):
            return await _follow(url, headers, bounds)

    try:
        return asyncio.run(bounded())
    except ReachError as error:
        raise FetchError(error.address, error.reason) from None


async def _follow(url: str, headers: dict[str, str], bounds: Bounds) -> Fetched | None:
    start = url
    async with open_client(bounds) as client:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await _get(client, url, headers, bounds)
            if not isinstance(answer, str):
                return answer
            url = answer
    raise ReachError(without_userinfo(start), f"redirects more than {MAX_REDIRECTS} times")


async def _get(client: httpx2.AsyncClient, url: str, headers: dict[str, str], bounds: Bounds) -> Fetched | str | None:
    """What ``url`` answers: its body, None for unchanged, or the address that it redirects to."""
    shown = without_userinfo(url)
    async with request(client, "GET", url, headers=headers, bounds=bounds) as response:
        if response.status_code == 304:
            return None
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return urljoin(url, response.headers["location"])
        if response.status_code != 200:
            raise ReachError(shown, f"answered {response.status_code} {response.reason_phrase}".rstrip())
        body = await body_of(response, url, bounds)
    return Fetched(
        body,
        shown,
        response.headers.get("content-type"),
        response.headers.get("etag", ""),
        response.headers.get("last-modified", ""),
    )
