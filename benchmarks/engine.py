"""The whole service on its own ground: a folder with subscribers and a planned digest, and sending it.

Everything here that works on the service runs in a child process; ``prepare`` and ``send`` start one themselves.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from benchmarks.articles import paragraphs
from benchmarks.children import Meter, Run, measured
from benchmarks.sinks import HOST
from syndicate.app import App, open_app
from syndicate.delivery.dkim_keys import new_rsa_key, write_key
from syndicate.delivery.letter import write_letter
from syndicate.jobs.loop import run as run_loop
from syndicate.model import Content, Subscriber
from syndicate.settings import Settings
from syndicate.store import articles, subscribers

SIZE = 30_000
"""Octets of a message, about."""

ONE_ARTICLE = 1
"""The size of a digest that has to be there, and no more."""

_BATCH = 5000
NAMES: Final = ("", "Ana Petrović", "Ben Okafor", "Chiara", "Dương Thị Hoa", "E. Lindqvist", "Фёдор", "Grace O'Neill")
_KEY = "key.pem"


@dataclass(frozen=True, slots=True)
class Route:
    """How the service reaches its relay, and its database, which is a file in its folder unless ``store`` is a URL."""

    port: int
    connections: int = 8
    is_signed: bool = False
    ca_file: Path | None = None
    store: str = ""


def prepare(
    folder: Path, readers: int, *, size: int = SIZE, domains: int = 20, is_queued: bool = True, store: str = ""
) -> bytes:
    """Fills ``folder``: so many readers, spread over so many domains, and one digest.

    Its deliveries are planned when ``is_queued``, else it waits to be approved. Returns one of its messages.
    """
    return measured(_prepare, folder, readers, size, domains, is_queued, Route(9, store=store))


def send(folder: Path, route: Route) -> Run:
    """Sends all that is queued there. :raises RuntimeError: unless the ledger has every message as accepted."""
    return measured(_send, folder, route)


@contextmanager
def copy_of(folder: Path) -> Iterator[Path]:
    """A copy, safe on disk, so that no commit that is measured has to write it too; gone after the block."""
    copy = Path(mkdtemp(prefix="copy-", dir=folder.parent))
    try:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        os.sync()
        yield copy
    finally:
        shutil.rmtree(copy)


def opened(folder: Path, route: Route | None = None) -> App:
    """The service in that folder."""
    return open_app(_settings(folder, route or Route(port=9)))


def send_until_told(line: Connection, folder: Path, route: Route) -> None:
    """Sends until the other end says stop, then says what the run was. Runs in a child, as ``served`` does it."""

    async def sending(app: App) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_reader(line.fileno(), stop.set)
        await app.jobs.send_due(stop=stop)
        asyncio.get_running_loop().remove_reader(line.fileno())

    with closing(opened(folder, route)) as app:
        meter = Meter()
        run_loop(sending(app))
        equation = app.jobs.outstanding()
        assert equation.balances, equation
        line.send(meter.read(equation.accepted))


def _send(folder: Path, route: Route) -> Run:
    with closing(opened(folder, route)) as app:
        planned = app.jobs.outstanding().outstanding
        meter = Meter()
        sent = run_loop(app.jobs.send_due(stop=asyncio.Event()))
        run = meter.read(planned)
        equation = app.jobs.outstanding()
        if not equation.balances or not 0 < planned == equation.accepted or sent.error:
            raise RuntimeError(f"not all was accepted: {equation} {sent.error or ''}")
    return run


def _prepare(folder: Path, readers: int, size: int, domains: int, is_queued: bool, route: Route) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    write_key(folder / _KEY, new_rsa_key())
    with closing(opened(folder, route)) as app:
        _subscribe(app, readers, domains)
        message = _write_articles(app, size)
        now = datetime.now(UTC)
        [digest] = app.digests.compose_due(now)
        if is_queued:
            app.digests.approve(digest.id, now)
    return message


def _settings(folder: Path, route: Route) -> Settings:
    scheme = "smtps" if route.ca_file else "smtp"
    newsletter: dict[str, Any] = {
        "slug": "bench",
        "title": "The Bench",
        "sender": "The Bench <news@bench.example>",
        "cadences": {"daily": "0 7 * * *"},
        "max_articles": 200,
        "max_lateness": "52w",
        "review": True,
    }
    return Settings.model_validate(
        {
            "site": {
                "name": "Bench",
                "url": "https://news.bench.example",
                "postal_address": "1 Quay Street",
                "secret": "it signs links that nobody will ever click",
            },
            "smtp": {
                "url": f"{scheme}://{HOST}:{route.port}",
                "connections": route.connections,
                "ca_file": route.ca_file,
            },
            "dkim": {"selector": "bench", "rsa_key_file": _KEY} if route.is_signed else None,
            "sources": [{"name": "desk", "kind": "folder", "path": "articles"}],
            "newsletters": [newsletter],
            "directory": folder,
            **({"store": {"url": route.store}} if route.store else {}),
        }
    )


def _subscribe(app: App, count: int, domains: int) -> None:
    now = datetime.now(UTC)
    choice = {"newsletter": "bench", "state": "active", "cadence": "daily", "topics": "", "watermark": 0}
    with app.store.write() as connection:
        for start in range(0, count, _BATCH):
            people = [_person(number, domains) for number in range(start, min(start + _BATCH, count))]
            subscribers.add_people(connection, people, now=now)
            ids = subscribers.ids_of(connection, [person["email"] for person in people])
            rows = [{"subscriber_id": ids[person["email"]], "consent": "bench", **choice} for person in people]
            subscribers.add_subscriptions(connection, rows, now=now)


def _person(number: int, domains: int) -> dict[str, Any]:
    email = f"reader{number}@d{number % domains}.example"
    return {"email": email, "name": NAMES[number % len(NAMES)], "language": None, "timezone": None}


def _write_articles(app: App, size: int) -> bytes:
    """Writes articles until a digest of them all has about ``size`` octets; returns it as one reader gets it."""
    message = b""
    while len(message) < size:
        with app.store.write() as connection:
            number = articles.newest_sequence(connection) + 1
            html, text = paragraphs(number)
            content = Content(
                guid=f"a{number}", title=f"Report {number}", html=html, text=text, slug=f"report-{number}"
            )
            articles.add(connection, "desk", content, now=datetime.now(UTC), numbered=True)
        message = message_of(app)
    return message


def message_of(app: App) -> bytes:
    """The next digest as one reader would get it."""
    now = datetime.now(UTC)
    seen = app.digests.preview("bench", now)
    reader = Subscriber(id=1, email="reader1@d1.example", name=NAMES[1])
    return write_letter(
        seen.newsletter, app.links, seen.parts, reader, subscription_id=1, message_id="<1@x>", sending="1", date=now
    )
