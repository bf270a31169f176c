from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from syndicate.model import Digest, DigestState, Subscriber, SubscriptionState
from syndicate.store import Store, digests, erasure, seek, subscribers, subscriptions
from syndicate.store import schema as tables
from syndicate.store.seek import EVERYONE, Sought

_REFUSED = (IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)
"""Prepared statements raise what the driver does."""

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ANA, BO = "Ana@example.org", "bo@mail.example.org"


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.write() as connection:
        yield connection


def _add(connection: Connection, *emails: str) -> list[int]:
    rows = [{"email": email, "name": "", "language": None, "timezone": None} for email in emails]
    subscribers.add_people(connection, rows, now=NOW)
    ids = subscribers.ids_of(connection, emails)
    return [ids[email] for email in emails]


def _subscribe(connection: Connection, person: int, newsletter: str = "brief", **given: Any) -> int:
    values: dict[str, Any] = {"state": "active", "cadence": "daily", "topics": "", "watermark": 0, "consent": "asked"}
    row = {"subscriber_id": person, "newsletter": newsletter} | values | given
    subscribers.add_subscriptions(connection, [row], now=NOW)
    return int(subscribers.subscriptions_of(connection, [person])[person, newsletter].id)


def _digest(connection: Connection, newsletter: str, cadence: str, upto: int, state: DigestState) -> None:
    digest = Digest(
        id=digests.take_id(connection),
        newsletter=newsletter,
        cadence=cadence,
        slot=str(upto),
        due_at=NOW,
        state=state,
        subject="",
        upto=upto,
        composed_at=NOW,
    )
    assert digests.add(connection, digest)


def _column(connection: Connection, name: str, subscription: int) -> Any:
    c = tables.subscriptions.c
    return connection.execute(select(c[name]).where(c.id == subscription)).scalar_one()


@given(st.lists(st.text("aA éß\u0301", max_size=4), max_size=5))
def test_equal_topics_are_equal_text(topics: list[str]) -> None:
    key = subscribers.topics_key(topics)
    assert subscribers.topics_key([topic.upper() for topic in reversed(topics)]) == subscribers.topics_key(
        [topic.upper() for topic in topics]
    )
    assert subscribers.topics_key(subscribers.topics_of(key)) == key
    assert list(subscribers.topics_of(key)) == sorted(set(subscribers.topics_of(key)))


def test_people_are_found_by_their_exact_address(connection: Connection) -> None:
    ana, bo = _add(connection, ANA, BO)
    assert subscribers.ids_of(connection, [ANA, BO, "ana@example.org"]) == {ANA: ana, BO: bo}
    assert subscribers.people(connection, [BO, "x@example.org"]) == {BO: Subscriber(id=bo, email=BO)}
    c = tables.subscribers.c
    rows = connection.execute(select(c.email, c.domain))
    assert {row.email: row.domain for row in rows} == {ANA: "example.org", BO: "mail.example.org"}


def test_more_people_than_one_query_asks_for(connection: Connection) -> None:
    emails = [f"reader{n}@example.org" for n in range(1201)]
    ids = _add(connection, *emails)
    assert len(set(ids)) == 1201
    assert set(subscribers.people(connection, emails)) == set(emails)
    assert subscribers.subscriptions_of(connection, ids) == {}


def test_one_address_is_one_person(connection: Connection) -> None:
    _add(connection, ANA)
    with pytest.raises(_REFUSED), connection.begin_nested():
        _add(connection, ANA)


def test_people_change_one_by_one(connection: Connection) -> None:
    ana, bo = _add(connection, ANA, BO)
    row = {"id": ana, "name": "Ana", "language": "en", "timezone": "UTC"}
    subscribers.change_people(connection, [row])
    people = subscribers.people(connection, [ANA, BO])
    assert people[ANA] == Subscriber(id=ana, email=ANA, name="Ana", language="en", timezone="UTC")
    assert people[BO] == Subscriber(id=bo, email=BO)


def test_nothing_to_do_is_no_error(connection: Connection) -> None:
    subscribers.add_people(connection, [], now=NOW)
    subscribers.change_people(connection, [])
    subscribers.add_subscriptions(connection, [], now=NOW)
    subscribers.change_subscriptions(connection, [], now=NOW)
    assert subscribers.people(connection, []) == {}
    assert subscribers.subscription(connection, 1) is None
    assert subscribers.counts(connection) == {}


def test_subscriptions_change_one_by_one(connection: Connection) -> None:
    ana, bo = _add(connection, ANA, BO)
    first, other = _subscribe(connection, ana), _subscribe(connection, bo, watermark=3)
    row = {"id": first, "state": "paused", "cadence": "weekly", "topics": "a\nb", "watermark": 8}
    subscribers.change_subscriptions(connection, [row], now=NOW)
    one = subscribers.subscription(connection, first)
    assert one is not None
    assert (one.state, one.cadence, one.topics, one.watermark) == ("paused", "weekly", ("a", "b"), 8)
    untouched = subscribers.subscription(connection, other)
    assert untouched is not None
    assert (untouched.state, untouched.cadence, untouched.watermark) == ("active", "daily", 3)


