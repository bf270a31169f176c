"""Fetching, against a real server on loopback: validators, redirects, limits, and addresses that are refused."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
import trustme

from syndicate.errors import FetchError
from syndicate.pickup.fetch import Answer, Hop, fetching
from syndicate.pickup.hosts import GAP, Hosts
from syndicate.reach.addresses import is_public
from syndicate.settings import Fetch
from tests.site import HttpSite, Page

OPEN = Fetch(allow_private=True, timeout=timedelta(seconds=5))
CLOSED = Fetch(allow_private=False, timeout=timedelta(seconds=5))


def asked(url: str, settings: Fetch = OPEN, hosts: Hosts | None = None, **more: str) -> Answer:
    async def once() -> Answer:
        async with fetching(settings, hosts or Hosts()) as fetcher:
            return await fetcher.get(url, **more)

    return asyncio.run(once())


def got(url: str, settings: Fetch = OPEN) -> Answer:
    answer = asked(url, settings)
    if answer.problem:
        raise FetchError(answer.url, answer.problem)
    return answer


def test_body_type_and_validators(http_site: HttpSite) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Fri, 14 Mar 2025 09:00:00 GMT", "Content-Type": "application/rss+xml"}
    http_site.pages["/feed"] = Page(b"<rss/>", headers)
    assert got(f"{http_site.url}/feed") == Answer(
        url=f"{http_site.url}/feed",
        status=200,
        body=b"<rss/>",
        content_type="application/rss+xml",
        etag='"1"',
        last_modified="Fri, 14 Mar 2025 09:00:00 GMT",
        hops=(Hop(f"{http_site.url}/feed", 200, size=6),),
    )
    (request,) = http_site.requests
    assert request.headers["user-agent"].startswith("syndicate")
    assert request.headers["host"] == http_site.url.removeprefix("http://")
    assert "if-none-match" not in request.headers


@pytest.mark.parametrize(
    ("etag", "last_modified"), [('"1"', ""), ("", "Fri, 14 Mar 2025 09:00:00 GMT"), ('"1"', "another")]
)
def test_unchanged(http_site: HttpSite, etag: str, last_modified: str) -> None:
    http_site.pages["/"] = Page(b"x", {"ETag": '"1"', "Last-Modified": "Fri, 14 Mar 2025 09:00:00 GMT"})
    assert asked(f"{http_site.url}/", etag=etag, last_modified=last_modified).is_unchanged


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed(http_site: HttpSite, status: int) -> None:
    http_site.pages["/old"] = Page(status=status, headers={"Location": "/new?a=1"})
    http_site.pages["/new?a=1"] = Page(b"here")
    answer = got(f"{http_site.url}/old")
    assert (answer.body, answer.url) == (b"here", f"{http_site.url}/new?a=1")


def test_a_redirect_to_what_is_no_address(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(status=302, headers={"Location": "http://["})
    with pytest.raises(FetchError, match="redirects to what is no address"):
        got(f"{http_site.url}/")


def test_redirects_without_end(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(status=302, headers={"Location": "/"})
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        got(f"{http_site.url}/")
    assert len(http_site.requests) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x.example/", "gopher://x.example", "javascript:x"])
def test_redirect_to_another_scheme_is_refused(http_site: HttpSite, location: str) -> None:
    http_site.pages["/"] = Page(status=302, headers={"Location": location})
    with pytest.raises(FetchError, match="only http:// and https://"):
        got(f"{http_site.url}/")


@pytest.mark.parametrize("status", [200 + 4, 401, 404, 410, 500, 503])
def test_other_answers_are_errors(http_site: HttpSite, status: int) -> None:
    http_site.pages["/"] = Page(b"x" if status != 204 else b"", status=status)
    with pytest.raises(FetchError, match=f"answered {status}"):
        got(f"{http_site.url}/")


def test_compressed_body(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(gzip.compress(b"<rss/>"), {"Content-Encoding": "gzip"})
    assert got(f"{http_site.url}/").body == b"<rss/>"


def test_body_that_is_not_what_it_says(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(b"not gzip", {"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="can't be decompressed"):
        got(f"{http_site.url}/")


@pytest.mark.parametrize("packed", [False, True])
def test_too_much_is_refused(http_site: HttpSite, packed: bool) -> None:
    size = 30_000_000 if packed else 5001
    body = b"\0" * size
    http_site.pages["/"] = Page(gzip.compress(body), {"Content-Encoding": "gzip"}) if packed else Page(body)
    with pytest.raises(FetchError, match="is larger than 5,000 bytes"):
        got(f"{http_site.url}/", Fetch(allow_private=True, max_bytes=5000))


def test_private_addresses_are_refused_before_anything_is_sent(http_site: HttpSite) -> None:
    port = http_site.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        with pytest.raises(FetchError, match="which is not public"):
            got(f"http://{host}:{port}/", CLOSED)
    assert http_site.requests == []


def test_redirect_to_a_private_address_is_refused(http_site: HttpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own site stands for a public one; all other addresses are judged as ever."""
    http_site.pages["/"] = Page(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
    own = "127.0.0.1"
    monkeypatch.setattr("syndicate.reach.addresses.is_public", lambda address: address == own or is_public(address))
    with pytest.raises(FetchError, match=r"is at 169\.254\.169\.254, which is not public"):
        got(f"{http_site.url}/", CLOSED)
    assert len(http_site.requests) == 1


@pytest.mark.parametrize(
    "url", ["ftp://x.example/", "file:///etc/passwd", "http://", "/feed", "http://[::1", "http://x:99999/"]
)
def test_address_that_is_not_fetched(url: str) -> None:
    with pytest.raises(FetchError):
        got(url)


def test_unknown_host_and_closed_port() -> None:
    with pytest.raises(FetchError, match=r"host nowhere\.invalid is not known"):
        got("http://nowhere.invalid/")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(FetchError, match="can't be fetched: "):
            got(f"http://127.0.0.1:{bound.getsockname()[1]}/")


def test_password_is_sent_and_never_shown(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(b"x")
    address = http_site.url.replace("http://", "http://me:s3cret@")
    assert got(f"{address}/").url == f"{http_site.url}/"
    assert http_site.requests[0].headers["authorization"] == "Basic bWU6czNjcmV0"
    for settings, url in ((OPEN, f"{address}/gone"), (CLOSED, address), (OPEN, "ftp://me:s3cret@x.example")):
        with pytest.raises(FetchError) as raised:
            got(url, settings)
        assert "s3cret" not in str(raised.value)


@pytest.fixture(params=["headers", "body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that sends one byte every 20 ms, for ever: no single read ever times out."""
    begin = b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if request.param == "body" else b"X: ")
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(begin)
                try:
                    while not done.wait(0.02):
                        connection.sendall(b"a")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        done.set()
        thread.join()


@contextmanager
def speaking(answer: bytes, more: bytes = b"", context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that says ``answer`` to the first who asks, then ``more`` for as long as anybody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection, context.wrap_socket(connection, server_side=True) if context else connection as line:
                    line.recv(4096)
                    line.sendall(answer)
                    while more:
                        line.sendall(more)

        thread = threading.Thread(target=speak)
        thread.start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_a_body_without_end() -> None:
    for coding, more in (("", b"x" * 65536), ("Content-Encoding: gzip\r\n", gzip.compress(b"\0" * 1_000_000))):
        with (
            speaking(f"HTTP/1.1 200 OK\r\n{coding}\r\n".encode(), more) as url,
            pytest.raises(FetchError, match="is larger than 300,000 bytes"),
        ):
            got(url, Fetch(allow_private=True, max_bytes=300_000))


def test_a_chunk_without_end_and_headers_without_end() -> None:
    heads = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 200 OK\r\n"
    for head, more in zip(heads, (b"f" * 4096, b"X: y\r\n" * 1000), strict=True):
        with speaking(head, more) as url, pytest.raises(FetchError, match="can't be fetched"):
            got(url)


def test_a_certificate_that_nobody_knows() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    tls = speaking(b"HTTP/1.1 200 OK\r\n\r\n", context=context)
    with tls as url, pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        got(url)
    with speaking(b"HTTP/1.1 200 OK\r\n\r\n") as url, pytest.raises(FetchError, match="can't be fetched"):
        got(url.replace("http:", "https:"))


def test_time_limit_is_for_the_whole_exchange(dripping: str) -> None:
    begun = time.monotonic()
    with pytest.raises(FetchError, match=r"took longer than 0\.3 s"):
        got(dripping, Fetch(allow_private=True, timeout=timedelta(seconds=0.3)))
    assert time.monotonic() - begun < 3


def test_where_it_moved_for_good(http_site: HttpSite) -> None:
    http_site.pages |= {
        "/end": Page(b"x"),
        "/308": Page(status=308, headers={"Location": "/301"}),
        "/301": Page(status=301, headers={"Location": "/end"}),
        "/302": Page(status=302, headers={"Location": "/301"}),
        "/then302": Page(status=301, headers={"Location": "/302"}),
        "/lost": Page(status=301, headers={"Location": "/nowhere"}),
    }
    moved = {path: asked(http_site.url + path).moved_to.removeprefix(http_site.url) for path in http_site.pages}
    assert moved == {"/end": "", "/308": "/end", "/301": "/end", "/302": "", "/then302": "/302", "/lost": ""}


@pytest.mark.parametrize(
    ("status", "retry_after", "rest"),
    [
        (429, "90", timedelta(seconds=90)),
        (503, "99999999999999999999", timedelta(days=1)),
        (429, "", timedelta(minutes=15)),
        (503, "soon", timedelta(minutes=15)),
        (429, "Fri, 14 Mar 2025 09:00:00 GMT", timedelta(minutes=15)),
    ],
)
def test_a_host_that_is_busy_is_left_alone(http_site: HttpSite, status: int, retry_after: str, rest: timedelta) -> None:
    http_site.pages |= {"/a": Page(status=status, headers={"Retry-After": retry_after}), "/b": Page(b"x")}
    hosts = Hosts()
    answer = asked(f"{http_site.url}/a", hosts=hosts)
    assert (answer.status, answer.retry_after) == (status, rest)
    other = asked(f"{http_site.url}/b", hosts=hosts)
    assert "asked to be left alone until" in other.problem
    assert len(http_site.requests) == 1


def test_requests_to_one_host_begin_one_after_the_other(http_site: HttpSite) -> None:
    begun: list[float] = []

    def note(_: object) -> Page:
        begun.append(time.monotonic())
        return Page(b"x")

    http_site.pages["/"] = note

    async def several() -> None:
        async with fetching(OPEN, Hosts()) as fetcher:
            await asyncio.gather(*(fetcher.get(f"{http_site.url}/") for _ in range(3)))

    asyncio.run(several())
    assert begun[2] - begun[0] > 1.8 * GAP.total_seconds()


def test_brotli_that_nobody_asked_for(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(b"x", {"Content-Encoding": "br"})
    with pytest.raises(FetchError, match="in the coding 'br', which was not asked for"):
        got(f"{http_site.url}/")
    assert http_site.requests[0].headers["accept-encoding"] == "gzip, deflate"


def test_what_a_server_asks_for(http_site: HttpSite) -> None:
    for value, seconds in (("max-age=60", 60), ('private, max-age="90"', 90), ("s-maxage=5", None), ("no-cache", None)):
        http_site.pages["/"] = Page(b"x", {"Cache-Control": value})
        max_age = got(f"{http_site.url}/").max_age
        assert (max_age and max_age.total_seconds()) == seconds


def test_a_body_shorter_than_it_says(http_site: HttpSite) -> None:
    http_site.pages["/"] = Page(b"short", {"Content-Length": "500", "Connection": "close"})
    with pytest.raises(FetchError, match="can't be fetched"):
        got(f"{http_site.url}/", Fetch(allow_private=True, timeout=timedelta(seconds=1)))
