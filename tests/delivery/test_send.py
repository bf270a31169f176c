"""Sending against a real relay that behaves, and misbehaves at each step: the ledger always tells the truth."""

from __future__ import annotations

import asyncio
import email
from collections import Counter
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest

from syndicate.delivery.outcome import Reply
from syndicate.delivery.send import send_copy
from syndicate.model import DeliveryState, Parts
from syndicate.store import leases, standing, suppressions
from tests.cli.command import starter
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Newsroom]:
    with newsroom(tmp_path, smtp={"url": relay.url, "connections": 3}) as opened:
        opened.article("Ferry returns")
        yield opened


def composed(room: Newsroom, count: int = 5) -> int:
    """A digest for so many readers; returns its id."""
    for number in range(count):
        room.reader(f"r{number}@example.org")
    [digest] = room.compose()
    return digest.id


def test_every_reader_gets_one_mail(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 20)
    sent = room.send()
    assert (sent.accepted, sent.finished, sent.error) == (20, [digest], None)
    assert Counter(relay.recipients) == Counter(f"r{number}@example.org" for number in range(20))
    ids = {email.message_from_bytes(one.content, policy=policy.default)["Message-ID"] for one in relay.messages}
    assert len(ids) == 20
    assert relay.most_open <= 3
    assert room.equation(digest).accepted == 20
    assert room.send().tried == 0


def test_dots_arrive_as_they_were(room: Newsroom, relay: Relay) -> None:
    parts = Parts("Dots", "<p>.x</p>\n.\n..y", ".one\n.\n..two\n...\n", "h" + "0" * 20)
    settings, jobs = room.app.settings, room.app.jobs
    sending = send_copy(
        settings, jobs.links, jobs.signer, settings.newsletters[0], parts, "a@example.org", now=room.clock()
    )
    assert isinstance(asyncio.run(sending), Reply)
    letter = email.message_from_bytes(relay.messages[0].content, policy=policy.default)
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == [".one", ".", "..two", "..."]
    assert html.get_content().splitlines() == ["<p>.x</p>", ".", "..y"]


def test_a_refused_reader_is_rejected_with_the_servers_words(room: Newsroom, relay: Relay) -> None:
    digest = composed(room)
    relay.refuse("rcpt", "550 5.1.1 no such user here", matching="r2@")
    sent = room.send()
    assert (sent.accepted, sent.rejected, sent.error) == (4, 1, None)
    assert room.troubles(digest) == {"r2@example.org": ("rejected", 1, "550 5.1.1 no such user here")}


@pytest.mark.parametrize("verb", ["rcpt", "data", "content"])
def test_a_reader_who_is_refused_for_now_is_tried_again_later(room: Newsroom, relay: Relay, verb: str) -> None:
    digest = composed(room, 3)
    relay.refuse(verb, "451 4.7.1 greylisted", matching="r1@", times=1)  # type: ignore[arg-type]
    sent = room.send()
    assert (sent.accepted, sent.deferred) == (2, 1)
    assert room.equation(digest).outstanding == 1
    assert room.send().tried == 0
    room.clock.pass_by(minutes=1)
    assert room.send().accepted == 1
    assert room.equation(digest).accepted == 3
    assert len(relay.messages) == 3


def test_who_is_refused_for_two_days_expires(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 1)
    relay.refuse("rcpt", "450 4.2.2 mailbox full")
    for _ in range(60):
        room.send()
        room.clock.pass_by(hours=1)
    assert room.equation(digest).expired == 1
    state, attempts, words = room.troubles(digest)["r0@example.org"]
    assert (state, words) == ("expired", "450 4.2.2 mailbox full")
    assert attempts > 10


def test_a_refused_sender_stops_everything_and_changes_nothing(room: Newsroom, relay: Relay) -> None:
    digest = composed(room)
    relay.refuse("mail", "550 5.7.1 sender not allowed")
    sent = room.send()
    assert str(sent.error) == f"relay 127.0.0.1:{relay.port}: refuses us at MAIL (550 5.7.1 sender not allowed)"
    assert room.equation(digest).outstanding == 5
    assert room.troubles(digest) == {}
    relay.behave()
    assert room.send().accepted == 5


def test_a_relay_that_says_421_to_everyone_is_no_readers_fault(room: Newsroom, relay: Relay) -> None:
    digest = composed(room)
    relay.refuse("rcpt", "421 4.3.2 going down")
    assert "421" in str(room.send().error)
    assert room.troubles(digest) == {}


