"""The demo's loop in a real browser: subscribe, confirm by mail, get the next digest, leave with one click."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect

from tests.cli.command import Folder, wait_for
from tests.cli.starter import Started
from tests.cli.test_first_day import get

ADDRESS = "mira@reader.example"


def addresses(process: Started) -> dict[str, str]:
    """What the demo says it shows, and where."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        if match := re.match(r"\s*(site|inbox)\s+(http://[0-9.:]+)/", line):
            found[match[1]] = match[2]
        if "Ctrl-C" in line:
            return found
    raise AssertionError("the demo ended")


def mails(inbox: str) -> list[dict[str, str]]:
    """The mails to the reader, newest first."""
    with urllib.request.urlopen(f"{inbox}/messages.json?to={quote(ADDRESS)}", timeout=10) as answer:
        found: list[dict[str, str]] = json.loads(answer.read())
    return found


def subscribe(page: Page, site: str) -> None:
    """As a person does it, but quicker; who is too quick for a person is asked to press once more."""
    page.goto(f"{site}/")
    page.get_by_role("link", name="Subscribe to The Daily Brief").click()
    page.get_by_label("Email address").first.fill(ADDRESS)
    page.get_by_label("As soon as an article appears").check()
    page.get_by_text("Your name and language").click()
    page.get_by_label("Language of pages and notices").select_option("Deutsch")
    done = page.get_by_role("heading", name="Check your mail")
    while not done.is_visible():
        page.get_by_role("button", name="Subscribe", exact=True).click()
        page.wait_for_load_state()


def test_subscribe_confirm_receive_leave(browser: Browser, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.running("demo") as process:
        at = addresses(process)
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        subscribe(page, at["site"])

        wait_for(lambda: len(mails(at["inbox"])) == 1)
        page.goto(f"{at['inbox']}/messages/{mails(at['inbox'])[0]['name']}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Bitte bestätigen: Mail von Lakeside Courier")
        assert page.get_by_role("button", name="Unsubscribe").count() == 0
        with context.expect_page() as opened:
            page.frame_locator("iframe").get_by_role("link", name="Ansehen und bestätigen").click()
        confirming = opened.value
        expect(confirming.locator("main")).to_contain_text(ADDRESS)
        confirming.get_by_role("button").click()
        expect(confirming.get_by_role("heading", level=1)).to_have_text("Sie sind angemeldet")

        folder.write("demo/articles/heron.md", "---\ntitle: A heron on the pier\n---\n\nIt stood there all morning.\n")
        wait_for(lambda: len(mails(at["inbox"])) == 2)
        page.goto(f"{at['inbox']}/messages/{mails(at['inbox'])[0]['name']}")
        expect(page.get_by_role("heading", level=1)).to_have_text("A heron on the pier")
        with context.expect_page() as opened:
            page.get_by_role("button", name="Unsubscribe").click()
        expect(opened.value.locator("body")).to_have_text("Unsubscribed.")
        leaving = page.locator("form.leaving").get_attribute("action") or ""
        assert "Sie sind abgemeldet" in get(leaving)
        context.close()
