"""What readers are answered, over a real relay, and how their answers come back; and two installations that can't stop
each other but end all the same.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest

from syndicate.inbound.sort import Envelope, Kind
from syndicate.model import SubscriptionState, Via
from tests.asking import ask
from tests.inbound.letters import newsletter
from tests.inbound.mailroom import ANA, NEWS, Mailroom, mailroom
from tests.relay import Received, Relay

ACTIVE, LEFT = SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Mailroom]:
    with mailroom(tmp_path, smtp={"url": relay.url}) as opened:
        yield opened


def newest(room: Mailroom, relay: Relay) -> tuple[Received, EmailMessage]:
    """Sends what was queued, and reads the last of it."""
    before = len(relay.messages)
    assert room.send().error is None
    assert len(relay.messages) > before
    received = relay.messages[-1]
    return received, email.message_from_bytes(received.content, policy=policy.default)


def text(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def answer(room: Mailroom, letter: EmailMessage, body: str = "Yes!") -> Kind:
    """What a reader's mail program does with "Reply"."""
    to = parseaddr(str(letter["Reply-To"] or letter["From"]))[1]
    return room.mail(f"Re: {letter['Subject']}", body, to=to, In_Reply_To=str(letter["Message-ID"]))


def test_answering_the_confirmation_confirms(room: Mailroom, relay: Relay) -> None:
    room.mail("subscribe brief", Message_Id="<ask@reader.example>")
    received, letter = newest(room, relay)
    assert (received.sender, received.recipients) in (("", (ANA,)), ("<>", (ANA,)))
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["In-Reply-To"] == letter["References"] == "<1@reader.example>"
    local = parseaddr(str(letter["Reply-To"]))[1].partition("@")[0]
    assert re.fullmatch(r"news\+confirm-[a-z2-7]{26}", local)
    assert "answer this mail, which does the same" in text(letter)
    assert "answer this mail, which does the same" in text(letter, "html")
    assert answer(room, letter) is Kind.COMMAND
    assert room.subscriptions() == {"brief": ACTIVE}
    _, thanks = newest(room, relay)
    assert thanks["Subject"] == "Confirmed: Brief"
    assert "/preferences/" in text(thanks)


def test_an_answer_that_says_otherwise_confirms_nothing(room: Mailroom, relay: Relay) -> None:
    room.mail("subscribe brief")
    _, letter = newest(room, relay)
    assert answer(room, letter, "unsubscribe") is Kind.COMMAND
    assert room.subscriptions() == {}
    assert room.kinds() == ["confirm", "leave"]


def test_a_confirmation_that_a_form_asked_for_is_answered_the_same_way(room: Mailroom, relay: Relay) -> None:
    app = room.app
    ask(app.store, app.settings, email=ANA, slugs=["arts"], via=Via.WEB, now=room.clock())
    received, letter = newest(room, relay)
    assert received.sender.startswith("arts+desk+notice-")
    assert answer(room, letter) is Kind.COMMAND
    assert room.subscriptions() == {"arts": ACTIVE}


def test_an_address_without_room_for_a_token_says_nothing_of_answers(tmp_path: Path, relay: Relay) -> None:
    long = newsletter("long", f"{'a' * 40}@lake.example")
    with mailroom(tmp_path, [long], smtp={"url": relay.url}) as room:
        room.mail("subscribe", to=long.address)
        _, letter = newest(room, relay)
    assert letter["Reply-To"] is None
    assert "answer this mail" not in text(letter) + text(letter, "html")


@pytest.mark.parametrize(("key", "value"), [("listen", None), ("subaddresses", False)])
def test_where_answers_cannot_come_in_nothing_is_said_of_them(
    room: Mailroom, relay: Relay, key: str, value: object
) -> None:
    object.__setattr__(room.app.settings.inbound, key, value)
    room.mail("subscribe brief")
    _, letter = newest(room, relay)
    assert letter["Reply-To"] is None
    assert "answer this mail" not in text(letter) + text(letter, "html")


