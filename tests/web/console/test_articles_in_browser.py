"""Articles and templates in a real browser, articles on a phone, templates on a desk."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from syndicate.model import Content, Original
from syndicate.store import articles
from tests.feeds.newsroom import NOON
from tests.web.console.deskroom import Console, look
from tests.web.pressroom import serve


def test_an_editor_writes_edits_and_places_an_article(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "articles").mkdir()
    hostile = "<p>It <em>sails</em>.</p><script>document.title = 'taken'</script><meta http-equiv=refresh content=0;/>"
    original = Original.of(hostile, "html")
    content = Content(guid="a", title="A ferry", html="<p>It <em>sails</em>.</p>", text="It sails.", original=original)
    with serve(tmp_path) as room:
        with room.app.store.write() as connection:
            articles.add(connection, "wire", content, now=NOON, numbered=True)
        context = browser.new_context(viewport={"width": 390, "height": 900})
        Console(room).enter(context)
        page = context.new_page()
        base = str(room.client.base_url)
        page.goto(f"{base}/console/articles")
        look(page, "list")
        page.get_by_role("link", name="A ferry").click()
        expect(page.frame_locator("iframe[title*=before]").locator("em")).to_have_text("sails")
        expect(page.frame_locator("iframe[title*=cleaned]").last.locator("em")).to_have_text("sails")
        look(page, "article")
        assert "taken" not in page.title()
        page.get_by_role("button", name="Leave out of The Daily Brief, weekly").click()
        expect(page.get_by_role("status")).to_contain_text("will not be in the next one")
        page.get_by_role("link", name="Edit", exact=True).click()
        page.get_by_label("Title").fill("The ferry")
        look(page, "words")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The ferry")

        page.goto(f"{base}/console/articles/new")
        page.get_by_label("Title").fill("Late ice")
        page.get_by_label("Text").fill("It is *cold*.")
        expect(page.locator("#seen em")).to_have_text("cold")
        expect(page.locator("#seen h2")).to_have_text("Late ice")
        look(page, "write")
        page.get_by_role("button", name="Keep as a manuscript").click()
        expect(page.get_by_role("status")).to_contain_text("Kept")
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("status")).to_contain_text("Published: late-ice.md")
        context.close()


def test_an_operator_changes_a_template_and_gives_it_up(tmp_path: Path, browser: Browser) -> None:
    with serve(tmp_path) as room:
        room.newsroom.add(1, title="A ferry")
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        Console(room).enter(context)
        page = context.new_page()
        page.goto(f"{room.client.base_url}/console/templates")
        look(page, "list")
        page.get_by_role("link", name="email/digest/body.html").click()
        made = page.frame_locator("iframe[name=preview]")
        expect(made.get_by_text("Hello Ana")).to_be_visible()
        shipped = page.get_by_label("Template").input_value()
        page.get_by_label("Template").fill(shipped.replace("{{ greeting }}", "Ahoy! {{ greeting }}"))
        page.get_by_role("button", name="Preview").click()
        expect(made.get_by_text("Ahoy! Hello Ana")).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        expect(page.locator("ins", has_text="Ahoy")).to_be_visible()
        page.get_by_label("Template").fill("one\n{% if %}")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("line 2")
        look(page, "edit")
        page.get_by_role("button", name="Back to the shipped one").click()
        expect(page.get_by_role("status")).to_contain_text("shipped template counts again")
        assert page.get_by_label("Template").input_value() == shipped
        context.close()
