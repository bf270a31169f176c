"""Pick-up with a real database, a real folder and a real web site: what is kept, numbered, held, put off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.errors import NotFoundError
from syndicate.model import ArticleState, SourceState, SourceStatus
from syndicate.pickup.fetch import fetching
from syndicate.pickup.hosts import Hosts
from syndicate.pickup.pickup import Pickup, pick_up
from syndicate.pickup.release import release
from syndicate.settings import Settings, WordPressSource
from syndicate.store import Store, articles, sources
from tests.site import HttpSite, Page

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


class Desk:
    """A folder, a feed, and a database."""

    def __init__(self, directory: Path, store_url: str, site: HttpSite) -> None:
        self.folder, self.site, self.now = directory / "articles", site, NOW
        self.folder.mkdir()
        given: dict[str, Any] = {
            "site": {"name": "C", "url": "https://c.example", "postal_address": "1", "secret": "s" * 40},
            "smtp": {"url": "smtp://127.0.0.1:9"},
            "fetch": {"allow_private": True},
            "sources": [
                {"name": "desk", "kind": "folder", "path": "articles", "hold_over": 3, "first_pickup": 2},
                {"name": "wire", "kind": "feed", "url": f"{site.url}/feed.xml", "every": "10m"},
            ],
            "directory": directory,
        }
        self.settings = Settings.model_validate(given)
        self.store = Store(store_url)
        self.store.check()

    def write(self, name: str, text: str = "") -> Path:
        path = self.folder / f"{name}.md"
        path.write_text(
            f"---\ntitle: {name}\ndate: 2026-03-01\n---\n\n{text or 'About ' + name + ', in some words.'}\n"
        )
        return path

    def feed(self, *titles: str, etag: str = "") -> None:
        items = "".join(
            f"<item><title>{one}</title><guid>{one}</guid><link>https://wire.example/{one}</link>"
            f"<description>About {one}, in some words.</description></item>"
            for one in titles
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>W</title>{items}</channel></rss>'.encode()
        self.site.pages["/feed.xml"] = Page(
            body, {"Content-Type": "application/rss+xml"} | ({"ETag": etag} if etag else {})
        )

    def look(self, name: str = "desk", *, even_if_not_due: bool = True) -> Pickup:
        async def once() -> Pickup:
            async with fetching(self.settings.fetch, Hosts(), lambda: self.now) as fetcher:
                return await pick_up(
                    self.settings, self.store, fetcher, name, now=self.now, even_if_not_due=even_if_not_due
                )

        return asyncio.run(once())

    def status(self, name: str) -> SourceStatus:
        with self.store.read() as connection:
            return sources.status(connection, name)

    def titles(self, state: ArticleState = ArticleState.CURRENT) -> dict[str, int | None]:
        with self.store.read() as connection:
            found = articles.latest(connection, ["desk", "wire"], (), 100, state=state)
        return {one.title: one.sequence for one in found}


@pytest.fixture
def desk(tmp_path: Path, store_url: str, http_site: HttpSite) -> Iterator[Desk]:
    opened = Desk(tmp_path, store_url, http_site)
    yield opened
    opened.store.close()


def test_at_first_only_the_newest_count_as_new(desk: Desk) -> None:
    for number in range(5):
        desk.write(f"Piece {number}")
    found = desk.look()
    assert (found.new, found.remembered, found.held) == (2, 3, 0)
    assert sorted(number for number in desk.titles().values() if number) == [1, 2]
    assert len(desk.titles()) == 5
    again = desk.look()
    assert (again.new, again.changed, again.unchanged, again.touched) == (0, 0, 5, False)


def test_a_file_changes_moves_goes_and_comes_back(desk: Desk) -> None:
    path = desk.write("First")
    desk.look()
    desk.write("First", "It says something else now.")
    assert desk.look().changed == 1
    moved = path.rename(desk.folder / "renamed.md")
    assert (desk.look().changed, desk.titles()) == (1, {"First": 1})
    moved.unlink()
    assert (desk.look().withdrawn, desk.titles()) == (1, {})
    desk.write("First", "It says something else now.")
    desk.look()
    assert desk.titles() == {"First": 1}


def test_too_much_at_once_waits_for_an_operator(desk: Desk) -> None:
    desk.write("First")
    desk.look()
    for number in range(4):
        desk.write(f"Flood {number}")
    assert desk.look().held == 4
    assert desk.status("desk").state is SourceState.HELD
    assert desk.titles() == {"First": 1}
    assert desk.look().held == 0
    with desk.store.write() as connection:
        [held, *_] = [one.id for one in articles.known(connection, "desk") if one.state is ArticleState.HELD]
        assert release(connection, "desk", now=desk.now, article_id=held) == 1
        assert sources.status(connection, "desk").state is SourceState.HELD
        assert release(connection, "desk", now=desk.now) == 3
    assert desk.status("desk").state is SourceState.OK
    assert sorted(filter(None, desk.titles().values())) == [1, 2, 3, 4, 5]


def test_what_another_source_had_first_is_a_duplicate(desk: Desk) -> None:
    desk.write("Ferry")
    desk.look()
    desk.feed("Ferry", "Market")
    found = desk.look("wire")
    assert (found.new, found.duplicates) == (1, 1)
    assert desk.titles() == {"Ferry": 1, "Market": 2}
    assert desk.titles(ArticleState.DUPLICATE) == {"Ferry": None}
    assert desk.look("wire").duplicates == 0


def test_an_unchanged_feed_is_not_sent_again(desk: Desk) -> None:
    desk.feed("One", etag='"1"')
    desk.look("wire")
    found = desk.look("wire")
    assert (found.unchanged, found.new) == (1, 0)
    assert desk.site.requests[-1].headers["if-none-match"] == '"1"'
    assert desk.status("wire").etag == '"1"'


def test_a_feed_rolls_off_and_nothing_is_withdrawn(desk: Desk) -> None:
    desk.feed("One", "Two")
    desk.look("wire")
    desk.feed("Three")
    assert desk.look("wire").withdrawn == 0
    assert desk.titles().keys() == {"One", "Two", "Three"}


def test_a_failing_source_is_put_off_and_its_error_kept(desk: Desk) -> None:
    desk.site.pages["/feed.xml"] = Page(b"", status=500)
    waits = []
    for _ in range(3):
        failed = desk.look("wire")
        assert "500" in failed.error
        status = desk.status("wire")
        assert status.state is SourceState.FAILING
        assert status.next_at is not None
        waits.append(status.next_at - desk.now)
        assert desk.look("wire", even_if_not_due=False).skipped
        desk.now = status.next_at
    assert waits == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    desk.write("Others go on")
    assert desk.look("desk").new == 1
    desk.feed("Back")
    assert desk.look("wire").new == 1
    status = desk.status("wire")
    assert (status.state, status.failures, status.error) == (SourceState.OK, 0, "")
    assert status.next_at == desk.now + timedelta(minutes=10)


def test_an_operator_may_look_at_a_failing_source_at_once(desk: Desk) -> None:
    desk.site.pages["/feed.xml"] = Page(b"not a feed")
    assert desk.look("wire").error
    desk.feed("Back")
    assert desk.look("wire", even_if_not_due=False).skipped
    assert desk.look("wire").new == 1


def test_an_address_that_moved_for_good_is_kept_when_it_was_told_twice(desk: Desk) -> None:
    desk.feed("One", etag='"1"')
    desk.site.pages["/moved.xml"] = desk.site.pages["/feed.xml"]
    desk.site.pages["/feed.xml"] = Page(status=301, headers={"Location": "/moved.xml"})
    assert [(hop.status, hop.leads_to) for hop in desk.look("wire").hops] == [
        (301, f"{desk.site.url}/moved.xml"),
        (200, ""),
    ]
    assert desk.status("wire").location == ""
    assert [hop.status for hop in desk.look("wire").hops] == [301, 304]
    assert desk.status("wire").location == f"{desk.site.url}/moved.xml"
    assert [hop.url for hop in desk.look("wire").hops] == [f"{desk.site.url}/moved.xml"]
    desk.site.pages["/moved.xml"] = Page(status=410)
    assert desk.look("wire").error
    desk.feed("Two")
    assert (desk.look("wire").new, desk.status("wire").location) == (1, "")


def test_a_page_leads_to_its_feed_and_later_to_none_at_another_host(desk: Desk) -> None:
    def page(feed: str) -> Page:
        link = f'<link rel="alternate" type="application/rss+xml" href="{feed}">'
        return Page(f"<html><head>{link}</head><body>Hi</body></html>".encode(), {"Content-Type": "text/html"})

    desk.feed("One")
    desk.site.pages |= {"/all.xml": desk.site.pages["/feed.xml"], "/feed.xml": page("/all.xml")}
    assert desk.look("wire").new == 1
    assert desk.look("wire").error == ""
    assert desk.status("wire").location == f"{desk.site.url}/all.xml"
    desk.site.pages["/all.xml"] = page("https://parked.example/rss")
    assert "its feed may be https://parked.example/rss, at another host" in desk.look("wire").error
    desk.site.pages["/all.xml"] = page("/other.xml")
    desk.site.pages["/other.xml"] = page("/all.xml")
    assert "and so is the feed that it names" in desk.look("wire").error


def test_a_wordpress_site_is_looked_at_whole(desk: Desk) -> None:
    blog = WordPressSource(name="wire", kind="wordpress", url=desk.site.url)
    desk.settings = desk.settings.model_copy(update={"sources": (blog,)})
    post = {
        "date_gmt": "2026-03-01T10:00:00",
        "guid": {"rendered": "7"},
        "link": f"{desk.site.url}/ferry/",
        "title": {"rendered": "Ferry &#8220;returns&#8221;"},
        "content": {"rendered": "<p>It is back.</p>"},
    }
    hidden = post | {"guid": {"rendered": "8"}, "content": {"rendered": "", "protected": True}}
    body = json.dumps([post, hidden]).encode()
    desk.site.pages["/wp-json/wp/v2/posts"] = Page(body, {"Content-Type": "application/json", "ETag": '"1"'})
    assert desk.look("wire").new == 1
    assert desk.titles() == {"Ferry “returns”": 1}
    assert desk.look("wire").unchanged == 1
    assert desk.site.requests[0].path.startswith("/wp-json/wp/v2/posts?per_page=50&_embed=")
    assert desk.site.requests[-1].headers["if-none-match"] == '"1"'
    desk.now += timedelta(minutes=1)
    desk.site.pages["/wp-json/wp/v2/posts"] = Page(b'{"code": "rest_no_route"}', status=404)
    assert "404" in (desk.look("wire").error or "")


def test_what_nobody_thought_of_costs_one_source_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    desk.write("Ferry")
    with monkeypatch.context() as patched:
        patched.setattr("syndicate.pickup.look.parse", broken)
        desk.feed("One")
        assert "can't be picked up (ZeroDivisionError)" in desk.look("wire").error
    status = desk.status("wire")
    assert (status.state, status.next_at) == (SourceState.FAILING, desk.now + timedelta(minutes=10))
    assert desk.look("desk").new == 1


def test_a_feed_that_wants_to_be_asked_never(desk: Desk) -> None:
    desk.feed("One")
    page = desk.site.pages["/feed.xml"]
    assert isinstance(page, Page)
    desk.site.pages["/feed.xml"] = Page(page.body.replace(b"<item>", b"<ttl>999999999</ttl><item>", 1))
    assert desk.look("wire").next_at == desk.now + timedelta(days=1)


def test_what_is_gone_for_good_is_asked_no_more(desk: Desk) -> None:
    desk.site.pages["/feed.xml"] = Page(status=410)
    assert "410" in desk.look("wire").error
    status = desk.status("wire")
    assert (status.state, status.next_at) == (SourceState.RETIRED, None)
    desk.now += timedelta(days=30)
    assert desk.look("wire", even_if_not_due=False).skipped
    desk.feed("Back")
    assert (desk.look("wire").new, desk.status("wire").state) == (1, SourceState.OK)


def test_another_address_in_the_settings_begins_anew(desk: Desk) -> None:
    desk.feed("One", etag='"1"')
    desk.look("wire")
    desk.site.pages["/other.xml"] = desk.site.pages["/feed.xml"]
    wire = desk.settings.sources[1].model_copy(update={"url": f"{desk.site.url}/other.xml"})
    desk.settings = desk.settings.model_copy(update={"sources": (desk.settings.sources[0], wire)})
    assert not desk.look("wire", even_if_not_due=False).skipped
    assert "if-none-match" not in desk.site.requests[-1].headers


def test_a_server_that_says_unchanged_whatever_changes_is_not_believed_for_ever(desk: Desk) -> None:
    desk.feed("One", etag='"1"')
    desk.look("wire")
    desk.feed("One", "Two", etag='"1"')
    desk.now += timedelta(hours=20)
    assert desk.look("wire").new == 0
    desk.now += timedelta(hours=5)
    assert desk.look("wire").new == 1


def test_the_next_look_is_kept_with_its_reason(desk: Desk) -> None:
    desk.feed("One")
    page = desk.site.pages["/feed.xml"]
    assert isinstance(page, Page)
    desk.site.pages["/feed.xml"] = Page(page.body, {"Cache-Control": "public, max-age=7200"})
    found = desk.look("wire")
    assert (found.next_at, found.why) == (desk.now + timedelta(hours=2), "its server asks for that (Cache-Control)")
    desk.site.pages["/feed.xml"] = Page(status=503, headers={"Retry-After": "1800"})
    found = desk.look("wire")
    assert (found.next_at, found.why) == (desk.now + timedelta(minutes=30), "its server asked to be left alone so long")
    desk.now -= timedelta(days=3)
    assert not desk.look("wire", even_if_not_due=False).skipped


def test_a_bad_file_is_told_and_the_others_are_picked_up(desk: Desk) -> None:
    desk.write("Good")
    (desk.folder / "bad.md").write_text("---\ntitle: [unclosed\n---\n\nx\n")
    found = desk.look()
    assert found.new == 1
    assert "bad.md" in str(found.problems[0])
    assert "bad.md" in desk.status("desk").error


def test_unknown_sources_and_missing_folders(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="there is: desk, wire"):
        desk.look("nosuch")
    desk.write("Good")
    desk.look()
    desk.folder.rename(desk.folder.with_name("elsewhere"))
    assert desk.look().error
    assert desk.titles() == {"Good": 1}
