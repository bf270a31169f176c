"""What senders noted counts as if it stood in the deliveries, whoever asks next."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from syndicate.model import Delivery, DeliveryState, DigestState
from syndicate.store import Held, Store, deliveries, digests, journal, leases, remedies, standing
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.journal import Page
from syndicate.store.schema import attempts
from syndicate.store.schema import deliveries as rows
from syndicate.store.schema import journal as entries
from tests.newsroom import MONDAY
from tests.store.test_remedies import PLANNED, keep
from tests.tables import migrating

pytestmark = pytest.mark.anyio

WORDS = "the server's words"
HOSTILE = "č\\ \"no\" 'such' %s %(user)s {0} $1 😀\u2028 ], ["
SOON = timedelta(minutes=1)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CODES = st.none() | st.integers(200, 599)
ACCEPTED, QUEUED, REJECTED, UNCERTAIN = (
    DeliveryState.ACCEPTED,
    DeliveryState.QUEUED,
    DeliveryState.REJECTED,
    DeliveryState.UNCERTAIN,
)


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    with closing(Store(postgresql_url)) as opened:
        yield opened


@pytest.fixture
def held(store: Store) -> Iterator[Held]:
    with store.held() as connection:
        yield connection


async def note(held: Held, page: Page, number: int, ended: list[Attempt], wanted: list[Begin]) -> bool:
    """Writes one entry; whether it could."""
    noted = asyncio.get_running_loop().create_future()

    def tell(is_noted: bool, error: Exception | None) -> None:
        if error is None:
            noted.set_result(is_noted)
        else:
            noted.set_exception(error)

    journal.note(held, page, number, ended, wanted, tell)
    return bool(await noted)


class Sender:
    """One that has leased all deliveries of a digest, and its page."""

    def __init__(self, store: Store, *, readers: int) -> None:
        self.digest_id = keep(store, names=("queued",) * readers)
        with store.write() as connection:
            self.id = leases.enter(connection, "host/1/aa", lease_until=MONDAY)
            self.leased = leases.claim(connection, self.id, self.digest_id, due=PLANNED, limit=99, now=MONDAY)
            page = journal.turn(connection, self.id)
        assert page is not None
        assert len(self.leased) == readers
        self.page, self._number = page, 0

    async def note(self, held: Held, ended: list[Attempt], begun: list[Delivery], page: Page | None = None) -> bool:
        """Writes one entry."""
        self._number += 1
        wanted = [Begin(one.id, one.digest_id, one.sender_id) for one in begun]
        return await note(held, page or self.page, self._number, ended, wanted)


def tried(one: Delivery, state: DeliveryState, said: str = "said so") -> Attempt:
    """An attempt that ended like that, a minute before the next."""
    return Attempt(one.id, 3, MONDAY, MONDAY, state, MONDAY + SOON, 250, "smtp", said, one.sender_id)


def stand(store: Store, sender: Sender) -> list[tuple[object, ...]]:
    """The sender's deliveries."""
    c = rows.c
    with store.read() as connection:
        query = select(c.state, c.attempts, c.sender_id, c.finished_at, c.reply).where(c.digest_id == sender.digest_id)
        return [tuple(row) for row in connection.execute(query.order_by(c.id))]


async def test_what_is_posted_stands_in_the_deliveries(store: Store, held: Held) -> None:
    sender = Sender(store, readers=6)
    a, b, c, d, e, _ = sender.leased
    assert await sender.note(held, [], [a, b])
    assert await sender.note(held, [tried(a, ACCEPTED), tried(b, REJECTED, HOSTILE)], [c])
    assert await sender.note(held, [tried(c, QUEUED, "later")], [d, e])
    assert await sender.note(held, [tried(d, UNCERTAIN, "broken")], [])
    with store.write() as connection:
        before = standing.equation(connection, sender.digest_id)
        journal.post(connection, [sender.id + 1])
        assert len(connection.execute(select(entries)).all()) == 4
        journal.post(connection, [sender.id])
        journal.post(connection)
        assert connection.execute(select(entries)).all() == []
        after = standing.equation(connection, sender.digest_id)
        said = connection.execute(select(attempts.c.outcome, attempts.c.reply).order_by(attempts.c.delivery_id)).all()
    assert (before.outstanding, before.balances) == (6, True)
    assert (after.accepted, after.rejected, after.uncertain, after.outstanding, after.balances) == (1, 1, 1, 3, True)
    assert stand(store, sender) == [
        ("accepted", 3, None, MONDAY, ""),
        ("rejected", 3, None, MONDAY, HOSTILE),
        ("queued", 3, None, None, "later"),
        ("uncertain", 3, None, None, "broken"),
        ("begun", 2, sender.id, None, WORDS),
        ("queued", 2, sender.id, None, WORDS),
    ]
    assert said == [
        ("accepted", "said so"),
        ("rejected", HOSTILE),
        ("queued", "later"),
        ("uncertain", "broken"),
    ]
    assert await sender.note(held, [tried(e, ACCEPTED)], [])
    with store.write() as connection:
        journal.post(connection)
        assert standing.equation(connection, sender.digest_id).accepted == 2


