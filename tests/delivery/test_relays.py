"""Several relays: shares, fail-over, rest and probe; a relay's own pace; connections that carry only so much."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.delivery import lane
from syndicate.store import paces
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay


@pytest.fixture
def other() -> Iterator[Relay]:
    with Relay() as server:
        yield server


def filled(room: Newsroom, count: int) -> int:
    """A digest for so many readers at as many domains."""
    room.article("Ferry returns")
    for number in range(count):
        room.reader(f"r@d{number}.example.org")
    [digest] = room.compose()
    return digest.id


def two(relay: Relay, other: Relay, **facts: Any) -> dict[str, Any]:
    """Settings of two relays."""
    return {"smtp": {"url": relay.url}, "relays": [{"name": "other", "url": other.url, **facts}]}


def test_mail_is_shared_by_weight(tmp_path: Path, relay: Relay, other: Relay) -> None:
    with newsroom(tmp_path, **two(relay, other, weight=3)) as room:
        digest = filled(room, 40)
        assert room.send().accepted == 40
        assert (len(relay.messages), len(other.messages)) == (10, 30)
        with room.app.store.read() as connection:
            named = connection.exec_driver_sql("SELECT relay FROM attempts").scalars().all()
        assert Counter(named) == {"smtp": 10, "other": 30}
        assert room.equation(digest).accepted == 40


def test_a_newsletter_names_its_relay(tmp_path: Path, relay: Relay, other: Relay) -> None:
    with newsroom(tmp_path, relay="other", **two(relay, other, weight=0)) as room:
        filled(room, 5)
        assert room.send().accepted == 5
        assert (len(relay.messages), len(other.messages)) == (0, 5)


def test_a_relay_without_weight_is_only_for_who_names_it(tmp_path: Path, relay: Relay, other: Relay) -> None:
    with newsroom(tmp_path, **two(relay, other, weight=0)) as room:
        filled(room, 5)
        room.send()
        assert (len(relay.messages), len(other.messages)) == (5, 0)


@pytest.mark.parametrize("refusal", ["connect", "mail"])
def test_when_one_fails_the_other_takes_all_and_the_first_is_left_alone(
    tmp_path: Path, relay: Relay, other: Relay, refusal: str
) -> None:
    relay.refuse(refusal, "554 5.3.2 not today")  # type: ignore[arg-type]
    with newsroom(tmp_path, **two(relay, other)) as room:
        digest = filled(room, 20)
        sent = room.send()
        assert (sent.accepted, sent.error) == (20, None)
        assert sorted(other.recipients) == sorted(f"r@d{number}.example.org" for number in range(20))
        assert room.troubles(digest) == {}
        tried = relay.connections
        room.article("Mayor resigns")
        room.clock.pass_by(days=1)
        relay.behave()
        [again] = room.compose()
        assert room.send().accepted == 20
        assert room.equation(again.id).accepted == 20
        assert relay.connections > tried
        with room.app.store.read() as connection:
            assert [row.name for row in paces.read(connection)] in ([], ["smtp"])


def test_a_relay_that_failed_lately_is_not_asked_by_the_next_run(tmp_path: Path, relay: Relay, other: Relay) -> None:
    relay.refuse("mail", "554 5.3.2 not today")
    with newsroom(tmp_path, **two(relay, other)) as room:
        filled(room, 10)
        room.send()
        tried = relay.connections
        room.article("Mayor resigns")
        room.reader("new@example.org", "instant")
        room.compose()
        room.send()
        assert relay.connections == tried


def test_when_all_fail_nothing_changes_and_it_is_said(tmp_path: Path, relay: Relay, other: Relay) -> None:
    for one in (relay, other):
        one.refuse("mail", "554 5.3.2 not today")
    with newsroom(tmp_path, **two(relay, other)) as room:
        digest = filled(room, 10)
        assert "not today" in str(room.send().error)
        assert room.equation(digest).outstanding == 10
        assert room.troubles(digest) == {}


def test_a_connection_carries_so_many_and_is_replaced(tmp_path: Path, relay: Relay) -> None:
    smtp = {"url": relay.url, "connections": 1, "messages_per_connection": 4}
    with newsroom(tmp_path, smtp=smtp) as room:
        filled(room, 10)
        assert room.send().accepted == 10
        assert (relay.connections, relay.most_open) == (3, 1)


def test_a_connection_with_nothing_to_do_is_closed_and_opened_again_on_demand(
    tmp_path: Path, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "_IDLE", timedelta(0))
    smtp = {"url": relay.url, "connections": 1, "rate": "1/s"}
    with newsroom(tmp_path, smtp=smtp) as room, ThreadPoolExecutor() as pool:
        filled(room, 2)
        sending, deadline = pool.submit(room.send), time.monotonic() + 30
        while not (len(relay.messages) == 1 and relay.open == 0) and time.monotonic() < deadline:
            time.sleep(0.005)
        closed = relay.open == 0
        room.clock.pass_by(seconds=2)
        assert sending.result().accepted == 2
        assert closed
        assert (relay.connections, relay.most_open) == (2, 1)


def test_a_day_has_its_quota_also_after_a_restart(tmp_path: Path, relay: Relay) -> None:
    smtp = {"url": relay.url, "rate": "6/day"}
    with newsroom(tmp_path, smtp=smtp) as room:
        digest = filled(room, 10)
        assert room.send().accepted == 6
        assert room.send().tried == 0
        room.clock.pass_by(days=2)
        assert room.send().accepted == 4
        assert room.equation(digest).accepted == 10


def test_a_new_sender_warms_up(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url, "warm_up": "2/day doubling to 100/day"}) as room:
        filled(room, 10)
        sent = []
        for _ in range(3):
            sent.append(room.send().accepted)
            room.clock.pass_by(days=1)
        assert sent == [2, 4, 4]


def test_a_message_that_is_longer_than_the_relay_takes_is_nobodys_fault(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        relay.limit = 900
        digest = filled(room, 2)
        assert "takes messages of at most 900 octets" in str(room.send().error)
        assert room.equation(digest).outstanding == 2
        assert relay.messages == []


def test_letters_beyond_ascii_in_an_address_go_where_they_are_offered(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        room.article("Ferry returns")
        room.reader("дора@example.org", name="Дора")
        room.compose()
        assert room.send().accepted == 1
    [received] = relay.messages
    assert received.recipients == ("дора@example.org",)
    assert "<дора@example.org>".encode() in received.content