def test_a_subscription_added_as_ended_says_when(connection: Connection) -> None:
    ana, bo = _add(connection, ANA, BO)
    ended, active = _subscribe(connection, ana, state="unsubscribed"), _subscribe(connection, bo)
    assert _column(connection, "ended_at", ended) == NOW
    assert _column(connection, "ended_at", active) is None


def test_ending_twice_is_ending_once(connection: Connection) -> None:
    (ana,) = _add(connection, ANA)
    one = _subscribe(connection, ana)
    assert subscribers.end(connection, one, now=NOW)
    assert not subscribers.end(connection, one, now=LATER)
    assert not subscribers.end(connection, one + 1, now=NOW)
    assert _column(connection, "ended_at", one) == NOW


@pytest.mark.parametrize(("watermark", "after"), [(3, 7), (9, 9)])
def test_resuming_never_takes_the_watermark_back(connection: Connection, watermark: int, after: int) -> None:
    (ana,) = _add(connection, ANA)
    one = _subscribe(connection, ana, watermark=7)
    subscribers.end(connection, one, now=NOW)
    subscribers.resume(connection, one, cadence="weekly", topics="a", watermark=watermark)
    found = subscribers.subscription(connection, one)
    assert found is not None
    assert (found.state, found.cadence, found.topics, found.watermark) == ("active", "weekly", ("a",), after)
    assert (_column(connection, "ended_at", one), _column(connection, "consent", one)) == (None, "asked")
    subscribers.resume(connection, one, cadence="weekly", topics="a", watermark=0, consent="by telephone")
    assert _column(connection, "consent", one) == "by telephone"


def test_a_newcomer_is_in_step_with_the_cadence(connection: Connection) -> None:
    assert subscribers.starting_watermark(connection, "brief", "daily") == 0
    _digest(connection, "brief", "daily", 20, DigestState.SENT)
    _digest(connection, "brief", "daily", 24, DigestState.EMPTY)
    _digest(connection, "brief", "daily", 30, DigestState.CANCELLED)
    _digest(connection, "brief", "weekly", 12, DigestState.SENDING)
    _digest(connection, "sport", "daily", 50, DigestState.SENT)
    assert subscribers.starting_watermark(connection, "brief", "daily") == 24
    assert subscribers.starting_watermark(connection, "brief", "weekly") == 12
    assert subscribers.starting_watermark(connection, "brief", "instant") == 24


def test_an_address_and_its_subscriptions(connection: Connection) -> None:
    ana, bo = _add(connection, ANA, BO)
    for person, newsletter in ((ana, "sport"), (ana, "brief"), (bo, "brief")):
        _subscribe(connection, person, newsletter)
    assert [one.newsletter for one in subscribers.of_address(connection, ANA)] == ["brief", "sport"]
    assert subscribers.of_address(connection, "x@example.org") == []
    everyone = [(one.subscriber.id, one.newsletter) for one in seek.stream(connection, EVERYONE)]
    assert sorted(everyone) == sorted([(ana, "brief"), (ana, "sport"), (bo, "brief")])
    assert [one.subscriber.email for one in seek.stream(connection, Sought(newsletter="sport"))] == [ANA]
    subscriptions.choose(connection, subscribers.of_address(connection, BO)[0].id, cadence="weekly", topics="", now=NOW)
    assert subscribers.counts(connection) == {
        ("brief", "daily", SubscriptionState.ACTIVE): 1,
        ("brief", "weekly", SubscriptionState.ACTIVE): 1,
        ("sport", "daily", SubscriptionState.ACTIVE): 1,
    }


def test_one_subscription_per_newsletter(connection: Connection) -> None:
    (ana,) = _add(connection, ANA)
    _subscribe(connection, ana)
    with pytest.raises(_REFUSED), connection.begin_nested():
        _subscribe(connection, ana)


def test_no_other_state_is_stored(connection: Connection) -> None:
    (ana,) = _add(connection, ANA)
    with pytest.raises(_REFUSED), connection.begin_nested():
        _subscribe(connection, ana, state="gone")


def test_who_was_erased_is_not_counted(connection: Connection) -> None:
    ana, bo = _add(connection, ANA, BO)
    for person in (ana, bo):
        _subscribe(connection, person)
    erasure.erase(connection, bo, BO, trace="erased:x", reason="erased", now=NOW)
    assert subscribers.counts(connection) == {("brief", "daily", SubscriptionState.ACTIVE): 1}
    assert [one.subscriber.email for one in seek.stream(connection, EVERYONE)] == [ANA]
