"""The link at the end of every mail, as a person with a browser and as a mail program use it."""

from __future__ import annotations

import pytest

from syndicate.model import Subscription, SubscriptionState
from tests.web.pressroom import Pressroom

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def reader(pressroom: Pressroom) -> Subscription:
    """Ana, who gets the daily newsletter."""
    return pressroom.subscribe()


def test_opening_the_link_changes_nothing(pressroom: Pressroom, reader: Subscription) -> None:
    for ask in (pressroom.client.get, pressroom.client.head):
        response = ask(pressroom.leaving(reader.id))
        assert response.status_code == 200
    page = pressroom.client.get(pressroom.leaving(reader.id)).text
    assert "Leave The Daily Brief?" in page
    assert page.count("<button") == 1
    assert pressroom.now_of(reader).state is SubscriptionState.ACTIVE


def test_the_button_ends_it_and_again_changes_nothing(pressroom: Pressroom, reader: Subscription) -> None:
    for _ in range(2):
        response = pressroom.client.post(pressroom.leaving(reader.id))
        assert response.status_code == 200
        assert "You are unsubscribed" in response.text
        assert pressroom.now_of(reader).state is SubscriptionState.UNSUBSCRIBED


def test_leaving_can_be_taken_back(pressroom: Pressroom, reader: Subscription) -> None:
    path = pressroom.leaving(reader.id)
    page = pressroom.client.post(path).text
    assert 'name="action" value="undo"' in page
    page = pressroom.client.post(path, data={"action": "undo"}).text
    assert "You are subscribed again, and nothing was missed." in page
    assert pressroom.now_of(reader).state is SubscriptionState.ACTIVE


def test_what_is_too_long_ago_is_not_taken_back(pressroom: Pressroom, reader: Subscription) -> None:
    path = pressroom.leaving(reader.id)
    assert pressroom.client.post(path, data={"action": "undo"}).status_code == 410
    assert pressroom.now_of(reader).state is SubscriptionState.ACTIVE


@pytest.mark.parametrize("form", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}])
def test_one_click(pressroom: Pressroom, reader: Subscription, form: dict[str, object]) -> None:
    for _ in range(2):
        response = pressroom.client.post(pressroom.leaving(reader.id), **form)  # type: ignore[arg-type]
        assert (response.status_code, response.text) == (200, "Unsubscribed.\n")
        assert "set-cookie" not in response.headers
    assert pressroom.now_of(reader).state is SubscriptionState.UNSUBSCRIBED


def test_one_click_is_never_a_get(pressroom: Pressroom, reader: Subscription) -> None:
    pressroom.client.get(pressroom.leaving(reader.id), params=ONE_CLICK)
    assert pressroom.now_of(reader).state is SubscriptionState.ACTIVE


def test_leaving_works_for_a_newsletter_that_is_no_longer_configured(
    pressroom: Pressroom, reader: Subscription
) -> None:
    settings = pressroom.app.settings
    object.__setattr__(settings, "newsletters", settings.newsletters[1:])
    assert "Leave daily?" in pressroom.client.get(pressroom.leaving(reader.id)).text
    page = pressroom.client.post(pressroom.leaving(reader.id)).text
    assert pressroom.now_of(reader).state is SubscriptionState.UNSUBSCRIBED
    assert "undo" not in page


def test_a_link_that_was_not_made_here_says_what_to_do(pressroom: Pressroom, reader: Subscription) -> None:
    good = pressroom.leaving(reader.id)
    other_purpose = pressroom.choosing(reader.id).replace("preferences", "unsubscribe")
    for path in (good[:-1], good + "a", "/unsubscribe/x", other_purpose, good.replace("/1-", "/2-")):
        for response in (pressroom.client.get(path), pressroom.client.post(path, data=ONE_CLICK)):
            assert response.status_code == 404
            assert "copy the whole link" in response.text
    assert pressroom.now_of(reader).state is SubscriptionState.ACTIVE


def test_a_link_of_a_forgotten_subscription_is_nowhere(pressroom: Pressroom) -> None:
    assert pressroom.client.get(pressroom.leaving(77)).status_code == 404
    assert pressroom.client.post(pressroom.leaving(77), data=ONE_CLICK).status_code == 404


def test_a_test_copy_says_so(pressroom: Pressroom) -> None:
    for path in (pressroom.leaving(0), pressroom.choosing(0)):
        for response in (pressroom.client.get(path), pressroom.client.post(path)):
            assert response.status_code == 200
            assert "This was a test copy" in response.text
    assert pressroom.client.post(pressroom.leaving(0), data=ONE_CLICK).text == "Unsubscribed.\n"


def test_it_speaks_the_readers_language(pressroom: Pressroom) -> None:
    reader = pressroom.subscribe("mira@reader.example", language="sr")
    response = pressroom.client.get(pressroom.leaving(reader.id), headers={"Accept-Language": "de"})
    assert '<html lang="sr-Latn"' in response.text
    assert "Odjava: The Daily Brief?" in response.text


def test_pages_of_one_reader_are_kept_nowhere(pressroom: Pressroom, reader: Subscription) -> None:
    paths = (pressroom.leaving(reader.id), pressroom.choosing(reader.id), "/unsubscribe/x", "/confirm/x")
    for path in paths:
        headers = pressroom.client.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex"
