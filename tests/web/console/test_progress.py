"""Live progress: told as it changes, to the end, and to no more than there is room for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from syndicate.cli.running import Running
from syndicate.model import DigestState, Role
from syndicate.store import Store, digests, remedies
from syndicate.web.console import meter, progress
from syndicate.web.console.desk import COOKIE
from syndicate.web.server import create_web
from tests.store.test_remedies import NOW, keep
from tests.web.console.deskroom import Console, look
from tests.web.console.test_meter import accept
from tests.web.pressroom import Pressroom, serve


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.02)
    monkeypatch.setattr(meter, "_FRESH_S", 0.0)
    monkeypatch.setattr(meter, "_SPARING", 0)


def watch(console: Console, path: str) -> Any:
    """A stream of events."""
    return console.room.client.stream("GET", path, headers={"Cookie": f"{COOKIE}={console.key}"})


def events(response: httpx2.Response) -> Iterator[tuple[str, str]]:
    """Each event's name, and what it says without its markup."""
    name, text = "", ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name, text = line[7:], ""
        elif line.startswith("data: "):
            text += re.sub(r"<[^>]*>", "", line[6:]) + " "
        elif not line and name:
            yield name, " ".join(text.split())
            name = ""


def finish(room: Pressroom, digest_id: int) -> None:
    with room.app.store.write() as connection:
        digests.set_state(connection, digest_id, DigestState.SENT, now=NOW)


def test_it_is_told_until_it_is_sent(pressroom: Pressroom) -> None:
    store, console = pressroom.app.store, Console(pressroom, Role.VIEWER)
    digest_id = keep(store, names=("queued", "queued"))
    assert console.get("/console/digests/99/progress").status_code == 404
    with watch(console, f"/console/digests/{digest_id}/progress") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        told = events(response)
        assert "0 of 2" in next(told)[1]
        accept(store, digest_id, 0)
        assert "1 of 2 · 50 %" in next(told)[1]
        accept(store, digest_id, 1)
        finish(pressroom, digest_id)
        rest = list(told)
    assert rest[-1] == ("end", "")
    assert "2 of 2 · 100 %" in rest[-2][1]
    assert "2 accepted" in rest[-2][1]


def test_what_another_node_does_is_told_at_once(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 3600)
    with closing(Store(postgresql_url)) as elsewhere, serve(tmp_path, store={"url": postgresql_url}) as room:
        console = Console(room, Role.VIEWER)
        digest_id = keep(elsewhere, names=("queued", "queued"))
        with (
            watch(console, f"/console/digests/{digest_id}/progress") as one,
            watch(console, "/console/progress") as all_,
        ):
            told, of_all = events(one), events(all_)
            assert "0 of 2" in next(told)[1]
            assert "0 of 2" in next(of_all)[1]
            accept(elsewhere, digest_id, 0)
            with elsewhere.write() as connection:
                remedies.move(connection, digest_id, DigestState.PAUSED, (DigestState.SENDING,), only="")
            assert "1 of 2" in next(told)[1]
            assert "1 of 2" in next(of_all)[1]
            with elsewhere.write() as connection:
                digests.set_state(connection, digest_id, DigestState.CANCELLED, now=NOW)
            assert list(told)[-1] == ("end", "")


def test_nobody_watches_more_often_than_there_is_room_for(
    pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOST_OF_ONE", 1)
    console = Console(pressroom)
    with watch(console, "/console/progress") as response:
        told = events(response)
        assert "Nothing is being sent" in next(told)[1]
        assert console.get("/console/progress").status_code == 503
        digest_id = keep(pressroom.app.store)
        assert "Ferry returns" in next(told)[1]
        finish(pressroom, digest_id)
    monkeypatch.setattr(progress, "LONGEST_S", 0.1)
    while (again := console.get("/console/progress")).status_code == 503:
        pass  # until the server knows that the first one left
    assert "retry: 2000" in again.text


@pytest.mark.anyio
async def test_streams_end_when_the_service_stops(pressroom: Pressroom) -> None:
    key, sent = Console(pressroom).key, []
    running = Running(pressroom.app, None)
    running._pages = create_web(pressroom.app)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/console/progress",
        "raw_path": b"/console/progress",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"cookie", f"{COOKIE}={key}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def send(message: Any) -> None:
        sent.append(message)
        if b"event: progress" in message.get("body", b""):
            running._stopping.set()

    async def receive() -> Any:
        await asyncio.Event().wait()

    await asyncio.wait_for(running.answer(scope, receive, send), 10)
    assert not sent[-1]["more_body"]


@pytest.mark.parametrize("script", [True, False])
def test_today_shows_it_live_and_without_scripts_as_it_was(tmp_path: Path, browser: Browser, *, script: bool) -> None:
    with serve(tmp_path) as room:
        digest_id = keep(room.app.store, names=("queued", "queued", "queued", "rejected"))
        context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=script)
        Console(room).enter(context)
        page = context.new_page()
        page.goto(f"{room.client.base_url}/console")
        bar = page.get_by_role("progressbar", name="Ferry returns")
        expect(bar).to_have_attribute("value", "1")
        accept(room.app.store, digest_id, 0)
        if script:
            expect(bar).to_have_attribute("value", "2")
            look(page, "today")
        else:
            expect(page.get_by_text("1 of 4")).to_be_visible()
        context.close()
