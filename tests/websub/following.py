"""A newsroom with the built-in hub, and a site of callbacks that follow its feeds."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from syndicate.app import App, open_app
from syndicate.settings.schema import StoreSettings
from syndicate.store import followers, hubs, intents
from syndicate.websub.announced import Announced
from tests.feeds.newsroom import NOON, Newsroom, make_settings
from tests.newsroom import Clock
from tests.site import HttpSite, Page, Request
from tests.tables import ready

RSS = "https://news.lakeside.example/feeds/daily/rss.xml"
ATOM = "https://news.lakeside.example/feeds/daily/atom.xml"


def query_of(request: Request) -> dict[str, str]:
    """What a callback is asked, by name."""
    return {name: values[-1] for name, values in parse_qs(request.path.partition("?")[2]).items()}


def agree(request: Request) -> Page:
    """A callback that means it, and takes what it gets."""
    if request.method == "POST":
        return Page(status=204)
    return Page(query_of(request).get("hub.challenge", "").encode())


@dataclass(slots=True)
class Following:
    """The service on a clock that stands still, and the callbacks."""

    app: App
    clock: Clock
    site: HttpSite
    published: int = field(default=0)

    def publish(self, **article: Any) -> None:
        """One more article, which is in every newsletter unless something else is said of it."""
        self.published += 1
        room = Newsroom(self.app.settings, self.app.store, self.app.templates, self.app.links)
        room.add(self.published, **({"tags": ("harbour",)} | article))
        self.app.jobs.publish(self.app.jobs.clock())

    def send(self) -> Announced:
        """Tells everybody whose time has come."""
        return asyncio.run(self.app.jobs.announce(stop=asyncio.Event()))

    def ask(self, mode: str = "subscribe", path: str = "/cb", feed: str = RSS, **more: str) -> bool:
        """Asks the hub on behalf of a callback; ``more`` are other fields without ``hub.``."""
        fields = {"hub.mode": mode, "hub.topic": feed, "hub.callback": f"{self.site.url}{path}"}
        fields |= {f"hub.{name}": value for name, value in more.items()}
        return self.app.jobs.websub.follow(lambda name: fields.get(name, ""), self.clock())

    def follow(self, path: str = "/cb", feed: str = RSS, **more: str) -> None:
        """A callback that follows a feed, and means it."""
        self.site.pages.setdefault(path.partition("?")[0], agree)
        assert self.ask(path=path, feed=feed, **more)
        assert self.send().verified == 1
        self.site.requests.clear()

    @property
    def feeds(self) -> list[str]:
        """The addresses of all that are published."""
        return [address for address, _ in self.app.jobs.websub.feeds.all()]

    @property
    def followers(self) -> int:
        """How many there are."""
        with self.app.store.read() as connection:
            return followers.count(connection)

    @property
    def intents(self) -> int:
        """How many callbacks that do not follow yet are to be asked."""
        with self.app.store.read() as connection:
            return intents.count_new(connection)

    @property
    def hubs(self) -> list[hubs.Hub]:
        """How the hubs do."""
        with self.app.store.read() as connection:
            return hubs.standing(connection)

    def got(self, method: str = "POST") -> list[Request]:
        """What came to the callbacks, or to hubs, since the last time."""
        found = [one for one in self.site.requests if one.method == method]
        self.site.requests.clear()
        return found

    @contextmanager
    def restarted(self) -> Iterator[Following]:
        """The same, by another process."""
        app = open_app(self.app.settings, self.clock)
        try:
            yield Following(app, self.clock, self.site, self.published)
        finally:
            app.close()


@contextmanager
def following(directory: Path, site: HttpSite, *, store_url: str = "", **websub: Any) -> Iterator[Following]:
    """Opens it with one article published; ``websub`` are its settings."""
    given = {"hub": "internal", "allow_private": True, "timeout": "5s"} | websub
    settings, clock = make_settings(directory, websub=given), Clock(NOON)
    if not store_url:
        ready(directory)
    else:
        settings = settings.model_copy(update={"store": StoreSettings.model_construct(url=store_url)})
    app = open_app(settings, clock)
    try:
        room = Following(app, clock, site)
        room.publish()
        yield room
    finally:
        app.close()


@contextmanager
def answering(*parts: bytes, endless: bytes = b"") -> Iterator[str]:
    """A server that reads little, sends ``parts``, and then ``endless`` for ever, slowly."""
    done = threading.Event()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            try:
                for part in parts:
                    connection.sendall(part)
                while not done.wait(0.01):
                    connection.sendall(endless or b"")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=[server])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            done.set()
            thread.join()
