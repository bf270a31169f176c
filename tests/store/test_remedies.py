"""Remedies on both databases: each touches the rows that it names, and never one that is begun."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from syndicate.errors import ConflictError, NotFoundError, StoreError
from syndicate.model import DeliveryState, Digest, DigestState, Parts, SubscriptionState
from syndicate.store import Store, digests, remedies, standing, suppressions
from syndicate.store.remedies import Remedied
from syndicate.store.schema import attempts, deliveries, subscribers, subscriptions
from syndicate.store.schema import digests as digest_rows

PLANNED = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
NOW = PLANNED + timedelta(days=3)
HELD = "held"
NAMES = (*(state.value for state in DeliveryState), HELD)
"""One delivery in each state, by its name, and an uncertain one that is held for good."""


_numbers = count()


def keep(store: Store, state: DigestState = DigestState.SENDING, names: tuple[str, ...] = NAMES) -> int:
    """A digest in that state, with a delivery of each name to a reader of a domain of that name."""
    with store.write() as connection:
        digest = Digest(
            id=digests.take_id(connection),
            newsletter="brief",
            cadence="daily",
            slot=str(next(_numbers)),
            due_at=PLANNED,
            state=state,
            subject="Ferry returns",
            upto=1,
            composed_at=PLANNED,
            finished_at=PLANNED if state is DigestState.SENT else None,
        )
        assert digests.add(connection, digest)
        variant = digests.add_variant(connection, digest.id, [1], Parts("S", "", "", "h1"))
        for number, name in enumerate(names, digest.id * 100):
            _owe(connection, digest.id, variant, number, name)
        connection.execute(update(digest_rows).where(digest_rows.c.id == digest.id).values(planned=len(names)))
    return digest.id


def _owe(connection: Connection, digest_id: int, variant_id: int, number: int, name: str) -> None:
    created: dict[str, Any] = {"id": number, "created_at": PLANNED}
    connection.execute(insert(subscribers), created | {"email": f"r{number}@{name}", "domain": name, "name": ""})
    choices = {"newsletter": "brief", "state": "active", "cadence": "daily", "topics": "", "consent": "test"}
    connection.execute(insert(subscriptions), created | choices | {"subscriber_id": number, "watermark": 1})
    state = DeliveryState.UNCERTAIN if name == HELD else DeliveryState(name)
    values = {
        "id": number,
        "digest_id": digest_id,
        "variant_id": variant_id,
        "subscription_id": number,
        "state": state,
        "attempts": 2,
        "planned_at": PLANNED,
        "next_at": PLANNED,
        "sender_id": 7 if state is DeliveryState.BEGUN else None,
        "finished_at": None if name in ("queued", "begun", "uncertain") else PLANNED,
        "reply": "the server's words",
    }
    connection.execute(insert(deliveries), values)


def changed(store: Store, digest_id: int, before: dict[str, Any]) -> dict[str, str]:
    """The names of the deliveries that are not as they were, with their state now."""
    return {name: row.state for name, row in snapshot(store, digest_id).items() if row != before[name]}


def snapshot(store: Store, digest_id: int) -> dict[str, Any]:
    """Each delivery's row by its name."""
    with store.read() as connection:
        named = select(deliveries, subscribers.c.domain).join(
            subscribers, subscribers.c.id == deliveries.c.subscription_id
        )
        rows = connection.execute(named.where(deliveries.c.digest_id == digest_id)).all()
        assert standing.equation(connection, digest_id).balances
    return {row.domain: row for row in rows}


def digest_of(store: Store, digest_id: int) -> Digest:
    with store.read() as connection:
        return digests.get(connection, digest_id)


def test_a_delivery_that_is_gone_is_noticed(store: Store) -> None:
    digest_id, other = keep(store), keep(store)
    for name in NAMES:
        with store.write() as connection:
            lost = deliveries.c.subscription_id.in_(select(subscribers.c.id).where(subscribers.c.domain == name))
            connection.execute(delete(deliveries).where(deliveries.c.digest_id == digest_id, lost))
        with store.read() as connection:
            assert not standing.equation(connection, digest_id).balances
            assert not standing.equation(connection).balances
            assert standing.equation(connection, other).balances


ANY = remedies.RETRIED
ONLY_UNCERTAIN = frozenset({DeliveryState.UNCERTAIN})


