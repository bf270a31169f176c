"""Pausing, resuming, retrying and resolving a digest under way, against a real relay."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from syndicate.audience.subscribe import remove
from syndicate.delivery.send import Sent
from syndicate.digest.digests import Resolution
from syndicate.errors import ConflictError
from syndicate.model import DeliveryState, DigestState
from syndicate.store import digests, leases
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Newsroom]:
    with open_room(tmp_path, relay) as opened:
        opened.article("Ferry returns")
        yield opened


def open_room(directory: Path, relay: Relay) -> AbstractContextManager[Newsroom]:
    return newsroom(directory, smtp={"url": relay.url, "connections": 3}, uncertain="hold")


def composed(room: Newsroom, count: int = 5) -> int:
    """A digest for so many readers; returns its id."""
    for number in range(count):
        room.reader(f"r{number}@example.org")
    [digest] = room.compose()
    return digest.id


def state_of(room: Newsroom, digest_id: int) -> DigestState:
    with room.app.store.read() as connection:
        return digests.get(connection, digest_id).state


def send_until_first(room: Newsroom, act: Callable[[], object]) -> Sent:
    """Sends, and does something as soon as one mail went out."""
    waiting = [act]

    def on_progress(_: Sent) -> None:
        if waiting:
            waiting.pop()()

    return asyncio.run(room.app.jobs.send_due(stop=asyncio.Event(), progress=on_progress))


def everyone(count: int) -> Counter[str]:
    return Counter(f"r{number}@example.org" for number in range(count))


def test_a_pause_stops_a_digest_that_is_being_sent(room: Newsroom, relay: Relay, tmp_path: Path) -> None:
    digest = composed(room, 60)
    at_once: list[int] = []

    def pause() -> None:
        room.app.digests.pause(digest, room.clock())
        at_once.append(room.equation(digest).accepted)

    sent = send_until_first(room, pause)
    counts = room.equation(digest)
    assert (counts.accepted, counts.uncertain) == (sent.accepted, 0)
    assert counts.outstanding == 60 - sent.accepted
    assert sent.accepted <= at_once[0] + 2 * 3
    assert len(relay.messages) == sent.accepted
    assert room.send().tried == 0
    with open_room(tmp_path, relay) as later:
        assert state_of(later, digest) is DigestState.PAUSED
        assert later.send().tried == 0
        later.app.digests.resume(digest, later.clock())
        assert later.send().finished == [digest]
        assert later.equation(digest).accepted == 60
    assert Counter(relay.recipients) == everyone(60)


def test_a_pause_that_ends_while_the_process_still_sends(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 60)

    def pause_and_resume() -> None:
        room.app.digests.pause(digest, room.clock())
        room.app.digests.resume(digest, room.clock())

    send_until_first(room, pause_and_resume)
    room.send()
    assert room.equation(digest).accepted == 60
    assert Counter(relay.recipients) == everyone(60)


def test_a_pause_of_one_digest_leaves_the_others_alone(room: Newsroom, relay: Relay) -> None:
    first = composed(room, 20)
    room.clock.pass_by(days=1)
    room.article("Market hall opens")
    [second] = [one.id for one in room.compose()]
    send_until_first(room, lambda: room.app.digests.pause(first, room.clock()))
    assert room.equation(second).accepted == 20
    assert room.equation(first).outstanding > 0
    room.app.digests.resume(first, room.clock())
    room.send()
    assert (room.equation(first).accepted, len(relay.messages)) == (20, 40)


def test_a_paused_digest_can_be_cancelled(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 30)
    sent = send_until_first(room, lambda: room.app.digests.pause(digest, room.clock()))
    dropped = room.app.digests.cancel(digest, room.clock())[1]
    assert dropped == 30 - sent.accepted
    assert room.send().tried == 0
    with pytest.raises(ConflictError, match="is cancelled"):
        room.app.digests.resume(digest, room.clock())
    assert room.equation(digest).cancelled == dropped


def test_a_pause_leaves_nobody_holding_what_was_not_begun(room: Newsroom) -> None:
    digest = composed(room, 30)
    send_until_first(room, lambda: room.app.digests.pause(digest, room.clock()))
    room.app.digests.resume(digest, room.clock())
    with room.app.store.write() as connection:
        sender = leases.enter(connection, "another process", lease_until=room.clock())
        free = leases.claim(connection, sender, digest, due=room.clock(), limit=100, now=room.clock())
    assert len(free) == room.equation(digest).outstanding > 0


def test_only_what_is_sending_can_be_paused_and_what_waits_be_approved(room: Newsroom) -> None:
    digest = composed(room, 1)
    room.send()
    for ask in (room.app.digests.pause, room.app.digests.approve):
        with pytest.raises(ConflictError, match=f"digest {digest} is sent: only one that is "):
            ask(digest, room.clock())
    assert state_of(room, digest) is DigestState.SENT


def test_who_was_refused_gets_it_after_all(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 6)
    relay.refuse("rcpt", "550 5.3.0 not today", matching="r[0-3]@")
    assert room.send().finished == [digest]
    relay.behave()
    remove(room.app.store, "r0@example.org", now=room.clock())
    room.clock.pass_by(days=7)
    found, done = room.app.digests.retry(digest, room.clock())
    assert (found.state, done) == (DigestState.SENDING, (3, 0, 1))
    relay.refuse("rcpt", "450 4.2.2 mailbox full", matching="r1@", times=1)
    sent = room.send()
    assert (sent.accepted, sent.deferred, sent.expired) == (2, 1, 0)
    room.clock.pass_by(hours=5)
    assert room.send().finished == [digest]
    assert room.equation(digest).rejected == 1
    assert max(Counter(relay.recipients).values()) == 1


def one_uncertain(room: Newsroom, relay: Relay) -> int:
    """A digest for three, of whom one may have got it, or not."""
    digest = composed(room, 3)
    relay.cut("reply", matching="r1@", times=1)
    sent = room.send()
    assert (sent.accepted, sent.uncertain, sent.finished) == (2, 1, [])
    return digest


@pytest.mark.parametrize(
    ("resolution", "accepted", "uncertain", "copies"),
    [(Resolution.RESEND, 3, 0, 2), (Resolution.HOLD, 2, 1, 1), (Resolution.MARK_SENT, 3, 0, 1)],
)
def test_what_is_uncertain_is_decided_by_a_person_and_the_digest_ends(
    room: Newsroom, relay: Relay, resolution: Resolution, accepted: int, uncertain: int, copies: int
) -> None:
    digest = one_uncertain(room, relay)
    assert room.app.digests.resolve(digest, resolution, room.clock())[1].changed == 1
    assert room.send().finished == [digest]
    counts = room.equation(digest)
    assert (counts.accepted, counts.uncertain) == (accepted, uncertain)
    assert Counter(relay.recipients)["r1@example.org"] == copies
    assert room.app.digests.resolve(digest, resolution, room.clock())[1].changed == 0
    assert state_of(room, digest) is DigestState.SENT


def test_what_is_held_is_tried_again_only_when_asked_for(room: Newsroom, relay: Relay) -> None:
    digest = one_uncertain(room, relay)
    room.app.digests.resolve(digest, Resolution.HOLD, room.clock())
    room.send()
    assert room.app.digests.retry(digest, room.clock())[1].changed == 0
    assert room.app.digests.resolve(digest, Resolution.RESEND, room.clock())[1].changed == 0
    found, done = room.app.digests.retry(digest, room.clock(), DeliveryState.UNCERTAIN)
    assert (found.state, done.changed) == (DigestState.SENDING, 1)
    assert room.send().finished == [digest]
    assert room.equation(digest).accepted == 3