async def test_who_was_taken_for_dead_notes_nothing_more(store: Store, held: Held) -> None:
    sender = Sender(store, readers=3)
    a, b, c = sender.leased
    assert await sender.note(held, [], [a, b])
    assert await sender.note(held, [tried(a, ACCEPTED)], [])
    with store.write() as connection:
        [gone] = leases.inherit(connection, lambda one: one.lease_until <= MONDAY)
        assert [one.id for one in leases.orphans(connection, [gone])] == [b.id]
        deliveries.abandon(connection, [b.id], UNCERTAIN, now=MONDAY)
        leases.bury(connection, [gone])
        assert journal.turn(connection, sender.id) is None
    assert not await sender.note(held, [tried(b, ACCEPTED)], [c])
    assert [state for state, *_ in stand(store, sender)] == ["accepted", "uncertain", "queued"]


async def test_what_others_noted_of_it_before_does_not_count(store: Store, held: Held) -> None:
    sender = Sender(store, readers=1)
    [one] = sender.leased
    assert await sender.note(held, [tried(replace(one, sender_id=sender.id + 7), ACCEPTED)], [])
    assert await sender.note(held, [], [replace(one, sender_id=sender.id + 7)])
    with store.write() as connection:
        journal.post(connection)
    assert stand(store, sender) == [("queued", 2, sender.id, None, WORDS)]


async def test_nothing_is_begun_while_or_after_somebody_decides(store: Store, held: Held) -> None:
    """The entry that comes while a digest is cancelled waits until it is, and is refused then."""
    sender = Sender(store, readers=2)
    a, b = sender.leased
    assert await sender.note(held, [], [a])
    is_closed, waits, dropped = threading.Event(), threading.Event(), list[int]()

    def cancel() -> None:
        with store.write() as connection:
            digests.set_state(connection, sender.digest_id, DigestState.CANCELLED, now=MONDAY)
            is_closed.set()
            assert waits.wait(10)
        with store.write() as connection:
            dropped.append(deliveries.cancel(connection, sender.digest_id, now=MONDAY))

    other = threading.Thread(target=cancel)
    other.start()
    assert is_closed.wait(10)
    threading.Timer(0.05, waits.set).start()
    assert not await sender.note(held, [], [b])
    other.join()
    assert dropped == [1]
    assert [state for state, *_ in stand(store, sender)] == ["begun", "cancelled"]
    with store.write() as connection:
        page = journal.turn(connection, sender.id)
    assert page is not None
    assert not page.takes([Begin(b.id, b.digest_id, b.sender_id)])
    assert await sender.note(held, [tried(a, ACCEPTED)], [], page)
    with store.write() as connection:
        leases.leave(connection, sender.id, [])
        assert standing.equation(connection, sender.digest_id).balances
    assert [state for state, *_ in stand(store, sender)] == ["accepted", "cancelled"]


async def test_a_pause_and_a_digest_that_goes_on_are_noticed(store: Store, held: Held) -> None:
    sender = Sender(store, readers=1)
    begin = Begin(sender.leased[0].id, sender.digest_id, sender.id)
    assert sender.page.takes([begin])
    assert not sender.page.takes([begin._replace(sender_id=sender.id + 1)])
    with store.write() as connection:
        remedies.move(connection, sender.digest_id, DigestState.PAUSED, (DigestState.SENDING,), only="")
    assert not await sender.note(held, [], sender.leased)
    with store.write() as connection:
        remedies.resume(connection, sender.digest_id, now=MONDAY)
        page = journal.turn(connection, sender.id)
    assert page is not None
    assert page.takes([begin])
    assert await sender.note(held, [], sender.leased, page)


