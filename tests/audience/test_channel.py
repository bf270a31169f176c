"""Mail or a private feed: what is planned where, what is counted, and when a feed can be read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from syndicate.audience import channel, preferences, subscribe
from syndicate.audience.moves import carry_out
from syndicate.audience.personal import data_of_reader, erase
from syndicate.audience.subscribe import Evidence, unsubscribe
from syndicate.errors import ConflictError
from syndicate.model import Channel, DigestState, Subscription, Via
from syndicate.store import deliveries, private, subscribers, suppressions
from syndicate.store.digests import get, owed
from syndicate.store.schema import metadata
from tests.newsroom import Newsroom, newsroom

ANA, BO, CY = 1, 2, 3


@contextmanager
def three_readers(directory: Path, **settings: Any) -> Iterator[Newsroom]:
    """Three readers, of whom Ana has a feed."""
    with newsroom(directory, **settings) as opened:
        for email in ("ana@example.org", "bo@example.org", "cy@example.org"):
            opened.reader(email)
        channel.to_feed(opened.app.store, ANA)
        yield opened


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """On SQLite."""
    with three_readers(tmp_path) as opened:
        yield opened


@pytest.fixture
def either(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    """On each database."""
    with three_readers(tmp_path, store_url=store_url) as opened:
        yield opened


def held(room: Newsroom, who: int) -> Subscription:
    with room.app.store.read() as connection:
        found = subscribers.subscription(connection, who)
    assert found
    return found


def given(room: Newsroom, who: int) -> list[int]:
    """The digests in somebody's feed, newest first."""
    with room.app.store.read() as connection:
        return [one.digest_id for one in private.given(connection, who, limit=50)]


def is_open(room: Newsroom, who: int = ANA) -> bool:
    with room.app.store.read() as connection:
        found = subscribers.subscription(connection, who)
        return bool(found and channel.open_feed(connection, found, now=room.clock()))


def next_day(room: Newsroom, title: str) -> int:
    """A digest with one more article."""
    room.article(title)
    room.clock.pass_by(days=1)
    [digest] = room.compose()
    return digest.id


def test_who_has_a_feed_gets_no_mail_and_the_ledger_counts_mails_only(either: Newsroom) -> None:
    room = either
    digest = next_day(room, "One")
    assert room.equation(digest).planned == 2
    assert [given(room, who) for who in (ANA, BO, CY)] == [[digest], [], []]
    assert held(room, ANA).watermark == held(room, BO).watermark > 0
    with room.app.store.read() as connection:
        assert private.readers(connection) == {"brief": 1}


def test_a_digest_that_only_feeds_get_is_sent_at_once(room: Newsroom) -> None:
    for who in (BO, CY):
        channel.to_feed(room.app.store, who)
    digest = next_day(room, "One")
    assert room.equation(digest).planned == 0
    room.send()
    with room.app.store.read() as connection:
        assert get(connection, digest).state is DigestState.SENT
    assert given(room, BO) == [digest]


def test_a_banned_address_can_still_have_a_feed(room: Newsroom) -> None:
    with room.app.store.write() as connection:
        suppressions.add(connection, "ana@example.org", "bounced", now=room.clock())
    digest = next_day(room, "One")
    assert given(room, ANA) == [digest]


def test_there_and_back_at_one_address(room: Newsroom) -> None:
    first = next_day(room, "One")
    with room.app.store.read() as connection:
        before = private.of(connection, ANA)
    channel.to_mail(room.app.store, ANA, now=room.clock())
    second = next_day(room, "Two")
    assert given(room, ANA) == [first]
    assert room.equation(second).planned == 3
    assert is_open(room)
    channel.to_feed(room.app.store, ANA)
    third = next_day(room, "Three")
    assert given(room, ANA) == [third, first]
    with room.app.store.read() as connection:
        assert private.of(connection, ANA) == before


def test_a_feed_lingers_for_a_reader_who_did_not_look_yet(room: Newsroom) -> None:
    digest = next_day(room, "One")
    channel.to_mail(room.app.store, ANA, now=room.clock())
    room.clock.pass_by(days=29)
    assert (is_open(room), given(room, ANA)) == (True, [digest])
    room.clock.pass_by(days=2)
    assert not is_open(room)
    with room.app.store.write() as connection:
        assert private.tidy(connection, keep=50, ended_before=room.clock() - channel.LINGERS) == 1
        assert private.of(connection, ANA) is None


