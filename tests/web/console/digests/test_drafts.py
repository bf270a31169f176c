"""A digest before it is sent, over HTTP: edited, looked at, tested, approved, and what everyone then gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.model import Role
from syndicate.store import digests
from tests.feeds.newsroom import SENDER
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.console.digests.sendroom import HOME, Sendroom, send_room

NEXT = f"{HOME}/upcoming/daily/daily"
DAILY = {"slug": "daily", "title": "The Daily Brief", "sender": SENDER, "cadences": {"daily": "0 7 * * *"}}


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Sendroom]:
    """Two readers, an old article that they have, and three new ones."""
    with send_room(tmp_path, relay, newsletters=[DAILY | {"review": True}]) as opened:
        opened.readers(2)
        opened.room.newsroom.add(1, title="Old boats")
        first = opened.composed()
        opened.room.app.digests.approve(first.id, opened.clock())
        opened.send()
        relay.messages.clear()
        for number, title in ((2, "Bridge"), (3, "Council"), (4, "Delta")):
            opened.room.newsroom.add(number, title=title)
        yield opened


def hidden(page: str) -> dict[str, str | list[str]]:
    """What the form brings back unless somebody changes it."""
    found = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("version", "moment")}
    return {**found, "article": re.findall(r'name="article" value="(\d+)"', page)}


def titles(page: str) -> list[str]:
    return re.findall(r'class="draft-article"><a [^>]*>([^<]*)</a>', page)


def looks(console: Console, page: str) -> dict[str, str]:
    """What the frames show."""
    found = dict(re.findall(r'src="(/console/digests/proofs/[^"]*/(\w+))"', page))
    answers = {name: console.get(path) for path, name in found.items()}
    assert all("sandbox" in one.headers["content-security-policy"] for one in answers.values())
    return {name: one.text for name, one in answers.items()}


def test_a_digest_from_its_draft_to_its_readers(room: Sendroom, relay: Relay) -> None:
    editor = Console(room.room, Role.EDITOR)
    page = editor.get(NEXT).text
    form = hidden(page)
    assert titles(page) == ["Delta", "Council", "Bridge"]
    bridge, delta = form["article"][2], form["article"][0]
    page = editor.post(NEXT, {**form, "do": f"top:{bridge}", "intro": "Good *morning*.", "find": "old boats"}).text
    assert titles(page)[:3] == ["Bridge", "Delta", "Council"]
    assert "Good *morning*." in page
    [old] = re.findall(r'value="add:(\d+)"', page)
    form = hidden(page) | {f"place-{bridge}": "1", "intro": "Good *morning*.", "subject": "{{ subscriber.name }}, news"}
    page = editor.post(NEXT, {**form, "do": f"add:{old}"}).text
    form |= hidden(page) | {f"say-{delta}": "out", "preheader": "Boats"}
    assert titles(page) == ["Bridge", "Delta", "Council", "Old boats"]

    assert editor.post(NEXT, {**form, "do": "save", "subject": "{% for x in y %}"}).status_code == 422
    assert editor.post(NEXT, {**form, "do": "save"}).status_code == 303
    late = editor.post(NEXT, {**form, "do": "save", "intro": "My own words."})
    assert late.status_code == 409
    assert "My own words." in late.text

    page = editor.post(NEXT, {**form, "do": "blank"}).text
    assert titles(page) == ["Delta", "Council", "Bridge"]
    assert "Good *morning*." not in page
    assert "Good *morning*." in editor.get(f"{NEXT}/preview").text

    digest = room.composed()
    assert "Waiting for you" in room.get()
    draft, editor = f"{HOME}/{digest.id}/draft", Console(room.room, Role.EDITOR)
    page = editor.get(draft).text
    assert titles(page) == ["Bridge", "Council", "Old boats", "Delta"]
    assert room.console.get(f"{HOME}/{digest.id}/approve").status_code == 200
    form = {**hidden(page), "do": "save", "subject": "News", "intro": "Good evening.", f"say-{delta}": "out"}
    assert editor.post(draft, form).status_code == 303

    answer = editor.post(f"{draft}/test", {**form, "to": "proof@lake.example", "intro": "Not saved."})
    assert "Sent to proof@lake.example" in answer.text
    assert relay.recipients == ["proof@lake.example"]
    assert b"Not saved." in relay.messages[0].content
    assert "not a usable address" in editor.post(f"{draft}/test", {**form, "to": "nobody"}).text

    console = room.console
    assert console.post(f"{HOME}/{digest.id}/approve", {"version": "1"}).status_code == 409
    page = console.get(f"{HOME}/{digest.id}/approve").text
    assert "2 mails" in page
    version = hidden(page + 'name="moment" value=""')["version"]
    assert console.post(f"{HOME}/{digest.id}/approve", {"version": str(version)}).status_code == 303
    room.send()
    assert sorted(relay.recipients[1:]) == ["r0@example.org", "r1@example.org"]
    assert b"Subject: News" in relay.messages[1].content
    assert b"Good evening." in relay.messages[1].content
    assert b"Delta" not in relay.messages[1].content
    assert editor.get(draft).status_code == 409


def test_a_draft_is_looked_at_in_every_look_and_as_any_reader(room: Sendroom) -> None:
    room.room.subscribe("topic@example.org", cadence="daily", topics=("harbour",), name="Mira")
    console = room.console
    form = hidden(console.get(NEXT).text) | {"intro": "Hello {{ subscriber.name }}, *look*."}
    seen = looks(console, console.post(f"{NEXT}/preview", form).text)
    assert set(seen) == {"desktop", "phone", "dark", "text", "source"}
    assert "Hello Ana, <em>look</em>." in seen["desktop"]
    assert "@media (min-width: 0)" in seen["dark"]
    assert "@media (max-width: 0)" in seen["phone"]
    assert "Hello Ana, look." in seen["text"]
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in seen["source"]

    page = console.post(f"{NEXT}/reader", {**form, "reader": "topic@EXAMPLE.org"}).text
    assert "Hello Mira, look." in looks(console, page)["text"]
    assert "This reader would get nothing" in page
    assert "no reader of daily" in console.post(f"{NEXT}/reader", {**form, "reader": "who@example.org"}).text
    [path] = re.findall(r'src="(/console/digests/proofs/[^"]*/text)"', page)
    assert Console(room.room, Role.VIEWER).get(path).status_code == 404
    assert "can&#39;t be used here" in console.post(f"{NEXT}/preview", {**form, "subject": "{{ range(9) }}"}).text

    viewer = Console(room.room, Role.VIEWER)
    page = viewer.get(NEXT).text
    assert "Delta" in looks(viewer, page)["text"]
    assert 'value="save"' not in page
    assert viewer.get(f"{HOME}/upcoming/daily/hourly").status_code == 404
    with room.room.app.store.read() as connection:
        assert digests.latest(connection, states=digests.WAITING) == []
