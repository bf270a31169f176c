from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text
from sqlalchemy import exc as errors

from syndicate.errors import StoreError
from syndicate.model import Consent, ConsentKind, Subscriber, Via
from syndicate.store import Store, consents, subscribers
from syndicate.store import schema as tables
from syndicate.store.engine.columns import among
from syndicate.store.engine.filling import take_ids

NOW = datetime(2026, 3, 1, 6, 0, 0, 123456, tzinfo=UTC)
ODD = ["", "\\N", "\\.", "a\tb", "a\nb\r", '"', "'", "NULL", "\\", "ä€😀", "%s", "?", "a,b"]

_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.write() as connection:
        yield connection


def _people(names: list[str], **given: Any) -> list[Subscriber]:
    return [Subscriber(id=0, email=f"r{n}@d.example", name=name, **given) for n, name in enumerate(names)]


def test_what_is_written_is_what_was_given(connection: Connection) -> None:
    facts = {"city": 'Bar "\\" \n', "β": "1"}
    ids = subscribers.fill(connection, _people(ODD, tags=("b", "a"), attributes=facts, language="en"), now=NOW)
    found = subscribers.people(connection, [f"r{n}@d.example" for n in range(len(ODD))])
    assert [one.name for one in found.values()] == [ODD[int(one.email[1:-10])] for one in found.values()]
    assert sorted(one.id for one in found.values()) == ids
    assert {(one.tags, one.language, one.timezone) for one in found.values()} == {(("a", "b"), "en", None)}
    assert all(one.attributes == facts for one in found.values())
    row = connection.execute(select(tables.subscribers).where(tables.subscribers.c.id == ids[0])).one()
    assert (row.domain, row.created_at, row.erased_at) == ("d.example", NOW, None)


def test_an_instant_is_the_same_in_every_zone(connection: Connection) -> None:
    [person] = subscribers.fill(connection, _people([""]), now=NOW.astimezone(timezone(timedelta(hours=5))))
    said = Consent(subscriber_id=person, newsletter="brief", kind=ConsentKind.GIVEN, via=Via.IMPORT, asked_at=NOW)
    consents.add(connection, [said, said._replace(confirmed_at=NOW)])
    assert consents.of_subscriber(connection, person) == [said, said._replace(confirmed_at=NOW)]
    assert connection.execute(select(tables.subscribers.c.created_at)).scalar_one() == NOW
    with pytest.raises(ValueError, match="no time zone"):
        consents.add(connection, [said._replace(asked_at=NOW.replace(tzinfo=None))])


def test_nobody_gets_an_id_that_was_taken(connection: Connection) -> None:
    assert subscribers.fill(connection, [], now=NOW) == []
    first = subscribers.fill(connection, _people(["", "", ""]), now=NOW)
    subscribers.add_people(
        connection, [{"email": "x@d.example", "name": "", "language": None, "timezone": None}], now=NOW
    )
    after = take_ids(connection, tables.subscribers, 2)
    assert [*first, subscribers.ids_of(connection, ["x@d.example"])["x@d.example"], *after] == [
        *range(first[0], first[0] + 6)
    ]


def test_all_or_nothing(store: Store) -> None:
    refused = (sqlite3.IntegrityError, psycopg.IntegrityError, errors.IntegrityError)
    people = _people(["Ana", "Bo"])
    with pytest.raises(refused), store.write() as connection:
        subscribers.fill(connection, [*people, people[0]], now=NOW)
    with store.read() as connection:
        assert connection.execute(select(tables.subscribers)).all() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.sets(_WORDS, min_size=1, max_size=30))
def test_any_words_are_written_and_found(connection: Connection, words: set[str]) -> None:
    c = tables.subscribers.c
    with connection.begin_nested() as part:
        subscribers.fill(connection, _people(sorted(words)), now=NOW)
        assert {*connection.execute(select(c.name).where(among(c.name, [*words, "one more"]))).scalars()} == words
        part.rollback()


def test_many_are_found_at_once(connection: Connection) -> None:
    emails = [f'"{n}\\\'"@ä.example' for n in range(3000)]
    ids = subscribers.fill(connection, [Subscriber(id=0, email=email) for email in emails], now=NOW)
    c = tables.subscribers.c
    assert subscribers.ids_of(connection, [*emails, "b@d.example"]) == dict(zip(emails, ids, strict=True))
    assert connection.execute(select(c.id).where(among(c.id, ids[5:9])).order_by(c.id)).scalars().all() == ids[5:9]
    assert connection.execute(select(c.id).where(among(c.id, []))).all() == []


@pytest.mark.parametrize("much", ["read_much", "write_much"])
def test_a_connection_is_as_it_was_after_many_rows(store: Store, much: str) -> None:
    """Also when something went wrong."""
    is_file = not store.is_shared
    asked = text("PRAGMA cache_size" if is_file else "SHOW plan_cache_mode")
    with store.read() as connection:
        usual = connection.execute(asked).scalar_one()
    people, said = _people(["Ana"]), []

    def fail() -> None:
        with getattr(store, much)() as connection:
            said.append(connection.execute(asked).scalar_one())
            if much == "write_much":
                subscribers.fill(connection, people, now=NOW)
            connection.execute(text("no statement"))

    with pytest.raises((StoreError, errors.ProgrammingError)):
        fail()
    assert said == [-65_536 if is_file else "force_custom_plan"] != [usual]
    with store.write() as connection:
        assert connection.execute(asked).scalar_one() == usual
        assert subscribers.people(connection, [people[0].email]) == {}
        with store.within(connection).write_much() as same:
            assert same is connection
