"""A feed of others that names a hub: it is followed, verified, and what the hub brings is picked up at once."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from syndicate.store import articles, follows, sources
from syndicate.store.follows import Follow
from tests.feeds.newsroom import NOON
from tests.newsroom import Clock
from tests.site import HttpSite, Page, Request
from tests.web.pressroom import Pressroom, serve


class Wire:
    """A feed, and the hub that it names."""

    def __init__(self, room: Pressroom, site: HttpSite, clock: Clock) -> None:
        self.room, self.site, self.clock = room, site, clock
        self.status, self.asked = 202, [dict[str, list[str]]()]
        site.pages |= {"/feed.xml": Page(self.feed("One")), "/hub": self._hub}

    def _hub(self, request: Request) -> Page:
        self.asked.append(parse_qs(request.body.decode()))
        return Page(status=self.status)

    def feed(self, *titles: str) -> bytes:
        items = "".join(f"<item><title>{one}</title><guid>{one}</guid></item>" for one in titles)
        links = f'<a:link rel="hub" href="{self.site.url}/hub"/><a:link rel="self" href="{self.site.url}/feed.xml"/>'
        head = '<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><title>W</title>'
        return f"{head}{links}{items}</channel></rss>".encode()

    def look(self) -> str:
        (found,) = asyncio.run(self.room.app.jobs.pick_up(["wire"], self.clock(), even_if_not_due=True))
        assert not found.error
        return found.why

    def ask(self) -> None:
        asyncio.run(self.room.app.jobs.follow(self.clock()))

    @property
    def follow(self) -> Follow | None:
        with self.room.app.store.read() as connection:
            return follows.of_source(connection, "wire")

    @property
    def callback(self) -> str:
        return self.room.path_of(self.asked[-1]["hub.callback"][0])

    def verify(self, **given: str) -> tuple[int, str]:
        query = {
            "mode": "subscribe",
            "topic": f"{self.site.url}/feed.xml",
            "challenge": "c1",
            "lease_seconds": "864000",
        }
        answer = self.room.client.get(self.callback, params={f"hub.{k}": v for k, v in (query | given).items()})
        return answer.status_code, answer.text

    def push(self, body: bytes, secret: str = "", method: str = "sha256", path: str = "") -> int:
        mac = hmac.new((secret or self.asked[-1]["hub.secret"][0]).encode(), body, method).hexdigest()
        headers = {"X-Hub-Signature": f"{method}={mac}", "Content-Type": "application/rss+xml"}
        return self.room.client.post(path or self.callback, content=body, headers=headers).status_code

    def titles(self) -> set[str]:
        with self.room.app.store.read() as connection:
            return {one.title for one in articles.latest(connection, ["wire"], (), 100)}


@pytest.fixture
def wire(tmp_path: Path, http_site: HttpSite) -> Iterator[Wire]:
    clock = Clock(NOON)
    feed = {"name": "wire", "kind": "feed", "url": f"{http_site.url}/feed.xml"}
    newsletters = [{"slug": "daily", "title": "D", "sender": "a@b.example", "cadences": {"daily": "0 7 * * *"}}]
    given = {"sources": [feed], "newsletters": newsletters, "fetch": {"allow_private": True}}
    with serve(tmp_path, clock, **given) as room:
        yield Wire(room, http_site, clock)


def test_what_a_hub_brings_is_picked_up(wire: Wire) -> None:
    rung: list[str] = []
    wire.room.app.jobs.fresh.listen(lambda: rung.append("ding"))
    assert wire.look() == "nothing tells how often it posts"
    wire.ask()
    asked = wire.asked[-1]
    assert (asked["hub.mode"], asked["hub.topic"]) == (["subscribe"], [f"{wire.site.url}/feed.xml"])
    assert wire.verify(topic="https://else.example/") == (404, wire.verify(topic="x")[1])
    assert wire.verify() == (200, "c1")
    follow = wire.follow
    assert follow
    assert (follow.until, follow.error) == (NOON + timedelta(days=10), "")
    assert wire.look() == "its hub tells us of changes (WebSub)"
    assert wire.push(wire.feed("One", "Two")) == 202
    assert (wire.titles(), len(rung)) == ({"One", "Two"}, 1)
    assert wire.push(wire.feed("Three"), method="sha1") == 202
    assert wire.push(wire.feed("Forged"), secret="guessed") == 202
    assert wire.push(b"no feed") == 202
    assert wire.push(wire.feed("Forged"), path=wire.callback[:-3] + "abc") == 404
    assert wire.push(wire.feed("Forged"), path=wire.callback.replace("wire", "nosuch")) == 410
    assert wire.titles() == {"One", "Two", "Three"}
    wire.ask()
    assert len(wire.asked) == 2
    wire.clock.pass_by(days=8, minutes=1)
    wire.ask()
    assert len(wire.asked) == 3, "the lease is renewed before it ends"
    wire.clock.pass_by(days=3)
    assert wire.look() != "its hub tells us of changes (WebSub)"


def test_a_hub_that_refuses_or_is_named_no_more(wire: Wire) -> None:
    wire.status = 500
    wire.look()
    waits = []
    for _ in range(3):
        wire.ask()
        follow = wire.follow
        assert follow
        assert follow.error == "answered 500"
        waits.append(follow.next_at - wire.clock.now)
        wire.clock.now = follow.next_at
    assert waits == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert wire.verify(mode="denied", reason="too many") == (200, "")
    assert wire.follow
    assert wire.follow.error == "refuses: too many"
    assert wire.verify(mode="unsubscribe")[0] == 404
    wire.site.pages["/feed.xml"] = Page(wire.feed("One", "Two").replace(b'rel="hub"', b'rel="x"'))
    wire.look()
    assert wire.follow is None
    with wire.room.app.store.read() as connection:
        assert sources.status(connection, "wire").failures == 0


def test_the_link_header_counts_more_and_a_site_of_ones_own_is_not_told(wire: Wire) -> None:
    headers = {"Link": '<https://hub.example/>; rel="hub", </topic>; rel=self, <x>; rel="next"'}
    wire.site.pages["/feed.xml"] = Page(wire.feed("One"), headers)
    wire.look()
    assert wire.follow
    assert (wire.follow.hub, wire.follow.topic) == ("https://hub.example/", f"{wire.site.url}/topic")
