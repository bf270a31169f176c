"""A whole service in a folder, on a clock that stands still: for tests that need more than one of its parts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicate.app import App, open_app
from syndicate.audience.subscribe import subscribe
from syndicate.delivery.send import Sent
from syndicate.model import Content, Digest, Equation
from syndicate.settings.schema import Settings, StoreSettings
from syndicate.store import articles, digests, standing
from tests.tables import ready

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)
"""The daily and the weekly slot."""


@dataclass(slots=True)
class Clock:
    """Moved by the test alone, unless it ``runs`` as well."""

    now: datetime = MONDAY
    runs: bool = False

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic()) if self.runs else self.now

    def pass_by(self, **duration: float) -> None:
        """Moves on, as ``timedelta`` takes it."""
        self.now += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class Newsroom:
    """The service and its clock, with what tests do to it."""

    app: App
    clock: Clock

    def article(self, title: str, *tags: str, source: str = "newsroom") -> int:
        """Picks up an article; returns its id."""
        content = Content(
            guid=title, title=title, html=f"<p>{title}.</p>", text=f"{title}.", slug=title.lower(), tags=tags
        )
        with self.app.store.write() as connection:
            return articles.add(connection, source, content, now=self.clock(), numbered=True)

    def reader(self, email: str, cadence: str = "daily", *topics: str, name: str = "") -> None:
        """Subscribes someone, or changes what they chose."""
        subscribe(
            self.app.store,
            self.app.settings.newsletters,
            email=email,
            name=name,
            slugs=["brief"],
            cadence=cadence,
            topics=topics,
            consent="test",
            now=self.clock(),
        )

    def compose(self) -> list[Digest]:
        """Composes what is due, without the empty ones."""
        return [one for one in self.app.digests.compose_due(self.clock()) if one.subject]

    def send(self, stop: asyncio.Event | None = None) -> Sent:
        """Sends what is due."""
        return asyncio.run(self.app.jobs.send_due(stop=stop or asyncio.Event()))

    def equation(self, digest_id: int | None = None) -> Equation:
        """The ledger's counts, which must add up."""
        with self.app.store.read() as connection:
            found = standing.equation(connection, digest_id)
        assert found.balances, found
        return found

    def texts(self, digest_id: int) -> list[tuple[int, ...]]:
        """The articles of each variant of a digest."""
        with self.app.store.read() as connection:
            return [one.articles for one in digests.variants_of(connection, digest_id)]

    def troubles(self, digest_id: int) -> dict[str, tuple[str, int, str]]:
        """Address → state, attempts and the server's words, of what was not accepted."""
        with self.app.store.read() as connection:
            found = standing.troubled(connection, digest_id, limit=1000)
        return {one.email: (one.state.value, one.attempts, one.reply) for one in found}


def settings_for(
    directory: Path,
    *,
    store_url: str = "",
    smtp: Any = None,
    relays: Any = (),
    pace: Any = None,
    dkim: Any = None,
    alerts: Any = None,
    **newsletter: Any,
) -> Settings:
    """Settings with one folder, one feedless newsletter ``brief``, and any database."""
    given: dict[str, Any] = {
        "slug": "brief",
        "title": "The Brief",
        "sender": "Courier <news@lake.example>",
        "cadences": {"daily": "0 7 * * *", "weekly": "0 7 * * mon", "instant": True},
    }
    settings = Settings.model_validate(
        {
            "site": {
                "name": "Courier",
                "url": "https://news.lake.example",
                "postal_address": "1 Quay Street",
                "secret": "a secret that is long enough for tests",
            },
            "smtp": {"url": "smtp://127.0.0.1:9", "connections": 3, **(smtp or {})},
            "sources": [{"name": "newsroom", "kind": "folder", "path": "articles"}],
            "newsletters": [given | newsletter],
            "relays": relays,
            "pace": pace or {},
            "dkim": dkim,
            "alerts": alerts or {},
            "directory": directory,
        }
    )
    return (
        settings.model_copy(update={"store": StoreSettings.model_construct(url=store_url)}) if store_url else settings
    )


@contextmanager
def newsroom(directory: Path, **given: Any) -> Iterator[Newsroom]:
    """Opens the service; ``given`` as for ``settings_for``."""
    if not given.get("store_url"):
        ready(directory)
    clock = Clock()
    app = open_app(settings_for(directory, **given), clock)
    try:
        yield Newsroom(app, clock)
    finally:
        app.close()
