"""What may be wrong with a digest, shown in the console before it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from syndicate.model import Role
from syndicate.reach.names import Kind, Names
from tests.relay import Relay
from tests.web.console.deskroom import Console, look
from tests.web.console.digests.sendroom import HOME, send_room

LETTER = {"slug": "daily", "title": "D", "sender": "d@lake.org", "cadences": {"daily": "0 7 * * *"}, "review": True}


def test_it_is_looked_over_before_it_is_approved(
    tmp_path: Path, browser: Browser, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dns(name: str, kind: Kind) -> tuple[str, ...] | None:
        return ("v=spf1 +all",) if (name, kind) == ("lake.org", "TXT") else ()

    monkeypatch.setattr(Names, "look", staticmethod(dns))
    with send_room(tmp_path, relay, site_url="http://127.0.0.1:9", newsletters=[LETTER]) as desk:
        desk.readers(1)
        desk.room.newsroom.add(1, title="Dear {{ reader }}")
        digest = desk.composed()
        path = f"{HOME}/{digest.id}"
        approving = desk.console.get(f"{path}/approve").text
        assert "to mend before it goes out" in approving
        assert "“{{ reader }}” stands there" in approving
        assert "Approve: send 1 mail" in approving
        assert "to mend before" in desk.console.get(f"{HOME}/check/daily").text
        assert "“{{ reader }}” stands there" in desk.console.get(f"{path}/draft").text
        whole = desk.console.post(f"{path}/draft/check", {"subject": "S", "preheader": "", "intro": "", "version": "0"})
        assert "it lets everyone send in your name" in whole.text
        viewer = Console(desk.room, Role.VIEWER)
        assert "Ask the network" not in viewer.get(f"{path}/check").text
        assert viewer.post(f"{path}/check").status_code == 403
        context = browser.new_context()
        desk.console.enter(context)
        page = context.new_page()
        page.goto(f"{desk.room.client.base_url}{path}/check")
        page.get_by_role("button", name="Ask the network, too").click()
        page.get_by_text("it lets everyone send in your name").first.wait_for()
        assert page.get_by_text("Rules for who sends much").is_visible()
        look(page, "looked over")
        assert ("operator", "looked over", "") in desk.acts(digest.id)
        context.close()
