"""The pages for everyone, asked over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx2

from syndicate.model import ArticleState
from syndicate.store import articles
from tests.feeds.newsroom import NOON
from tests.web.pressroom import Pressroom, serve


def test_the_front_page_shows_newsletters_feeds_and_articles(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, title="Ferries & <fees>")
    pressroom.newsroom.add(2, url="https://lakeside.example/two")
    page = pressroom.client.get("/").text
    assert "The Daily Brief" in page
    assert "Comes every day, every week or as soon as an article appears" in page
    assert 'href="/feeds/daily/rss.xml"' in page
    assert 'href="/feeds/all/rss.xml" type="application/rss+xml"' in page
    assert '<a href="/articles/ferry-1">Ferries &amp; &lt;fees&gt;</a>' in page
    assert '<a href="https://lakeside.example/two">' in page


def test_every_page_announces_the_feeds_that_it_is_about(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1)
    reader = pressroom.subscribe(slug="harbour")
    for path, folder, title in (
        ("/", "all", "Lakeside Courier"),
        ("/articles/ferry-1", "all", "Lakeside Courier"),
        ("/subscribe", "all", "Lakeside Courier"),
        ("/nothing", "all", "Lakeside Courier"),
        ("/daily", "daily", "The Daily Brief"),
        (pressroom.leaving(reader.id), "harbour", "Harbour Notes"),
        (pressroom.choosing(reader.id), "harbour", "Harbour Notes"),
    ):
        page = pressroom.client.get(path).text
        assert page.count('<link rel="alternate"') == 3, path
        for kind, name, file in (("rss+xml", "RSS", "rss.xml"), ("feed+json", "JSON Feed", "feed.json")):
            line = f'type="application/{kind}" title="{title} ({name})" href="/feeds/{folder}/{file}">'
            assert f'<link rel="alternate" {line}' in page, path


def test_the_front_page_of_an_empty_site_says_so(pressroom: Pressroom) -> None:
    assert "Nothing has been published yet" in pressroom.client.get("/").text


def test_an_article_without_a_site_of_its_own_has_a_page(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, html="<p>Safe <em>already</em>.</p>", summary="In short.", authors=("Ana",))
    response = pressroom.client.get("/articles/ferry-1")
    assert response.status_code == 200
    assert "<p>Safe <em>already</em>.</p>" in response.text
    assert "In short." in response.text
    assert '<link rel="canonical" href="https://news.lakeside.example/articles/ferry-1">' in response.text


def test_other_articles_are_where_they_came_from(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, url="https://lakeside.example/one")
    response = pressroom.client.get("/articles/ferry-1")
    assert (response.status_code, response.headers["location"]) == (302, "https://lakeside.example/one")


def test_articles_that_are_not_published_have_no_page(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, state=ArticleState.HELD)
    gone = pressroom.newsroom.add(2)
    with pressroom.app.store.write() as connection:
        articles.set_state(connection, [gone], ArticleState.WITHDRAWN, now=NOON)
    paths = ("ferry-1", "ferry-2", "ferry-3", "a%00b", "%ff")
    statuses = [pressroom.client.get(f"/articles/{path}").status_code for path in paths]
    assert statuses == [404, 410, 404, 404, 404]


def test_the_style_is_asked_for_once(pressroom: Pressroom) -> None:
    page = pressroom.client.get("/").text
    path = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    response = pressroom.client.get(path)
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["cache-control"]
    again = pressroom.client.get("/style.css", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")


def test_a_site_below_a_path_links_below_it(tmp_path: Path) -> None:
    site = {
        "name": "Courier",
        "url": "https://example.org/news/",
        "postal_address": "1 Quay Street",
        "secret": "x" * 32,
    }
    with serve(tmp_path, site=site) as pressroom:
        page = pressroom.client.get("/").text
        assert 'href="/news/feeds/daily/rss.xml"' in page
        assert 'href="/news/style.css?v=' in page
        assert pressroom.client.get("/feeds").headers["location"] == "/news/feeds/"


def test_dates_are_said_in_words(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, published_at=datetime(2026, 11, 23, 8, tzinfo=UTC))
    response: httpx2.Response = pressroom.client.get("/")
    assert '<time datetime="2026-11-23T08:00:00+00:00">23 November 2026</time>' in response.text
