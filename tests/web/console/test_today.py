"""Today: what was done, what is due, and what needs a person, each with the way to it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from syndicate.delivery.pace import Pace
from syndicate.model import ArticleState, DigestState, MailboxStatus, Role, SourceState, SourceStatus
from syndicate.store import alerts, mailboxes, paces, sources
from syndicate.store.schema import digests
from tests.feeds.newsroom import NOON
from tests.settings.writing import write_settings
from tests.store.test_remedies import keep
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom, serve

PATHS = re.compile(r'<li(?: class="(urgent)")?><a href="([^"]+)">([^<]+)</a>')


def troubled(room: Pressroom) -> tuple[int, ...]:
    """Something of each kind that needs a person; returns the digests."""
    store = room.app.store
    found = (
        keep(store, names=("uncertain", "held", "queued")),
        keep(store, DigestState.HELD, names=()),
        keep(store, DigestState.REVIEW, names=()),
        keep(store, DigestState.PAUSED, names=()),
    )
    refused, lowered, relay = (Pace([], None, NOON) for _ in range(3))
    refused.block(NOON, "550 no <script>")
    lowered.lower(NOON, 8, "421 too fast")
    resting = relay.facts() | {"resting_until": (NOON + timedelta(minutes=9)).isoformat(), "error": "no route"}
    with store.write() as connection:
        connection.execute(update(digests).values(due_at=NOON - timedelta(hours=2)))
        paces.save(
            connection,
            [
                paces.PaceRow("domain", "big.example", refused.facts()),
                paces.PaceRow("domain", "slow.example", lowered.facts()),
                paces.PaceRow("relay", "smtp", resting),
            ],
            now=NOON,
        )
        sources.save(connection, SourceStatus(name="wire", state=SourceState.FAILING, checked_at=NOON, error="503"))
        sources.save(connection, SourceStatus(name="newsroom", state=SourceState.HELD))
        alerts.begin(connection, "disk", "", "9 MB are left", now=NOON)
        alerts.begin(connection, "held", "2", "late", now=NOON)
        sources.save(connection, SourceStatus(name="of old", state=SourceState.FAILING))
        mailboxes.save(connection, MailboxStatus(name=room.app.settings.inbound.mailbox or "", error="no such user"))
    return found


def test_what_needs_a_person_leads_to_what_mends_it(tmp_path: Path) -> None:
    write_settings(tmp_path)
    mailbox = {"mailbox": "imaps://u@mail.lakeside.example/INBOX", "password": "x"}
    with serve(tmp_path, lambda: NOON, inbound=mailbox) as room:
        assert "Nothing. All goes on by itself." in Console(room).get("/console").text
        assert "<svg" not in Console(room).get("/console").text
        uncertain, held, review, paused = troubled(room)
        page = Console(room, Role.OPERATOR).get("/console").text
        found = {path: (bool(urgent), title) for urgent, path, title in PATHS.findall(page)}
        assert found[f"/console/digests/{uncertain}"] == (True, f"1 uncertain delivery of digest {uncertain}")
        assert found[f"/console/digests/{held}"] == (True, "Held: Ferry returns")
        assert found[f"/console/digests/{review}"] == (True, "Waits for approval: Ferry returns")
        assert found[f"/console/digests/{paused}"] == (False, "Paused: Ferry returns")
        assert found["/console/articles?state=held&amp;source=newsroom"] == (True, "Source newsroom is held")
        assert found["/console/settings/sources/wire"] == (False, "Source wire can&#39;t be read")
        assert found["/console/health#relays"][0]
        assert found["/console/health#database"] == (True, "The disk is nearly full")
        assert found["/console/health#inbound"] == (False, "The mailbox can&#39;t be read")
        assert "big.example refuses our mail; one is tried in 1 h" in page
        assert "slow.example asked us to slow down: 4.0 a second at most" in page
        assert "“550 no &lt;script&gt;”" in page
        assert "of old" not in page
        seen = {path for _, path, _ in PATHS.findall(Console(room, Role.VIEWER).get("/console").text)}
        assert "/console/settings" in seen
        assert not [path for path in seen if path.startswith("/console/settings/")]
        (tmp_path / "syndicate.toml").write_text("[site]\n")
        assert "The settings file can&#39;t be used" in Console(room).get("/console").text


def test_what_was_picked_up_and_what_is_due(tmp_path: Path) -> None:
    write_settings(tmp_path)
    with serve(tmp_path, lambda: NOON) as room:
        room.newsroom.add(1, picked_up_at=NOON - timedelta(hours=3), title="Fog & ice", source="wire")
        room.newsroom.add(2, picked_up_at=NOON - timedelta(hours=2), state=ArticleState.DUPLICATE)
        room.newsroom.add(3, picked_up_at=NOON - timedelta(days=2))
        room.subscribe()
        page = " ".join(Console(room, Role.VIEWER).get("/console").text.split())
        assert "<strong>wire</strong> 1 new" in page
        assert "<strong>newsroom</strong> 1 known already" in page
        assert '<a href="/console/articles/1">Fog &amp; ice</a> <span class="small muted">wire · <time' in page
        assert "part 3" not in page
        assert '<a href="/console/digests/upcoming/daily/daily">The Daily Brief</a>' in page
        assert "<strong>in 19 h</strong>" in page
        assert "Tue 3 Mar, 07:00" in page
        assert "as soon as there is an article" in page
        assert "new articles · 1 reader<" in page
