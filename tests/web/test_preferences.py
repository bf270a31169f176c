"""What a reader changes with the link from a mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from syndicate.model import Subscription, SubscriptionState
from tests.newsroom import Clock
from tests.web.pressroom import Pressroom, serve

ANA = "ana@reader.example"
NEW = "ana@new.example"


@pytest.fixture
def clock() -> Clock:
    """A clock to be moved by hand."""
    return Clock(datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Iterator[Pressroom]:
    """A newsroom where that clock hangs, with articles about three topics."""
    with serve(tmp_path, clock) as room:
        for number, tag in enumerate(("Sport", "Culture", "Harbour"), 1):
            room.newsroom.add(number, tags=(tag,))
        yield room


@pytest.fixture
def reader(room: Pressroom) -> Subscription:
    """Ana, who gets the daily newsletter."""
    return room.subscribe(ANA)


def post(room: Pressroom, reader: Subscription, **form: object) -> httpx2.Response:
    return room.client.post(room.choosing(reader.id), data=form)


def test_a_reader_chooses_everything_at_once(room: Pressroom, reader: Subscription) -> None:
    page = room.client.get(room.choosing(reader.id)).text
    assert page.count('type="radio"') == 3
    assert 'value="daily" required checked' in page
    assert page.count('type="checkbox" name="topics"') == 3
    response = post(
        room, reader, action="save", cadence="weekly", topics=["", "Sport"], name="Ana", language="de",
        timezone="Europe/Belgrade",
    )  # fmt: skip
    assert response.status_code == 200
    assert "Gespeichert. Er kommt jede Woche." in response.text
    assert '<html lang="de"' in response.text
    assert 'value="weekly" required checked' in response.text
    assert 'value="Sport" checked' in response.text
    held = room.now_of(reader)
    assert (held.cadence, held.topics) == ("weekly", ("sport",))
    assert (held.subscriber.name, held.subscriber.language) == ("Ana", "de")
    assert held.subscriber.timezone == "Europe/Belgrade"


def test_what_is_not_sent_stays_and_what_is_emptied_is_forgotten(room: Pressroom, reader: Subscription) -> None:
    post(room, reader, topics=["", "Sport"], name="Ana", language="de", timezone="Europe/Belgrade")
    post(room, reader, cadence="weekly")
    held = room.now_of(reader)
    assert (held.cadence, held.topics, held.subscriber.name) == ("weekly", ("sport",), "Ana")
    post(room, reader, topics="", name="", language="", timezone="")
    held = room.now_of(reader)
    assert (held.cadence, held.topics, held.subscriber.name) == ("weekly", (), "")
    assert (held.subscriber.language, held.subscriber.timezone) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("cadence", "hourly"), ("name", "x" * 201), ("language", "no language"), ("timezone", "Mars"), ("topics", "\x07")],
)
def test_what_can_not_be_used_changes_nothing(room: Pressroom, reader: Subscription, field: str, value: str) -> None:
    response = post(room, reader, **{"action": "save", "cadence": "weekly", "name": "Ana", field: value})
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert 'value="Ana"' in response.text or field == "name"
    held = room.now_of(reader)
    assert (held.cadence, held.subscriber.name) == ("daily", "")


def test_a_body_that_is_no_form_changes_nothing(room: Pressroom, reader: Subscription) -> None:
    path = room.choosing(reader.id)
    assert room.client.post(path, content=b"\xff\xfe").status_code == 200
    assert room.client.post(path, data={"action": "nonsense"}).status_code == 200
    assert room.now_of(reader).cadence == "daily"


def test_a_pause_and_its_end(room: Pressroom, reader: Subscription, clock: Clock) -> None:
    page = room.client.get(room.choosing(reader.id)).text
    assert '<option value="3" selected>3 weeks</option>' in page
    page = post(room, reader, action="pause", weeks="3").text
    assert "Nothing comes until Monday, 23 March 2026." in page
    held = room.now_of(reader)
    assert (held.state, held.resume_at) == (SubscriptionState.PAUSED, clock.now + timedelta(weeks=3))
    assert post(room, reader, action="pause", weeks="x").status_code == 422
    page = post(room, reader, action="resume").text
    assert "Welcome back." in page
    assert room.now_of(reader).state is SubscriptionState.ACTIVE


@pytest.mark.parametrize("weeks", ["0", "-1", "53", "1.5", "", "9" * 99, "٣"])
def test_a_pause_has_a_length(room: Pressroom, reader: Subscription, weeks: str) -> None:
    assert post(room, reader, action="pause", weeks=weeks).status_code == 422
    assert room.now_of(reader).state is SubscriptionState.ACTIVE


def test_days_are_those_of_the_readers_own_clock(room: Pressroom, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    reader = room.subscribe("li@reader.example", timezone="Asia/Tokyo")
    assert "Tuesday, 10 March 2026" in post(room, reader, action="pause", weeks="1").text


def test_an_address_moves_when_the_new_one_confirms(room: Pressroom, reader: Subscription) -> None:
    response = post(room, reader, action="move", email=NEW)
    assert f"We sent a link to {NEW}." in response.text
    assert room.now_of(reader).subscriber.email == ANA
    page = room.client.get(room.confirming(NEW)).text
    assert "Change your address?" in page
    assert "Your address is changed" in room.client.post(room.confirming(NEW)).text
    assert room.now_of(reader).subscriber.email == NEW


def test_a_taken_address_gets_the_same_answer(room: Pressroom, reader: Subscription) -> None:
    room.subscribe("zoe@reader.example")
    free, taken = (post(room, reader, action="move", email=f"{who}@reader.example") for who in ("joe", "zoe"))
    assert (free.status_code, free.text.replace("joe", "zoe")) == (taken.status_code, taken.text)


def test_a_malformed_address_is_said_so_and_kept(room: Pressroom, reader: Subscription) -> None:
    response = post(room, reader, action="move", email="nobody")
    assert response.status_code == 422
    assert 'value="nobody"' in response.text
    assert 'id="email-wrong"' in response.text


def test_leaving_one_all_and_coming_back(room: Pressroom, reader: Subscription) -> None:
    other = room.subscribe(ANA, "harbour")
    page = post(room, reader, action="leave").text
    assert "You are unsubscribed" in page
    assert "Harbour Notes" in page
    states = [room.now_of(one).state for one in (reader, other)]
    assert states == [SubscriptionState.UNSUBSCRIBED, SubscriptionState.ACTIVE]
    page = post(room, reader, action="undo").text
    assert "You are subscribed again" in page
    assert room.now_of(reader).state is SubscriptionState.ACTIVE
    page = post(room, reader, action="leave-all").text
    assert "You left all newsletters." in page
    states = [room.now_of(one).state for one in (reader, other)]
    assert states == [SubscriptionState.UNSUBSCRIBED, SubscriptionState.UNSUBSCRIBED]


def test_who_left_chooses_nothing_but_has_their_data(room: Pressroom, reader: Subscription) -> None:
    room.client.post(room.leaving(reader.id))
    for response in (room.client.get(room.choosing(reader.id)), post(room, reader, cadence="weekly")):
        assert "You are unsubscribed" in response.text
        assert 'value="download"' in response.text
    assert post(room, reader, action="pause", weeks="3").status_code == 409
    assert room.now_of(reader).cadence == "daily"


def test_taking_back_what_is_too_long_ago(room: Pressroom, reader: Subscription, clock: Clock) -> None:
    post(room, reader, action="leave")
    clock.now += timedelta(days=2)
    assert post(room, reader, action="undo").status_code == 410
    assert room.now_of(reader).state is SubscriptionState.UNSUBSCRIBED


def test_a_reader_takes_their_data_along(room: Pressroom, reader: Subscription) -> None:
    response = post(room, reader, action="download")
    assert response.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert response.headers["cache-control"] == "no-store"
    data = json.loads(response.text)
    assert data["email"] == ANA
    assert [one["newsletter"] for one in data["subscriptions"]] == ["daily"]


def test_erasing_asks_first(room: Pressroom, reader: Subscription) -> None:
    page = post(room, reader, action="erase").text
    assert "Erase everything about you?" in page
    assert room.now_of(reader).subscriber.email == ANA
    page = post(room, reader, action="erase", sure="yes").text
    assert "You are erased" in page
    assert room.subscriptions_of(ANA) == {}
    assert room.client.get(room.choosing(reader.id)).status_code == 404
    assert post(room, reader, action="erase", sure="yes").status_code == 404


def test_an_old_link_only_sends_a_fresh_one(room: Pressroom, reader: Subscription, clock: Clock) -> None:
    path = room.choosing(reader.id)
    clock.now += timedelta(days=91)
    for response in (room.client.get(path), room.client.post(path, data={"action": "leave"})):
        assert response.status_code == 410
        assert "Send me a fresh link" in response.text
        assert ANA not in response.text
    assert room.now_of(reader).state is SubscriptionState.ACTIVE
    response = room.client.post(path, data={"action": "link"})
    assert response.status_code == 202
    assert ANA not in response.text
    assert [one.kind for one in room.notices(ANA)] == ["link"]


def test_links_for_others_do_not_work(room: Pressroom, reader: Subscription) -> None:
    path = room.choosing(reader.id)
    other = room.leaving(reader.id).replace("unsubscribe", "preferences")
    for wrong in (path[:-1], f"{path}a", other, path.replace("/1-", "/2-")):
        assert room.client.get(wrong).status_code == 404
        assert room.client.post(wrong, data={"action": "leave"}).status_code == 404
    assert room.client.get(room.choosing(77)).status_code == 404
    assert room.now_of(reader).state is SubscriptionState.ACTIVE


def test_a_newsletter_that_is_no_longer_configured(room: Pressroom, reader: Subscription) -> None:
    settings = room.app.settings
    object.__setattr__(settings, "newsletters", settings.newsletters[1:])
    assert room.client.get(room.choosing(reader.id)).status_code == 200
    assert "Saved." in post(room, reader, name="Ana").text
    assert "You are unsubscribed" in post(room, reader, action="leave").text
