"""The inbox shows what was caught, and a hostile mail stays in its frame."""

from __future__ import annotations

import os
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from syndicate.catcher import Catcher, create_inbox
from syndicate.catcher.inbox import one_click

pytestmark = pytest.mark.anyio

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def put(folder: Path, name: str, recipient: str, subject: str, *, html: str = "", at: int = 1_750_000_000) -> Path:
    mail = EmailMessage()
    mail["Delivered-To"], mail["From"], mail["Subject"] = recipient, "Lakeside Courier <news@example.org>", subject
    mail.set_content("Plain words.\n")
    if html:
        mail.add_alternative(html, subtype="html")
    path = folder / name
    path.write_bytes(mail.as_bytes())
    os.utime(path, (at, at))
    return path


async def get(folder: Path, address: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=create_inbox(folder))
    async with httpx2.AsyncClient(transport=transport, base_url="http://inbox.test") as client:
        return await client.get(address)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mails = tmp_path / "mails"
    mails.mkdir()
    put(mails, "000001-ada@example.org.eml", "ada@example.org", "First light", html="<html><head></head><p>Hi</p>")
    put(mails, "000002-ben@example.net.eml", "ben@example.net", EVIL, html=f"<p>{EVIL}</p>", at=1_750_000_100)
    return mails


async def test_newest_first(folder: Path) -> None:
    page = await get(folder, "/")

    assert page.status_code == 200
    assert page.text.index("ben@example.net</span>") < page.text.index("ada@example.org</span>")
    assert "2 mails" in page.text


async def test_filtered_by_recipient(folder: Path) -> None:
    page = await get(folder, "/?to=ADA")

    assert "First light" in page.text
    assert "ben@example.net</span>" not in page.text
    assert "1 mail to" in page.text


async def test_json_for_scripts(folder: Path) -> None:
    everything = (await get(folder, "/messages.json")).json()
    hers = (await get(folder, "/messages.json?to=ada@example.org")).json()

    assert [one["name"] for one in everything] == ["000002-ben@example.net.eml", "000001-ada@example.org.eml"]
    assert hers == [
        {
            "name": "000001-ada@example.org.eml",
            "from": "Lakeside Courier <news@example.org>",
            "to": ["ada@example.org"],
            "subject": "First light",
            "received_at": "2025-06-15T15:06:40+00:00",
            "size": (folder / "000001-ada@example.org.eml").stat().st_size,
        }
    ]


async def test_one_mail_and_its_parts(folder: Path) -> None:
    address = "/messages/000001-ada@example.org.eml"

    page = await get(folder, address)
    assert "<h1>First light</h1>" in page.text
    assert 'sandbox="allow-popups' in page.text
    assert "Plain words." in (await get(folder, f"{address}?part=text")).text
    assert "<dt>Delivered-To</dt>" in (await get(folder, f"{address}?part=headers")).text
    assert '<head><base target="_blank">' in (await get(folder, f"{address}/html")).text
    raw = await get(folder, f"{address}/raw")
    assert raw.content == (folder / "000001-ada@example.org.eml").read_bytes()
    assert raw.headers["content-type"] == "message/rfc822"
    assert raw.headers["content-disposition"].startswith("attachment")


async def test_what_a_mail_says_is_never_markup_of_the_page(folder: Path) -> None:
    for address in ("/", "/messages/000002-ben@example.net.eml", "/messages/000002-ben@example.net.eml?part=headers"):
        page = await get(folder, address)
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "script-src" not in page.headers["content-security-policy"]


async def test_a_mails_html_runs_nothing(folder: Path) -> None:
    policy = (await get(folder, "/messages/000002-ben@example.net.eml/html")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "img-src http: https: data:" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize(
    "name", ["..%2Fsecret.eml", "%2e%2e%2fsecret.eml", "secret.eml", "link.eml", "notes.txt", "nothing.eml", "%00.eml"]
)
@pytest.mark.parametrize("part", ["", "/html", "/raw"])
async def test_only_mails_of_the_folder_are_served(folder: Path, name: str, part: str) -> None:
    secret = put(folder.parent, "secret.eml", "eve@example.org", "secret")
    (folder / "link.eml").symlink_to(secret)
    (folder / "notes.txt").write_text("secret")

    assert (await get(folder, f"/messages/{name}{part}")).status_code == 404


async def test_an_empty_or_missing_folder_is_an_empty_inbox(tmp_path: Path) -> None:
    page = await get(tmp_path / "not yet", "/")

    assert page.status_code == 200
    assert "No mail yet" in page.text


async def test_the_stylesheet_is_there(folder: Path) -> None:
    style = await get(folder, "/style.css")

    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme" in style.text


async def test_reads_what_the_catcher_wrote(tmp_path: Path) -> None:
    Catcher("127.0.0.1", 0, tmp_path).store(
        "news@example.org", ["žana@example.org"], b"Subject: Dan\r\n\r\nZdravo.\r\n"
    )

    (mail,) = (await get(tmp_path, "/messages.json")).json()

    assert (mail["to"], mail["subject"]) == (["žana@example.org"], "Dan")


@pytest.mark.parametrize(
    ("value", "post", "found"),
    [
        ("<https://n.example/u/1>, <mailto:a@b.example>", "List-Unsubscribe=One-Click", "https://n.example/u/1"),
        ("<mailto:a@b.example>,\n <http://[::1]:8000/u/1>", "List-Unsubscribe=One-Click", "http://[::1]:8000/u/1"),
        ("<https://n.example/u/1>", "", ""),
        ("<mailto:a@b.example>", "List-Unsubscribe=One-Click", ""),
        ("<javascript:alert(1)>", "List-Unsubscribe=One-Click", ""),
        ("<https://n.example; script-src 'unsafe-inline'/>", "List-Unsubscribe=One-Click", ""),
        ("<https://ana@n.example/>", "List-Unsubscribe=One-Click", ""),
    ],
)
async def test_one_click_is_offered_where_the_mail_does(tmp_path: Path, value: str, post: str, found: str) -> None:
    assert one_click([("List-Unsubscribe", value), ("List-Unsubscribe-Post", post)]) == found


async def test_the_button_of_mail_programs(folder: Path) -> None:
    path = folder / "000003-zoe@example.org.eml"
    path.write_bytes(
        b"From: a@example.org\r\nList-Unsubscribe: <https://n.example/u/1>\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHi\r\n"
    )
    page = await get(folder, f"/messages/{path.name}")
    assert '<form class="leaving" method="post" action="https://n.example/u/1"' in page.text
    assert "form-action 'self' https://n.example;" in page.headers["content-security-policy"]
    page = await get(folder, "/messages/000001-ada@example.org.eml")
    assert 'class="leaving"' not in page.text
    assert "form-action 'self';" in page.headers["content-security-policy"]
