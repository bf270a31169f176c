"""Operators are told by mail and webhook, once, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from syndicate.cli import alerts as command
from syndicate.errors import SyndicateError
from syndicate.settings import Alerts
from syndicate.store import Store, alerts, audit, copies
from syndicate.store.alerts import Alert
from syndicate.store.copies import Standing
from tests.newsroom import MONDAY, Newsroom, newsroom
from tests.relay import Relay
from tests.site import HttpSite, Page
from tests.watch.scraped import scrape

OPS = ("ops@lake.example", "Night shift <night@lake.example>")


def watched(tmp_path: Path, relay: Relay, http_site: HttpSite) -> Alerts:
    http_site.pages["/hook"] = Page(status=204)
    given = {"mail": OPS, "webhook": f"{http_site.url}/hook", "allow_private": True, "disk": 0}
    return Alerts.model_validate(given)


def look_around(room: Newsroom, **passed: float) -> int:
    room.clock.pass_by(**passed)
    return asyncio.run(room.app.jobs.watch(room.clock()))


def told(site: HttpSite) -> list[list[str]]:
    bodies = [json.loads(one.body) for one in site.requests]
    return [[f"{one['what']}: {one['title']}" for one in body["alerts"]] for body in bodies]


def test_a_relay_that_is_down_is_told_by_webhook_at_once_and_by_mail_when_it_is_back(
    tmp_path: Path, relay: Relay, http_site: HttpSite
) -> None:
    relay.refuse("connect", "554 5.7.1 not you, said ana@reader.example")
    with newsroom(tmp_path, smtp={"url": relay.url}, alerts=watched(tmp_path, relay, http_site)) as room:
        room.article("Ferry returns")
        room.reader("ana@reader.example")
        room.compose()
        for _ in range(6):
            room.send()
            look_around(room, minutes=2)
        assert told(http_site) == [["Now: Relay smtp is down"]]
        assert "ana@" not in str(http_site.requests[0].body)
        assert b"(an address)" in http_site.requests[0].body
        assert scrape(room.app)("syndicate_open_alerts", kind="relay") == 1
        relay.behave()
        room.clock.pass_by(minutes=20)
        room.send()
        asyncio.run(room.app.jobs.send_notices(stop=asyncio.Event()))
        look_around(room, minutes=1)
        look_around(room, minutes=11)
        assert told(http_site)[1:] == [["Over: Relay smtp is down"]]
        asyncio.run(room.app.jobs.send_notices(stop=asyncio.Event()))
        mails = [message_from_bytes(one.content, policy=policy.default) for one in relay.messages[1:]]
        assert [str(one["subject"]) for one in mails] == [
            *["Courier: Relay smtp is down"] * 2,
            *["Courier: over: Relay smtp is down"] * 2,
        ]
        text = mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "https://news.lake.example/console/health#relays" in text
        assert "[alerts] mail" in text
        with room.app.store.read() as connection:
            assert [one.act for one in audit.newest(connection, limit=5, who="the watch")] == [
                "ended to be wrong",
                "began to be wrong",
            ]
        assert look_around(room, minutes=1) == 0


def test_the_webhook_is_told_later_when_it_fails_and_a_held_copy_tells_nobody(
    tmp_path: Path, relay: Relay, http_site: HttpSite
) -> None:
    settings = watched(tmp_path, relay, http_site)
    with newsroom(tmp_path, smtp={"url": relay.url}, alerts=settings, review=False, max_lateness="1h") as room:
        room.article("Ferry returns")
        room.reader("ana@reader.example")
        room.clock.pass_by(hours=5)
        room.compose()
        with room.app.store.write() as connection:
            copies.mark(connection, Standing.HELD, "restored", now=room.clock())
        assert look_around(room, minutes=1) == 0
        with room.app.store.write() as connection:
            copies.mark(connection, Standing.LIVE, now=room.clock())
        http_site.pages["/hook"] = Page(status=500)
        assert look_around(room, minutes=1) == 1
        assert look_around(room, minutes=1) == 0
        http_site.pages["/hook"] = Page(status=200)
        look_around(room, minutes=1)
        look_around(room, minutes=1)
        assert told(http_site) == [["Now: Digest 1 is held"]] * 3
        assert look_around(room, hours=24) == 1
        assert told(http_site)[3:] == [["Still: Digest 1 is held"]]


def test_a_test_goes_everywhere_and_says_what_fails(
    tmp_path: Path,
    relay: Relay,
    http_site: HttpSite,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    relay.refuse("rcpt", "550 5.1.1 no", matching="night@")
    with newsroom(tmp_path, smtp={"url": relay.url}, alerts=watched(tmp_path, relay, http_site)) as room:
        sample = asyncio.run(command.send(room.app, room.clock()))
        assert [one.partition(" was")[0] for one in sample] == ["the mail to night@lake.example"]
        assert told(http_site) == [["Now: A test of alerts"]]
    private = watched(tmp_path, relay, http_site).model_copy(update={"mail": (), "allow_private": False})
    with newsroom(tmp_path, smtp={"url": relay.url}, alerts=private) as room:
        [failed] = asyncio.run(command.send(room.app, room.clock()))
        assert "[alerts] allow_private" in failed
    with newsroom(tmp_path) as room, pytest.raises(SyndicateError, match=r"set alerts\.mail or alerts\.webhook"):
        asyncio.run(command.send(room.app, room.clock()))


def test_alerts_are_kept_once_while_open(store: Store) -> None:
    with store.write() as connection:
        first = alerts.begin(connection, "disk", "", "full", now=MONDAY)
        assert first
        assert alerts.begin(connection, "disk", "", "full", now=MONDAY) is None
        alerts.tell(connection, [first.id], "began", "began", now=MONDAY)
        [owed] = alerts.owed(connection)
        alerts.tell(connection, [first.id], "ended", "ended", now=MONDAY)
        alerts.paid(connection, owed)
        assert [one.owed for one in alerts.owed(connection)] == ["ended"]
        assert alerts.open_(connection) == []
        again = alerts.begin(connection, "disk", "", "full", now=MONDAY)
        assert isinstance(again, Alert)
        alerts.tell(connection, [again.id], "began", "", now=MONDAY)
        assert [one.ended_at is None for one in alerts.told(connection, limit=5)] == [True, False]
