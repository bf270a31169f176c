"""What becomes of a mail: who is subscribed, confirmed, let go and answered, and who is not."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from syndicate.inbound.sort import Envelope, Kind
from syndicate.model import SubscriptionState, Via
from syndicate.store import consents, received
from tests.inbound.letters import letter
from tests.inbound.mailroom import ANA, NEWS, Mailroom, mailroom

ACTIVE, LEFT = SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("subject", "to"),
    [
        ("", "brief+subscribe@lake.example"),
        ("Subscribe", "brief@lake.example"),
        ("subscribe brief", NEWS),
        ("please", "NEWS+SUBSCRIBE@LAKE.EXAMPLE"),
    ],
)
def test_who_subscribes_is_asked_back_and_confirms_by_answering(room: Mailroom, subject: str, to: str) -> None:
    body = "subscribe brief" if subject == "please" else ""
    assert room.mail(subject, body, to=to) is Kind.COMMAND
    assert room.kinds() == ["confirm"]
    assert room.subscriptions() == {}
    token = room.confirm_token()
    assert room.mail("Re: Please confirm", to=f"news+confirm-{token}@lake.example") is Kind.COMMAND
    assert room.subscriptions() == {"brief": ACTIVE}
    assert room.kinds() == ["confirm", "confirmed"]
    with room.app.store.read() as connection:
        (consent,) = consents.of_subscriber(connection, room.held()[0].subscriber.id)
    assert (consent.via, consent.confirmed_at) == (Via.MAIL, room.clock())


def test_a_token_may_come_back_in_capitals(room: Mailroom) -> None:
    room.mail("subscribe", to="sport@lake.example")
    room.mail(to=f"SPORT+CONFIRM-{room.confirm_token().upper()}@LAKE.EXAMPLE")
    assert room.subscriptions() == {"sport": ACTIVE}


def test_nobody_is_subscribed_by_mail_alone(tmp_path: Path) -> None:
    with mailroom(tmp_path) as room:
        free = tuple(one.model_copy(update={"confirm": False}) for one in room.app.settings.newsletters)
        object.__setattr__(room.app.settings, "newsletters", free)
        room.mail("subscribe brief")
        assert room.subscriptions() == {}
        assert room.kinds() == ["confirm"]


def test_an_address_of_several_newsletters_needs_a_name(room: Mailroom) -> None:
    room.mail("subscribe")
    assert room.kinds() == ["help"]
    room.mail("subscribe sport")
    assert room.kinds() == ["help", "confirm"]


def test_a_wrong_or_old_confirmation_says_so(room: Mailroom) -> None:
    room.mail(to=f"news+confirm-{'a' * 26}@lake.example")
    room.mail("subscribe brief")
    token = room.confirm_token()
    room.clock.pass_by(days=8)
    room.mail(to=f"news+confirm-{token}@lake.example")
    assert room.kinds() == ["not-confirmed", "confirm", "not-confirmed"]
    assert room.subscriptions() == {}


def test_automatic_mail_confirms_nothing(room: Mailroom) -> None:
    room.mail("subscribe brief")
    to = f"news+confirm-{room.confirm_token()}@lake.example"
    assert room.mail("I am away", to=to, Auto_Submitted="auto-replied") is Kind.AUTO
    assert room.mail("I am away", to=to, sender="") is Kind.AUTO
    assert room.subscriptions() == {}


@pytest.mark.parametrize("sender", [ANA, "", "someone@else.example"])
def test_the_link_of_a_mail_ends_its_own_subscription_and_says_nothing(room: Mailroom, sender: str) -> None:
    mine, other = room.join(), room.join("bob@reader.example")
    subject = f"unsubscribe {room.unsubscribe_token(mine)}"
    for number in range(2):
        assert room.mail(subject, str(number), sender=sender, author=f"<{sender or ANA}>") is Kind.COMMAND
    assert room.subscriptions() == {"brief": LEFT}
    assert room.subscriptions("bob@reader.example") == {"brief": ACTIVE}
    assert other
    assert room.kinds() == room.kinds("someone@else.example") == []


def test_the_mailto_of_a_real_letter_works(room: Mailroom) -> None:
    from email import message_from_bytes
    from email.policy import default
    from urllib.parse import unquote, urlsplit

    from syndicate.delivery.letter import write_letter
    from syndicate.model import Parts

    held = room.join("forwarder@reader.example")
    (subscription,) = room.held("forwarder@reader.example")
    app = room.app
    content = write_letter(
        app.settings.newsletters[0],
        app.links,
        Parts("s", "<p>h</p>", "t", "n0"),
        subscription.subscriber,
        subscription_id=held,
        message_id="<1.1@lake.example>",
        sending="1",
        date=room.clock(),
    )
    header = str(message_from_bytes(content, policy=default)["List-Unsubscribe"])
    mailto = urlsplit(header.partition("<mailto:")[2].partition(">")[0])
    subject = unquote(mailto.query.removeprefix("subject="))
    # A mail program writes it, for whoever holds the letter, also one it was forwarded to.
    assert room.mail(subject, to=mailto.path, author="friend@other.example", sender="friend@other.example")
    assert room.subscriptions("forwarder@reader.example") == {"brief": LEFT}


def test_the_address_with_a_token_works_in_any_case(room: Mailroom) -> None:
    token = room.unsubscribe_token(room.join())
    room.mail("whatever", to=f"brief+UNSUBSCRIBE-{token.upper()}@lake.example")
    assert room.subscriptions() == {"brief": LEFT}


def test_who_only_says_unsubscribe_is_sent_the_links(room: Mailroom) -> None:
    brief, sport, _ = room.join(), room.join(slug="sport"), room.join(slug="arts")
    room.mail("unsubscribe")
    room.mail("", "Unsubscribe", to="sport@lake.example")
    assert [(one.kind, [each["id"] for each in one.facts["leaving"]]) for one in room.notices()] == [
        ("leave", [brief, sport]),
        ("leave", [sport]),
    ]
    assert set(room.subscriptions().values()) == {ACTIVE}
    room.mail("unsubscribe", author="stranger@reader.example")
    assert [one.facts["leaving"] for one in room.notices("stranger@reader.example")] == [[]]


def test_a_wrong_token_is_no_proof(room: Mailroom) -> None:
    mine, other = room.join(), room.join("bob@reader.example")
    token = f"{other}-{room.unsubscribe_token(mine).partition('-')[2]}"
    room.mail(f"unsubscribe {token}")
    room.mail(f"unsubscribe {token}", "x", Auto_Submitted="auto-generated")
    assert room.subscriptions("bob@reader.example") == {"brief": ACTIVE}
    assert room.kinds() == ["leave"]


def test_a_test_copy_and_a_reader_of_the_past_change_nothing(room: Mailroom) -> None:
    for number in (0, 999):
        assert room.mail(f"unsubscribe {room.unsubscribe_token(number)}") is Kind.COMMAND
    assert room.subscriptions() == {}


def test_answers_name_what_they_answer(room: Mailroom) -> None:
    room.mail("help", to="arts+desk@lake.example")
    (notice,) = room.notices()
    assert (notice.kind, notice.newsletter, notice.in_reply_to) == ("help", "arts", "<1@reader.example>")


def test_the_same_mail_once_more_changes_nothing(room: Mailroom) -> None:
    for _ in range(3):
        assert room.mail("help") is Kind.COMMAND
        room.clock.pass_by(hours=1)
    assert room.kinds() == ["help"]
    room.clock.pass_by(days=31)
    room.mail("other")
    assert room.mail("help") is Kind.COMMAND
    assert room.kinds() == ["help", "help"]


def test_a_crash_before_the_end_repeats_no_answer(room: Mailroom, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> bool:
        raise Killed

    room.join()
    token = room.unsubscribe_token(1)
    for subject in ("subscribe sport", f"unsubscribe {token}", "help"):
        with monkeypatch.context() as patched:
            patched.setattr(received, "add", killed)
            with pytest.raises(Killed):
                room.mail(subject)
        room.mail(subject)
        room.mail(subject)
    assert sorted(room.kinds()) == ["confirm", "help"]
    assert room.subscriptions() == {"brief": LEFT}


def test_an_address_gets_so_many_answers_a_day(room: Mailroom) -> None:
    most = room.app.settings.inbound.replies_per_day
    for number in range(most + 3):
        assert room.mail("help", str(number)) is Kind.COMMAND
        room.clock.pass_by(minutes=1)
    assert room.kinds() == ["help"] * most
    room.mail("help", author="ANA@Reader.example")
    assert room.kinds("ANA@reader.example") == []


def test_the_day_after_there_are_answers_again(tmp_path: Path) -> None:
    with mailroom(tmp_path) as room:
        object.__setattr__(room.app.settings.inbound, "replies_per_day", 1)
        for number in range(3):
            room.mail("help", str(number))
            room.mail("help", str(number), author=f"Ana+{number}@reader.example")
        room.clock.pass_by(days=1, seconds=1)
        room.mail("help", "tomorrow")
        assert room.kinds() == ["help", "help"]
        assert [room.kinds(f"Ana+{number}@reader.example") for number in range(3)] == [[], [], []]


def test_requests_by_mail_are_limited_like_all_others(room: Mailroom) -> None:
    for number in range(30):
        room.mail("subscribe brief", str(number))
        room.clock.pass_by(hours=7)
    assert len(room.kinds()) == 5


@pytest.mark.parametrize("author", ["", "nobody", "a@x.example, b@x.example", "x@localhost", '"a b"@reader.example'])
def test_who_cannot_be_answered_gets_the_mail_back(room: Mailroom, author: str) -> None:
    for subject in ("subscribe brief", "unsubscribe", "help"):
        assert room.mail(subject, author=author) is Kind.UNKNOWN


def test_what_is_not_acted_on_is_counted(room: Mailroom) -> None:
    bounce = letter("Undelivered", Content_Type="multipart/report; report-type=delivery-status; boundary=x")
    complaint = letter("Abuse", Content_Type="multipart/report; report-type=feedback-report; boundary=x")
    for content in (bounce, complaint, complaint, letter("Hello")):
        room.app.jobs.reception(content, Envelope("", NEWS))
    with room.app.store.read() as connection:
        assert received.counts(connection, since=room.clock()) == {"auto": 1, "bounce": 1, "complaint": 1}
    assert room.notices() == []


def test_anything_at_all_is_taken(room: Mailroom) -> None:
    message = EmailMessage()
    message["From"] = "Ä <ä@reader.example>"
    message["Subject"] = "subscribe brief"
    assert room.app.jobs.reception(message.as_bytes(), Envelope(None, NEWS)) is Kind.COMMAND
    for content in (b"", b"\x00" * 1000, b"From: a@b.example\n\nhelp", bytes(range(256)) * 100):
        room.app.jobs.reception(content, Envelope("\udcff", "news@lake.example"))
