"""A feed opened in Chromium is a page for people, on a phone and in the dark."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from syndicate.feeds.formats import PAGE_TYPE
from tests.feeds.newsroom import NOON, Newsroom


class Files(http.server.SimpleHTTPRequestHandler):
    """A plain web server."""

    extensions_map = {".xml": PAGE_TYPE, ".css": "text/css", ".html": "text/html"}  # noqa: RUF012

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    newsroom = Newsroom.open(tmp_path_factory.mktemp("newsroom"), feeds={"entries": 2})
    for number in range(1, 5):
        newsroom.add(number, title=f"The ferry & the “quay” {number}" * 3, tags=("harbour",))
    newsroom.withdraw(2, NOON + timedelta(days=1))
    newsroom.publish(NOON + timedelta(days=1))
    newsroom.store.close()
    served: Path = newsroom.settings.feeds.directory
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield page
    page.close()


@pytest.mark.parametrize(
    ("file", "head", "piece"), [("rss.xml", "channel", "item"), ("atom.xml", "feed", "entry")], ids=["rss", "atom"]
)
def test_a_feed_reads_as_a_page(phone: Page, address: str, file: str, head: str, piece: str) -> None:
    failed: list[str] = []
    phone.on("requestfailed", lambda request: failed.append(request.url))
    phone.goto(f"{address}/daily/{file}")
    shown = phone.evaluate(
        """([head, piece]) => {
          const seen = one => getComputedStyle(one).display !== 'none';
          const all = [...document.querySelectorAll('*')].filter(one => !one.closest(piece) && seen(one));
          return {
            said: all.flatMap(one => ['::before', '::after'].map(part => getComputedStyle(one, part).content)),
            names: [...document.querySelector(piece).children].filter(seen).map(one => one.localName),
            width: document.documentElement.scrollWidth,
            dark: getComputedStyle(document.documentElement).backgroundColor,
            title: document.querySelector(head + ' > title').getBoundingClientRect().height,
          };
        }""",
        [head, piece],
    )
    words = " ".join(shown["said"])
    assert "This is a feed" in words
    assert "copy this address" in words
    if file == "atom.xml":
        assert f"https://news.lakeside.example/feeds/daily/{file}" in phone.evaluate(
            "getComputedStyle(document.querySelector('link[rel=self]'), '::before').content"
        )
    assert (
        {"title", "link"} <= set(shown["names"]) <= {"title", "link", "description", "summary", "pubDate", "published"}
    )
    assert shown["width"] <= 390
    assert shown["dark"] == "rgb(15, 16, 17)"
    assert shown["title"] > 20
    assert failed == []


def test_an_archived_page_leads_to_the_feed_itself(phone: Page, address: str) -> None:
    phone.goto(f"{address}/daily/archive/1/atom.xml")
    seen = "one => getComputedStyle(document.querySelector(`feed > link[rel=${one}]`)).display"
    assert phone.evaluate(seen, "self") == "none"
    assert phone.evaluate(seen, "current") == "block"


def test_the_list_of_feeds_fits_a_phone(phone: Page, address: str) -> None:
    phone.goto(f"{address}/index.html")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    for href in phone.evaluate("[...document.querySelectorAll('main a')].map(one => one.getAttribute('href'))"):
        if not href.startswith("http"):
            assert phone.request.get(f"{address}/{href}").ok, href
