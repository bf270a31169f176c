"""A digest is prepared in a real browser, from the first word to its approval; on a phone and on a desk."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.relay import Relay
from tests.web.console.deskroom import look
from tests.web.console.digests.sendroom import HOME, send_room
from tests.web.console.digests.test_drafts import DAILY


def look_at_both(page: Page, name: str) -> None:
    """On a desk and on a phone, in light and in dark."""
    look(page, name)
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(color_scheme="dark")
    look(page, name)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_a_digest_is_prepared_and_approved(tmp_path: Path, browser: Browser, relay: Relay) -> None:
    with send_room(tmp_path, relay, newsletters=[DAILY | {"review": True}]) as opened:
        opened.readers(2)
        for number, title in ((1, "Bridge"), (2, "Council"), (3, "Delta")):
            opened.room.newsroom.add(number, title=title)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        opened.console.enter(context)
        page, base = context.new_page(), str(opened.room.client.base_url)
        page.goto(f"{base}{HOME}")
        look_at_both(page, "digests")
        page.get_by_role("link", name="The Daily Brief, daily").click()

        page.get_by_label("Intro").fill("Typed, *not* saved.")
        phone = page.frame_locator(".look-phone iframe")
        expect(phone.locator("em", has_text="not")).to_be_visible()
        expect(phone.locator("h2").first).to_have_text("Delta")
        page.get_by_role("button", name="Bridge: to the top").click()
        expect(phone.locator("h2").first).to_have_text("Bridge")
        page.get_by_label("Council is").select_option("next time")
        expect(page.get_by_role("heading", name="Not in it")).to_be_visible()
        expect(phone.locator("h2", has_text="Council")).to_have_count(0)
        expect(page.get_by_label("Intro")).to_have_value("Typed, *not* saved.")
        page.get_by_label("Plain text").check()
        expect(page.frame_locator(".look-text iframe").locator("pre")).to_contain_text("Typed, not saved.")
        look_at_both(page, "draft")
        page.get_by_label("Add an article").fill("nothing")
        page.get_by_label("Add an article").press("Enter")
        expect(page.get_by_text("Nothing else fits.")).to_be_visible()
        expect(page.get_by_label("Intro")).to_have_value("Typed, *not* saved.")
        page.get_by_label("Send it to").fill("proof@lake.example")
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_role("status")).to_contain_text("Sent to proof@lake.example")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")

        digest = opened.composed()
        opened.console.enter(context)
        page.goto(f"{base}{HOME}/{digest.id}/draft")
        page.locator("#subject").fill("From the lake")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("link", name="Approve").click()
        expect(page.get_by_role("heading", name="From the lake")).to_be_visible()
        look_at_both(page, "approve")
        page.get_by_role("button", name="Approve: send 2 mails").click()
        expect(page.get_by_role("status")).to_contain_text("Approved: 2 mails")
        context.close()

    assert relay.recipients == ["proof@lake.example"]
