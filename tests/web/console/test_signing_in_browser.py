"""Signing in with a real browser, from the link to the first page, without JavaScript, on a phone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from syndicate.desk import people
from syndicate.model import Role
from tests.web.console.deskroom import look
from tests.web.pressroom import serve

WORDS = "tramway oyster lint"


def test_somebody_sets_up_their_account_signs_out_and_comes_back(tmp_path: Path, browser: Browser) -> None:
    with serve(tmp_path) as room:
        context = browser.new_context(viewport={"width": 390, "height": 800}, base_url=str(room.client.base_url))
        page = context.new_page()
        token = people.add(room.app.store, "ana", Role.OPERATOR, by="", now=room.app.jobs.clock())
        page.goto(f"/console/welcome/{token}")
        page.get_by_label("Password").fill("lakesidecourier")
        page.get_by_label("The same again").fill("lakesidecourier")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text("words of your own")
        look(page, "welcome")
        page.get_by_label("Password").fill(WORDS)
        page.get_by_label("The same again").fill(WORDS)
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Today")).to_be_visible()
        page.goto("/console/settings")
        page.get_by_role("button", name="Sign out").click()
        page.goto("/console/settings")
        page.get_by_label("Name").fill("Ana")
        page.get_by_label("Password").fill(WORDS)
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Newsletters and sources")).to_be_visible()
        page.goto("/console/prove?next=/console/settings")
        look(page, "prove")
        page.get_by_label("Password of ana").fill(WORDS)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", name="Newsletters and sources")).to_be_visible()
        for path in ("account/codes", "users/1"):
            page.goto(f"/console/{path}")
            look(page, path)
        context.close()
