"""Articles of which a feed has only a beginning: their pages are fetched once, cleaned, and kept beside the feed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.model import Content
from syndicate.pickup import fulltext
from syndicate.pickup.fetch import fetching
from syndicate.pickup.fulltext import is_teaser
from syndicate.pickup.hosts import Hosts
from syndicate.pickup.pickup import Pickup, pick_up
from syndicate.settings import Settings
from syndicate.store import Store, articles, pages
from tests.site import HttpSite, Page

STORY = "".join(
    f"<p>Paragraph {n} of the story tells of the ferry, of the harbour, and of who waits there.</p>" for n in range(6)
)


class Wire:
    """A feed of teasers, and the pages that they lead to."""

    def __init__(self, directory: Path, site: HttpSite) -> None:
        self.site, self.now = site, datetime(2026, 3, 2, 7, tzinfo=UTC)
        given: dict[str, Any] = {
            "site": {"name": "C", "url": "https://c.example", "postal_address": "1", "secret": "s" * 40},
            "smtp": {"url": "smtp://127.0.0.1:9"},
            "fetch": {"allow_private": True},
            "sources": [{"name": "wire", "kind": "feed", "url": f"{site.url}/feed.xml", "full_text": True}],
            "directory": directory,
        }
        self.settings = Settings.model_validate(given)
        self.store = Store(f"sqlite:///{directory}/syndicate.db")
        self.store.check()

    def feed(self, **teasers: str) -> None:
        items = "".join(
            f"<item><title>{name}</title><guid>{name}</guid><link>{self.site.url}/{name}</link>"
            f"<description>{teaser}</description></item>"
            for name, teaser in teasers.items()
        )
        body = f'<rss version="2.0"><channel><title>W</title>{items}</channel></rss>'
        self.site.pages["/feed.xml"] = Page(body.encode(), {"ETag": f'"{len(body)}"'})

    def page(self, name: str, inside: str) -> None:
        menu = "<nav><a href='/'>Home</a></nav><script>alert(1)</script>"
        article = f"<article><h1>{name}</h1>{inside}</article>"
        body = f"<html><head><title>{name}</title></head><body>{menu}{article}</body></html>"
        self.site.pages[f"/{name}"] = Page(body.encode(), {"Content-Type": "text/html"})

    def look(self) -> Pickup:
        async def once() -> Pickup:
            async with fetching(self.settings.fetch, Hosts(), lambda: self.now) as fetcher:
                return await pick_up(self.settings, self.store, fetcher, "wire", now=self.now, even_if_not_due=True)

        return asyncio.run(once())

    def texts(self) -> dict[str, str]:
        with self.store.read() as connection:
            return {one.title: one.html for one in articles.latest(connection, ["wire"], (), 100)}


@pytest.fixture
def wire(tmp_path: Path, http_site: HttpSite) -> Iterator[Wire]:
    opened = Wire(tmp_path, http_site)
    yield opened
    opened.store.close()


def test_a_teaser_is_filled_once(wire: Wire) -> None:
    wire.feed(ferry="It is back …", gone="Nothing there", thin="As long as the page, word for word")
    wire.page("ferry", f"{STORY}<img src='/a.jpg'><script>alert(1)</script>")
    wire.page("thin", "<p>As long.</p>")
    found = wire.look()
    assert (found.new, [str(one) for one in found.problems]) == (3, [f"{wire.site.url}/gone: answered 404 Not Found"])
    ferry = wire.texts()["ferry"]
    assert "Paragraph 5 of the story" in ferry
    assert "script" not in ferry
    assert "Home" not in ferry
    assert wire.texts()["thin"] == "<p>As long as the page, word for word</p>"
    wire.now += timedelta(days=2)
    again = wire.look()
    assert (again.unchanged, again.changed) == (3, 0)
    assert [one.path for one in wire.site.requests].count("/ferry") == 1
    wire.feed(ferry="It is back, and free …")
    assert wire.look().changed == 1
    assert [one.path for one in wire.site.requests].count("/ferry") == 2
    with wire.store.read() as connection:
        assert [one.rpartition("/")[2] for one in pages.of_source(connection, "wire")] == ["ferry"]


def test_the_rest_is_fetched_at_the_next_look(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "PAGES_AT_ONCE", 1)
    wire.feed(one="First …", two="Second …")
    wire.page("one", STORY)
    wire.page("two", STORY)
    wire.look()
    assert [len(text) > 100 for text in wire.texts().values()].count(True) == 1
    assert wire.look().changed == 1
    assert all("Paragraph 5" in text for text in wire.texts().values())


def test_without_the_extra_it_is_said(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "can_read_pages", lambda: False)
    wire.feed(ferry="It is back …")
    found = wire.look()
    assert found.new == 1
    assert "pip install 'syndicate[fulltext]'" in str(found.problems[0])


@pytest.mark.parametrize(
    ("text", "url", "teaser"),
    [
        ("Short.", "https://x.example/a", True),
        ("Short.", None, False),
        ("word " * 130, "https://x.example/a", False),
        ("word " * 130 + "[…]", "https://x.example/a", True),
        ("word " * 130 + "Continue reading this story »", "https://x.example/a", True),
        ("word " * 300 + "…", "https://x.example/a", False),
    ],
)
def test_what_is_only_a_beginning(text: str, url: str | None, teaser: bool) -> None:
    assert is_teaser(Content(guid="g", title="t", html=f"<p>{text}</p>", text=text, url=url)) == teaser
