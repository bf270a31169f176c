"""Who is found, and who is not: by address, name, newsletter, state, topic, ban; page after page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from syndicate.model import SubscriptionState
from syndicate.store import Store, erasure, seek, subscribers, suppressions
from syndicate.store.seek import EVERYONE, Sought

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
PEOPLE = {
    "Ana@reader.example": ("Ana Kovač", ["daily active sport", "weekly paused "]),
    "bo@reader.example": ("", ["daily unsubscribed sport\ntown"]),
    "cy_100%/x@other.example": ("Cy Banana", ["weekly active sports"]),
    "dee@erased.example": ("Ana", ["daily active sport"]),
    "eve@other.example": ("", []),
}


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as connection:
        rows = [
            {"email": email, "name": name, "language": None, "timezone": None} for email, (name, _) in PEOPLE.items()
        ]
        subscribers.add_people(connection, rows, now=NOW)
        ids = subscribers.ids_of(connection, list(PEOPLE))
        for email, (_, held) in PEOPLE.items():
            for one in held:
                newsletter, state, topics = one.split(" ", 2)
                values = {"subscriber_id": ids[email], "newsletter": newsletter, "state": state, "topics": topics}
                rest = {"cadence": "daily", "watermark": 0, "consent": "asked"}
                subscribers.add_subscriptions(connection, [values | rest], now=NOW)
        erasure.erase(connection, ids["dee@erased.example"], "dee@erased.example", trace="x", reason="erased", now=NOW)
        suppressions.add(connection, "bo@reader.example", "bounced", now=NOW)
        suppressions.add(connection, "nobody@reader.example", "by hand", now=NOW)
    return store


def names(store: Store, sought: Sought) -> str:
    """The first letters of who is found, in order; the stream finds the same."""
    with store.read() as connection:
        found = seek.find(connection, sought, limit=10)
        assert seek.count(connection, sought, upto=10) == len(found)
        assert {one.subscriber.email for one in seek.stream(connection, sought)} == {
            one.subscriber.email for one in found if one.subscriptions
        }
    return "".join(one.subscriber.email[0] for one in found)


def test_who_is_found(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    active, paused = SubscriptionState.ACTIVE, SubscriptionState.PAUSED
    for few in (1000, 1):
        monkeypatch.setattr(seek, "_FEW", few)
        assert names(filled, EVERYONE) == "ecbA"
        assert names(filled, Sought(text=" ANA\0")) == "cA"
        assert names(filled, Sought(text="kovač")) == "A"
        assert names(filled, Sought(text="@reader.")) == "bA"
        assert [names(filled, Sought(text=text)) for text in ("%/", "_1", "%", "_", "' OR 1=1 --")] == ["c"] * 4 + [""]
        assert names(filled, Sought(newsletter="daily")) == "bA"
        assert names(filled, Sought(newsletter="daily", state=active)) == "A"
        assert names(filled, Sought(newsletter="daily", state=paused)) == ""
        assert names(filled, Sought(topic=" Sport ")) == "bA"
        assert names(filled, Sought(topic="town", text="bo")) == "b"
        assert names(filled, Sought(topic="s_ort")) == ""
        assert names(filled, Sought(suppressed=True)) == "b"
        assert names(filled, Sought(state=active, suppressed=True)) == ""
        assert names(filled, Sought(text="erased")) == ""


def test_page_after_page_and_all_of_one(filled: Store) -> None:
    with filled.read() as connection:
        first = seek.find(connection, EVERYONE, limit=3)
        rest = seek.find(connection, EVERYONE, limit=3, before_id=first[-1].subscriber.id)
        assert seek.count(connection, EVERYONE, upto=2) == 2
        assert [one.subscriber.email[0] for one in first + rest] == ["e", "c", "b", "A"]
        ana = seek.person(connection, rest[0].subscriber.id)
        assert ana is not None
        assert [(one.newsletter, one.state) for one in ana.subscriptions] == [("daily", "active"), ("weekly", "paused")]
        assert (ana.created_at, ana.is_suppressed, first[2].is_suppressed) == (NOW, False, True)
        gone = subscribers.ids_of(connection, ["erased:4"])
        assert [seek.person(connection, one) for one in (*gone.values(), 99)] == [None] * (len(gone) + 1)


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=8), topic=st.text(max_size=8))
def test_whatever_is_typed_is_only_looked_for(filled: Store, text: str, topic: str) -> None:
    with filled.read() as connection:
        for one in seek.find(connection, Sought(text=text, topic=topic), limit=10):
            plain = "".join(c for c in text if c.isprintable()).strip().casefold()
            assert plain in one.subscriber.email.casefold() or plain in one.subscriber.name.casefold()
