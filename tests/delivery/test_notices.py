"""Notices against a real relay: what they say, that each goes once, and what becomes of them when something fails."""

from __future__ import annotations

import asyncio
import email
import re
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from syndicate.audience.preferences import send_link
from syndicate.audience.requests import confirm, move
from syndicate.delivery.notices import LEASE, Told
from syndicate.model import DeliveryState, Via
from syndicate.render.links import Signer
from syndicate.store import notices, suppressions
from syndicate.store.notices import Notice
from syndicate.store.schema import notices as table
from tests.asking import ask
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay, Verb

ANA = "ana@example.org"


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Newsroom]:
    with newsroom(tmp_path, smtp={"url": relay.url}) as opened:
        yield opened


def asked(room: Newsroom, address: str = ANA, **given: Any) -> None:
    app = room.app
    ask(app.store, app.settings, email=address, slugs=["brief"], via=Via.WEB, now=room.clock(), **given)


def tell(room: Newsroom) -> Told:
    return asyncio.run(room.app.jobs.send_notices(stop=asyncio.Event()))


def mail(relay: Relay, number: int = 0) -> EmailMessage:
    return email.message_from_bytes(relay.messages[number].content, policy=policy.default)


def words(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def state(room: Newsroom) -> list[tuple[str, int, str]]:
    query = select(table.c.state, table.c.attempts, table.c.reply).order_by(table.c.id)
    with room.app.store.read() as connection:
        return [(row.state, row.attempts, row.reply) for row in connection.execute(query)]


def test_the_mail_asks_and_its_link_confirms(room: Newsroom, relay: Relay) -> None:
    asked(room)
    assert tell(room).accepted == 1
    letter = mail(relay)
    assert (letter["To"], letter["From"]) == (ANA, "Courier <news@lake.example>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert not [name for name in letter if name.lower().startswith("list-")]
    [token] = re.findall(r"https://news\.lake\.example/confirm/([a-z2-7]{26})$", words(letter, "plain"), re.MULTILINE)
    assert f"/confirm/{token}" in words(letter, "html")
    assert "The Brief" in words(letter, "html")
    done = confirm(room.app.store, room.app.settings, token, now=room.clock())
    assert [one.newsletter for one in done.subscriptions] == ["brief"]
    assert tell(room) == Told()


def test_the_mail_holds_nothing_that_was_typed(room: Newsroom, relay: Relay) -> None:
    typed = {"name": "Buy gold at evil.example", "language": "de-x-evil", "timezone": "Europe/Belgrade"}
    asked(room, topics=["evil topic"], **typed)
    tell(room)
    whole = relay.messages[0].content.decode() + words(mail(relay), "plain") + words(mail(relay), "html")
    for word in ("evil", "gold", "Belgrade"):
        assert word not in whole


def test_ten_thousand_requests_for_one_address_send_one_mail(room: Newsroom, relay: Relay) -> None:
    refused = 0
    for number in range(10_000):
        ip = f"198.51.{number // 250}.{number % 250}"
        if room.app.gate.admit(ip, ANA):
            refused += 1
        else:
            asked(room)
        if number % 2500 == 0:
            tell(room)
    assert refused > 9_000
    tell(room)
    assert relay.recipients == [ANA]


def test_many_that_pass_the_limits_still_send_one_mail(room: Newsroom, relay: Relay) -> None:
    for _ in range(1000):
        asked(room)
        room.clock.pass_by(seconds=1)
    tell(room)
    assert relay.recipients == [ANA]


def test_what_is_put_off_is_tried_again(room: Newsroom, relay: Relay) -> None:
    asked(room)
    relay.refuse("rcpt", "451 4.7.1 greylisted", times=1)
    assert tell(room).deferred == 1
    assert tell(room) == Told()
    room.clock.pass_by(minutes=2)
    assert tell(room).accepted == 1
    assert state(room) == [("accepted", 2, "250 2.0.0 OK: queued as 1")]


def test_what_is_refused_ends(room: Newsroom, relay: Relay) -> None:
    asked(room)
    relay.refuse("rcpt", "550 5.1.1 no such user")
    assert tell(room).rejected == 1
    room.clock.pass_by(hours=5)
    assert tell(room) == Told()


def test_a_relay_that_is_away_loses_nothing(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": "smtp://127.0.0.1:1"}) as room:
        asked(room)
        told = tell(room)
        assert told.error
        assert state(room)[0][:2] == ("queued", 0)
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        room.clock.pass_by(minutes=2)
        assert tell(room).accepted == 1


@pytest.mark.parametrize("verb", ["mail", "rcpt", "data"])
def test_what_the_relay_breaks_at_does_not_hold_up_the_others(room: Newsroom, relay: Relay, verb: Verb) -> None:
    for who in ("ana", "bo", "cy"):
        asked(room, f"{who}@example.org")
    relay.cut(verb, matching="" if verb == "mail" else "ana@", times=1)
    told = tell(room)
    assert (told.accepted, told.deferred, told.error) == (2, 1, None)
    room.clock.pass_by(minutes=2)
    assert tell(room).accepted == 1
    assert sorted(relay.recipients) == [ANA, "bo@example.org", "cy@example.org"]


def test_what_the_relay_goes_away_at_is_tried_after_the_others(room: Newsroom, relay: Relay) -> None:
    for who in ("ana", "bo"):
        asked(room, f"{who}@example.org")
    relay.refuse("rcpt", "421 4.3.0 enough", matching="ana@")
    assert tell(room).error
    room.clock.pass_by(minutes=1)
    assert tell(room).accepted == 1
    room.clock.pass_by(minutes=1)
    assert tell(room).error
    relay.behave()
    room.clock.pass_by(minutes=2)
    assert tell(room).accepted == 1
    assert relay.recipients == ["bo@example.org", ANA]


def test_another_relay_takes_over(tmp_path: Path, relay: Relay) -> None:
    other = {"name": "other", "url": relay.url}
    with newsroom(tmp_path, smtp={"url": "smtp://127.0.0.1:1"}, relays=[other]) as room:
        asked(room)
        told = tell(room)
        assert (told.accepted, told.error) == (1, None)


@pytest.mark.parametrize("reply", ["421 4.3.2 going down", "530 5.7.0 sign in first"])
def test_a_refusal_that_is_about_us_changes_no_notice(room: Newsroom, relay: Relay, reply: str) -> None:
    asked(room)
    relay.refuse("mail", reply)
    assert tell(room).error
    assert state(room)[0][:2] == ("queued", 0)


def test_what_may_have_gone_out_is_not_sent_again(room: Newsroom, relay: Relay) -> None:
    asked(room)
    asked(room, "bo@example.org")
    relay.cut("reply", matching="ana@")
    told = tell(room)
    assert (told.accepted, told.uncertain) == (1, 1)
    room.clock.pass_by(hours=5)
    assert tell(room) == Told()
    assert relay.recipients == [ANA, "bo@example.org"]


def test_a_process_that_dies_sends_nothing_twice(room: Newsroom, relay: Relay) -> None:
    asked(room)
    asked(room, "bo@example.org")
    now = room.clock()
    with room.app.store.write() as connection:
        first, _ = notices.take(connection, now=now, until=now + LEASE, limit=10)
        assert notices.begin(connection, first.id, now=now)
    assert tell(room) == Told()
    room.clock.pass_by(minutes=11)
    assert tell(room).accepted == 1
    assert relay.recipients == ["bo@example.org"]
    assert state(room)[0][::2] == ("uncertain", "begun, and the process died")


def test_several_processes_send_each_once(room: Newsroom, relay: Relay) -> None:
    for number in range(20):
        asked(room, f"r{number}@example.org")

    async def together() -> list[Told]:
        return list(await asyncio.gather(*(room.app.jobs.send_notices(stop=asyncio.Event()) for _ in range(3))))

    assert sum(one.accepted for one in asyncio.run(together())) == 20
    assert sorted(relay.recipients) == sorted(f"r{number}@example.org" for number in range(20))


def test_who_was_suppressed_or_confirmed_meanwhile_is_not_told(room: Newsroom, relay: Relay) -> None:
    asked(room)
    asked(room, "bo@example.org")
    with room.app.store.write() as connection:
        suppressions.add(connection, ANA, "complaint", now=room.clock())
    room.clock.pass_by(days=8)
    assert tell(room).dropped == 2
    assert [one for one, _, _ in state(room)] == ["suppressed", "cancelled"]
    assert relay.messages == []


def test_moving_and_a_fresh_link(room: Newsroom, relay: Relay) -> None:
    room.reader(ANA)
    store, settings = room.app.store, room.app.settings
    move(store, settings, 1, "new@example.org", now=room.clock())
    for _ in range(3):
        send_link(store, 1, now=room.clock())
    assert tell(room).accepted == 2
    assert relay.recipients == ["new@example.org", ANA]
    assert "/confirm/" in words(mail(relay, 0), "plain")
    [token] = re.findall(r"/preferences/(\S+)$", words(mail(relay, 1), "plain"), re.MULTILINE)
    signer = Signer(settings.site.secret.get_secret_value())
    assert signer.verify_until("preferences", token, room.clock() + timedelta(days=89)) == 1


def test_an_answer_says_so_and_needs_its_templates(room: Newsroom, relay: Relay, tmp_path: Path) -> None:
    own = tmp_path / "templates/email/notices/thanks"
    facts = {"kind": "thanks", "newsletter": "brief", "facts": {"word": "you & I"}, "planned_at": room.clock()}
    with room.app.store.write() as connection:
        notices.queue(connection, Notice(email=ANA, in_reply_to="<q@example.org>", **facts))  # type: ignore[arg-type]
    assert tell(room) == Told()
    own.mkdir(parents=True)
    for name, text in (("subject.txt", "Thanks"), ("body.txt", "{{ facts.word }}"), ("body.html", "{{ facts.word }}")):
        (own / name).write_text(text)
    room.clock.pass_by(minutes=11)
    assert tell(room).accepted == 1
    letter = mail(relay)
    assert (letter["Auto-Submitted"], letter["In-Reply-To"]) == ("auto-replied", "<q@example.org>")
    assert "you &amp; I" in words(letter, "html")


def test_a_whole_pass_sends_them(room: Newsroom, relay: Relay) -> None:
    asked(room)
    done = asyncio.run(room.app.jobs.run(stop=asyncio.Event(), progress=lambda _: None))
    assert done.told.accepted == 1
    with room.app.store.read() as connection:
        assert notices.counts(connection) == {DeliveryState.ACCEPTED: 1}
