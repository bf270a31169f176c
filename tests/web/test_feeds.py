"""Published files over HTTP; paths are sent as they are, for clients tidy them before sending."""

from __future__ import annotations

import http.client
from email.utils import parsedate_to_datetime
from pathlib import Path

import feedparser
import pytest

from tests.web.pressroom import Pressroom

ELSEWHERE = [
    "/feeds/../syndicate.db",
    "/feeds/%2e%2e/syndicate.db",
    "/feeds/..%2fsyndicate.db",
    "/feeds/daily/../../syndicate.db",
    "/feeds/daily/..%2f..%2fsyndicate.db",
    "/feeds/%2e%2e%2ffeeds/rss.xml",
    "/feeds/..%5cdaily/rss.xml",
    "/feeds//etc/passwd",
    "/feeds/%2fetc/passwd",
    "/feeds/daily/rss.xml%00",
    "/feeds/daily%00/rss.xml",
    "/feeds/daily%0a/rss.xml",
    "/feeds/daily/.rss.xml.tmp",
    "/feeds/daily/secret.txt",
    "/feeds/daily/",
    "/feeds/daily/rss.xml/",
    "/feeds/nothing/rss.xml",
    "/feeds/secret.txt",
]


@pytest.fixture(autouse=True)
def _published(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1)
    pressroom.newsroom.publish()


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feed_is_served_as_what_it_is(pressroom: Pressroom, kind: str) -> None:
    response = pressroom.client.get(f"/feeds/daily/{kind}.xml")
    assert response.headers["content-type"] == f"application/{kind}+xml; charset=utf-8"
    assert [one.title for one in feedparser.parse(response.content).entries] == ["The ferry sails again, part 1"]
    path = pressroom.app.settings.feeds.directory / "daily" / f"{kind}.xml"
    assert parsedate_to_datetime(response.headers["last-modified"]).timestamp() == int(path.stat().st_mtime)


@pytest.mark.parametrize(("sent", "given"), [("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")])
def test_an_unchanged_feed_is_not_sent_again(pressroom: Pressroom, sent: str, given: str) -> None:
    first = pressroom.client.get("/feeds/daily/rss.xml")
    again = pressroom.client.get("/feeds/daily/rss.xml", headers={sent: first.headers[given]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


def test_a_changed_feed_has_another_tag(pressroom: Pressroom) -> None:
    before = pressroom.client.get("/feeds/daily/rss.xml").headers["etag"]
    pressroom.newsroom.add(2)
    pressroom.newsroom.publish()
    again = pressroom.client.get("/feeds/daily/rss.xml", headers={"If-None-Match": before})
    assert again.status_code == 200
    assert not before.startswith("W/")


def test_the_index_is_there_with_its_style(pressroom: Pressroom) -> None:
    for path in ("/feeds/", "/feeds/index.html"):
        response = pressroom.client.get(path)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "style-src 'unsafe-inline'" in response.headers["content-security-policy"]
        assert "daily/rss.xml" in response.text
    assert pressroom.client.get("/feeds").headers["location"] == "/feeds/"


def test_nothing_else_is_served(pressroom: Pressroom) -> None:
    directory: Path = pressroom.app.settings.feeds.directory
    for secret in (directory / "secret.txt", directory / "daily/secret.txt", directory / "daily/.rss.xml.tmp"):
        secret.write_text("secret")
    url = pressroom.client.base_url
    for path in ELSEWHERE:
        connection = http.client.HTTPConnection(url.host, url.port or 80)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        assert (path, response.status) == (path, 404)
        assert b"There is no such page" in body
