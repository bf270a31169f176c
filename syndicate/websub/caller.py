"""Asks hubs and callbacks, within bounds. Called by what pings, verifies and distributes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from syndicate.errors import ReachError
from syndicate.reach.request import Bounds, in_time, open_client, request
from syndicate.settings import WebSub


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, or that there was none: then ``status`` is 0, and ``reason`` says why. ``body`` may be cut off."""

    status: int
    reason: str
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether it was answered with 2xx."""
        return 200 <= self.status < 300


class Caller:
    """One run's client."""

    def __init__(self, client: httpx2.AsyncClient, bounds: Bounds) -> None:
        self._client, self._bounds = client, bounds

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, most: int = 0
    ) -> Said:
        """What is answered. Redirects are not followed, and at most one byte more than ``most`` is kept of the body."""
        try:
            async with in_time(url, self._bounds):
                asked = request(self._client, method, url, headers=headers, content=content)
                async with asked as response:
                    body = await _beginning(response, most) if most else b""
        except ReachError as error:
            return Said(0, error.reason)
        return Said(response.status_code, f"answered {response.status_code} {response.reason_phrase}".rstrip(), body)


async def _beginning(response: httpx2.Response, most: int) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk[: most + 1 - len(body)]
        if len(body) > most:
            break
    return body


@asynccontextmanager
async def calling(settings: WebSub) -> AsyncGenerator[Caller, None]:
    """Opens what one run asks with."""
    bounds = Bounds(settings.timeout.total_seconds(), 0, settings.allow_private, "[websub] allow_private")
    async with open_client(bounds) as client:
        yield Caller(client, bounds)
