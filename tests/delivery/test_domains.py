"""Recipient domains that refuse, slow down or hold out: they wait, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.delivery.traffic import Traffic
from syndicate.settings import Pace
from syndicate.store import paces, suppressions
from tests.newsroom import Clock, Newsroom, newsroom
from tests.relay import Relay


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Newsroom]:
    with newsroom(tmp_path, smtp={"url": relay.url, "connections": 3}) as opened:
        opened.article("Ferry returns")
        yield opened


def composed(room: Newsroom, *domains: str, each: int = 6) -> int:
    """A digest for readers at these domains; returns its id."""
    for domain in domains:
        for number in range(each):
            room.reader(f"r{number}@{domain}")
    [digest] = room.compose()
    return digest.id


def test_who_is_gone_is_rejected_and_never_mailed_again(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, "a.example.org", each=3)
    relay.refuse("rcpt", "550 5.1.1 no such user", matching="r1@")
    relay.refuse("rcpt", "550 5.2.2 mailbox full", matching="r2@")
    sent = room.send()
    assert (sent.accepted, sent.rejected) == (1, 2)
    with room.app.store.read() as connection:
        found = suppressions.suppressed(connection, ["r1@a.example.org", "r2@a.example.org"])
    assert found == {"r1@a.example.org"}
    assert room.troubles(digest)["r1@a.example.org"][2] == "550 5.1.1 no such user"


def test_a_domain_that_blocks_us_is_stopped_and_its_readers_are_kept(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, "a.example.org", "b.example.org", each=30)
    relay.refuse("rcpt", "550 5.7.26 unauthenticated mail", matching="@a[.]")
    sent = room.send()
    assert (sent.accepted, sent.rejected) == (30, 0)
    assert sent.deferred <= 6
    assert room.equation(digest).outstanding == 30
    with room.app.store.read() as connection:
        [row] = paces.read(connection)
    assert (row.kind, row.name, row.facts["words"]) == ("domain", "a.example.org", "550 5.7.26 unauthenticated mail")
    tried = room.send().tried
    assert tried == 0
    relay.behave()
    room.clock.pass_by(hours=5)
    room.send()
    room.clock.pass_by(hours=5)
    room.send()
    assert room.equation(digest).accepted == 60


def test_one_readers_policy_blocks_nobody_else(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, "a.example.org", each=10)
    relay.refuse("rcpt", "550 5.7.1 not you", matching="r1@")
    assert room.send().accepted == 9
    room.clock.pass_by(hours=1)
    assert room.send().rejected == 1
    assert room.equation(digest).rejected == 1


def test_a_domain_that_says_too_fast_is_slowed_and_keeps_its_pace(room: Newsroom, relay: Relay) -> None:
    composed(room, "a.example.org", "b.example.org", each=3)
    room.clock.runs = True
    relay.refuse("rcpt", "451 4.7.0 too fast", matching="@a[.]", times=1)
    assert (room.send().accepted, len(relay.messages)) == (5, 5)
    with room.app.store.read() as connection:
        [row] = paces.read(connection)
    assert row.name == "a.example.org"
    assert row.facts["lowered_at"] is not None


def test_a_set_pace_holds_for_its_domain_only(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}, pace={"a.example.org": "3/day"}) as room:
        room.article("Ferry returns")
        digest = composed(room, "a.example.org", "b.example.org")
        room.send()
        assert sum("@a." in one for one in relay.recipients) == 3
        assert sum("@b." in one for one in relay.recipients) == 6
        room.clock.pass_by(days=2)
        room.send()
        assert room.equation(digest).accepted == 12


def test_a_domain_that_never_answers_holds_up_nobody(room: Newsroom, relay: Relay) -> None:
    """Its answers come only after everyone else has been served, however many of its readers stood first."""
    digest = composed(room, "a.example.org", "b.example.org", each=20)
    relay.hold("rcpt", matching="@a[.]", until=lambda: sum("@b." in one for one in relay.recipients) == 20)
    room.send()
    assert sum("@b." in one for one in relay.recipients) == 20
    assert room.equation(digest).accepted + room.equation(digest).outstanding == 40


def test_so_many_connections_are_busy_with_one_domain_and_a_slow_one_has_one() -> None:
    traffic = Traffic(Pace(connections=2), Clock())
    assert [_went(traffic, "a.example.org") for _ in range(2)] == [True, False]
    traffic.waited("a.example.org", 0.001)
    assert [_went(traffic, "a.example.org") for _ in range(2)] == [True, False]
    assert _went(traffic, "b.example.org")
    traffic.back("a.example.org")
    assert _went(traffic, "a.example.org")
    traffic.is_slow("c.example.org")
    traffic.waited("c.example.org", 1.0)
    assert [_went(traffic, "c.example.org") for _ in range(2)] == [True, False]
    traffic.waited("c.example.org", 0.001)
    assert _went(traffic, "c.example.org")


def _went(traffic: Traffic, domain: str) -> bool:
    if not traffic.may_go(domain):
        return False
    traffic.go(domain)
    return True
