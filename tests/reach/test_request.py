"""Requests go to the address that was checked, and still prove over TLS that the host is who it says."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import trustme

from syndicate.errors import ReachError
from syndicate.reach.request import Bounds, body_of, open_client, request

BOUNDS = Bounds(seconds=5, max_bytes=1000, allow_private=True, permitted_by="[x] y")
AUTHORITY = trustme.CA()


@asynccontextmanager
async def serving(heard: list[str], name: str | None = None) -> AsyncIterator[int]:
    """A server on loopback that answers with the Host it was asked for, over TLS when it has a ``name``; its port."""

    connections: set[asyncio.Task[None] | None] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                host = next(line[6:] for line in head.split(b"\r\n") if line.lower().startswith(b"host: "))
                heard.append(f"{len(connections)} {host.decode()}")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(host), host))
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if name else None
    if context and name:
        AUTHORITY.issue_cert(name).configure_cert(context)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*filter(None, connections))


async def got(client: httpx2.AsyncClient, url: str) -> bytes:
    async with client, request(client, "GET", url, headers={}) as response:
        return await body_of(response, url, BOUNDS)


def trusting() -> httpx2.AsyncClient:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return open_client(BOUNDS, context)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name ending in ``.example`` is at 127.0.0.2, where nobody listens, and at 127.0.0.1."""
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if not host.endswith(".example"):
            return list(real(host, port, *rest, **more))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", port)) for n in (2, 1)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_the_host_is_named_and_its_next_address_tried() -> None:
    async def ask() -> bytes:
        async with serving([]) as port:
            return await got(open_client(BOUNDS), f"http://one.example:{port}/")

    assert asyncio.run(ask()).startswith(b"one.example:")


def test_over_tls_the_name_counts_and_not_the_address() -> None:
    async def ask(host: str) -> bytes:
        async with serving([], "one.example") as port:
            return await got(trusting(), f"https://{host}:{port}/")

    assert asyncio.run(ask("one.example")).startswith(b"one.example:")
    with pytest.raises(ReachError, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(ask("other.example"))


def test_a_connection_is_used_again_for_the_same_host_alone() -> None:
    """Over TLS, one that was opened for another host at the same address proves nothing."""

    async def ask(heard: list[str]) -> None:
        async with serving(heard) as port, open_client(BOUNDS) as client:
            for name in ("one", "one", "other"):
                url = f"http://{name}.example:{port}/"
                async with request(client, "GET", url, headers={}) as response:
                    await body_of(response, url, BOUNDS)

    heard: list[str] = []
    asyncio.run(ask(heard))
    assert [one.partition(":")[0] for one in heard] == ["1 one.example", "1 one.example", "2 other.example"]


def test_a_name_that_leads_elsewhere_when_it_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up once: what was checked is what is connected to."""
    closed = replace(BOUNDS, allow_private=False)
    monkeypatch.setattr("syndicate.reach.addresses.is_public", lambda address: address == "127.0.0.1")
    answers = iter(["127.0.0.1", "169.254.169.254"])

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async def ask() -> bytes:
        async with serving([]) as port:
            monkeypatch.setattr(socket, "getaddrinfo", resolve)
            return await got(open_client(closed), f"http://rebound.example:{port}/")

    assert asyncio.run(ask()).startswith(b"rebound.example:")
    assert next(answers) == "169.254.169.254"


def test_cookies_are_not_kept() -> None:
    async def ask(heard: list[str]) -> None:
        async with serving(heard) as port, open_client(BOUNDS) as client:
            client.cookies.set("a", "b", domain="one.example")
            async with request(client, "GET", f"http://one.example:{port}/", headers={}) as response:
                assert "cookie" not in response.request.headers

    asyncio.run(ask([]))
