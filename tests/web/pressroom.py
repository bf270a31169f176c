"""The web application of a newsroom on a free loopback port, and a browser without cookies to ask it with."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from syndicate.app import App, open_app
from syndicate.web.server import create_web
from tests.feeds.newsroom import Newsroom, make_settings


class Pressroom:
    """A newsroom whose site is being served; ``client`` asks it."""

    def __init__(self, app: App, client: httpx2.Client) -> None:
        self.app, self.client = app, client
        self.newsroom = Newsroom(app.settings, app.store, app.templates, app.links)

    def path_of(self, url: str) -> str:
        """An address of the site, without its host."""
        return url.removeprefix(self.app.settings.site.url)


@contextmanager
def serve(directory: Path, **sections: Any) -> Iterator[Pressroom]:
    """Opens and serves it until the block ends."""
    app = open_app(make_settings(directory, **sections))
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_web(app), log_level=60, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="web")
    thread.start()
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx2.Client(base_url=url, trust_env=False) as client:
            yield Pressroom(app, client)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        app.close()
