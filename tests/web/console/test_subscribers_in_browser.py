"""Subscribers in a real browser: searched while one types, one banned and erased; on a desk and on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.web.console.deskroom import Console, look
from tests.web.console.readers import ANA, CY, fill
from tests.web.pressroom import Pressroom


def test_one_is_found_banned_and_erased(pressroom: Pressroom, browser: Browser) -> None:
    fill(pressroom)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    Console(pressroom).enter(context)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{pressroom.client.base_url}/console/subscribers")
    look(page, "everyone")
    page.get_by_label("Address or name").press_sequentially("kova")
    expect(page.get_by_role("link", name=CY)).to_have_count(0)
    expect(page).to_have_url(re.compile("text=kova"))
    page.get_by_role("link", name=ANA).click()
    page.locator("summary").filter(has_text="Change").first.click()
    look(page, "person")
    page.set_viewport_size({"width": 390, "height": 844})
    look(page, "person on a phone")
    page.get_by_text("Ban from mail").first.click()
    page.get_by_label("Why").fill("her lawyer wrote")
    page.get_by_role("button", name="Ban from mail").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing is sent")
    expect(page.get_by_text("by an operator: her lawyer wrote")).to_be_visible()
    page.get_by_role("link", name="Erase…").click()
    look(page, "erase")
    page.get_by_label("Type the address").fill(ANA)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("status")).to_contain_text("was erased")
    expect(page.get_by_role("link", name=ANA)).to_have_count(0)
    look(page, "everyone on a phone")
    page.get_by_role("link", name="Add one").click()
    look(page, "add")
    assert not errors
    context.close()
