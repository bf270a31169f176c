"""A copy that was restored says so on every page, and an operator makes it the live one."""

from __future__ import annotations

from playwright.sync_api import Browser

from syndicate.model import Role
from syndicate.store import audit, copies
from syndicate.store.copies import Standing
from tests.feeds.newsroom import NOON
from tests.web.console.deskroom import Console, look
from tests.web.pressroom import Pressroom


def test_a_restored_copy_is_made_the_live_one(pressroom: Pressroom, browser: Browser) -> None:
    console, viewer = Console(pressroom), Console(pressroom, Role.VIEWER)
    assert "Nothing is sent" not in console.get("/console").text
    assert "This is the live one" in console.get("/console/health/copy").text
    with pressroom.app.store.write() as connection:
        copies.mark(connection, Standing.HELD, "it was restored from a backup of 2026-03-01", now=NOON)
    assert "Nothing is sent from here:" in viewer.get("/console/digests").text
    assert "/console/health/copy" not in viewer.get("/console").text
    assert viewer.get("/console/health/copy").status_code == 403
    assert console.post("/console/health/copy", {"choice": "all"}).status_code == 409

    context = browser.new_context()
    console.enter(context)
    page = context.new_page()
    page.goto(f"{pressroom.client.base_url}/console/health/copy")
    page.get_by_role("link", name="Is this the live copy?").wait_for()
    look(page, "copy")
    assert page.get_by_label("Keep it back").is_checked()
    page.get_by_role("button", name="Make this copy the live one").click()
    page.get_by_text("This copy is the live one.").wait_for()
    context.close()

    shown = console.get("/console/health/copy").text
    assert ("Decide about it" in shown, 'value="hold"' in shown, 'value="resend"' in shown) == (True, False, True)
    console.post("/console/health/copy", {"choice": "mark-sent"})
    assert "counts as sent" in console.get("/console").text

    with pressroom.app.store.read() as connection:
        assert copies.read(connection).standing is Standing.LIVE
        acts = [(one.who, one.act, one.detail) for one in audit.newest(connection, limit=2, about="this copy")]
    assert acts == [("operator", "made live", "mark-sent"), ("operator", "made live", "hold")]
