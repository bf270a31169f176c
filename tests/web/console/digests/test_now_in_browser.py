"""A newsletter is sent by hand in a real browser, and its pages looked at; on a phone and on a desk."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, expect

from tests.relay import Relay
from tests.web.console.deskroom import look
from tests.web.console.digests.sendroom import HOME, send_room


def test_a_newsletter_is_sent_by_hand(tmp_path: Path, browser: Browser, relay: Relay) -> None:
    with send_room(tmp_path, relay) as room:
        room.room.newsroom.add(1, title="Ferry returns")
        room.readers(5)
        relay.refuse("rcpt", "550 5.1.1 no such user", matching="r1@")
        context = browser.new_context(viewport={"width": 390, "height": 800})
        room.console.enter(context)
        page = context.new_page()
        page.goto(f"{room.room.client.base_url}{HOME}")
        page.get_by_role("link", name="Send now").click()
        page.get_by_label("Newsletter").select_option("The Daily Brief")
        page.get_by_role("button", name="Count").click()
        expect(page.get_by_role("heading", name="5 recipients")).to_be_visible()
        look(page, "now")
        page.get_by_label("Type the number").fill("6")
        page.get_by_role("button", name="Send to 5 recipients").click()
        expect(page.get_by_role("status")).to_contain_text("Nothing was sent")
        page.get_by_label("Type the number").fill("5")
        page.get_by_role("button", name="Send to 5 recipients").click()
        expect(page.get_by_role("status")).to_contain_text("being sent to 5")
        bar = page.locator(".moving")
        expect(bar).to_contain_text("0 of 5")
        sending = Thread(target=room.send)
        sending.start()
        expect(bar).to_contain_text("5 of 5")
        sending.join()
        page.reload()
        expect(page.locator(".equation")).to_contain_text("4")
        look(page, "digest")
        page.set_viewport_size({"width": 1280, "height": 800})
        look(page, "digest on a desk")
        page.get_by_role("link", name="550 5.1.1 no such user").click()
        expect(page.locator(".results tbody tr")).to_have_count(1)
        look(page, "results on a desk")
        page.set_viewport_size({"width": 390, "height": 800})
        look(page, "results")
        page.goto(f"{room.room.client.base_url}{HOME}")
        look(page, "digests")
        context.close()
