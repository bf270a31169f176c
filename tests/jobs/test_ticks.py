"""The clock's hand: a file that is dropped becomes a feed and a mail without anyone's help."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.app import App, open_app
from syndicate.audience.subscribe import subscribe
from syndicate.jobs import ticks
from syndicate.jobs.ticks import Ticks
from syndicate.model import Content, Via
from syndicate.settings import WebSub
from syndicate.store import articles, requests, subscribers
from tests.asking import ask
from tests.newsroom import settings_for
from tests.relay import Relay
from tests.site import HttpSite, Page

pytestmark = pytest.mark.anyio


@pytest.fixture
def app(tmp_path: Path, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr(ticks, "COMPOSE_EVERY", timedelta(seconds=1))
    monkeypatch.setattr(ticks, "SEND_EVERY", timedelta(seconds=1))
    settings = settings_for(tmp_path, smtp={"url": relay.url})
    quick = tuple(one.model_copy(update={"every": timedelta(seconds=1)}) for one in settings.sources)
    (tmp_path / "articles").mkdir()
    return open_app(settings.model_copy(update={"sources": quick}))


def join(app: App, email: str) -> None:
    subscribe(
        app.store,
        app.settings.newsletters,
        email=email,
        slugs=["brief"],
        cadence="instant",
        consent="test",
        now=datetime.now(UTC),
    )


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


async def test_a_dropped_file_is_published_and_mailed(app: App, relay: Relay, tmp_path: Path) -> None:
    join(app, "ana@example.org")
    (tmp_path / "articles/first.txt").write_text("The first\n\nIt was there before the service was.\n")
    clock = Ticks(app.jobs)
    clock.start()
    await until(lambda: len(relay.messages) == 1)
    feed = tmp_path / "feeds/brief/rss.xml"
    assert "The first" in feed.read_text()
    (tmp_path / "articles/second.txt").write_text("The second\n\nIt has come while the service runs.\n")
    await until(lambda: len(relay.messages) == 2)
    assert "The second" in feed.read_text()
    await clock.stop()
    app.close()
    assert [one.recipients for one in relay.messages] == [("ana@example.org",)] * 2


async def test_hubs_are_told_of_what_was_published(app: App, http_site: HttpSite, tmp_path: Path) -> None:
    http_site.pages["/hub"] = Page(status=204)
    websub = WebSub.model_validate({"hub": f"{http_site.url}/hub", "allow_private": True})
    told = open_app(app.settings.model_copy(update={"websub": websub}))
    (tmp_path / "articles/first.txt").write_text("The first\n\nIt was there before the service was.\n")
    clock = Ticks(told.jobs)
    clock.start()
    await until(lambda: len(http_site.requests) == 1)
    await clock.stop()
    assert b"feeds%2Fbrief%2Frss.xml" in http_site.requests[0].body
    told.close()
    app.close()


async def test_stopping_finishes_what_is_in_flight(app: App, relay: Relay, tmp_path: Path) -> None:
    for number in range(60):
        join(app, f"r{number}@example.org")
    (tmp_path / "articles/first.txt").write_text("The first\n\nIt was there before the service was.\n")
    clock = Ticks(app.jobs)
    clock.start()
    await until(lambda: len(relay.messages) >= 1)
    await clock.stop()
    counts = app.jobs.outstanding()
    app.close()
    assert counts.balances
    assert counts.uncertain == 0
    assert counts.accepted == len(relay.messages)
    assert counts.accepted + counts.outstanding == 60


async def test_a_failing_job_does_not_end_the_others(app: App, relay: Relay, tmp_path: Path) -> None:
    join(app, "ana@example.org")
    broken = tmp_path / "templates/feeds/index.html"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ nonsense }}")
    (tmp_path / "articles/first.txt").write_text("The first\n\nIt was there before the service was.\n")
    clock = Ticks(app.jobs)
    clock.start()
    await until(lambda: len(relay.messages) == 1)
    await clock.stop()
    app.close()


async def test_who_asks_is_asked_back_and_what_is_too_old_is_forgotten(app: App, relay: Relay) -> None:
    now = datetime.now(UTC)
    ask(app.store, app.settings, email="old@example.org", via=Via.WEB, now=now - timedelta(days=8))
    ask(app.store, app.settings, email="ana@example.org", via=Via.WEB, now=now)
    clock = Ticks(app.jobs)
    clock.start()

    def kept() -> int:
        with app.store.read() as connection:
            return sum(len(requests.of_person(connection, f"{who}@example.org", 0)) for who in ("old", "ana"))

    await until(lambda: len(relay.messages) == 1 and kept() == 1)
    await clock.stop()
    app.close()
    assert relay.recipients == ["ana@example.org"]


async def test_where_no_confirmation_is_needed_a_request_begins_by_itself(app: App, relay: Relay) -> None:
    newsletters = tuple(one.model_copy(update={"confirm": False}) for one in app.settings.newsletters)
    free = open_app(app.settings.model_copy(update={"newsletters": newsletters}))
    ask(free.store, free.settings, email="ana@example.org", slugs=["brief"], via=Via.WEB, now=datetime.now(UTC))

    def begun() -> bool:
        with free.store.read() as connection:
            return [one.newsletter for one in subscribers.of_address(connection, "ana@example.org")] == ["brief"]

    assert not begun()
    clock = Ticks(free.jobs)
    clock.start()
    await until(begun)
    await clock.stop()
    assert relay.messages == []
    free.close()
    app.close()


async def test_the_bell_is_heard_at_once(app: App, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "SEND_EVERY", timedelta(hours=1))
    join(app, "ana@example.org")
    clock = Ticks(app.jobs)
    clock.start()
    with app.store.write() as connection:
        content = Content(guid="one", title="One", html="<p>One.</p>", text="One.", slug="one")
        articles.add(connection, "newsroom", content, now=datetime.now(UTC), numbered=True)
    app.digests.compose_now("brief", datetime.now(UTC))
    await asyncio.to_thread(app.jobs.bell.ring)
    await until(lambda: len(relay.messages) == 1)
    await clock.stop()
    app.jobs.bell.ring()
    app.close()


async def test_a_dropped_file_is_found_long_before_the_clock_would(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    app = open_app(settings_for(tmp_path))
    clock = Ticks(app.jobs)
    clock.start()
    feed = tmp_path / "feeds/brief/rss.xml"
    await until(feed.exists)
    (tmp_path / "articles/deeper").mkdir()
    (tmp_path / "articles/late.txt").write_text("The late one\n\nIt has come while the service runs.\n")
    await until(lambda: "The late one" in feed.read_text())
    await clock.stop()
    app.close()
