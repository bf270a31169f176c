"""What WebSub keeps, on both databases: one row for each pair, claims, and what comes in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from syndicate.model import IntentMode
from syndicate.store import Store, announced, followers, hubs, intents
from syndicate.store.intents import Intent
from tests.newsroom import MONDAY

LATER, LEASE = MONDAY + timedelta(minutes=5), MONDAY + timedelta(days=10)


def follow(store: Store, callback: str, feed: str = "f") -> None:
    with store.write() as connection:
        followers.follow(connection, feed, callback, host="h", secret=None, lease_until=LEASE)


def test_followers(store: Store) -> None:
    for callback in ("a", "b"):
        follow(store, callback)
    follow(store, "a", "other")
    with store.write() as connection:
        number = announced.take_turn(connection)
        followers.owe(connection, ["f", "nothing"], number, now=MONDAY)
        assert followers.next_due(connection) == MONDAY
        a, b = followers.take(connection, now=MONDAY, until=LATER, limit=9)
        assert [(one.callback, one.owed, one.failures) for one in (a, b)] == [("a", number, 0), ("b", number, 0)]
        assert followers.take(connection, now=MONDAY, until=LATER, limit=9) == []
        followers.owe(connection, ["f"], announced.take_turn(connection), now=MONDAY)
        assert followers.next_due(connection) == LATER, "who is being sent to keeps their time"
        followers.delivered(connection, a, now=MONDAY)
        followers.failed(connection, b, error="broken", next_at=LATER)
        (again,) = followers.take(connection, now=MONDAY, until=LATER, limit=9)
        assert (again.callback, again.owed) == ("a", number + 1)
        followers.delivered(connection, again, now=MONDAY)
        assert followers.failing(connection, 9) == [("h", 1, "broken")]
        (once_more,) = followers.take(connection, now=LATER, until=LATER, limit=9)
        assert (once_more.callback, once_more.failures) == ("b", 1)
        followers.drop(connection, b.id)
        assert (followers.count(connection), followers.count(connection, "elsewhere")) == (2, 0)
        assert followers.end_leases(connection, now=LEASE) == 2


def test_what_was_learnt_of_one_that_ended_is_not_taken_for_another(store: Store) -> None:
    follow(store, "a")
    with store.write() as connection:
        followers.owe(connection, ["f"], announced.take_turn(connection), now=MONDAY)
        (before,) = followers.take(connection, now=MONDAY, until=LATER, limit=9)
        followers.unfollow(connection, "f", "a")
    follow(store, "b")
    with store.write() as connection:
        followers.failed(connection, before, error="broken", next_at=LATER)
        followers.drop(connection, before.id)
        assert followers.failing(connection, 9) == []
        assert followers.count(connection) == 1


def test_intents(store: Store) -> None:
    follow(store, "known")
    intent = Intent(mode=IntentMode.SUBSCRIBE, feed="f", callback="a", host="h", secret="s", seconds=60)
    with store.write() as connection:
        intents.put(connection, intent, now=MONDAY)
        (first,) = intents.take(connection, now=MONDAY, until=LATER, limit=9)
        assert (first.secret, first.seconds, first.mode) == ("s", 60, IntentMode.SUBSCRIBE)
        assert intents.take(connection, now=MONDAY, until=LATER, limit=9) == []
        intents.put(connection, intent, now=MONDAY)
        assert not intents.finish(connection, first.id), "a newer one replaced it"
        (second,) = intents.take(connection, now=MONDAY, until=LATER, limit=9)
        intents.put_off(connection, second.id, mode=IntentMode.DENIED, failures=2, next_at=LATER)
        assert intents.next_due(connection) == LATER
        (third,) = intents.take(connection, now=LATER, until=LATER, limit=9)
        assert (third.mode, third.failures) == (IntentMode.DENIED, 2)
        intents.put(connection, Intent(mode=IntentMode.UNSUBSCRIBE, feed="f", callback="known", host="h"), now=MONDAY)
        assert (intents.count_new(connection), intents.count_new(connection, "elsewhere")) == (1, 0)
        assert intents.finish(connection, third.id)


def test_hubs(store: Store) -> None:
    with store.write() as connection:
        first = announced.take_turn(connection)
        hubs.queue(connection, ["x", "y"], ["a", "b"], first, MONDAY)
        assert hubs.next_due(connection, ["x"]) == MONDAY
        assert hubs.next_due(connection, []) is None
        (taken,) = hubs.take(connection, ["x"], now=MONDAY, until=LATER, most=9, limit=9)
        assert taken.pings == (("a", first), ("b", first))
        assert hubs.take(connection, ["x"], now=MONDAY, until=LATER, most=9, limit=9) == []
        second = announced.take_turn(connection)
        hubs.queue(connection, ["x", "y"], ["b"], second, MONDAY)
        hubs.told(connection, "x", taken.pings)
        hubs.record(connection, "x", failures=0, error="", next_at=MONDAY, now=MONDAY)
        (again,) = hubs.take(connection, ["x"], now=MONDAY, until=LATER, most=9, limit=9)
        assert again.pings == (("b", second),)
        hubs.queue(connection, ["y"], ["a"], announced.take_turn(connection), MONDAY)
        assert [(one.address, one.waiting, one.succeeded_at) for one in hubs.standing(connection)] == [("y", 2, None)]


def test_fingerprints(store: Store) -> None:
    with store.write() as connection:
        announced.note(connection, {"a": "1", "b": "1"}, [])
        announced.note(connection, {"a": "2"}, ["b"])
        assert announced.fingerprints(connection) == {"a": "2"}


def test_who_writes_at_once_takes_turns(store: Store) -> None:
    """Announcing and following change the same rows; nobody may come between looking and writing."""

    def once(number: int) -> None:
        with store.write() as connection:
            turn = announced.take_turn(connection)
            announced.note(connection, {"a": str(turn)}, [])
            hubs.queue(connection, ["x"], ["a"], turn, MONDAY)
            followers.follow(connection, "a", "callback", host="h", secret=None, lease_until=LEASE)
            intents.put(
                connection, Intent(mode=IntentMode.SUBSCRIBE, feed="a", callback="callback", host="h"), now=MONDAY
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(once, range(12)))
    with store.read() as connection:
        assert (followers.count(connection), announced.fingerprints(connection)) == (1, {"a": "12"})
