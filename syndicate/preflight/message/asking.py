"""Asks for what a mail links to and shows: a little, in parallel, and only where the guard lets it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx2

from syndicate.errors import ReachError
from syndicate.preflight.message.links import host_of
from syndicate.reach.request import Bounds, body_of, in_time, open_client, request, user_agent

MOST = 100
"""Addresses of one run; the rest is not asked for."""

ALL_SECONDS = 40.0
HEAVY = 200_000
"""Bytes of an image."""

_EACH_SECONDS = 8.0
_AT_ONCE, _AT_ONE_HOST = 12, 3
_MOST_HOPS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_UNTOLD = frozenset({400, 403, 404, 405, 406, 410, 429, 500, 501, 502, 503})
"""What some answer to HEAD alone (RFC 9110 §9.3.2); GET decides."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one address. ``status`` 0: nothing, and ``failure`` says why.

    ``final`` is where it led, ``is_for_good`` whether by permanent redirects alone. ``size`` is in bytes, None when it
    was not told; of what is larger than ``HEAVY`` it may be more.
    """

    status: int = 0
    failure: str = ""
    final: str = ""
    is_for_good: bool = True
    size: int | None = None
    kind: str = ""


async def ask(
    addresses: Iterable[str], images: Iterable[str], *, allow_private: bool, seconds: float = ALL_SECONDS
) -> dict[str, Answer]:
    """Address → answer, of those that came in time."""
    bounds = Bounds(_EACH_SECONDS, HEAVY, allow_private, "fetch.allow_private")
    weighed = frozenset(images)
    answers: dict[str, Answer] = {}
    hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONE_HOST))
    at_once = asyncio.Semaphore(_AT_ONCE)
    async with open_client(bounds) as client:

        async def one(address: str) -> None:
            async with hosts[host_of(address)], at_once:
                answers[address] = await _asked(client, bounds, address, is_weighed=address in weighed)

        wanted = list(dict.fromkeys([*addresses, *weighed]))[:MOST]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for address in wanted:
                    group.create_task(one(address))
    return answers


async def _asked(client: httpx2.AsyncClient, bounds: Bounds, address: str, *, is_weighed: bool) -> Answer:
    here, is_for_good = address, True
    try:
        async with in_time(address, bounds):
            for _ in range(_MOST_HOPS):
                answer, location = await _once(client, bounds, here, is_weighed=is_weighed)
                if not location:
                    return replace(answer, final=here, is_for_good=is_for_good)
                is_for_good = is_for_good and answer.status in (301, 308)
                here = urljoin(here, location)
            return Answer(failure=f"it leads on and on, more than {_MOST_HOPS} times", final=here)
    except ReachError as error:
        return Answer(failure=error.reason, final=here)
    except (TimeoutError, ValueError):
        return Answer(failure="it does not answer in time", final=here)


async def _once(client: httpx2.AsyncClient, bounds: Bounds, address: str, *, is_weighed: bool) -> tuple[Answer, str]:
    """The answer, and where it leads on to."""
    headers = {"user-agent": user_agent("link check"), "accept": "*/*"}
    for method in ("HEAD", "GET"):
        async with request(client, method, address, headers=headers) as response:
            status, kind = response.status_code, response.headers.get("content-type", "")
            if status in _MOVED and (location := response.headers.get("location", "")):
                return Answer(status), location
            told = response.headers.get("content-length", "")
            size = int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else None
            is_told = size is not None or not is_weighed
            if method == "HEAD" and (status in _UNTOLD or not is_told):
                continue
            if is_weighed and size is None and status < 300:
                size = await _weighed(response, bounds, address)
            return Answer(status, size=size, kind=kind), ""
    raise AssertionError("GET is always answered with something")


async def _weighed(response: httpx2.Response, bounds: Bounds, address: str) -> int:
    try:
        return len(await body_of(response, address, bounds))
    except ReachError:
        return bounds.max_bytes + 1
