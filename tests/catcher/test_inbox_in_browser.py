"""A hostile mail opened in a real browser: it may show pictures, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Dialog

from syndicate.catcher import Catcher, create_inbox
from tests.site import HttpSite

HOSTILE = """<html><head><meta http-equiv="refresh" content="0;url={site}/refreshed"></head>
<body onload="parent.document.title='owned'"><h1 id="words">Good morning</h1>
<script src="{site}/script.js"></script><script>alert(1)</script><link rel="stylesheet" href="{site}/style.css">
<iframe src="{site}/framed"></iframe><svg onload="alert(2)"></svg><img src="{site}/picture.gif" onerror="alert(3)">
</body></html>"""


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[str]:
    """The address of an inbox over ``tmp_path``."""
    config = uvicorn.Config(create_inbox(tmp_path), port=0, log_level="critical", ws="none")
    server, listener = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def test_a_hostile_mail_shows_pictures_and_nothing_else(
    browser: Browser, inbox: str, http_site: HttpSite, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "<script>alert(0)</script>"
    mail.set_content(HOSTILE.format(site=http_site.url), subtype="html")
    Catcher("127.0.0.1", 0, tmp_path).store("eve@example.org", ["ada@example.org"], mail.as_bytes())
    dialogs: list[str] = []
    page = browser.new_page()

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)

    page.goto(inbox)
    page.get_by_text("ada@example.org").first.click()
    page.frame_locator("iframe").locator("#words").wait_for()
    page.wait_for_load_state("networkidle")
    title = page.title()
    page.close()

    assert dialogs == []
    assert title == "<script>alert(0)</script>"
    assert [request.path for request in http_site.requests] == ["/picture.gif"]


@pytest.mark.parametrize("width", [360, pytest.param(1200, marks=pytest.mark.long)])
def test_no_page_is_wider_than_the_screen(browser: Browser, inbox: str, tmp_path: Path, width: int) -> None:
    address = f"{'a-very-long-name-' * 3}@example.org"
    content = b"Subject: " + b"unbroken" * 40 + b"\r\nX-Long: " + b"x" * 900 + b"\r\n\r\n" + b"y" * 900 + b"\r\n"
    path = Catcher("127.0.0.1", 0, tmp_path).store("eve@example.org", [address], content)
    page = browser.new_page(viewport={"width": width, "height": 700})

    for part in ("", f"messages/{path.name}", f"messages/{path.name}?part=headers"):
        page.goto(f"{inbox}/{part}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
