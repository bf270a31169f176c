"""One conditional GET of a remote source, within limits. Pick-up calls it; it blocks, so give it a thread."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx2

from syndicate.errors import FetchError
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
    headers = {"user-agent": _user_agent(), "accept": _ACCEPT}
    headers |= {"if-none-match": etag} if etag else {}
    headers |= {"if-modified-since": last_modified} if last_modified else {}
    seconds = settings.timeout.total_seconds()

    async def bounded() -> Fetched | None:
        async with asyncio.timeout(seconds):
            return await _follow(url, headers, settings)

    try:
        return asyncio.run(bounded())
    except TimeoutError:
        raise FetchError(without_userinfo(url), f"took longer than {seconds:g} s") from None


async def _follow(url: str, headers: dict[str, str], settings: Fetch) -> Fetched | None:
    start = url
    # trust_env: a proxy from the environment would connect to addresses that were not checked.
    async with httpx2.AsyncClient(trust_env=False, timeout=settings.timeout.total_seconds()) as client:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await _get(client, url, headers, settings)
            if not isinstance(answer, str):
                return answer
            url = answer
    raise FetchError(without_userinfo(start), f"redirects more than {MAX_REDIRECTS} times")


async def _get(client: httpx2.AsyncClient, url: str, headers: dict[str, str], settings: Fetch) -> Fetched | str | None:
    """What ``url`` answers: its body, None for unchanged, or the address that it redirects to."""
    shown = without_userinfo(url)
    target = _target(url, shown)
    addresses = await _addresses(target, shown, allow_private=settings.allow_private)
    try:
        response = await _send(client, target, headers, addresses)
        try:
            if response.status_code == 304:
                return None
            if response.status_code in _REDIRECTS and "location" in response.headers:
                return urljoin(url, response.headers["location"])
            if response.status_code != 200:
                raise FetchError(shown, f"answered {response.status_code} {response.reason_phrase}".rstrip())
            body = await _body(response, shown, settings.max_bytes)
        finally:
            await response.aclose()
    except httpx2.TimeoutException:
        raise TimeoutError from None
    except httpx2.DecodingError:
        raise FetchError(shown, "sent a body that can't be decompressed") from None
    except httpx2.HTTPError as error:
        raise FetchError(shown, f"can't be fetched: {str(error) or type(error).__name__}") from None
    return Fetched(
        body,
        shown,
        response.headers.get("content-type"),
        response.headers.get("etag", ""),
        response.headers.get("last-modified", ""),
    )


async def _body(response: httpx2.Response, shown: str, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise FetchError(shown, f"is larger than {most:,} bytes")
    return bytes(body)


def _target(url: str, shown: str) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise FetchError(shown, "is not a usable address") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise FetchError(shown, "only http:// and https:// addresses are fetched")
    return target


async def _addresses(target: httpx2.URL, shown: str, *, allow_private: bool) -> list[str]:
    """The IP addresses of the target's host, when all of them may be connected to."""
    host = target.raw_host.decode("ascii")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(shown, f"host {host} is not known") from None
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    for address in addresses:
        if not allow_private and not is_public(address):
            raise FetchError(shown, f"is at {address}, which is not public; `[fetch] allow_private` permits it")
    return addresses


async def _send(
    client: httpx2.AsyncClient, target: httpx2.URL, headers: dict[str, str], addresses: list[str]
) -> httpx2.Response:
    """Ask the first of the checked ``addresses`` that can be connected to; Host and TLS still name the host."""
    host = target.raw_host.decode("ascii")
    auth = httpx2.BasicAuth(target.username, target.password) if target.userinfo else None
    for address in addresses:
        request = client.build_request(
            "GET",
            target.copy_with(host=address, userinfo=b"", fragment=None),
            headers=headers | {"host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": host} if target.scheme == "https" else {},
        )
        try:
            return await client.send(request, auth=auth, stream=True, follow_redirects=False)
        except httpx2.ConnectError:
            if address == addresses[-1]:
                raise
    raise httpx2.ConnectError("the host has no address")


def is_public(address: str) -> bool:
    """Whether an IP address is one that anyone on the internet could be reached at, also when wrapped in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def without_userinfo(url: str) -> str:
    """``url`` without user name and password, for errors, logs and the store."""
    try:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return "the address"


def _user_agent() -> str:
    try:
        return f"syndicate/{version('syndicate')} (newsletter and feed service; feed reader)"
    except PackageNotFoundError:
        return "syndicate (newsletter and feed service; feed reader)"
