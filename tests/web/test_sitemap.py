"""What search engines are told, asked over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from syndicate.model import ArticleState, DigestState
from syndicate.store import articles, sitemap
from tests.feeds.newsroom import NOON
from tests.web.pressroom import Pressroom, serve
from tests.web.test_archive import keep_digest

SITE = "https://news.lakeside.example"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def addresses(pressroom: Pressroom, path: str, root: str = "urlset") -> dict[str, str]:
    """Every address of a sitemap with when it last changed; the elements are those of the protocol, in its order."""
    response = pressroom.client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/xml; charset=utf-8")
    tree = etree.fromstring(response.content)
    assert tree.tag == f"{{{NAMES['s']}}}{root}"
    found = {}
    for element in tree:
        assert [etree.QName(one).localname for one in element] in (["loc"], ["loc", "lastmod"])
        found[element.findtext("s:loc", None, NAMES)] = element.findtext("s:lastmod", "", NAMES)
    return found


def test_everything_that_has_a_page_is_in_it(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "PART", 2)
    for number in range(1, 6):
        pressroom.newsroom.add(number, slug=f"ferry-&-{number}")
    pressroom.newsroom.add(6, url="https://lakeside.example/six")
    pressroom.newsroom.add(7, state=ArticleState.HELD)
    with pressroom.app.store.write() as connection:
        articles.set_state(connection, [5], ArticleState.WITHDRAWN, now=NOON)
        articles.set_state(connection, [1], ArticleState.CURRENT, now=NOON.replace(year=2027))
    sent, _ = (keep_digest(pressroom, state, "x") for state in (DigestState.SENT, DigestState.HELD))

    index = addresses(pressroom, "/sitemap.xml", "sitemapindex")
    assert index == {
        f"{SITE}/sitemap-pages.xml": "2026-03-02T12:00:00Z",
        f"{SITE}/sitemap-articles-1.xml": "2027-03-02T12:00:00Z",
        f"{SITE}/sitemap-articles-2.xml": "2026-03-06T12:00:00Z",
        f"{SITE}/sitemap-digests-1.xml": "2026-03-02T12:00:00Z",
    }
    found: dict[str, str] = {}
    for part in index:
        found |= addresses(pressroom, pressroom.path_of(part))
    assert set(found) == {
        *(f"{SITE}/articles/ferry-%26-{number}" for number in range(1, 5)),
        *(f"{SITE}/{path}" for path in ("", "archive/", "daily", "harbour", "archive/daily/", "archive/daily/2026-03")),
        f"{SITE}/archive/daily/{sent}",
    }
    assert found[f"{SITE}/articles/ferry-%26-2"] == "2026-03-04T12:00:00Z"
    for url in found:
        if "/articles/" not in url or "ferry" in url:
            assert pressroom.client.get(pressroom.path_of(url)).status_code == 200, url
    for path in ("/sitemap-articles-3.xml", "/sitemap-articles-0.xml", "/sitemap-digests-2.xml", "/sitemap-x-1.xml"):
        assert pressroom.client.get(path).status_code == 404


def test_who_is_up_to_date_gets_nothing_twice(pressroom: Pressroom) -> None:
    for path in ("/sitemap.xml", "/sitemap-pages.xml", "/robots.txt"):
        etag = pressroom.client.get(path).headers["etag"]
        assert pressroom.client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_robots_are_told_what_is_not_for_them(tmp_path: Path) -> None:
    site = {"name": "C", "url": "https://example.org/news", "postal_address": "1 Quay Street", "secret": "x" * 32}
    with serve(tmp_path, site=site) as pressroom:
        response = pressroom.client.get("/robots.txt")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    lines = response.text.splitlines()
    assert lines[0] == "User-agent: *"
    refused = {line.partition(": ")[2] for line in lines if line.startswith("Disallow")}
    private = ("preferences/", "unsubscribe/", "confirm/", "feeds/private/", "console", "search")
    assert refused == {f"/news/{path}" for path in private}
    assert lines[-1] == "Sitemap: https://example.org/news/sitemap.xml"