def test_who_wants_to_leave_gets_the_link_and_may_answer(room: Mailroom, relay: Relay) -> None:
    room.join()
    room.mail("unsubscribe", to="brief@lake.example")
    received, letter = newest(room, relay)
    assert received.sender in ("", "<>")
    assert letter["Subject"] == "Do you want to leave Brief?"
    assert letter["Auto-Submitted"] == "auto-replied"
    [link] = re.findall(r"https://\S+/unsubscribe/(\S+)", text(letter))
    assert link in text(letter, "html")
    assert room.subscriptions() == {"brief": ACTIVE}
    assert answer(room, letter) is Kind.COMMAND
    assert room.subscriptions() == {"brief": LEFT}


def test_who_gets_several_is_given_a_link_for_each(room: Mailroom, relay: Relay) -> None:
    room.join()
    room.join(slug="sport")
    room.mail("unsubscribe")
    _, letter = newest(room, relay)
    assert letter["Subject"] == "Do you want to leave Brief, Sport?"
    assert text(letter).count("/unsubscribe/") == text(letter, "html").count("/unsubscribe/") == 2
    assert letter["Reply-To"] is None
    room.mail("unsubscribe", author="stranger@reader.example")
    _, letter = newest(room, relay)
    assert letter["Subject"] == "Nothing to leave: Brief, Sport"
    assert "/unsubscribe/" not in text(letter) + text(letter, "html")


def test_help_lists_the_commands(room: Mailroom, relay: Relay) -> None:
    room.mail("help")
    _, letter = newest(room, relay)
    for words in (text(letter), text(letter, "html")):
        for said in ("news@lake.example", "subscribe brief", "unsubscribe sport"):
            assert said in words
    assert answer(room, letter, "subscribe brief") is Kind.COMMAND
    assert room.kinds() == ["help", "confirm"]


def test_a_confirmation_that_is_too_late_is_told(room: Mailroom, relay: Relay) -> None:
    room.mail("subscribe brief")
    _, letter = newest(room, relay)
    room.clock.pass_by(days=8)
    answer(room, letter)
    _, told = newest(room, relay)
    assert told["Subject"] == "Not confirmed: Courier"
    assert room.subscriptions() == {}


def test_no_notice_of_ours_is_a_command_for_us(room: Mailroom, relay: Relay) -> None:
    room.join()
    for subject in ("help", "unsubscribe brief", "subscribe sport"):
        room.mail(subject)
    room.send()
    assert len(relay.messages) == 3
    for received in relay.messages:
        envelope = Envelope(received.sender.strip("<>"), NEWS)
        assert room.app.jobs.reception(received.content, envelope) is Kind.AUTO


def _stripped(content: bytes) -> bytes:
    """As a relay leaves it that takes away all that tells a machine's mail."""
    return re.sub(rb"(?mi)^Auto-Submitted:.*\r\n", b"", content)


@pytest.mark.parametrize("is_stripping", [False, True])
def test_two_installations_that_write_to_each_other_end(tmp_path: Path, relay: Relay, is_stripping: bool) -> None:
    """Each is called "Help", so that the first line of what it writes is a command to the other."""
    rooms = []
    for place in ("lake", "hill"):
        (tmp_path / place).mkdir()
        opened = mailroom(tmp_path / place, [newsletter("brief", f"news@{place}.example")], smtp={"url": relay.url})
        rooms.append(opened)
    with rooms[0] as lake, rooms[1] as hill:
        for room in (lake, hill):
            object.__setattr__(room.app.settings.site, "name", "Help")
        lake.mail("help", author="news@hill.example", sender="news@hill.example")
        seen = 0
        for _ in range(100):
            lake.send()
            hill.send()
            new, seen = relay.messages[seen:], len(relay.messages)
            if not new:
                break
            for received in new:
                (recipient,) = received.recipients
                author = str(email.message_from_bytes(received.content)["From"])
                sender = parseaddr(author)[1] if is_stripping else received.sender.strip("<>")
                content = _stripped(received.content) if is_stripping else received.content
                room = lake if recipient.endswith("@lake.example") else hill
                room.app.jobs.reception(content, Envelope(sender, recipient))
        most = lake.app.settings.inbound.replies_per_day
        assert len(relay.messages) == (2 * most if is_stripping else 1)
