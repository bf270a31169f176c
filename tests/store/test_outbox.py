"""What programs are told: kept in order, leased to one process, given up, forgotten; and events, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from syndicate.model import Consent, ConsentKind, Event, Return, ReturnKind, Via
from syndicate.store import Store, consents, events, listeners, outbox, repeats, returns, subscribers
from syndicate.store.outbox import Fate, Happened

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)


def test_messages_are_leased_in_order(store: Store) -> None:
    with store.write() as connection:
        one = listeners.add(connection, "https://a.example/", [Event.DIGEST_SENT], "n", by="ana", now=NOW)
        other = listeners.add(connection, "https://b.example/", [Event.SUBSCRIBER_LEFT], "n", by="ana", now=NOW)
        assert outbox.next_due(connection) is None
        some = [Happened(Event.DIGEST_SENT, subject, {"n": n}) for n, subject in enumerate(("d 1", "d 1", "d 2"))]
        outbox.note(connection, some, now=NOW)
        assert outbox.next_due(connection) == NOW
    with store.write() as connection:
        taken = outbox.take(connection, now=NOW, until=SOON, most=9, each=4)
        assert [(each.id, each.listener_id) for each in taken] == [(1, one.id), (3, one.id)]
        assert outbox.take(connection, now=NOW, until=SOON, most=9, each=4) == []
        outbox.told(connection, 1, "answered 200", now=NOW)
        outbox.try_again(connection, 3, "answered 500", next_at=SOON)
        listeners.failed(connection, one.id, "answered 500", next_at=SOON, now=NOW)
        listeners.failed(connection, one.id, "answered 500", next_at=SOON, now=SOON)
    with store.write() as connection:
        [found, _] = listeners.every(connection)
        assert (found.failures, found.failing_since, found.waiting, found.host) == (2, NOW, 2, "a.example")
        assert outbox.take(connection, now=NOW, until=SOON, most=9, each=4) == []
        [probe] = outbox.take(connection, now=SOON, until=SOON + timedelta(hours=1), most=9, each=4)
        assert (probe.id, probe.failures) == (2, 2)
        listeners.succeeded(connection, one.id, now=SOON)
        outbox.give_up(connection, 3, "answered 500", now=SOON)
        newest = outbox.messages(connection, one.id, limit=2)
        assert [(each.id, each.fate, each.attempts) for each in newest] == [
            (3, Fate.GIVEN_UP, 2),
            (2, Fate.QUEUED, 0),
        ]
        assert [each.id for each in outbox.messages(connection, one.id, before_id=2, limit=2)] == [1]
        outbox.tidy(connection, before=SOON)
        assert len(outbox.messages(connection, one.id, limit=9)) == 2
        assert outbox.replay(connection, one.id, since=NOW, now=SOON) == 2
        listeners.end(connection, one.id, now=SOON)
        outbox.note(connection, some, now=SOON)
        assert len(outbox.messages(connection, one.id, limit=9)) == 2
        listeners.remove(connection, one.id)
        assert [each.id for each in listeners.every(connection)] == [other.id]


def test_events_come_page_by_page(store: Store) -> None:
    with store.write() as connection:
        person = {"email": "ana@reader.example", "name": "", "language": None, "timezone": None}
        subscribers.add_people(connection, [person], now=NOW)
        for kind in (ReturnKind.HARD, ReturnKind.COMPLAINT, ReturnKind.SOFT):
            returns.add(connection, Return(kind=kind, subscriber_id=1, reason="full", source="mail", came_at=NOW))
        said = [
            Consent(subscriber_id=1, newsletter="daily", kind=kind, via=Via.WEB, asked_at=NOW)
            for kind in (ConsentKind.GIVEN, ConsentKind.WITHDRAWN)
        ]
        consents.add(connection, said)
    with store.read() as connection:
        bounces = events.came_back(connection, [ReturnKind.HARD, ReturnKind.SOFT], limit=9)
        assert [one.kind for one in bounces] == [ReturnKind.SOFT, ReturnKind.HARD]
        assert events.came_back(connection, list(ReturnKind), before_id=bounces[1].id, limit=9) == []
        newest, first = events.agreed(connection, limit=9)
        assert (newest.kind, first.kind) == (ConsentKind.WITHDRAWN, ConsentKind.GIVEN)
        assert events.agreed(connection, before_id=newest.id, limit=9) == [first]


def test_a_key_is_taken_once_and_forgotten_later(store: Store) -> None:
    with store.write() as connection:
        assert repeats.take(connection, "cms", "k", "hash", now=NOW) is None
        before = repeats.take(connection, "cms", "k", "else", now=NOW)
        assert before
        assert (before.body_hash, before.is_under_way, before.answered_at) == ("hash", True, NOW)
        assert repeats.take(connection, "other", "k", "hash", now=NOW) is None
        repeats.keep(connection, "cms", "k", 201, '{"email": "ana_x@reader.example"}')
        repeats.forget(connection, "anaax@reader.example")
        assert (found := repeats.take(connection, "cms", "k", "hash", now=NOW))
        assert (found.status, found.answer != "") == (201, True)
        repeats.forget(connection, "ana_x@reader.example")
        assert (found := repeats.take(connection, "cms", "k", "hash", now=NOW))
        assert (found.status, found.answer) == (201, "")
        repeats.give_back(connection, "other", "k")
        assert repeats.take(connection, "other", "k", "new", now=NOW) is None
        assert repeats.take(connection, "cms", "k", "new", now=NOW + repeats.KEPT + timedelta(seconds=1)) is None
