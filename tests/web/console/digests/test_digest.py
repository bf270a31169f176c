"""A digest's page and its buttons, while a real relay takes its mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.model import Return, ReturnKind, Role
from syndicate.store import returns
from syndicate.store.engine.partitions import BITS
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.console.digests.sendroom import HOME, Sendroom, send_room


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Sendroom]:
    """One article, and nobody who reads it yet."""
    with send_room(tmp_path, relay) as opened:
        opened.room.newsroom.add(1, title="Ferry returns")
        yield opened


def words_of(page: str) -> str:
    """What a page says, without its tags, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def test_a_digest_is_paused_resumed_and_cancelled_while_it_is_sent(room: Sendroom, relay: Relay) -> None:
    room.readers(40)
    digest = room.composed().id
    page = room.get(f"/{digest}")
    assert "Ferry returns" in page
    assert "First mail" not in page
    sent = room.send(during=lambda: room.act(digest, "pause"))
    assert (room.state(digest), len(relay.messages)) == ("paused", sent.accepted)
    assert 0 < sent.accepted < 40
    said = words_of(room.get(f"/{digest}"))
    assert f"planned 40 = accepted {sent.accepted} rejected 0" in said
    assert "goes on" in room.act(digest, "resume")
    sent_then = room.send(during=lambda: room.act(digest, "pause")).accepted
    gone = len(relay.messages)
    assert sent_then > 0
    asked = words_of(room.get(f"/{digest}/cancel"))
    assert f"{gone} mails have gone already" in asked
    assert f"{40 - gone} mails would not be sent" in asked
    assert f"{40 - gone} mails will not be sent" in room.act(digest, "cancel")
    assert room.send().tried == 0
    assert room.equation(digest).cancelled == 40 - gone
    assert room.acts(digest) == [
        ("operator", "cancelled", ""),
        ("operator", "paused", ""),
        ("operator", "resumed", ""),
        ("operator", "paused", ""),
    ]
    assert "cancelled</b> by operator" in room.get(f"/{digest}")
    refused = room.console.post(f"{HOME}/{digest}/resume")
    assert (refused.status_code, "is cancelled: only one that is paused" in refused.text) == (409, True)


def test_what_servers_refused_is_grouped_and_tried_again(room: Sendroom, relay: Relay) -> None:
    room.readers(8)
    digest = room.composed().id
    for number in range(1, 4):
        relay.refuse("rcpt", f"550 5.3.0 <r{number}@example.org> not today, id 4Xk{number}9aZ", matching=f"r{number}@")
    relay.refuse("rcpt", "450 4.2.2 mailbox full", matching="r5@")
    room.send()
    said = words_of(room.get(f"/{digest}"))
    assert "550 5.3.0 … not today, id … rejected 3" in said
    assert "450 4.2.2 mailbox full again later 1" in said
    assert "example.org rejected 3" in said
    assert "example.org 8 4 3 0 0 1 0" in words_of(room.get(f"/{digest}/domains"))
    relay.behave()
    room.pass_by(days=1)
    assert room.act(digest, "retry", only="rejected") == "3 mails will be tried once more."
    room.send()
    assert (room.state(digest), room.equation(digest).accepted) == ("sent", 8)
    assert room.acts(digest) == [("operator", "retried", "rejected: 3 queued")]
    page = words_of(room.get(f"/{digest}"))
    assert "Finished" in page
    assert "Why it did not get through" not in page
    assert room.console.post(f"{HOME}/{digest}/retry", {"only": "accepted"}).status_code == 409


