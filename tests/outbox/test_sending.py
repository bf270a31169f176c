"""Programs are told what happened: signed, in order, again when it fails, and never where it must not go."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.audience.subscribe import unsubscribe
from syndicate.desk import listeners as desk
from syndicate.model import ASKED_FOR, ArticleState, DigestState, Event, Return, ReturnKind
from syndicate.outbox.sending import KEPT, Done, Outbox
from syndicate.outbox.signing import secret_of
from syndicate.render.tokens import listener_key
from syndicate.settings.outbox import Outbox as OutboxSettings
from syndicate.store import digests, listeners, outbox, returns
from syndicate.store.audit import By
from syndicate.store.listeners import Listener
from syndicate.store.outbox import Fate, Happened
from syndicate.web.api.told import DATA
from tests.feeds.newsroom import NOON, SECRET
from tests.site import HttpSite, Page, Request
from tests.web.pressroom import Pressroom, serve

BY = By("ana")


@dataclass
class Desk:
    """A newsroom with an outbox, and the time there."""

    room: Pressroom
    now: datetime = NOON

    def listen(self, address: str, *events: Event) -> Listener:
        return desk.add(self.room.app.store, address, events or ASKED_FOR, by=BY, now=self.now)

    def happen(self, subject: str, number: int, event: Event = Event.DIGEST_SENT) -> None:
        with self.room.app.store.write() as connection:
            outbox.note(connection, [Happened(event, subject, {"number": number})], now=self.now)

    def send(self, **settings: Any) -> Done:
        given = {"allow_private": True} | settings
        wanted = self.room.app.settings.model_copy(update={"outbox": OutboxSettings(**given)})
        return asyncio.run(Outbox(wanted, self.room.app.store).send_due(clock=lambda: self.now, stop=asyncio.Event()))

    def one(self, listener_id: int = 1) -> Listener:
        with self.room.app.store.read() as connection:
            return desk.get(connection, listener_id)

    def fates(self, listener_id: int = 1) -> list[Fate]:
        with self.room.app.store.read() as connection:
            return [one.fate for one in reversed(outbox.messages(connection, listener_id, limit=99))]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with serve(tmp_path, lambda: NOON) as room:
        yield Desk(room)


def told(site: HttpSite) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in site.requests]


def test_what_happens_is_told_and_signed(at: Desk, http_site: HttpSite) -> None:
    http_site.pages["/hook"] = Page(status=204)
    one = at.listen(f"{http_site.url}/hook")
    room = at.room
    ana = room.subscribe("ana@reader.example", cadence="daily")
    room.newsroom.add(1)
    held = room.newsroom.add(2, state=ArticleState.HELD)
    digest = room.app.digests.compose_now("daily", NOON)
    with room.app.store.write() as connection:
        mailed = returns.mailed_in(connection, digest.id, ana.id)
        assert mailed
        for kind in (ReturnKind.SOFT, ReturnKind.COMPLAINT):
            came = Return(
                kind=kind,
                subscriber_id=1,
                delivery_id=mailed.delivery_id,
                reason="full",
                source="mail",
                came_at=NOON,
            )
            returns.add(connection, came)
    with room.app.store.write() as connection:
        digests.set_state(connection, digest.id, DigestState.SENT, now=NOON)
    unsubscribe(room.app.store, ana.id, now=NOON)
    at.now += timedelta(days=2)
    done = at.send()
    assert sorted(one["type"] for one in told(http_site)) == [
        *("article.published", "delivery.bounced", "delivery.complained"),
        *("digest.sent", "subscriber.confirmed", "subscriber.left"),
    ]
    assert done.told == 6
    assert all(set(one["data"]) == set(DATA[Event(one["type"])]) for one in told(http_site))
    facts = {one["type"]: one["data"] for one in told(http_site)}
    assert facts["article.published"]["article_id"] == held - 1
    assert facts["delivery.complained"]["digest_id"] == digest.id
    assert facts["subscriber.left"] == {"subscriber_id": 1, "newsletter": "daily", "via": "web"}
    assert "reader.example" not in str(told(http_site))
    key = b64decode(secret_of(listener_key(SECRET, one.nonce)).removeprefix("whsec_"))
    for request in http_site.requests:
        given = request.headers
        signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + request.body
        proof = b64encode(hmac.digest(key, signed, "sha256")).decode()
        assert given["webhook-signature"] == f"v1,{proof}"
    assert not at.send()
    assert (at.one().told_at, at.one().waiting) == (at.now, 0)


def test_one_that_fails_is_asked_again_and_order_is_kept(at: Desk, http_site: HttpSite) -> None:
    broken = [True]

    def answer(request: Request) -> Page:
        number = json.loads(request.body)["data"]["number"]
        return Page(status=503 if broken[0] and number == 1 else 200)

    http_site.pages["/hook"] = answer
    http_site.pages["/fine"] = Page()
    at.listen(f"{http_site.url}/hook")
    at.listen(f"{http_site.url}/fine", Event.SUBSCRIBER_LEFT)
    for number in (1, 2):
        at.happen("digest 1", number)
    at.happen("digest 2", 3)
    at.happen("subscriber 1", 4, Event.SUBSCRIBER_LEFT)
    at.send()
    numbers = [one["data"]["number"] for one in told(http_site)]
    assert sorted(numbers) == [1, 3, 4, 4], "2 waits for 1, others do not"
    assert at.fates() == [Fate.QUEUED, Fate.QUEUED, Fate.TOLD, Fate.TOLD]
    assert not at.send(), "not before its time"
    at.now += timedelta(minutes=1)
    assert at.send().failed == 1
    assert at.one().error == "answered 503 Service Unavailable"
    broken[0], at.now = False, at.now + timedelta(minutes=1)
    while at.send():
        at.now += timedelta(seconds=1)
    assert [one["data"]["number"] for one in told(http_site)][-2:] == [1, 2]
    ids = [one.headers["webhook-id"] for one in http_site.requests if json.loads(one.body)["data"]["number"] == 1]
    assert ids == ["msg_1"] * 3
    assert (at.one().failures, at.one().failing_since, set(at.fates())) == (0, None, {Fate.TOLD})


def test_nothing_is_followed_or_told_where_it_must_not_go(at: Desk, http_site: HttpSite) -> None:
    http_site.pages["/moved"] = Page(status=307, headers={"Location": f"{http_site.url}/secret"})
    http_site.pages["/secret"] = Page()
    at.listen(f"{http_site.url}/moved")
    at.happen("digest 1", 1)
    assert at.send(allow_private=False).failed == 1
    assert (http_site.requests, "[outbox] allow_private" in at.one().error) == ([], True)
    at.now += timedelta(minutes=1)
    assert at.send().failed == 1
    assert [one.path for one in http_site.requests] == ["/moved"]
    assert at.one().error == "answered 307 Temporary Redirect"


def test_who_is_gone_or_fails_for_days_is_told_nothing_more(at: Desk, http_site: HttpSite) -> None:
    http_site.pages["/gone"] = Page(status=410)
    http_site.pages["/bad"] = Page(status=500)
    at.listen(f"{http_site.url}/gone")
    at.listen(f"{http_site.url}/bad")
    at.happen("digest 1", 1)
    at.send()
    assert (at.one(1).ended_at, at.one(2).ended_at) == (NOON, None)
    while not at.one(2).ended_at:
        at.now += timedelta(hours=8)
        at.send()
    assert timedelta(days=5) <= at.now - NOON < timedelta(days=6)
    at.happen("digest 2", 2)
    assert len(at.fates(2)) == 1
    http_site.pages["/bad"] = Page()
    assert desk.replay(at.room.app.store, 2, NOON, by=BY, now=at.now) == 1
    assert (at.send().told, at.fates(2), at.one(2).ended_at) == (1, [Fate.TOLD], None)
    at.now += KEPT + timedelta(seconds=1)
    Outbox(at.room.app.settings, at.room.app.store).tidy(at.now)
    assert at.fates(2) == []


def test_a_poisonous_message_is_given_up_and_nobody_else_waits(at: Desk, http_site: HttpSite) -> None:
    http_site.pages["/hook"] = lambda request: Page(status=400 if b'"number": 1}' in request.body else 200)
    at.listen(f"{http_site.url}/hook")
    at.happen("digest 1", 1)
    for number in range(2, 40):
        at.happen(f"digest {number}", number)
        at.send()
        at.now += timedelta(hours=8)
    assert at.fates()[0] is Fate.GIVEN_UP
    assert at.fates().count(Fate.TOLD) == 38
    assert not at.one().ended_at
    with at.room.app.store.write() as connection:
        listeners.remove(connection, 1)
        assert not listeners.every(connection)


def test_who_is_slow_holds_up_nobody_else(at: Desk, http_site: HttpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syndicate.outbox.sending.SECONDS", 3.0)
    go_on = threading.Event()

    def slow(_: Request) -> Page:
        go_on.wait(20)
        return Page()

    http_site.pages |= {"/slow": slow, "/quick": Page()}
    at.listen(f"{http_site.url}/slow")
    at.listen(f"{http_site.url}/quick")
    for number in range(6):
        at.happen(f"digest {number}", number)
    assert at.send().told == 6
    assert at.fates(2) == [Fate.TOLD] * 6
    assert (at.one(1).error, at.fates(1)) == ("took longer than 3 s", [Fate.QUEUED] * 6)
    go_on.set()


def test_two_processes_tell_each_message_once(at: Desk, http_site: HttpSite) -> None:
    http_site.pages["/hook"] = Page()
    at.listen(f"{http_site.url}/hook")
    for number in range(40):
        at.happen(f"digest {number}", number)
    settings = at.room.app.settings.model_copy(update={"outbox": OutboxSettings(allow_private=True)})

    async def both() -> list[Done]:
        some = [Outbox(settings, at.room.app.store) for _ in range(2)]
        return await asyncio.gather(*(one.send_due(clock=lambda: at.now, stop=asyncio.Event()) for one in some))

    assert sum(one.told for one in asyncio.run(both())) == 40
    assert sorted(one["data"]["number"] for one in told(http_site)) == list(range(40))
