"""Newsletters and sources in a real browser: a newsletter is made, a source tried; on a phone and on a desk."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.settings.writing import write_settings
from tests.site import HttpSite
from tests.site import Page as Served
from tests.web.console.deskroom import Console, look
from tests.web.console.test_settings import FEED, HOME
from tests.web.pressroom import serve


def test_an_editor_makes_a_newsletter_and_tries_a_source(tmp_path: Path, browser: Browser, http_site: HttpSite) -> None:
    http_site.pages["/feed"] = Served(FEED)
    write_settings(tmp_path, fetch={"allow_private": True})
    with serve(tmp_path) as room:
        context = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=True)
        Console(room).enter(context)
        page = context.new_page()
        base = str(room.client.base_url)
        page.goto(f"{base}{HOME}")
        look(page, "overview")
        page.get_by_role("link", name="New newsletter").click()
        page.get_by_label("Slug").fill("sport")
        page.get_by_label("Title").fill("Sport")
        page.get_by_label("Sender").fill("sport@lake.example")
        page.get_by_label("Timezone").fill("Nowhere")
        page.get_by_label("Name of cadence 1").fill("late")
        page.get_by_label("When cadence 1 is due").fill("5 18 * * *")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#f-timezone-problem")).to_be_visible()
        look(page, "newsletter")
        page.get_by_label("Timezone").fill("Europe/Belgrade")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert room.app.file.load().newsletter("sport")

        page.goto(f"{base}{HOME}/source/feed")
        page.get_by_label("Name").fill("wire")
        page.get_by_label("Address").fill(f"{http_site.url}/feed")
        page.get_by_role("button", name="Test").click()
        expect(page.locator("#trial")).to_contain_text("Ferry returns")
        page.locator("#trial summary").first.click()
        look(page, "source")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        page.goto(f"{base}{HOME}/versions/1")
        look(page, "version")
        page.goto(f"{base}{HOME}/all")
        look(page, "all")
        context.close()
