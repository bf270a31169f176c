"""What a reader does with the links of a mail, as a person with a browser and as a mail program."""

from __future__ import annotations

import pytest

from syndicate.audience.subscribe import subscribe
from syndicate.model import Subscription, SubscriptionState
from syndicate.store import subscribers
from tests.feeds.newsroom import NOON
from tests.web.pressroom import Pressroom

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def reader(pressroom: Pressroom) -> Subscription:
    """Ana, who gets the daily newsletter."""
    app = pressroom.app
    joined = subscribe(
        app.store, app.settings.newsletters, email="ana@reader.example", slugs=["daily"], consent="test", now=NOON
    )
    return joined.subscriptions[0]


def now_of(pressroom: Pressroom, reader: Subscription) -> Subscription:
    with pressroom.app.store.read() as connection:
        found = subscribers.subscription(connection, reader.id)
    assert found is not None
    return found


def leaving(pressroom: Pressroom, subscription_id: int) -> str:
    return pressroom.path_of(pressroom.app.links.unsubscribe(subscription_id))


def choosing(pressroom: Pressroom, subscription_id: int) -> str:
    return pressroom.path_of(pressroom.app.links.preferences(subscription_id, pressroom.app.jobs.clock()))


def test_opening_the_link_changes_nothing(pressroom: Pressroom, reader: Subscription) -> None:
    response = pressroom.client.get(leaving(pressroom, reader.id))
    assert response.status_code == 200
    assert "Leave The Daily Brief?" in response.text
    assert response.text.count("<button") == 1
    assert now_of(pressroom, reader).state is SubscriptionState.ACTIVE


def test_the_button_ends_it_and_again_changes_nothing(pressroom: Pressroom, reader: Subscription) -> None:
    for _ in range(2):
        response = pressroom.client.post(leaving(pressroom, reader.id))
        assert response.status_code == 200
        assert "You are unsubscribed" in response.text
        assert now_of(pressroom, reader).state is SubscriptionState.UNSUBSCRIBED
    assert "<button" not in pressroom.client.get(leaving(pressroom, reader.id)).text


@pytest.mark.parametrize("form", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}])
def test_one_click(pressroom: Pressroom, reader: Subscription, form: dict[str, object]) -> None:
    for _ in range(2):
        response = pressroom.client.post(leaving(pressroom, reader.id), **form)  # type: ignore[arg-type]
        assert (response.status_code, response.text) == (200, "Unsubscribed.\n")
        assert "set-cookie" not in response.headers
    assert now_of(pressroom, reader).state is SubscriptionState.UNSUBSCRIBED


def test_leaving_works_for_a_newsletter_that_is_no_longer_configured(
    pressroom: Pressroom, reader: Subscription
) -> None:
    settings = pressroom.app.settings
    object.__setattr__(settings, "newsletters", settings.newsletters[1:])
    assert "Leave daily?" in pressroom.client.get(leaving(pressroom, reader.id)).text
    pressroom.client.post(leaving(pressroom, reader.id))
    assert now_of(pressroom, reader).state is SubscriptionState.UNSUBSCRIBED


def test_a_link_that_was_not_made_here_says_what_to_do(pressroom: Pressroom, reader: Subscription) -> None:
    good = leaving(pressroom, reader.id)
    other_purpose = choosing(pressroom, reader.id).replace("preferences", "unsubscribe")
    for path in (good[:-1], good + "a", "/unsubscribe/x", other_purpose, good.replace("/1-", "/2-")):
        for response in (pressroom.client.get(path), pressroom.client.post(path, data=ONE_CLICK)):
            assert response.status_code == 404
            assert "copy the whole link" in response.text
    assert now_of(pressroom, reader).state is SubscriptionState.ACTIVE


def test_a_link_of_a_forgotten_subscription_is_nowhere(pressroom: Pressroom) -> None:
    assert pressroom.client.get(leaving(pressroom, 77)).status_code == 404
    assert pressroom.client.post(choosing(pressroom, 77), data={"cadence": "daily"}).status_code == 404


def test_a_test_copy_says_so(pressroom: Pressroom) -> None:
    for path in (leaving(pressroom, 0), choosing(pressroom, 0)):
        for response in (pressroom.client.get(path), pressroom.client.post(path)):
            assert response.status_code == 200
            assert "This was a test copy" in response.text
    assert pressroom.client.post(leaving(pressroom, 0), data=ONE_CLICK).status_code == 200


def test_a_reader_chooses_how_often(pressroom: Pressroom, reader: Subscription) -> None:
    path = choosing(pressroom, reader.id)
    page = pressroom.client.get(path).text
    assert page.count('type="radio"') == 3
    assert 'value="daily" required checked' in page
    page = pressroom.client.post(path, data={"cadence": "weekly"}).text
    assert "Saved. It now comes every week." in page
    assert 'value="weekly" required checked' in page
    assert now_of(pressroom, reader).cadence == "weekly"


def test_only_offered_cadences_are_kept(pressroom: Pressroom, reader: Subscription) -> None:
    path = choosing(pressroom, reader.id)
    assert pressroom.client.post(path, data={"cadence": "hourly"}).status_code == 404
    assert pressroom.client.post(path, content=b"\xff\xfe").status_code == 200
    assert now_of(pressroom, reader).cadence == "daily"


def test_the_preferences_lead_to_leaving_and_then_say_that_it_is_over(
    pressroom: Pressroom, reader: Subscription
) -> None:
    path = choosing(pressroom, reader.id)
    assert leaving(pressroom, reader.id) in pressroom.client.get(path).text
    pressroom.client.post(leaving(pressroom, reader.id))
    for response in (pressroom.client.get(path), pressroom.client.post(path, data={"cadence": "weekly"})):
        assert "You are unsubscribed" in response.text
    assert now_of(pressroom, reader).cadence == "daily"


def test_pages_of_one_reader_are_kept_nowhere(pressroom: Pressroom, reader: Subscription) -> None:
    for path in (leaving(pressroom, reader.id), choosing(pressroom, reader.id), "/unsubscribe/x"):
        headers = pressroom.client.get(path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex"
