"""The web application of a newsroom on a free loopback port, and a browser without cookies to ask it with."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from syndicate.app import App, open_app
from syndicate.audience.requests import token_of
from syndicate.audience.subscribe import subscribe
from syndicate.model import Subscription
from syndicate.store import notices, requests, subscribers
from syndicate.store.notices import Notice
from syndicate.web.server import create_web
from tests.feeds.newsroom import NOON, Newsroom, make_settings
from tests.tables import ready


class Pressroom:
    """A newsroom whose site is being served; ``client`` asks it."""

    def __init__(self, app: App, client: httpx2.Client) -> None:
        self.app, self.client = app, client
        self.newsroom = Newsroom(app.settings, app.store, app.templates, app.links)

    def path_of(self, url: str) -> str:
        """An address of the site, without its host."""
        return url.removeprefix(self.app.settings.site.url)

    def subscribe(self, email: str = "ana@reader.example", slug: str = "daily", **values: Any) -> Subscription:
        """A reader who gets that newsletter."""
        app = self.app
        joined = subscribe(
            app.store, app.settings.newsletters, email=email, slugs=[slug], consent="test", now=NOON, **values
        )
        return joined.subscriptions[0]

    def now_of(self, reader: Subscription) -> Subscription:
        """How it stands."""
        with self.app.store.read() as connection:
            found = subscribers.subscription(connection, reader.id)
        assert found is not None
        return found

    def subscriptions_of(self, email: str) -> dict[str, Subscription]:
        """What an address gets, by newsletter."""
        with self.app.store.read() as connection:
            return {one.newsletter: one for one in subscribers.of_address(connection, email)}

    def notices(self, email: str) -> list[Notice]:
        """The mails that were queued to an address, but for digests."""
        with self.app.store.read() as connection:
            return notices.of_address(connection, email)

    def confirming(self, email: str) -> str:
        """The path of the link in the newest mail that asks that address to confirm."""
        notice = next(one for one in reversed(self.notices(email)) if one.request_id)
        with self.app.store.read() as connection:
            request = requests.by_id(connection, notice.request_id or 0)
        assert request is not None
        return f"/confirm/{token_of(self.app.settings, request)}"

    def leaving(self, subscription_id: int) -> str:
        """The path to unsubscribe."""
        return self.path_of(self.app.links.unsubscribe(subscription_id))

    def choosing(self, subscription_id: int, now: datetime | None = None) -> str:
        """The path of the preferences."""
        return self.path_of(self.app.links.preferences(subscription_id, now or self.app.jobs.clock()))


@contextmanager
def serve(directory: Path, clock: Callable[[], datetime] | None = None, **sections: Any) -> Iterator[Pressroom]:
    """Opens and serves it until the block ends; ``clock`` tells the time there."""
    settings = make_settings(directory, **sections)
    ready(directory)
    app = open_app(settings, clock) if clock else open_app(settings)
    try:
        with serving(app) as room:
            yield room
    finally:
        app.close()


@contextmanager
def serving(app: App) -> Iterator[Pressroom]:
    """Serves what is open until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_web(app), log_config=None, log_level=60, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="web")
    thread.start()
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx2.Client(base_url=url, trust_env=False, verify=False, timeout=60) as client:
            yield Pressroom(app, client)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