@pytest.mark.parametrize(
    ("states", "also_held", "expected"),
    [
        (ANY, False, {"rejected", "expired", "uncertain"}),
        (ANY, True, {"rejected", "expired", "uncertain", HELD}),
        ({DeliveryState.REJECTED}, False, {"rejected"}),
        (ONLY_UNCERTAIN, False, {"uncertain"}),
        (ONLY_UNCERTAIN, True, {"uncertain", HELD}),
        (frozenset(DeliveryState), False, {"rejected", "expired", "uncertain"}),
    ],
)
def test_what_is_tried_again_is_due_now_and_nothing_else_changes(
    store: Store, states: frozenset[DeliveryState], also_held: bool, expected: set[str]
) -> None:
    digest_id, other = keep(store), keep(store, DigestState.PAUSED)
    before, others = snapshot(store, digest_id), snapshot(store, other)
    with store.write() as connection:
        done = remedies.requeue(connection, digest_id, states, also_held=also_held, now=NOW)
    assert done == Remedied(len(expected))
    assert changed(store, digest_id, before) == dict.fromkeys(expected, "queued")
    for name in expected:
        row = snapshot(store, digest_id)[name]
        assert (row.planned_at, row.next_at, row.finished_at, row.sender_id) == (NOW, NOW, None, None)
        assert (row.attempts, row.reply) == (2, "the server's words")
    assert changed(store, other, others) == {}


def test_the_suppressed_and_those_who_left_are_skipped_and_counted(store: Store) -> None:
    digest_id = keep(store, DigestState.SENT, ("rejected", "expired", "uncertain"))
    before = snapshot(store, digest_id)
    with store.write() as connection:
        gone = {name: row.subscription_id for name, row in before.items()}
        for name in ("rejected", "expired"):
            suppressions.add(connection, f"r{gone[name]}@{name}", "complaint", now=NOW)
        over = update(subscriptions).where(subscriptions.c.id.in_([gone["expired"], gone["uncertain"]]))
        connection.execute(over.values(state=SubscriptionState.UNSUBSCRIBED))
        assert remedies.requeue(connection, digest_id, ANY, now=NOW) == Remedied(0, suppressed=2, left=1)
    assert changed(store, digest_id, before) == {}
    assert digest_of(store, digest_id).state is DigestState.SENT


@pytest.mark.parametrize(
    ("state", "then"),
    [
        (DigestState.SENT, DigestState.SENDING),
        (DigestState.SENDING, DigestState.SENDING),
        (DigestState.PAUSED, DigestState.PAUSED),
    ],
)
def test_a_digest_that_was_sent_is_being_sent_again(store: Store, state: DigestState, then: DigestState) -> None:
    digest_id = keep(store, state)
    with store.write() as connection:
        remedies.requeue(connection, digest_id, ANY, now=NOW)
    found = digest_of(store, digest_id)
    assert (found.state, found.finished_at) == (then, None)


@pytest.mark.parametrize("state", sorted(set(DigestState) - {"sending", "paused", "sent"}))
def test_other_digests_cannot_be_tried_again_and_say_why(store: Store, state: DigestState) -> None:
    digest_id = keep(store, state)
    before = snapshot(store, digest_id)
    with pytest.raises(ConflictError, match=f"digest {digest_id} is {state}: "), store.write() as connection:
        remedies.requeue(connection, digest_id, ANY, now=NOW)
    assert changed(store, digest_id, before) == {}


def test_what_is_held_is_finished_and_stays_uncertain(store: Store) -> None:
    digest_id = keep(store, names=("accepted", "uncertain", HELD))
    before = snapshot(store, digest_id)
    with store.read() as connection:
        assert standing.undecided(connection, digest_id) == 1
        assert standing.finished(connection) == []
    with store.write() as connection:
        assert remedies.hold(connection, digest_id, now=NOW) == Remedied(1)
        assert remedies.hold(connection, digest_id, now=NOW) == Remedied(0)
    assert changed(store, digest_id, before) == {"uncertain": "uncertain"}
    assert snapshot(store, digest_id)["uncertain"].finished_at == NOW
    with store.read() as connection:
        assert standing.undecided(connection, digest_id) == 0
        assert standing.finished(connection) == [digest_id]
        assert standing.equation(connection, digest_id).uncertain == 2


def test_what_is_marked_as_sent_is_accepted(store: Store) -> None:
    digest_id = keep(store)
    before = snapshot(store, digest_id)
    with store.write() as connection:
        assert remedies.mark_sent(connection, digest_id, now=NOW) == Remedied(1)
    assert changed(store, digest_id, before) == {"uncertain": "accepted"}
    row = snapshot(store, digest_id)["uncertain"]
    assert (row.finished_at, row.reply) == (NOW, "marked as sent by an operator")


