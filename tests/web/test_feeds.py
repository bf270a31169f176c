"""Published files over HTTP; paths are sent as they are, for clients tidy them before sending."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
from starlette.types import Message

from syndicate.settings.websub import WebSub
from syndicate.web import feeds
from syndicate.web.guard import SECURITY
from syndicate.web.server import create_pages
from tests.web.pressroom import Pressroom

PLAIN = b"<rss>" + b"The ferry sails again. " * 400 + b"</rss>"
KINDS = {
    "index.html": "text/html",
    "feeds.opml": "text/x-opml",
    "feed.css": "text/css",
    "daily/rss.xml": "application/rss+xml",
    "daily/atom.xml": "application/atom+xml",
    "daily/feed.json": "application/feed+json",
    "daily/archive/1/rss.xml": "application/rss+xml",
    "daily/archive/12/atom.xml": "application/atom+xml",
    "daily/tags/sport/feed.json": "application/feed+json",
    "daily/tags/žena-и-мир/rss.xml": "application/rss+xml",
    "daily/digests/atom.xml": "application/atom+xml",
    "all/rss.xml": "application/rss+xml",
}
ELSEWHERE = [
    "/feeds/../syndicate.db",
    "/feeds/%2e%2e/syndicate.db",
    "/feeds/..%2fsyndicate.db",
    "/feeds/daily/../../syndicate.db",
    "/feeds/daily/..%2f..%2fsyndicate.db",
    "/feeds/%2e%2e%2ffeeds/rss.xml",
    "/feeds/..%5cdaily/rss.xml",
    "/feeds/daily/tags/../rss.xml",
    "/feeds/daily/tags/%2e%2e/rss.xml",
    "/feeds/daily/tags/..%2f/rss.xml",
    "/feeds/daily/archive/01/rss.xml",
    "/feeds/daily/archive/%D9%A3/rss.xml",
    "/feeds//etc/passwd",
    "/feeds/%2fetc/passwd",
    "/feeds/daily/rss.xml%00",
    "/feeds/daily%00/rss.xml",
    "/feeds/daily%0a/rss.xml",
    "/feeds/daily/tags/sport%0a/rss.xml",
    "/feeds/daily/tags/%ff/rss.xml",
    f"/feeds/daily/tags/{'x' * 300}/rss.xml",
    "/feeds/daily/.rss.xml.tmp",
    "/feeds/daily/secret.txt",
    "/feeds/daily/rss.xml.gz",
    "/feeds/daily/",
    "/feeds/daily/rss.xml/",
    "/feeds/nothing/rss.xml",
    "/feeds/secret.txt",
    "/feedsdaily/rss.xml",
]


class Folder:
    """What is published, written as publishing does."""

    def __init__(self, room: Pressroom) -> None:
        self.directory = room.app.settings.feeds.directory

    def put(self, name: str, content: bytes = PLAIN, **beside: bytes) -> Path:
        """A file, and what is beside it under its name and ``.br`` or ``.gz``."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix, octets in {"": content, **beside}.items():
            new = path.with_name(f".{path.name}.new")
            new.write_bytes(octets)
            new.replace(path.with_name(".".join(filter(None, (path.name, suffix)))))
        return path


@pytest.fixture
def folder(pressroom: Pressroom) -> Folder:
    """The folder of feeds, empty."""
    return Folder(pressroom)


