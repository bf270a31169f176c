"""What a reader can change, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.audience import subscribe, unsubscribe
from syndicate.audience.preferences import (
    UNDO_WITHIN,
    choose,
    describe,
    leave_all,
    of_reader,
    pause,
    resume,
    send_link,
    undo,
    wake,
)
from syndicate.errors import ConflictError, NotFoundError, SyndicateError
from syndicate.model import Subscription, SubscriptionState, Via
from syndicate.settings import Newsletter
from syndicate.store import Store, consents, notices, subscribers

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANA = "ana@example.org"


class Reader:
    """Ana, who reads both newsletters."""

    def __init__(self, store: Store, newsletters: list[Newsletter]) -> None:
        self.store, self.newsletters = store, newsletters
        given = {"slugs": ["brief", "sport"], "topics": ["Lake"], "consent": "asked", "now": NOW}
        joined = subscribe(store, newsletters, email=ANA, name="Ana", **given)  # type: ignore[arg-type]
        self.brief, self.sport = (one.id for one in joined.subscriptions)
        with store.write() as connection:
            rows = subscribers.subscriptions_of(connection, [joined.subscriptions[0].subscriber.id]).values()
            held: list[dict[str, Any]] = [
                {name: getattr(row, name) for name in ("id", "state", "cadence", "topics")} | {"watermark": 7}
                for row in rows
            ]
            subscribers.change_subscriptions(connection, held, now=NOW)

    def now(self, which: int | None = None) -> Subscription:
        return of_reader(self.store, which or self.brief)[0]


@pytest.fixture
def ana(store: Store, newsletters: list[Newsletter]) -> Reader:
    return Reader(store, newsletters)


def test_the_links_own_subscription_comes_first(ana: Reader) -> None:
    assert [one.newsletter for one in of_reader(ana.store, ana.sport)] == ["sport", "brief"]
    with pytest.raises(NotFoundError, match="no subscription '99'"):
        of_reader(ana.store, 99)


def test_how_often_and_about_what(ana: Reader) -> None:
    after = choose(ana.store, ana.newsletters, ana.brief, cadence="Weekly", now=LATER)
    assert (after.cadence, after.topics, after.watermark) == ("weekly", ("lake",), 7)
    after = choose(ana.store, ana.newsletters, ana.brief, topics=["Sea; boats"], now=LATER)
    assert (after.cadence, after.topics) == ("weekly", ("boats", "sea"))
    assert choose(ana.store, ana.newsletters, ana.brief, topics=[], now=LATER).topics == ()
    assert ana.now(ana.sport).topics == ("lake",)


@pytest.mark.parametrize(
    ("given", "error"),
    [({"cadence": "hourly"}, NotFoundError), ({"topics": ["a\u202eb"]}, SyndicateError), ({}, ConflictError)],
)
def test_choices_that_cannot_be_made(ana: Reader, given: dict[str, Any], error: type[Exception]) -> None:
    if not given:
        unsubscribe(ana.store, ana.brief, now=NOW)
    before = ana.now()
    with pytest.raises(error):
        choose(ana.store, ana.newsletters, ana.brief, now=LATER, **given)
    assert ana.now() == before


def test_who_they_are(ana: Reader) -> None:
    describe(ana.store, ana.brief, language="sr_Latn", timezone="Europe/Belgrade", now=LATER)
    person = ana.now(ana.sport).subscriber
    assert (person.name, person.language, person.timezone) == ("Ana", "sr-Latn", "Europe/Belgrade")
    describe(ana.store, ana.brief, name="", language="", timezone="", now=LATER)
    person = ana.now().subscriber
    assert (person.name, person.language, person.timezone) == ("", None, None)
    for wrong in ({"name": "a\0b"}, {"language": "klingon"}, {"timezone": "Mars/Base"}):
        with pytest.raises(SyndicateError):
            describe(ana.store, ana.brief, now=LATER, **wrong)


def test_a_pause_ends_by_itself(ana: Reader) -> None:
    until = NOW + timedelta(weeks=3)
    pause(ana.store, ana.brief, until, now=NOW)
    pause(ana.store, ana.brief, until + timedelta(days=1), now=NOW)
    assert (ana.now().state, ana.now().resume_at) == (SubscriptionState.PAUSED, until + timedelta(days=1))
    assert ana.now(ana.sport).state is SubscriptionState.ACTIVE
    assert wake(ana.store, now=until) == 0
    assert wake(ana.store, now=until + timedelta(days=1)) == 1
    assert (ana.now().state, ana.now().resume_at, ana.now().watermark) == (SubscriptionState.ACTIVE, None, 7)


def test_a_pause_can_be_ended(ana: Reader) -> None:
    pause(ana.store, ana.brief, NOW + timedelta(weeks=3), now=NOW)
    assert resume(ana.store, ana.brief, now=LATER)
    assert not resume(ana.store, ana.brief, now=LATER)
    assert ana.now().state is SubscriptionState.ACTIVE


def test_subscribing_again_ends_a_pause_and_loses_nothing(ana: Reader) -> None:
    pause(ana.store, ana.brief, NOW + timedelta(weeks=3), now=NOW)
    subscribe(ana.store, ana.newsletters, email=ANA, slugs=["brief"], consent="asked", now=LATER)
    assert (ana.now().state, ana.now().resume_at, ana.now().watermark) == (SubscriptionState.ACTIVE, None, 7)


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(days=1), NOW + timedelta(weeks=53)])
def test_pauses_that_cannot_be(ana: Reader, until: datetime) -> None:
    with pytest.raises(ConflictError, match="52 weeks"):
        pause(ana.store, ana.brief, until, now=NOW)


def test_whoever_left_cannot_pause(ana: Reader) -> None:
    unsubscribe(ana.store, ana.brief, now=NOW)
    with pytest.raises(ConflictError, match="has left brief"):
        pause(ana.store, ana.brief, NOW + timedelta(weeks=1), now=NOW)


def test_leaving_all_and_coming_back(ana: Reader) -> None:
    pause(ana.store, ana.sport, NOW + timedelta(weeks=1), now=NOW)
    assert [one.newsletter for one in leave_all(ana.store, ana.brief, now=LATER, via=Via.MAIL)] == ["brief", "sport"]
    assert leave_all(ana.store, ana.brief, now=LATER) == ()
    assert undo(ana.store, ana.brief, now=LATER + UNDO_WITHIN)
    assert not undo(ana.store, ana.brief, now=LATER)
    assert not undo(ana.store, ana.sport, now=LATER + UNDO_WITHIN + timedelta(seconds=1))
    assert (ana.now().state, ana.now().watermark, ana.now().topics) == (SubscriptionState.ACTIVE, 7, ("lake",))
    assert ana.now(ana.sport).state is SubscriptionState.UNSUBSCRIBED
    with ana.store.read() as connection:
        records = consents.of_subscriber(connection, ana.now().subscriber.id)
    said = [(one.newsletter, one.kind.value, one.via.value) for one in records]
    assert said == [
        ("brief", "given", "cli"),
        ("sport", "given", "cli"),
        ("brief", "withdrawn", "mail"),
        ("sport", "withdrawn", "mail"),
        ("brief", "restored", "web"),
    ]


def test_a_fresh_link_once_an_hour(ana: Reader) -> None:
    for minutes in (0, 1, 59, 60):
        send_link(ana.store, ana.brief, now=NOW + timedelta(minutes=minutes))
    with ana.store.read() as connection:
        found = notices.of_address(connection, ANA)
    assert [(one.kind, one.facts) for one in found] == [("link", {"subscription_id": ana.brief})] * 2
    with pytest.raises(NotFoundError):
        send_link(ana.store, 99, now=NOW)
