"""Health: how relays, domains, sources, mail that comes in and the database do; and who did what."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import delete, insert

from syndicate.delivery.pace import Pace
from syndicate.desk.recent import Recent
from syndicate.model import Event, MailboxStatus, Role, SourceState, SourceStatus
from syndicate.settings.rates import WarmUp
from syndicate.store import (
    Store,
    alerts,
    answers,
    audit,
    listeners,
    mailboxes,
    outbox,
    paces,
    received,
    sources,
    webhooks,
)
from syndicate.store.outbox import Happened
from syndicate.store.schema import attempts, deliveries
from syndicate.store.webhooks import Outcome
from syndicate.web.console.health import acts, page
from tests.feeds.newsroom import NOON
from tests.store.test_remedies import keep
from tests.web.console.deskroom import Console, look
from tests.web.pressroom import Pressroom, serve


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def answered(store: Store, digest_id: int) -> None:
    tries = [("smtp", 1, 250, "250 queued as 7"), ("second", 3, 451, "451 later"), ("smtp", 2, 550, "550 5.1.1 nobody")]
    with store.write() as connection:
        for number, (relay, minutes, code, reply) in enumerate(tries):
            at = NOON - timedelta(minutes=minutes)
            row = {"delivery_id": digest_id * 100 + number, "number": 1, "began_at": at, "ended_at": at}
            connection.execute(
                insert(attempts), row | {"outcome": "accepted", "code": code, "relay": relay, "reply": reply}
            )


def test_last_answers_are_found_by_relay(store: Store) -> None:
    answered(store, keep(store))
    with store.read() as connection:
        found = answers.last(connection)
    assert {name: one.code for name, one in found.items()} == {"smtp": 250, "second": 451}
    facts = store.facts()
    assert facts.bytes > 10_000
    assert re.match(r"(SQLite|PostgreSQL) \d", facts.server)


@pytest.mark.parametrize("width", [390])
def test_everything_is_on_one_page(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    kept = Recent(lambda: NOON)
    monkeypatch.setattr(page, "RECENT", kept)
    kept.keep(None, "", {"level": "error", "event": "a domain <b> refuses", "domain": "big.example"})
    smtp = {"url": "smtp://user:parole@127.0.0.1:2525", "rate": "14/s", "warm_up": "200/day doubling to 9000/day"}
    inbound = {"mailbox": "imaps://news@mail.lakeside.example", "password": "parole", "listen": "lmtp://127.0.0.1:8024"}
    with serve(tmp_path, lambda: NOON, smtp=smtp, inbound=inbound) as room:
        store = room.app.store
        answered(store, keep(store))
        relay, domain = Pace([], WarmUp(200, 9000), NOON - timedelta(days=1)), Pace([], None, NOON)
        relay.take(NOON - timedelta(days=1))
        relay.take(NOON)
        domain.block(NOON, "550 no")
        with store.write() as connection:
            paces.save(
                connection,
                [paces.PaceRow("relay", "smtp", relay.facts()), paces.PaceRow("domain", "big.example", domain.facts())],
                now=NOON,
            )
            sources.save(
                connection,
                SourceStatus(name="wire", state=SourceState.FAILING, checked_at=NOON, failures=3, error="503"),
            )
            mailboxes.save(connection, MailboxStatus(name=inbound["mailbox"], succeeded_at=NOON - timedelta(minutes=4)))
            received.add(connection, "f", "bounce", now=NOON)
            webhooks.count(connection, "ses", {Outcome.FORGED: 2}, now=NOON)
            listeners.add(connection, "https://crm.example/secret", [Event.DIGEST_SENT], "n", by="ana", now=NOON)
            outbox.add(connection, 1, Happened(Event.TEST, "x", {}), now=NOON)
            listeners.failed(connection, 1, "answered 410 Gone", next_at=NOON, now=NOON)
            listeners.end(connection, 1, now=NOON)
            for kind in ("disk", "relay"):
                one = alerts.begin(connection, kind, "smtp", f"<b>{kind}", now=NOON)
                assert one
                alerts.tell(connection, [one.id], "ended" if kind == "relay" else "began", "", now=NOON)
        console = Console(room, Role.VIEWER)
        html = console.get("/console/health").text
        said = text_of(html)
        assert "parole" not in html
        assert "crm.example/secret" not in html
        assert "Webhook 1 to crm.example was given up" in text_of(console.get("/console").text)
        for part in (
            "The disk is nearly full &lt;b&gt;disk open",
            "Relay smtp is down &lt;b&gt;relay over now",
            "Nobody is told elsewhere: set mail or webhook in [alerts]",
            "smtp 127.0.0.1:2525 in use",
            "8 connections; 14/s warm-up: 1 of 400 today",
            "250 queued as 7",
            "big.example stopped until 13:00 , in 1 h",
            "wire failing 3 in a row 503",
            "Listener lmtp://127.0.0.1:8024",
            "Mailbox read 4 min ago",
            "Mail in 30 days 1 bounce",
            "ses: 2 forged, last now",
            "Webhook 1 crm.example: given up answered 410 Gone; 1 waiting",
            "balances 9 planned = 1 accepted",
            "SQLite 3.",
            "error a domain &lt;b&gt; refuses domain: big.example",
        ):
            assert part in said, part
        assert "Try at once" not in said
        context = browser.new_context(viewport={"width": width, "height": 800})
        Console(room).enter(context)
        opened = context.new_page()
        opened.goto(f"{room.client.base_url}/console/health")
        look(opened, "health")
        opened.get_by_role("button", name="Try at once with big.example").click()
        assert "big.example is served as it is set." in opened.inner_text("main")
        opened.get_by_role("link", name="Who did what").click()
        assert "forgot the pace of domain big.example" in opened.inner_text("main")
        look(opened, "acts")
        context.close()
        with store.write() as connection:
            connection.execute(delete(attempts))
            connection.execute(delete(deliveries).where(deliveries.c.state == "accepted"))
        assert "does not balance" in console.get("/console/health").text


def test_who_did_what_is_for_operators_and_turned_page_by_page(
    pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "ON_A_PAGE", 2)
    with pressroom.app.store.write() as connection:
        for number in range(5):
            who = ("ana", "bo")[number % 2]
            audit.note(connection, who, "paused", about=f"digest {number}", detail="<i>", ip="192.0.2.7", now=NOON)
    console = Console(pressroom)
    assert Console(pressroom, Role.EDITOR).get("/console/health/acts").status_code == 403
    found, html, path = [], "", "/console/health/acts"
    while path:
        html = console.get(path).text
        found += re.findall(r">(digest \d)<", html)
        turned = re.search(r'rel="next" href="([^"]+)"', html)
        path = "/console/health/acts" + turned[1].replace("&amp;", "&") if turned else ""
    assert found == ["digest 4", "digest 3", "digest 2", "digest 1", "digest 0"]
    assert re.findall(r">(digest \d)<", console.get("/console/health/acts?who=bo").text) == ["digest 3", "digest 1"]
    assert re.findall(r">(digest \d)<", console.get("/console/health/acts?about=digest+2").text) == ["digest 2"]
    assert "&lt;i&gt;" in html
    for strange in ("who=%00", "before=9999999999999999999999", "before=x", "before=%C2%B2"):
        assert console.get(f"/console/health/acts?{strange}").status_code == 200
    console._csrf = re.findall(r'name="csrf" value="(\w+)"', console.get("/console/health").text)[0]
    assert console.post("/console/health/pace/forget", {"kind": "x", "name": "nobody"}).status_code == 404