def raw(room: Pressroom, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """An answer as it comes: neither paths nor bodies are made over. Header names are in lower case."""
    url = room.client.base_url
    connection = http.client.HTTPConnection(url.host, url.port or 80)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Accept-Encoding": "", **sent})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def test_every_published_name_is_served_as_what_it_is(pressroom: Pressroom, folder: Folder) -> None:
    for name, kind in KINDS.items():
        path = folder.put(name, name.encode())
        os.utime(path, (1_772_452_800, 1_772_452_800))
        status, headers, body = raw(pressroom, f"/feeds/{quote(name)}")
        assert (status, headers["content-type"], body) == (200, f"{kind}; charset=utf-8", name.encode())
        assert headers["last-modified"] == "Mon, 02 Mar 2026 12:00:00 GMT"
        assert headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
        assert headers["access-control-allow-origin"] == "*"
        assert {"max-age=300", "stale-while-revalidate=3600"} < set(headers["cache-control"].split(", "))
        for guarding in set(SECURITY) - {"Content-Security-Policy"}:
            assert headers[guarding.lower()] == SECURITY[guarding]
        assert headers["strict-transport-security"] == "max-age=31536000"


def test_a_page_has_its_own_style_and_a_feed_that_of_the_site(pressroom: Pressroom, folder: Folder) -> None:
    folder.put("index.html")
    folder.put("daily/rss.xml")
    policies = [raw(pressroom, f"/feeds/{name}")[1]["content-security-policy"] for name in ("", "daily/rss.xml")]
    assert "style-src 'unsafe-inline'" in policies[0]
    assert "style-src 'self'" in policies[1]
    assert all(policy.startswith("default-src 'none'") for policy in policies)
    assert raw(pressroom, "/feeds/")[2] == raw(pressroom, "/feeds/index.html")[2] == PLAIN


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_index_is_at_a_slash(pressroom: Pressroom, method: str) -> None:
    status, headers, _ = raw(pressroom, "/feeds", method)
    assert (status, headers["location"]) == (308, "/feeds/")


def test_the_best_encoding_that_there_is(pressroom: Pressroom, folder: Folder) -> None:
    folder.put("daily/rss.xml", PLAIN, br=brotli.compress(PLAIN), gz=gzip.compress(PLAIN))
    seen = {}
    for asked, encoding in {
        "": None,
        "gzip": "gzip",
        "gzip, br": "br",
        "br;q=0.5, gzip": "gzip",
        "gzip;q=0, br;q=0": None,
        "*": "br",
        "*;q=0.1, identity": None,
        "zstd, deflate": None,
        "gzip;q=nonsense": None,
    }.items():
        status, headers, body = raw(pressroom, "/feeds/daily/rss.xml", Accept_Encoding=asked)
        assert (status, headers.get("content-encoding")) == (200, encoding), asked
        decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
        assert decode(body) == PLAIN
        assert int(headers["content-length"]) == len(body)
        seen[encoding] = headers["etag"]
    assert len(set(seen.values())) == 3
    assert not any(tag.startswith("W/") for tag in seen.values())


def test_an_encoded_file_that_says_something_else_is_left_out(pressroom: Pressroom, folder: Folder) -> None:
    for wrong in (b"", b"\x1f\x8b nonsense", gzip.compress(PLAIN)[:-9], gzip.compress(b"what was published before")):
        folder.put("daily/rss.xml", PLAIN, gz=wrong, br=wrong)
        _, headers, body = raw(pressroom, "/feeds/daily/rss.xml", Accept_Encoding="gzip, br")
        assert (headers.get("content-encoding"), body) == (None, PLAIN)
    folder.put("daily/rss.xml", PLAIN, gz=gzip.compress(PLAIN))
    assert raw(pressroom, "/feeds/daily/rss.xml", Accept_Encoding="gzip, br")[1]["content-encoding"] == "gzip"


@pytest.mark.parametrize(("sent", "given"), [("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_unchanged_feed_is_not_sent_again(
    pressroom: Pressroom, folder: Folder, sent: str, given: str, method: str
) -> None:
    folder.put("daily/rss.xml", PLAIN, gz=gzip.compress(PLAIN))
    _, first, _ = raw(pressroom, "/feeds/daily/rss.xml", Accept_Encoding="gzip")
    known = {sent: first[given], "Accept-Encoding": "gzip"}
    status, again, body = raw(pressroom, "/feeds/daily/rss.xml", method, **known)
    assert (status, body) == (304, b"")
    for name in ("etag", "vary", "cache-control", "access-control-allow-origin"):
        assert again[name] == first[name]


def test_a_browser_is_told_what_it_shows_as_a_page(pressroom: Pressroom, folder: Folder) -> None:
    tags = set()
    for name, kind in KINDS.items():
        folder.put(name)
        shown = "application/xml" if kind.endswith("+xml") else kind
        _, headers, body = raw(pressroom, f"/feeds/{quote(name)}", Sec_Fetch_Dest="document")
        assert (headers["content-type"], body) == (f"{shown}; charset=utf-8", PLAIN)
        tags.add((shown, headers["etag"]))
    assert raw(pressroom, "/feeds/daily/rss.xml")[1]["etag"] not in {tag for _, tag in tags}
    assert len(tags) == len({tag for _, tag in tags}) == 5


def test_the_tag_of_another_encoding_is_another_one(pressroom: Pressroom, folder: Folder) -> None:
    folder.put("daily/rss.xml", PLAIN, gz=gzip.compress(PLAIN))
    _, first, _ = raw(pressroom, "/feeds/daily/rss.xml", Accept_Encoding="gzip")
    assert raw(pressroom, "/feeds/daily/rss.xml", If_None_Match=first["etag"])[0] == 200


def test_a_head_says_what_would_come(pressroom: Pressroom, folder: Folder) -> None:
    folder.put("daily/rss.xml")
    (_, full, _), (status, head, body) = (raw(pressroom, "/feeds/daily/rss.xml", method) for method in ("GET", "HEAD"))
    assert (status, body, head["content-length"], head["etag"]) == (200, b"", str(len(PLAIN)), full["etag"])


def test_what_another_process_publishes_is_served_at_once(pressroom: Pressroom, folder: Folder) -> None:
    tags = set()
    for number in range(20):
        content = b"<rss>%02d</rss>" % number
        folder.put("daily/rss.xml", content, gz=gzip.compress(content))
        for asked in ("", "gzip"):
            _, headers, body = raw(pressroom, "/feeds/daily/rss.xml", Accept_Encoding=asked)
            assert (gzip.decompress(body) if asked else body) == content
            tags.add(headers["etag"])
    assert len(tags) == 40
    (folder.directory / "daily/rss.xml").unlink()
    assert raw(pressroom, "/feeds/daily/rss.xml")[0] == 404


def test_scripts_of_other_sites_may_ask_with_what_they_know(pressroom: Pressroom, folder: Folder) -> None:
    folder.put("daily/feed.json")
    asked = {"Origin": "https://reader.example", "Access-Control-Request-Headers": "if-none-match"}
    status, headers, body = raw(pressroom, "/feeds/daily/feed.json", "OPTIONS", **asked)
    assert (status, body, headers["access-control-allow-origin"]) == (204, b"", "*")
    assert "If-None-Match" in headers["access-control-allow-headers"]
    assert "GET" in headers["access-control-allow-methods"]
    assert "ETag" in raw(pressroom, "/feeds/daily/feed.json")[1]["access-control-expose-headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(pressroom: Pressroom, folder: Folder, method: str) -> None:
    folder.put("daily/rss.xml")
    status, headers, _ = raw(pressroom, "/feeds/daily/rss.xml", method)
    assert (status, headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_feed_names_itself_and_its_hubs(pressroom: Pressroom, folder: Folder) -> None:
    folder.put("daily/tags/žena/rss.xml")
    folder.put("feed.css")
    hubs = ("https://hub.example/", "https://other.example/hub?a=1&b=2")
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def ask() -> None:
        settings = pressroom.app.settings.model_copy(update={"websub": WebSub(hub=hubs)})
        published = feeds.PublishedFeeds(create_pages(pressroom.app), replace(pressroom.app, settings=settings))
        for path in ("/feeds/daily/tags/žena/rss.xml", "/feeds/feed.css"):
            await published({"type": "http", "method": "GET", "path": path, "headers": []}, _receive, send)

    asyncio.run(ask())
    link, none = (dict(message["headers"]).get(b"link", b"").decode() for message in said[::2])
    assert link.split(", ") == [
        '<https://news.lakeside.example/feeds/daily/tags/%C5%BEena/rss.xml>; rel="self"',
        *(f'<{hub}>; rel="hub"' for hub in hubs),
    ]
    assert none == ""


async def _receive() -> Message:
    raise AssertionError("a published file needs nothing of what is sent with the request")


def test_nothing_else_is_served(pressroom: Pressroom, folder: Folder) -> None:
    for name in ("secret.txt", "daily/secret.txt", "daily/.rss.xml.tmp", "daily/rss.xml.gz"):
        folder.put(name, b"secret")
    for path in ELSEWHERE:
        status, _, body = raw(pressroom, path)
        assert (path, status) == (path, 404)
        assert b"There is no such page" in body


def test_a_file_that_can_not_be_read_is_our_fault(pressroom: Pressroom, folder: Folder) -> None:
    path = folder.put("daily/rss.xml")
    path.unlink()
    path.symlink_to("/proc/self/mem")  # it opens, and reading it fails, for root too
    status, headers, body = raw(pressroom, "/feeds/daily/rss.xml")
    assert (status, body) == (500, b"")
    assert headers["x-content-type-options"] == "nosniff"
