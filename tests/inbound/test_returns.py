"""What comes back for mail that went out, over real SMTP and LMTP: matched, kept, acted on; not what is forged."""

from __future__ import annotations

import asyncio
import email
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syndicate.audience import requests
from syndicate.audience.moves import carry_out
from syndicate.audience.personal import data_of, erase_address
from syndicate.audience.subscribe import Evidence, wish
from syndicate.inbound.listener import Listener
from syndicate.inbound.sort import Envelope, Kind
from syndicate.model import Content, Returns, SubscriptionState, Via
from syndicate.store import articles, returns, standing, suppressions
from tests.inbound.letters import NEWSLETTERS
from tests.inbound.mailroom import ANA, NEWS, Mailroom, mailroom
from tests.inbound.reports.mails import failed
from tests.relay import Received, Relay

BO = "bo@reader.example"
UNKNOWN, FULL = ("5.1.1", "550 5.1.1 No such user"), ("5.2.2", "552 5.2.2 Mailbox full")


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that went out: its return path, and its header."""

    path: str
    header: str

    def header_without(self, *names: str) -> str:
        lines = self.header.splitlines()
        return "\n".join(line for line in lines if not line.lower().startswith(names))


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Mailroom]:
    brief = NEWSLETTERS[0].model_copy(update={"cadences": {"daily": "0 7 * * *"}})
    with mailroom(tmp_path, (brief, *NEWSLETTERS[1:]), smtp={"url": relay.url}) as opened:
        yield opened


def goes_out(room: Mailroom, relay: Relay, email_address: str = ANA, newsletter: str = "") -> Sent:
    """Has a digest composed and sent to whoever subscribed; the mail that this address got."""
    content = Content(guid="1", title="Hall", html="<p>x</p>", text="x", slug="hall")
    with room.app.store.write() as connection:
        articles.add(connection, "newsroom", content, now=room.clock(), numbered=True)
    room.app.digests.compose_due(room.clock())
    asyncio.run(room.app.jobs.send_due(stop=asyncio.Event()))
    received: Received = next(
        one
        for one in relay.messages
        if email_address in one.recipients and f"List-Id: <{newsletter}".encode() in one.content
    )
    header = received.content.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n")
    return Sent(received.sender.strip("<>"), header)


def report(header: str, recipient: str = ANA, said: tuple[str, str] = UNKNOWN, action: str = "failed") -> bytes:
    return (
        "From: mailer-daemon@mx.reader.example\nTo: news@lake.example\nSubject: Undelivered\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n\n'
        "--b1\nContent-Type: text/plain\n\nSorry.\n"
        f"--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{failed(recipient, *said, action)}\n"
        f"--b1\nContent-Type: text/rfc822-headers\n\n{header}\n--b1--\n"
    ).encode()


def complaint(header: str, kind: str = "abuse") -> bytes:
    return (
        "From: fbl@provider.example\nTo: news@lake.example\nSubject: complaint\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"\n\n'
        f"--b1\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n\n"
        f"--b1\nContent-Type: message/rfc822\n\n{header}\n\nHello.\n--b1--\n"
    ).encode()


def comes_in(room: Mailroom, content: bytes, to: str = NEWS, sender: str = "") -> Kind:
    return room.app.jobs.reception(content, Envelope(sender, to))


def banned(room: Mailroom, *addresses: str) -> set[str]:
    with room.app.store.read() as connection:
        return suppressions.suppressed(connection, addresses or (ANA, BO))


def came_back(room: Mailroom, digest_id: int = 1) -> Returns:
    with room.app.store.read() as connection:
        assert standing.equation(connection, digest_id).balances
        return returns.counts(connection, [digest_id])[digest_id]


def test_each_mail_has_a_return_path_of_its_own(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    room.join(BO)
    paths = {goes_out(room, relay).path, *(one.sender.strip("<>") for one in relay.messages)}
    assert len(paths) == 2
    assert all(path.startswith("news+bounce-") and len(path.partition("@")[0]) <= 64 for path in paths)


def test_without_inbound_or_when_told_so_there_is_none(tmp_path: Path, relay: Relay) -> None:
    with mailroom(tmp_path, smtp={"url": relay.url}) as room:
        bounces = room.app.settings.bounces.model_copy(update={"return_paths": False})
        object.__setattr__(room.app.settings, "bounces", bounces)
        room.join(ANA)
        assert goes_out(room, relay).path == NEWS


def test_the_log_names_no_address(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    with capture_logs() as logged:
        comes_in(room, report(sent.header), sent.path)
        comes_in(room, report("Subject: nothing of ours", BO))

    assert [one["event"] for one in logged] == ["mail came back", "a report is not about our mail"]
    assert "@" not in str(logged)


@pytest.mark.parametrize("scheme", ["lmtp", "smtp"])
def test_a_hard_bounce_to_the_return_path_bans_at_once(room: Mailroom, relay: Relay, scheme: str) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    settings = room.app.settings.inbound.model_copy(update={"listen": f"{scheme}://127.0.0.1:0"})
    reception = room.app.jobs.reception

    async def hand_over(*mails: tuple[str, bytes]) -> None:
        async with Listener(settings, reception.addresses, reception) as listener:
            await asyncio.to_thread(_speak, listener, mails)

    def _speak(listener: Listener, mails: tuple[tuple[str, bytes], ...]) -> None:
        speaking = smtplib.LMTP if scheme == "lmtp" else smtplib.SMTP
        with speaking(listener.host, listener.port, timeout=10) as client:
            for recipient, content in mails:
                client.sendmail("", [recipient], content)

    asyncio.run(hand_over((sent.path.upper(), report("Subject: nothing of ours", "someone@elsewhere.example"))))
    assert banned(room) == {ANA}
    assert came_back(room) == Returns(hard=1)
    asyncio.run(hand_over((NEWS, complaint(sent.header))))
    assert room.subscriptions() == {"brief": SubscriptionState.UNSUBSCRIBED}
    assert came_back(room) == Returns(hard=1, complaints=1)


def test_it_is_kept_with_its_words_and_the_delivery_stays_accepted(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    assert comes_in(room, report(sent.header), sent.path) is Kind.BOUNCE
    with room.app.store.read() as connection:
        counts = standing.equation(connection, 1)
        (came,) = returns.of_digest(connection, 1, limit=10)
    assert (counts.planned, counts.accepted, counts.balances) == (1, 1, True)
    assert (came.email, came.kind, came.reason, came.status) == (ANA, "hard", "no such mailbox", "5.1.1")
    assert came.said == "550 5.1.1 No such user"


def test_the_same_report_counts_once(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    for _ in range(2):
        comes_in(room, report(sent.header), sent.path)
    with room.app.store.read() as connection:
        assert len(returns.of_digest(connection, 1, limit=10)) == 1


def test_a_bounce_after_weeks_is_matched(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    room.clock.pass_by(days=60)
    comes_in(room, report(sent.header), sent.path)
    assert banned(room) == {ANA}


def test_without_a_return_path_the_mail_itself_tells(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    room.join(BO)
    sent = goes_out(room, relay)
    comes_in(room, report(sent.header_without("list-unsubscribe")))
    assert banned(room) == {ANA}
    assert came_back(room) == Returns(hard=1)


def test_mail_of_before_is_told_by_its_link(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    old = sent.header_without("message-id") + "\nMessage-ID: <1.1.1772434800@lake.example>"
    comes_in(room, report(old))
    assert banned(room) == {ANA}
    assert came_back(room) == Returns(hard=1)


def test_forged_reports_ban_nobody(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    room.join(BO)
    sent = goes_out(room, relay, BO)
    mac = email.message_from_string(sent.header, policy=policy.default)["Message-ID"]
    forged = [
        report("From: News <news@lake.example>\nTo: ana@reader.example"),
        report(
            "Message-ID: <1.1.1772434800@lake.example>\nList-Unsubscribe: <https://news.lake.example/unsubscribe/1>"
        ),
        report(f"Message-ID: <1.1.{'0' * 32}@lake.example>"),
        report(f"Message-ID: {str(mac).replace('1.2.', '1.1.')}"),
        report(f"List-Unsubscribe: <https://news.lake.example/unsubscribe/1-{'0' * 32}>"),
        complaint("From: News <news@lake.example>\nTo: ana@reader.example"),
    ]
    for at, content in enumerate(forged):
        comes_in(room, content)
        comes_in(room, content, f"news+bounce-1-{at:032x}@lake.example")
    assert banned(room) == set()
    assert came_back(room) == Returns()
    assert room.subscriptions() == {"brief": SubscriptionState.ACTIVE}


def test_who_got_a_mail_can_speak_for_nobody_else(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    room.join(BO)
    sent = goes_out(room, relay, BO)
    comes_in(room, report(sent.header, ANA), sent.path)
    assert banned(room) == {BO}


def test_soft_bounces_ban_when_they_go_on(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    for day in range(6):
        assert banned(room) == set(), day
        for hour in range(3):  # a day counts once
            comes_in(room, report(f"{sent.header}\nX-Try: {day}.{hour}", said=FULL), sent.path)
        room.clock.pass_by(days=1)
    assert banned(room) == {ANA}
    assert came_back(room) == Returns(soft=1)


def test_soft_bounces_are_forgotten(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    for number in range(12):
        comes_in(room, report(f"{sent.header}\nX-Try: {number}", said=FULL), sent.path)
        room.clock.pass_by(days=30)
    assert banned(room) == set()


def test_delays_and_vacations_count_for_nothing(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    for day in range(10):
        late = report(f"{sent.header}\nX-Try: {day}", said=("4.4.1", "timed out"), action="delayed")
        assert comes_in(room, late, sent.path) is Kind.BOUNCE
        away = f"From: {ANA}\nTo: {sent.path}\nSubject: Away {day}\nAuto-Submitted: auto-replied\n\nI am away.\n"
        assert comes_in(room, away.encode(), sent.path) is Kind.AUTO
        assert (
            comes_in(room, report(f"{sent.header}\nX-Try: {day}", said=("2.0.0", "ok"), action="delivered"))
            is Kind.AUTO
        )
        room.clock.pass_by(days=1)
    assert banned(room) == set()
    assert came_back(room) == Returns(late=1)


@pytest.mark.parametrize(
    ("kind", "leaves"), [("abuse", True), ("fraud", True), ("not-spam", False), ("auth-failure", False)]
)
def test_a_complaint_ends_all_subscriptions(room: Mailroom, relay: Relay, kind: str, leaves: bool) -> None:
    room.join(ANA)
    room.join(ANA, "arts")
    sent = goes_out(room, relay, newsletter="arts")
    assert comes_in(room, complaint(sent.header, kind)) is Kind.COMPLAINT
    over = SubscriptionState.UNSUBSCRIBED if leaves else SubscriptionState.ACTIVE
    assert set(room.subscriptions().values()) == {over}
    assert banned(room) == ({ANA} if leaves else set())
    assert came_back(room, 4) == Returns(complaints=int(leaves))
    if leaves:
        room.join(ANA)
        assert banned(room) == {ANA}


def test_who_moved_since_is_not_banned(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    room.clock.pass_by(days=1)
    held = room.held()[0]
    with room.app.store.write() as connection:
        moved = Evidence(via=Via.WEB, asked_at=room.clock(), confirmed_at=room.clock())
        carry_out(connection, held.subscriber.id, BO, moved, now=room.clock())
    comes_in(room, report(sent.header), sent.path)
    assert banned(room) == set()
    assert came_back(room) == Returns(hard=1)


def test_what_came_back_is_among_a_readers_data_and_goes_with_it(room: Mailroom, relay: Relay) -> None:
    room.join(ANA)
    sent = goes_out(room, relay)
    comes_in(room, report(sent.header), sent.path)
    (kept,) = data_of(room.app.store, ANA)["returns"]
    assert (kept["kind"], kept["reason"], kept["source"]) == ("hard", "no such mailbox", "mail")
    erase_address(room.app.store, room.app.traces, ANA, now=room.clock())
    assert comes_in(room, report(f"{sent.header}\nX-Try: 2"), sent.path) is Kind.BOUNCE
    with room.app.store.read() as connection:
        (came,) = returns.of_digest(connection, 1, limit=10)
    assert came.said == ""


def test_an_address_that_was_asked_to_confirm_and_is_none_is_banned(room: Mailroom, relay: Relay) -> None:
    wanted = wish(room.app.settings.newsletters, email=ANA, slugs=["brief"])
    requests.ask(room.app.store, room.app.settings, wanted, via=Via.WEB, now=room.clock())
    room.send()
    path = relay.messages[-1].sender.strip("<>")
    assert path.startswith("news+notice-")
    comes_in(room, report("Subject: x", said=FULL), path)
    assert banned(room) == set()
    comes_in(room, report("Subject: x"), path.replace("notice-1-", "notice-2-"))
    assert banned(room) == set()
    comes_in(room, report("Subject: x"), path)
    assert banned(room) == {ANA}
