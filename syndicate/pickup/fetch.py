"""Conditional GETs of remote sources, within limits and politely. Pick-up calls it."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import httpx2

from syndicate.errors import ReachError
from syndicate.pickup.hosts import LONGEST_REST, Hosts
from syndicate.reach.addresses import target_of, without_userinfo
from syndicate.reach.request import Bounds, body_of, in_time, open_client, request, user_agent
from syndicate.settings import Fetch

MAX_REDIRECTS = 5
AT_ONCE = 32
"""So many sources are asked at the same time."""
AT_ONE_HOST = 2
"""So many of them at one host."""
REST = timedelta(minutes=15)
"""How long a host is left alone that says it is asked too much, but not for how long."""

_REDIRECTS = {301, 302, 303, 307, 308}
_FOR_GOOD = {301, 308}
_BUSY = {429, 503}
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hop:
    """One request on the way: ``leads_to`` is where it was redirected to, ``size`` that of the body in bytes."""

    url: str
    status: int
    leads_to: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking. ``problem`` is empty when there is a ``body``, or it is unchanged.

    ``status`` is the last one, 0 when there was no answer. ``url`` is where it came from in the end, ``moved_to`` where
    redirects for good led to from the beginning, ``links`` the Link header. ``max_age`` and ``retry_after`` are what
    the server asked for.
    """

    url: str
    status: int = 0
    problem: str = ""
    body: bytes = b""
    content_type: str | None = None
    etag: str = ""
    last_modified: str = ""
    links: str = ""
    max_age: timedelta | None = None
    retry_after: timedelta | None = None
    moved_to: str = ""
    hops: tuple[Hop, ...] = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether it is what it was when the validators were given (RFC 9110 §15.4.5)."""
        return self.status == 304 and not self.problem


class Fetcher:
    """One batch's connections, kept from one request to the next."""

    def __init__(self, client: httpx2.AsyncClient, bounds: Bounds, hosts: Hosts, clock: Callable[[], datetime]) -> None:
        self._client, self._bounds, self._hosts, self._clock = client, bounds, hosts, clock
        self.keeping = asyncio.Lock()
        """Held while what was fetched is kept: the database has one writer at a time, and others wait better here."""
        self._places = asyncio.Semaphore(AT_ONCE)
        self._places_of: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONE_HOST))

    async def get(self, url: str, *, etag: str = "", last_modified: str = "", accept: str = _ACCEPT) -> Answer:
        """Gets ``url`` unless it is unchanged since ``etag`` and ``last_modified`` (RFC 9110 §13). Never raises.

        The bounds' time is for the whole exchange, redirects included, but not for the wait for a turn. Every address
        on the way must be allowed, and the one that was checked is the one that is connected to.
        """
        headers = {"user-agent": user_agent("feed reader"), "accept": accept}
        headers |= {"if-none-match": etag} if etag else {}
        headers |= {"if-modified-since": last_modified} if last_modified else {}
        hops: list[Hop] = []
        try:
            host = target_of(url).netloc.decode("ascii", "replace")
            async with self._places_of[host], self._places:
                await self._wait(url, host)
                async with in_time(url, self._bounds):
                    answer = await self._follow(url, headers, hops)
        except ReachError as error:
            answer = Answer(url=error.address, problem=error.reason)
        return replace(answer, hops=tuple(hops), moved_to=_moved_to(hops))

    async def _wait(self, url: str, host: str) -> None:
        now = self._clock()
        if until := self._hosts.rests_until(host, now):
            raise ReachError(without_userinfo(url), f"{host} asked to be left alone until {until:%Y-%m-%d %H:%M} UTC")
        await asyncio.sleep(self._hosts.turn(host, now).total_seconds())

    async def _follow(self, start: str, headers: dict[str, str], hops: list[Hop]) -> Answer:
        url = start
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask(url, headers)
            if isinstance(answer, Answer):
                hops.append(Hop(answer.url, answer.status, size=len(answer.body)))
                return answer
            hops.append(answer)
            url = answer.leads_to
        raise ReachError(without_userinfo(start), f"redirects more than {MAX_REDIRECTS} times")

    async def _ask(self, url: str, headers: dict[str, str]) -> Answer | Hop:
        """What ``url`` answers, or that it leads elsewhere."""
        shown = without_userinfo(url)
        async with request(self._client, "GET", url, headers=headers) as response:
            status, told = response.status_code, response.headers
            if status in _REDIRECTS and "location" in told:
                return Hop(shown, status, _leads_to(url, told["location"]))
            body = await body_of(response, url, self._bounds) if status == 200 else b""
        answer = Answer(
            url=shown,
            status=status,
            body=body,
            content_type=told.get("content-type"),
            etag=told.get("etag", ""),
            last_modified=told.get("last-modified", ""),
            links=told.get("link", ""),
            max_age=_max_age(told.get("cache-control", "")),
        )
        if status in (200, 304):
            return answer
        problem = f"answered {status} {response.reason_phrase}".rstrip()
        if status not in _BUSY:
            return replace(answer, problem=problem)
        now = self._clock()
        rest = min(_retry_after(told.get("retry-after", ""), now) or REST, LONGEST_REST)
        self._hosts.let_rest(target_of(url).netloc.decode("ascii", "replace"), now + rest)
        return replace(answer, problem=problem, retry_after=rest)


@asynccontextmanager
async def fetching(
    settings: Fetch, hosts: Hosts, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncGenerator[Fetcher, None]:
    """Opens what a batch of sources is asked with."""
    seconds = settings.timeout.total_seconds()
    bounds = Bounds(seconds, settings.max_bytes, settings.allow_private, permitted_by="[fetch] allow_private")
    async with open_client(bounds) as client:
        yield Fetcher(client, bounds, hosts, clock)


def _leads_to(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise ReachError(without_userinfo(url), "redirects to what is no address") from None


def _moved_to(hops: list[Hop]) -> str:
    """Where redirects for good lead to from the beginning, if the end was reached; never away from TLS."""
    if not hops or hops[-1].leads_to or hops[-1].status not in (200, 304):
        return ""
    moved_to = ""
    for hop in hops:
        if hop.status not in _FOR_GOOD or (hop.url.startswith("https:") and not hop.leads_to.startswith("https:")):
            break
        moved_to = hop.leads_to
    return without_userinfo(moved_to) if moved_to else ""


def _max_age(cache_control: str) -> timedelta | None:
    found = _MAX_AGE.search(cache_control)
    return timedelta(seconds=int(found[1])) if found else None


def _retry_after(value: str, now: datetime) -> timedelta | None:
    """Seconds, or an instant (RFC 9110 §10.2.3)."""
    if value.isascii() and value.strip().isdigit():
        return timedelta(seconds=min(int(value.strip()[:12]), LONGEST_REST.total_seconds()))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(timedelta(0), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
