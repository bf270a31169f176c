"""A newsletter is sent by hand: counted first, to exactly those who were counted, and once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from syndicate.audience import channel
from syndicate.model import Role
from syndicate.store import digests, suppressions
from syndicate.web.console.digests.now import LONGEST
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.console.digests.sendroom import HOME, Sendroom, send_room
from tests.web.console.digests.test_digest import words_of

NOW = f"{HOME}/now"


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Sendroom]:
    """Three daily readers, two weekly ones about the harbour, one about opera; one article about the harbour."""
    with send_room(tmp_path, relay) as opened:
        opened.room.newsroom.add(1, title="Ferry returns", tags=("Harbour",))
        opened.readers(3)
        opened.readers(2, "weekly", "harbour", prefix="w")
        opened.readers(1, "weekly", "opera", prefix="o")
        yield opened


def seen(room: Sendroom, query: str = "newsletter=daily") -> dict[str, str | list[str]]:
    """What the form brings back, as it was shown."""
    page = room.get(f"/now?{query}").partition("<main")[2].partition("<h2>Send it")[0]
    fields: dict[str, str | list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', page):
        fields[name] = [*fields.get(name, []), value] if name == "cadence" else value
    return fields


def send(room: Sendroom, form: dict[str, str | list[str]], typed: object) -> tuple[str, str]:
    """Where it leads, and what is told there."""
    answer = room.console.post(NOW, form | {"typed": str(typed)})
    assert answer.status_code == 303, answer.text
    page = room.console.get(answer.headers["location"]).text
    [said] = re.findall(r'<p class="said" role="status">(.*?)</p>', page)
    return answer.headers["location"], said


def sent(room: Sendroom) -> int:
    """How many digests there are."""
    with room.room.app.store.read() as connection:
        return len(digests.latest(connection))


def test_who_was_counted_gets_it_and_who_sends_twice_sends_once(room: Sendroom, relay: Relay) -> None:
    app = room.room.app
    with app.store.write() as connection:
        suppressions.add(connection, "r1@example.org", "hard bounce", now=room.clock())
    channel.to_feed(app.store, room.room.subscriptions_of("r2@example.org")["daily"].id)
    page = room.get("/now?newsletter=daily")
    said = words_of(page)
    assert "3 recipients" in said
    assert "weekly harbour 2 1 0" in said
    assert "daily all topics 1 1 0" in said
    assert "weekly opera 0 – 1" in said
    assert "1 reader gets nothing" in said
    assert "1 reader has it in a private feed" in said
    assert "1 address is suppressed" in said
    form = seen(room)

    where, told = send(room, form, 4)
    assert (where.startswith(NOW), told) == (True, "Nothing was sent. That is not the number, which is 3.")
    assert sent(room) == 0
    where, told = send(room, form, "3")
    assert told == "It is being sent to 3."
    digest = int(where.rpartition("/")[2])
    assert send(room, form, 3) == (f"{HOME}/{digest}", "It was sent already; this is it.")
    room.send()
    assert Counter(relay.recipients) == Counter(["r0@example.org", "w0@example.org", "w1@example.org"])
    assert room.acts(digest) == [("operator", "sent by hand", "4 planned")]
    assert "There is nothing to send" in room.get("/now?newsletter=daily")
    assert sent(room) == 1


def test_only_the_chosen_cadence_and_only_what_was_seen(room: Sendroom, relay: Relay) -> None:
    form = seen(room, "newsletter=daily&cadence=weekly")
    assert (form["cadence"], form["mails"]) == (["weekly"], "2")
    room.room.newsroom.add(2, title="Later than that", tags=("Harbour",))
    assert send(room, form, 2)[1] == "It is being sent to 2."
    room.send()
    assert sorted(relay.recipients) == ["w0@example.org", "w1@example.org"]
    assert not any(b"Later than that" in one.content for one in relay.messages)
    assert seen(room)["mails"] == "5"


def test_what_has_changed_meanwhile_is_shown_again(room: Sendroom, relay: Relay) -> None:
    form = seen(room)
    room.readers(1, prefix="new")
    room.room.newsroom.add(2)
    where, told = send(room, form, 5)
    assert (where, told) == (f"{NOW}?newsletter=daily", "Nothing was sent. It would go to 6 readers now, not to 5.")
    form = seen(room)
    wrong = (("seen_at", "nonsense"), ("upto", "-1"), ("version", "7"), ("seen_at", "2999-01-01T00:00:00+00:00"))
    for name, value in wrong:
        assert send(room, form | {name: value}, form["mails"])[1].startswith("Nothing was sent. ")
    assert sent(room) == 0
    first, second = form | {"seen_at": "2026-03-02T11:59:59+00:00"}, form
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda one: _post(room, one), (first, second)))
    assert sorted(location.startswith(NOW) for location in both) == [False, True]
    room.send()
    assert len(relay.messages) == 6
    assert sent(room) == 1
    room.pass_by(seconds=LONGEST.total_seconds() + 1)
    assert "shown too long ago" in send(room, form, form["mails"])[1]
    assert room.console.get(f"{NOW}?newsletter=nonsense").status_code == 404


def _post(room: Sendroom, form: dict[str, str | list[str]]) -> str:
    console = Console(room.room)
    console.get(NOW)
    return str(console.post(NOW, form | {"typed": str(form["mails"])}).headers["location"])


def test_nobody_sends_who_may_not_or_has_not_proved_it(room: Sendroom) -> None:
    editor = Console(room.room, Role.EDITOR)
    assert editor.get(NOW).status_code == editor.post(NOW, seen(room)).status_code == 403
    form = seen(room)
    room.clock.pass_by(minutes=11)
    assert room.console.post(NOW, form | {"typed": "5"}).headers["location"].startswith("/console/prove")
    assert sent(room) == 0
