"""The link in the mail that asks back: scanners open it, people press its button."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.model import SubscriptionState
from tests.newsroom import Clock
from tests.web.pressroom import Pressroom, serve

ANA = "ana@reader.example"


@pytest.fixture
def asked(pressroom: Pressroom) -> str:
    """The path of the link that Ana got, who asked for the daily newsletter."""
    pressroom.client.post("/subscribe", data={"email": ANA, "newsletter": "daily", "name": "<Eve>"})
    return pressroom.confirming(ANA)


def test_opening_the_link_confirms_nothing(pressroom: Pressroom, asked: str) -> None:
    for _ in range(3):
        assert pressroom.client.head(asked).status_code == 200
        assert pressroom.client.get(asked).status_code == 200
    page = pressroom.client.get(asked).text
    assert "Confirm your subscription" in page
    assert "The Daily Brief" in page
    assert page.count("<button") == 1
    assert "Eve" not in page
    assert pressroom.subscriptions_of(ANA) == {}


def test_the_button_confirms_and_again_changes_nothing(pressroom: Pressroom, asked: str) -> None:
    for _ in range(2):
        response = pressroom.client.post(asked)
        assert response.status_code == 200
        assert "You are subscribed" in response.text
        assert "/preferences/" in response.text
    held = pressroom.subscriptions_of(ANA)
    assert [one.state for one in held.values()] == [SubscriptionState.ACTIVE]
    page = pressroom.client.get(asked).text
    assert "You are subscribed" in page
    assert "<button" not in page


def test_a_newsletter_that_is_no_more_is_left_out(pressroom: Pressroom, asked: str) -> None:
    settings = pressroom.app.settings
    object.__setattr__(settings, "newsletters", settings.newsletters[1:])
    assert pressroom.client.get(asked).status_code == 200
    assert pressroom.client.post(asked).status_code == 200


def test_a_link_that_was_not_made_here_says_what_to_do(pressroom: Pressroom, asked: str) -> None:
    for path in (asked[:-1], f"{asked}a", "/confirm/x", "/confirm/" + "a" * 26):
        for response in (pressroom.client.get(path), pressroom.client.post(path)):
            assert response.status_code == 404
            assert "copy the whole link" in response.text
    assert pressroom.subscriptions_of(ANA) == {}


@pytest.fixture
def clock() -> Clock:
    """A clock to be moved by hand."""
    return Clock(datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.fixture
def aging(tmp_path: Path, clock: Clock) -> Iterator[Pressroom]:
    """A newsroom where that clock hangs."""
    with serve(tmp_path, clock) as room:
        yield room


def test_an_old_link_says_so(aging: Pressroom, clock: Clock) -> None:
    aging.client.post("/subscribe", data={"email": ANA, "newsletter": "daily"})
    path = aging.confirming(ANA)
    clock.now += timedelta(days=8)
    for response in (aging.client.get(path), aging.client.post(path)):
        assert response.status_code == 410
        assert "This link is too old" in response.text
    assert aging.subscriptions_of(ANA) == {}
