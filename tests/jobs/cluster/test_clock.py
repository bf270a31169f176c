"""The clocks of several services on one PostgreSQL: one leads, and workers do what it finds to be due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.app import App, open_app
from syndicate.audience.subscribe import subscribe
from syndicate.errors import StoreError
from syndicate.jobs.cluster import clock as clocks
from syndicate.jobs.cluster.worker import Worker
from syndicate.model import Via
from syndicate.store import Store, leading
from syndicate.store.leading import Lead
from tests.asking import ask
from tests.newsroom import settings_for
from tests.relay import Relay

pytestmark = pytest.mark.anyio


@pytest.fixture
def app(tmp_path: Path, postgresql_url: str, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    for name in ("COMPOSE_EVERY", "SEND_EVERY", "LOOK_EVERY"):
        monkeypatch.setattr(clocks, name, timedelta(seconds=0.2))
    (tmp_path / "articles").mkdir()
    settings = settings_for(tmp_path, store_url=postgresql_url, smtp={"url": relay.url})
    quick = tuple(one.model_copy(update={"every": timedelta(seconds=1)}) for one in settings.sources)
    opened = open_app(settings.model_copy(update={"sources": quick}))
    yield opened
    opened.close()


@asynccontextmanager
async def a_worker(app: App) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(app.jobs, ["send", "pickup", "publish", "inbound"], 2).run(stop))
    yield
    stop.set()
    await running


def until_soon(condition: Callable[[], bool]) -> None:
    """The server ends a session a moment after it was told to."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


async def test_a_dropped_file_is_published_and_mailed_by_a_worker(app: App, relay: Relay, tmp_path: Path) -> None:
    subscribe(
        app.store,
        app.settings.newsletters,
        email="ana@example.org",
        slugs=["brief"],
        cadence="instant",
        consent="test",
        now=datetime.now(UTC),
    )
    ask(app.store, app.settings, email="ben@example.org", via=Via.WEB, now=datetime.now(UTC))
    (tmp_path / "articles/first.txt").write_text("The first\n\nIt was there before the service was.\n")
    leading, other = app.carrier.clock(app.jobs), app.carrier.clock(app.jobs)
    leading.start()
    other.start()
    async with a_worker(app):
        await until(lambda: sorted(relay.recipients) == ["ana@example.org", "ben@example.org"])
        assert "The first" in (tmp_path / "feeds/brief/rss.xml").read_text()
        await leading.stop()
        await other.stop()


def test_one_leads_until_it_gives_up_or_its_session_ends(postgresql_url: str) -> None:
    store, other_store = Store(postgresql_url), Store(postgresql_url)
    one, other = Lead(store), Lead(other_store)
    assert [one.is_ours(), other.is_ours(), one.is_ours(), other.is_ours()] == [True, False, True, False]
    one.give_up()
    assert [other.is_ours(), one.is_ours()] == [True, False]
    with store.write() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )
    until_soon(one.is_ours)
    with pytest.raises(StoreError):
        other.is_ours()
    assert not other.is_ours()
    one.give_up()
    store.close()
    other_store.close()


def test_a_leader_that_hangs_loses_the_lead(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "HANGS_AFTER_S", 1)
    store, other_store = Store(postgresql_url), Store(postgresql_url)
    one, other = Lead(store), Lead(other_store)
    assert one.is_ours()
    until_soon(other.is_ours)
    with pytest.raises(StoreError):
        one.is_ours()
    assert not one.is_ours()
    other.give_up()
    store.close()
    other_store.close()


async def test_who_waits_for_nobody_is_told(
    app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clocks, "_COMPLAIN_EVERY", timedelta(seconds=0.1))
    clock = app.carrier.clock(app.jobs)
    clock.start()
    said = ""
    deadline = time.monotonic() + 60
    while "start `syndicate worker`" not in said:
        assert time.monotonic() < deadline, "it was not said"
        await asyncio.sleep(0.02)
        said += capsys.readouterr().out
    await clock.stop()