@pytest.mark.relay(login=("news", "right"))
def test_a_refused_password_is_one_line(room: Newsroom, relay: Relay, tmp_path: Path) -> None:
    digest = composed(room)
    error = room.send().error
    assert "530" in str(error) or "auth" in str(error).lower()
    assert room.equation(digest).outstanding == 5
    with newsroom(tmp_path, smtp={"url": relay.url_for("news", "wrong")}) as other:
        error = other.send().error
        assert "does not accept smtp.url's user and password" in str(error)
        assert "wrong" not in str(error)
        assert other.equation(digest).outstanding == 5
    with newsroom(tmp_path, smtp={"url": relay.url_for("news", "right")}) as other:
        assert other.send().accepted == 5


def test_an_unreachable_relay_is_one_line(tmp_path: Path) -> None:
    with newsroom(tmp_path, smtp={"url": "smtp://127.0.0.1:9"}) as room:
        room.article("Ferry returns")
        digest = composed(room)
        error = str(room.send().error)
        assert error.startswith("relay 127.0.0.1:9: ")
        assert room.equation(digest).outstanding == 5
        assert room.troubles(digest) == {}


@pytest.mark.relay(security="starttls")
def test_starttls_is_verified(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        room.article("Ferry returns")
        composed(room, 2)
        assert "certificate does not verify" in str(room.send().error)
        assert relay.messages == []
    with newsroom(tmp_path, smtp={"url": relay.url, "ca_file": str(relay.ca_file)}) as room:
        assert room.send().accepted == 2


@pytest.mark.relay(security="tls")
def test_smtps(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": f"smtps://127.0.0.1:{relay.port}", "ca_file": str(relay.ca_file)}) as room:
        room.article("Ferry returns")
        composed(room, 2)
        assert room.send().accepted == 2


def test_starttls_that_is_required_and_not_offered(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": f"smtp+starttls://127.0.0.1:{relay.port}"}) as room:
        room.article("Ferry returns")
        composed(room, 2)
        assert "STARTTLS" in str(room.send().error).upper()
        assert relay.messages == []


@pytest.mark.parametrize("verb", ["content", "reply"])
def test_a_connection_lost_during_content_is_sent_again_by_default(room: Newsroom, relay: Relay, verb: str) -> None:
    digest = composed(room, 3)
    relay.cut(verb, matching="r1@", times=1)  # type: ignore[arg-type]
    sent = room.send()
    assert (sent.accepted, sent.deferred) == (2, 1)
    assert "during DATA" in room.troubles(digest)["r1@example.org"][2]
    room.clock.pass_by(minutes=1)
    room.send()
    assert room.equation(digest).accepted == 3
    ids = {
        email.message_from_bytes(one.content, policy=policy.default)["Message-ID"]
        for one in relay.messages
        if one.recipients == ("r1@example.org",)
    }
    assert len(ids) == 1


def test_a_connection_lost_during_content_may_wait_for_a_person(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}, uncertain="hold") as room:
        room.article("Ferry returns")
        digest = composed(room, 3)
        relay.cut("reply", matching="r1@")
        sent = room.send()
        assert (sent.accepted, sent.uncertain, sent.finished) == (2, 1, [])
        room.clock.pass_by(days=1)
        assert room.send().tried == 0
        assert room.equation(digest).uncertain == 1


def test_a_reader_at_whom_the_relay_always_hangs_up_does_not_stop_the_others(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 12)
    relay.cut("rcpt", matching="r1@")
    sent = room.send()
    assert (sent.accepted, sent.deferred, sent.error) == (11, 1, None)
    assert "before DATA" in room.troubles(digest)["r1@example.org"][2]


def test_a_relay_that_hangs_up_on_everyone_counts_as_unreachable(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 12)
    relay.cut("mail")
    assert room.send().error is not None
    assert room.equation(digest).outstanding == 12


def test_a_hostile_name_brings_no_header(room: Newsroom, relay: Relay) -> None:
    room.reader("a@example.org", name='Ana\u2028Bcc: all@example.org, "<x@y>')
    room.compose()
    room.send()
    [received] = relay.messages
    letter = email.message_from_bytes(received.content, policy=policy.default)
    assert received.recipients == ("a@example.org",)
    assert letter["Bcc"] is None
    assert letter["To"].addresses[0].addr_spec == "a@example.org"


def test_who_left_or_was_banned_after_planning_is_not_mailed(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 4)
    with room.app.store.write() as connection:
        suppressions.add(connection, "r1@example.org", "complaint", now=room.clock())
    from syndicate.audience.subscribe import remove

    remove(room.app.store, "r2@example.org", now=room.clock())
    room.send()
    assert sorted(relay.recipients) == ["r0@example.org", "r3@example.org"]
    counts = room.equation(digest)
    assert (counts.accepted, counts.suppressed, counts.cancelled) == (2, 1, 1)


def test_a_stop_finishes_what_is_in_flight_and_leaves_the_rest(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 30)
    stop = asyncio.Event()
    sending = room.app.jobs.send_due(stop=stop, progress=lambda _: stop.set())
    sent = asyncio.run(sending)
    counts = room.equation(digest)
    assert 1 <= sent.accepted < 30
    assert (counts.accepted, counts.uncertain) == (sent.accepted, 0)
    assert len(relay.messages) == sent.accepted
    assert room.send().accepted == 30 - sent.accepted


def test_two_runs_at_once_never_send_a_delivery_twice(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 60)

    async def both() -> list[int]:
        runs = [room.app.jobs.send_due(stop=asyncio.Event()) for _ in range(3)]
        return [one.accepted for one in await asyncio.gather(*runs)]

    assert sum(asyncio.run(both())) == 60
    assert max(Counter(relay.recipients).values()) == 1
    assert room.equation(digest).accepted == 60


def test_a_digest_that_is_cancelled_under_way_stops(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 40)

    def cancel(_: object) -> None:
        if room.equation(digest).cancelled == 0:
            room.app.digests.cancel(digest, room.clock())

    sent = asyncio.run(room.app.jobs.send_due(stop=asyncio.Event(), progress=cancel))
    counts = room.equation(digest)
    assert counts.outstanding == counts.uncertain == 0
    assert counts.accepted == sent.accepted == len(relay.messages)
    assert counts.accepted + counts.cancelled == 40
    assert counts.cancelled > 20


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.newsroom import newsroom
with newsroom(Path(sys.argv[1]), smtp={"url": sys.argv[2], "connections": 3}) as room:
    asyncio.run(room.app.jobs.send_due(stop=asyncio.Event(), progress=lambda _: print("one", flush=True)))
"""


@pytest.mark.parametrize(
    "after", [pytest.param(1, marks=pytest.mark.long), 7, pytest.param(20, marks=pytest.mark.long)]
)
def test_kill_9_loses_nobody(room: Newsroom, relay: Relay, tmp_path: Path, after: int) -> None:
    digest = composed(room, 40)
    child = starter().start([str(tmp_path), relay.url], code=CHILD)
    assert child.stdout is not None
    for _ in range(after):
        assert child.stdout.readline()
    child.kill()
    child.communicate()
    room.equation(digest)
    room.send()
    room.clock.pass_by(hours=1)
    room.send()
    assert room.equation(digest).accepted == 40
    copies = Counter(relay.recipients)
    assert len(copies) == 40
    assert sum(copies.values()) - 40 <= 3
    ids = {email.message_from_bytes(one.content, policy=policy.default)["Message-ID"] for one in relay.messages}
    assert len(ids) == 40


def test_a_row_is_there_before_anything_is_sent(room: Newsroom, relay: Relay) -> None:
    digest = composed(room, 1)
    seen = []

    def look(sent: object) -> None:
        seen.append(room.equation(digest).accepted)

    with room.app.store.read() as connection:
        assert standing.equation(connection, digest).planned == 1
        assert leases.orphans(connection, []) == []
    asyncio.run(room.app.jobs.send_due(stop=asyncio.Event(), progress=look))
    assert seen == [1]


def test_states_that_end_are_never_left() -> None:
    from syndicate.model import DELIVERY_TRANSITIONS, states_before

    ends = [state for state, after in DELIVERY_TRANSITIONS.items() if not after]
    assert set(ends) == {
        DeliveryState.ACCEPTED,
        DeliveryState.SUPPRESSED,
        DeliveryState.CANCELLED,
    }
    assert all(not set(ends) & states_before(state) for state in DeliveryState)