def test_only_the_newest_pieces_are_kept(either: Newsroom) -> None:
    room = either
    channel.to_feed(room.app.store, BO)
    numbers = [next_day(room, f"Article {number}") for number in range(4)]
    with room.app.store.write() as connection:
        assert private.tidy(connection, keep=2, ended_before=room.clock()) == 4
    assert given(room, ANA) == given(room, BO) == numbers[:1:-1]


def test_a_new_address_and_the_end_at_once(room: Newsroom) -> None:
    digest = next_day(room, "One")
    with room.app.store.read() as connection:
        before = private.of(connection, ANA)
    channel.renew(room.app.store, ANA)
    with room.app.store.read() as connection:
        assert private.of(connection, ANA) != before
    assert given(room, ANA) == [digest]
    channel.close(room.app.store, ANA, now=room.clock())
    assert (is_open(room), given(room, ANA), held(room, ANA).channel) == (False, [], Channel.MAIL)


def test_a_cancelled_digest_leaves_feeds_too(room: Newsroom) -> None:
    digest = next_day(room, "One")
    room.app.digests.pause(digest, room.clock())
    assert given(room, ANA) == [digest]
    room.app.digests.cancel(digest, room.clock())
    assert given(room, ANA) == []


def test_who_left_has_no_feed_and_who_comes_back_at_once_has_it_again(room: Newsroom) -> None:
    digest = next_day(room, "One")
    unsubscribe(room.app.store, ANA, now=room.clock())
    assert not is_open(room)
    with pytest.raises(ConflictError):
        channel.to_feed(room.app.store, ANA)
    preferences.undo(room.app.store, ANA, now=room.clock())
    assert (is_open(room), given(room, ANA)) == (True, [digest])


def test_who_subscribes_anew_gets_mail(room: Newsroom) -> None:
    unsubscribe(room.app.store, ANA, now=room.clock())
    newsletters = room.app.settings.newsletters
    subscribe(room.app.store, newsletters, email="ana@example.org", consent="test", now=room.clock())
    assert (held(room, ANA).channel, is_open(room)) == (Channel.MAIL, False)


def test_an_erased_reader_has_no_feed_and_no_pieces(either: Newsroom) -> None:
    room = either
    next_day(room, "One")
    erase(room.app.store, room.app.traces, ANA, now=room.clock())
    assert not is_open(room)
    with room.app.store.read() as connection:
        for name in ("private_feeds", "pieces"):
            assert connection.execute(select(metadata.tables[name])).all() == []


def test_another_address_goes_on_reading_and_another_person_gets_mail(room: Newsroom) -> None:
    evidence = Evidence(via=Via.WEB, asked_at=room.clock())
    with room.app.store.write() as connection:
        carry_out(connection, ANA, "ana@new.example", evidence, now=room.clock())
    assert is_open(room)
    assert held(room, ANA).subscriber.email == "ana@new.example"
    unsubscribe(room.app.store, BO, now=room.clock())
    with room.app.store.write() as connection:
        carry_out(connection, ANA, "bo@example.org", evidence, now=room.clock())
    assert (is_open(room), held(room, BO).channel) == (False, Channel.MAIL)


def test_a_reader_takes_along_what_came_in_the_feed(room: Newsroom) -> None:
    digest = next_day(room, "One")
    found = data_of_reader(room.app.store, ANA)
    assert [(one["newsletter"], one["digest"]) for one in found["private_feeds"]] == [("brief", digest)]
    assert (found["subscriptions"][0]["channel"], found["deliveries"]) == ("feed", [])


def test_a_digest_that_waits_counts_the_mails_it_will_be(tmp_path: Path) -> None:
    with three_readers(tmp_path, review=True) as room:
        digest = next_day(room, "One")
        with room.app.store.read() as connection:
            assert owed(connection, get(connection, digest)) == 2
        assert given(room, ANA) == []
        room.app.digests.approve(digest, room.clock())
        assert given(room, ANA) == [digest]


def test_nobody_changes_over_while_a_digest_is_planned(either: Newsroom) -> None:
    room = either
    store = room.app.store
    digest = next_day(room, "One")
    done = threading.Event()

    def change() -> None:
        channel.to_mail(store, ANA, now=room.clock())
        done.set()

    with store.write() as connection:
        private.take_turn(connection)
        changing = threading.Thread(target=change)
        changing.start()
        assert not done.wait(timedelta(milliseconds=100).total_seconds())
        assert deliveries.plan(connection, get(connection, digest), now=room.clock()) == 0
    changing.join()
    assert done.is_set()