async def test_what_was_noted_as_json_is_posted_when_the_tables_change(empty_postgresql_url: str) -> None:
    said = (
        "SELECT id, state, attempts, sender_id, reply, finished_at IS NOT NULL FROM deliveries ORDER BY id",
        "SELECT delivery_id, number, began_at, outcome, code, relay, reply FROM attempts ORDER BY delivery_id",
    )
    with closing(Store(empty_postgresql_url)) as store:
        with store.write() as connection:
            command.upgrade(migrating(connection), "0031")
            connection.execute(
                text(
                    "INSERT INTO deliveries (id, digest_id, variant_id, subscription_id, state, attempts, planned_at,"
                    " next_at, sender_id, reply) SELECT id, 1, 1, id, 'queued', 0, now(), now(), holder, ''"
                    " FROM (VALUES (1, 7), (2, 7), (3, 7), (4, 8)) AS held (id, holder)"
                )
            )
            entry = text("INSERT INTO journal (sender_id, number, ended, begun) VALUES (7, :number, :ended, :begun)")
            connection.execute(entry, {"number": 1, "ended": "", "begun": wanted_as_json(1, 2)})
            ended = ", ".join([tried_as_json(1, "accepted", "ok"), tried_as_json(4, "accepted", "of another")])
            connection.execute(entry, {"number": 2, "ended": ended, "begun": wanted_as_json(3)})
            ended = tried_as_json(3, "rejected", HOSTILE)
            connection.execute(entry, {"number": 3, "ended": ended, "begun": ""})
        store.migrate()
        with store.read() as connection:
            found, tries = ([tuple(row) for row in connection.execute(text(query))] for query in said)
            assert connection.execute(select(entries)).all() == []
    assert found == [
        (1, "accepted", 1, None, "", True),
        (2, "begun", 0, 7, "", False),
        (3, "rejected", 1, None, HOSTILE, True),
        (4, "queued", 0, 8, "", False),
    ]
    assert tries == [
        (1, 1, MONDAY, "accepted", 250, "smtp", "ok"),
        (3, 1, MONDAY, "rejected", 250, "smtp", HOSTILE),
    ]


async def noted(store: Store, page: Page, ended: list[Attempt]) -> bool:
    with store.held() as held:
        return await note(held, page, 1, ended, [])


def wanted_as_json(*ids: int) -> str:
    return json.dumps([{"wanted_id": one, "sender_id": 7} for one in ids])[1:-1]


def tried_as_json(delivery_id: int, outcome: str, reply: str) -> str:
    attempt = {
        "delivery_id": delivery_id,
        "number": 1,
        "began_at": str(MONDAY),
        "ended_at": str(MONDAY),
        "outcome": outcome,
        "code": 250,
        "relay": "smtp",
        "reply": reply,
        "next_at": str(MONDAY),
        "sender_id": 7,
    }
    return json.dumps(attempt)


@given(st.lists(st.tuples(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), INSTANTS, CODES)))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_servers_say_is_posted_as_it_was_said(
    store: Store, said: list[tuple[str, datetime, int | None]]
) -> None:
    with store.write() as connection:
        connection.execute(text("TRUNCATE attempts, deliveries, journal, senders"))
    ids = range(1, len(said) + 1)
    tries = [
        Attempt(one, 1, at, at, REJECTED, at, code, words, words, 1)
        for one, (words, at, code) in zip(ids, said, strict=True)
    ]
    with store.write() as connection:
        page = Page(leases.enter(connection, "host/1/aa", lease_until=MONDAY), 0, frozenset())
        connection.execute(
            text(
                "INSERT INTO deliveries (id, digest_id, variant_id, subscription_id, state, attempts, planned_at,"
                " next_at, sender_id, reply) SELECT id, 1, 1, id, 'begun', 0, now(), now(), :holder, ''"
                " FROM generate_series(1, :count) AS id"
            ),
            {"holder": page.sender_id, "count": len(said)},
        )
    assert asyncio.run(noted(store, page, [one._replace(sender_id=page.sender_id) for one in tries]))
    with store.write() as connection:
        journal.post(connection)
        c = attempts.c
        found = connection.execute(
            select(c.relay, c.reply, c.began_at, c.ended_at, c.code).order_by(c.delivery_id)
        ).all()
        next_ = connection.execute(select(rows.c.next_at, rows.c.reply).order_by(rows.c.id)).all()
    assert [tuple(row) for row in found] == [(words, words, at, at, code) for words, at, code in said]
    assert [tuple(row) for row in next_] == [(at, words) for words, at, _ in said]
