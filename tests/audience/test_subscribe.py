from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from syndicate.audience import Joined, remove, subscribe, unsubscribe
from syndicate.errors import AddressError, NotFoundError, SyndicateError
from syndicate.model import Digest, DigestState, SubscriptionState
from syndicate.settings import Newsletter
from syndicate.store import Store, digests, subscribers, suppressions

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


class Desk:
    """Subscribes Ana unless told otherwise."""

    def __init__(self, store: Store, newsletters: list[Newsletter]) -> None:
        self.store, self.newsletters = store, newsletters

    def add(self, *slugs: str, **given: Any) -> Joined:
        values: dict[str, Any] = {"email": "ana@example.org", "consent": "by telephone", "now": NOW} | given
        return subscribe(self.store, self.newsletters, slugs=slugs, **values)

    def covered(self, cadence: str, upto: int) -> None:
        """A digest of ``brief`` went out up to that sequence number."""
        with self.store.write() as connection:
            sent = Digest(
                id=digests.take_id(connection),
                newsletter="brief",
                cadence=cadence,
                slot=str(upto),
                due_at=NOW,
                state=DigestState.SENT,
                subject="",
                upto=upto,
                composed_at=NOW,
            )
            digests.add(connection, sent)


@pytest.fixture
def desk(store: Store, newsletters: list[Newsletter]) -> Desk:
    return Desk(store, newsletters)


def test_a_new_reader(desk: Desk) -> None:
    desk.covered("weekly", 12)
    given = {"cadence": "weekly", "topics": ["Lake; boats"], "language": "de_AT", "timezone": "UTC"}
    joined = desk.add("brief", "sport", name=" Ana  J. ", **given)
    brief, sport = joined.subscriptions
    assert (brief.newsletter, sport.newsletter, joined.suppressed) == ("brief", "sport", False)
    assert (brief.state, brief.cadence, brief.topics, brief.watermark) == ("active", "weekly", ("boats", "lake"), 12)
    assert (brief.subscriber.name, brief.subscriber.language, brief.subscriber.timezone) == ("Ana J.", "de-AT", "UTC")
    assert sport.watermark == 0


def test_each_newsletter_has_its_own_default(desk: Desk) -> None:
    assert [one.cadence for one in desk.add("brief", "sport").subscriptions] == ["daily", "weekly"]


def test_again_changes_only_what_is_given(desk: Desk) -> None:
    desk.covered("daily", 5)
    desk.add("brief", name="Ana", topics=["lake"], language="en", cadence="weekly")
    before = desk.add("sport").subscriptions
    desk.covered("daily", 9)
    (brief,) = desk.add("brief", timezone="UTC").subscriptions
    assert (brief.cadence, brief.topics, brief.watermark) == ("weekly", ("lake",), 5)
    assert (brief.subscriber.name, brief.subscriber.language, brief.subscriber.timezone) == ("Ana", "en", "UTC")
    assert desk.add("sport").subscriptions[0].id == before[0].id
    (brief,) = desk.add("brief", cadence="daily", topics=["sea"]).subscriptions
    assert (brief.cadence, brief.topics, brief.watermark) == ("daily", ("sea",), 5)


def test_whoever_left_comes_back_and_is_not_given_what_they_missed(desk: Desk) -> None:
    (first,) = desk.add("brief", cadence="weekly").subscriptions
    assert unsubscribe(desk.store, first.id, now=NOW)
    assert not unsubscribe(desk.store, first.id, now=NOW)
    desk.covered("weekly", 30)
    (back,) = desk.add("brief").subscriptions
    assert (back.id, back.state, back.cadence, back.watermark) == (first.id, "active", "weekly", 30)


def test_a_watermark_never_goes_back(desk: Desk) -> None:
    desk.covered("daily", 40)
    (first,) = desk.add("brief").subscriptions
    unsubscribe(desk.store, first.id, now=NOW)
    desk.covered("weekly", 30)
    assert desk.add("brief", cadence="weekly").subscriptions[0].watermark == 40


def test_a_cadence_that_is_no_longer_offered_gives_way(desk: Desk) -> None:
    desk.add("sport", cadence="instant")
    cadences = {"daily": "0 7 * * *"}
    desk.newsletters[1] = Newsletter(slug="sport", title="Sport", sender="n@example.org", cadences=cadences)
    assert desk.add("sport").subscriptions[0].cadence == "daily"


def test_a_banned_address_is_kept_and_told(desk: Desk) -> None:
    with desk.store.write() as connection:
        suppressions.add(connection, "ana@example.org", "complaint", now=NOW)
    joined = desk.add("brief", email="ana@EXAMPLE.org")
    assert joined.suppressed
    assert joined.subscriptions[0].state is SubscriptionState.ACTIVE


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        ({"email": "ana"}, AddressError, "must have an @-sign"),
        ({"slugs": ["breif"]}, NotFoundError, "no newsletter 'breif'; there is: brief, sport"),
        ({"cadence": "hourly"}, NotFoundError, "no brief cadence 'hourly'; there is: daily, weekly"),
        ({"language": "klingon"}, SyndicateError, "is not a language tag"),
        ({"timezone": "Mars/Base"}, SyndicateError, "is not an IANA time zone"),
        ({"name": "a\0b"}, SyndicateError, "can't be shown"),
        ({"topics": ["a\u202eb"]}, SyndicateError, "can't be shown"),
    ],
)
def test_what_cannot_be_used_changes_nothing(
    desk: Desk, given: dict[str, Any], error: type[Exception], reason: str
) -> None:
    values: dict[str, Any] = {"email": "ana@example.org", "slugs": ["brief"], "consent": "", "now": NOW} | given
    with pytest.raises(error, match=reason):
        subscribe(desk.store, desk.newsletters, **values)
    with desk.store.read() as connection:
        assert subscribers.people(connection, ["ana@example.org"]) == {}


def test_removing_ends_all_or_one(desk: Desk) -> None:
    desk.add("brief", "sport")
    assert remove(desk.store, "ana@EXAMPLE.org", newsletter="brief", now=NOW) == 1
    assert remove(desk.store, "ana@example.org", now=NOW) == 1
    assert remove(desk.store, "ana@example.org", now=NOW) == 0
    with desk.store.read() as connection:
        states = {one.state for one in subscribers.of_address(connection, "ana@example.org")}
    assert states == {SubscriptionState.UNSUBSCRIBED}


def test_removing_who_is_not_there(desk: Desk) -> None:
    desk.add("brief")
    with pytest.raises(NotFoundError, match=r"no subscriber 'bo@example\.org'"):
        remove(desk.store, "bo@example.org", now=NOW)
    with pytest.raises(NotFoundError, match=r"no subscription of ana@example\.org to 'sport'; there is: brief"):
        remove(desk.store, "ana@example.org", newsletter="sport", now=NOW)