def test_what_is_uncertain_is_decided_for_one_and_for_all(tmp_path: Path, relay: Relay) -> None:
    newsletter = {"slug": "daily", "title": "Daily", "sender": "n@lake.example", "cadences": {"daily": "0 7 * * *"}}
    with send_room(tmp_path, relay, newsletters=[newsletter | {"uncertain": "hold"}]) as room:
        room.room.newsroom.add(1)
        room.readers(5)
        digest = room.composed().id
        relay.cut("reply", matching="r[0-3]@", times=4)
        room.send()
        assert "4 mails of which nobody knows" in words_of(room.get(f"/{digest}"))
        results = room.get(f"/{digest}/results?state=uncertain")
        held, known = re.findall(r'name="subscription" value="(\d+)"', results)[:6:3]
        assert room.act(digest, "resolve", resolution="hold", subscription=held).startswith("1 mail ")
        shown = room.get(f"/{digest}/results?only={held}")
        assert f'value="{held}"><button class="plain" name="only" value="uncertain">' in shown
        assert room.act(digest, "resolve", resolution="mark-sent", subscription=known) == "1 mail will count as sent."
        assert room.act(digest, "resolve", resolution="resend") == "2 mails will be sent again."
        room.send()
        assert (room.equation(digest).uncertain, room.equation(digest).accepted) == (1, 4)
        assert len(relay.messages) == 5 + 2
        assert room.act(digest, "retry", only="uncertain", subscription=held).startswith("1 mail ")
        room.send()
        assert (room.state(digest), room.equation(digest).accepted) == ("sent", 5)
        assert room.console.post(f"{HOME}/{digest}/resolve", {"resolution": "nonsense"}).status_code == 409


def test_what_it_carried_to_whom_and_what_came_back(room: Sendroom) -> None:
    room.readers(2)
    room.readers(1, "daily", "harbour", prefix="h")
    room.room.newsroom.add(2, title="Pier closed", tags=("Harbour",))
    digest = room.composed().id
    room.send()
    with room.room.app.store.write() as connection:
        for subscriber, kind in ((1, ReturnKind.HARD), (2, ReturnKind.COMPLAINT)):
            one = Return(
                kind=kind,
                subscriber_id=subscriber,
                delivery_id=(digest << BITS) + subscriber,
                reason="gone",
                status="5.1.1",
                said="no such user",
                source="mail",
                came_at=room.clock(),
            )
            returns.add(connection, one)
    said = words_of(room.get(f"/{digest}"))
    assert "Came back 1 hard bounce , 1 complaint" in said
    assert "Pier closed and 1 more 2 mails" in said
    assert "Pier closed 1 mail Pier closed" in said
    bounced = words_of(room.get(f"/{digest}/results?state=bounced"))
    assert "r0@example.org" in bounced
    assert "r1@example.org" not in bounced
    assert "no such user" in bounced


def test_the_list_is_chosen_from_and_turned(room: Sendroom) -> None:
    assert "There are none yet" in room.get()
    assert "none of that kind" in room.get("?newsletter=%00%0a%27x")
    room.readers(1)
    first = room.composed()
    room.pass_by(days=1)
    room.room.app.digests.compose_due(room.clock(), "daily")
    page = room.get()
    assert f'href="/console/digests/{first.id}"' in page
    assert "Nothing new" not in page
    assert "Nothing new" in room.get("?state=empty&newsletter=daily")
    assert "none of that kind" in room.get("?newsletter=harbour&state=sent")
    assert "none of that kind" in room.get("?before=1")
    assert room.get("?before=99999999999999999999&state=nonsense")
    for nobody in ("/12345", "/12345/results", "/12345/domains", "/12345/cancel"):
        assert room.console.get(f"{HOME}{nobody}").status_code == 404


def test_an_editor_sees_no_person_and_has_no_buttons(room: Sendroom) -> None:
    room.readers(1)
    digest = room.composed().id
    editor = Console(room.room, Role.EDITOR)
    page = editor.get(f"{HOME}/{digest}").text.partition("<main")[2]
    assert "<form" not in page
    assert "results" not in page
    assert editor.get(f"{HOME}/{digest}/results").status_code == 403
    assert editor.post(f"{HOME}/{digest}/pause").status_code == 403