def test_what_is_outstanding_keeps_a_digest_from_being_finished(store: Store) -> None:
    for name in ("queued", "begun"):
        keep(store, names=("accepted", name))
        with store.read() as connection:
            assert standing.finished(connection) == []
        with store.write() as connection:
            connection.execute(update(deliveries).values(state="accepted"))
            for digest_id in standing.finished(connection):
                digests.set_state(connection, digest_id, DigestState.SENT, now=NOW)


@pytest.mark.parametrize("state", sorted(set(DigestState) - {"paused"}))
def test_only_what_is_paused_is_resumed(store: Store, state: DigestState) -> None:
    digest_id = keep(store, state)
    with pytest.raises(ConflictError, match=f"digest {digest_id} is {state}: only one"), store.write() as connection:
        remedies.resume(connection, digest_id, now=NOW)


def test_the_time_of_a_pause_does_not_count(store: Store) -> None:
    digest_id = keep(store, DigestState.PAUSED)
    before = snapshot(store, digest_id)
    with store.write() as connection:
        assert remedies.resume(connection, digest_id, now=NOW).state is DigestState.SENDING
    assert changed(store, digest_id, before) == {"queued": "queued"}
    row = snapshot(store, digest_id)["queued"]
    assert (row.planned_at, row.next_at) == (NOW, PLANNED)


def test_what_comes_back_into_the_queue_of_a_cancelled_digest_is_ended(store: Store) -> None:
    over, other = keep(store, DigestState.CANCELLED), keep(store, DigestState.PAUSED)
    before, others = snapshot(store, over), snapshot(store, other)
    with store.write() as connection:
        assert remedies.sweep(connection, now=NOW) == 1
    assert changed(store, over, before) == {"queued": "cancelled"}
    assert changed(store, other, others) == {}
    row = snapshot(store, over)["queued"]
    assert (row.finished_at, row.reply) == (NOW, "the server's words")


def test_a_digest_that_is_not_there_is_said_so(store: Store) -> None:
    with store.write() as connection:
        for remedy in (remedies.hold, remedies.mark_sent, remedies.resume):
            with pytest.raises(NotFoundError):
                remedy(connection, 77, now=NOW)
        with pytest.raises(NotFoundError):
            remedies.requeue(connection, 77, ANY, now=NOW)


def test_a_remedy_keeps_the_digest_to_itself_until_it_is_done(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    digest_id = keep(store, names=())
    look = select(digest_rows.c.id).with_for_update(nowait=True)
    for remedy in (remedies.hold, remedies.mark_sent, lambda c, one, now: remedies.requeue(c, one, ANY, now=now)):
        with store.write() as connection:
            remedy(connection, digest_id, now=NOW)
            with pytest.raises(StoreError, match="lock"), store.write() as other:
                other.execute(look)
    store.close()


def test_a_digest_that_is_tried_again_at_that_moment_does_not_end(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    digest_id = keep(store, names=("accepted", "rejected"))
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    def end() -> tuple[list[int], bool]:
        with store.write() as connection:
            return standing.finished(connection), remedies.finish(connection, digest_id, now=NOW)

    with ThreadPoolExecutor(1) as other:
        with store.write() as connection:
            assert remedies.requeue(connection, digest_id, ANY, now=NOW).changed == 1
            ending = other.submit(end)
            waiting = 0
            while not waiting:
                assert not ending.done()
                with store.read() as looking:
                    waiting = looking.execute(waits).scalar_one()
        assert ending.result() == ([digest_id], False)
    assert digest_of(store, digest_id).state is DigestState.SENDING
    store.close()


def test_who_did_not_get_it_is_told_whole_with_when_and_why(store: Store) -> None:
    digest_id, ended = keep(store), PLANNED + timedelta(minutes=5)
    rows = snapshot(store, digest_id)
    tries = [
        {
            "delivery_id": rows["rejected"].id,
            "number": number,
            "began_at": PLANNED,
            "ended_at": PLANNED if number == 1 else ended,
            "outcome": "rejected",
            "relay": "relay.example",
            "reply": "550 no",
        }
        for number in (1, 2)
    ]
    with store.write() as connection:
        connection.execute(insert(attempts), tries)
        found = list(standing.undelivered(connection, digest_id))
    told = {one.email.partition("@")[2]: one for one in found}
    assert told.keys() == set(NAMES) - {"accepted"}
    assert len(found) == len(told)
    assert told["rejected"] == (rows_email(rows, "rejected"), "rejected", 2, ended, None, "the server's words")
    assert told["queued"] == (rows_email(rows, "queued"), "queued", 2, None, PLANNED, "the server's words")


def rows_email(rows: dict[str, Any], name: str) -> str:
    return f"r{rows[name].id}@{name}"
