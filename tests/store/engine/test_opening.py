"""Databases that can't be opened or used, and a server that goes away and comes back."""

from __future__ import annotations

import gc
import sys
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from syndicate.errors import AwayError, BusyError, StoreError
from syndicate.store import Store, articles
from syndicate.store.engine import opening

SECRET = "swordfish"


def url_of(postgresql_url: str, **changes: Any) -> str:
    """Another database or user of that server."""
    return make_url(postgresql_url).set(**changes).render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"mysql://user:{SECRET}@h/x", "neither of the databases"),
        (f"://{SECRET}", r"can't be read; it is sqlite:///FILE or postgresql://user@host/database"),
        (f"postgresql://user:{SECRET}@h:port/x", "can't be read"),
    ],
)
def test_an_address_of_something_else_says_what_it_should_be(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        Store(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://u:{}@h/x?password={}", "postgres://u:{}@h/x?sslpassword={}"])
def test_a_password_is_never_shown(url: str) -> None:
    store = Store(url.format(SECRET, SECRET))
    assert store.name == "postgresql://u:***@h/x"
    assert store.engine.dialect.driver == "psycopg"
    store.close()


def test_a_driver_that_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'syndicate\[cluster\]'"):
        Store(f"postgresql://u:{SECRET}@h/x")


def test_a_server_that_does_not_take_us_says_why(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS guest")
        admin.execute("CREATE ROLE guest LOGIN")
    wrong = {
        f"postgresql://u:{SECRET}@127.0.0.1:1/x": "Connection refused: check host and port in store.url",
        f"postgresql://u:{SECRET}@nowhere.invalid/x": "check host and port",
        url_of(postgresql_url, database="missing"): 'database "missing" does not exist: make it there',
        url_of(postgresql_url, username="nobody"): 'role "nobody" does not exist: the server knows no such user',
        url_of(postgresql_url, username="guest"): "permission denied for .*: make the user in store.url its owner",
    }
    for url, said in wrong.items():
        store = Store(url)
        with pytest.raises(StoreError, match=said) as caught:
            store.check()
        assert SECRET not in str(caught.value)
        assert isinstance(caught.value, AwayError) == ("check host and port" in said)
        store.close()
    said = 'connection to server at "h", port 5432 failed: FATAL:  password authentication failed for user "u"'
    refused = opening.told("x", psycopg.OperationalError(said))
    assert "PGPASSWORD" in str(refused)
    assert not isinstance(refused, AwayError)


def test_who_waits_too_long_is_told_that_it_is_busy(postgresql_url: str) -> None:
    first, second = Store(postgresql_url), Store(postgresql_url)
    with first.write() as holding:
        articles.next_sequence(holding)
        with pytest.raises(BusyError, match="another process holds it"), second.write() as waiting:  # noqa: PT012
            waiting.execute(text("SET LOCAL lock_timeout = '20ms'"))
            articles.next_sequence(waiting)
    with first.read() as connection:
        held = [connection.execute(text(f"SHOW {name}")).scalar() for name in opening._SESSION]
    assert held == ["30s", "30min", "15min", *["0"] * 4]  # a Unix socket needs no looking after
    assert "tcp_user_timeout=60000" in first.address
    first.close()
    second.close()


def test_who_is_late_leaves_nothing_open(store: Store) -> None:
    with store.read() as connection:
        line: Any = connection.connection.driver_connection
        store.close()
    with pytest.raises(store.engine.dialect.loaded_dbapi.Error, match="closed"):
        line.cursor().execute("SELECT 1")


def test_one_view_stays_as_it_was(store: Store) -> None:
    with store.read() as connection:
        assert articles.newest_sequence(connection) == 0
        with store.write() as other:
            articles.next_sequence(other)
        assert articles.newest_sequence(connection) == 0
    with store.read() as connection:
        assert articles.newest_sequence(connection) == 1


def test_a_server_that_comes_back_is_used_again(postgresql_server: Any, postgresql_url: str) -> None:
    store = Store(postgresql_url)
    with pytest.raises(StoreError) as caught, store.write() as connection:  # noqa: PT012
        articles.next_sequence(connection)
        postgresql_server.stop()
        articles.next_sequence(connection)
    assert not isinstance(caught.value, BusyError)
    with pytest.raises(StoreError, match="check host and port"):
        store.check()
    postgresql_server.start()
    with store.write() as connection:
        assert articles.next_sequence(connection) == 1
    store.close()


@pytest.mark.parametrize("asked", [{}, {"yield_per": 10}])
def test_a_session_that_was_ended_leaves_no_cursor_behind(postgresql_url: str, asked: dict[str, int]) -> None:
    store, other = Store(postgresql_url), Store(postgresql_url)
    with pytest.raises(AwayError), store.read() as connection:  # noqa: PT012
        session = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        with other.write() as ending:
            ending.execute(text("SELECT pg_terminate_backend(:session)"), {"session": session})
        connection.execute(text("SELECT 1"), execution_options=asked)
    gc.collect()
    store.close()
    other.close()
