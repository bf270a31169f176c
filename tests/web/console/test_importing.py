"""The import wizard: a file is sent, its columns are told, what it would change is shown, it is imported."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from syndicate.audience.uploads import Stage, Uploads
from syndicate.model import Role
from syndicate.store import audit, consents, suppressions
from syndicate.web.console.desk import COOKIE
from syndicate.web.console.subscribers import importing
from syndicate.web.console.subscribers.pages import HOME
from tests.web.console.deskroom import Console, look
from tests.web.console.readers import ANA, BO, CY, fill
from tests.web.pressroom import Pressroom

IMPORT = f"{HOME}/import"
FILE = f"Correo;Nombre;Plan\nnew@reader.example;Nova;x\n{ANA};Ana K.;\n{BO};;\n{CY};;\n=cmd|nobody;<b>;\n"


def send(console: Console, content: str, name: str = "gente.csv") -> str:
    """Sends a file; the path of its page."""
    answer = console.post(IMPORT, files={"file": (name, content.encode(), "text/csv")})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def ended(path: str) -> None:
    """Waits until nobody reads it any more."""
    for thread in threading.enumerate():
        if thread.name == f"import {path.rpartition('/')[2]}":
            thread.join()


def said(console: Console, path: str, **fields: str | list[str]) -> httpx2.Response:
    """Says what the columns are."""
    columns: dict[str, str | list[str]] = {"column-0": "email", "column-1": "name", "column-2": ""}
    agreed: dict[str, str | list[str]] = {"newsletter": ["daily"], "consent": "signed at the fair"}
    return console.post(f"{path}/compare", columns | agreed | fields)


def test_a_file_is_compared_and_imported(pressroom: Pressroom) -> None:
    held, console = fill(pressroom, 0), Console(pressroom)
    path = send(console, FILE)
    page = console.get(path).text
    assert "Say which it is" in page
    assert [name in page for name in (">Correo<", ">Nombre<", ">Plan<")] == [True] * 3
    refused = said(console, path, consent=" ")
    assert refused.status_code == 422
    assert "say how its people agreed" in refused.text
    assert '<option value="name" selected' in refused.text
    assert "no field" in said(console, path, **{"column-0": "nonsense"}).text
    assert "say which column it is" in said(console, path, **{"column-0": "name"}).text
    assert console.post(f"{path}/carry").status_code == 409

    assert said(console, path).status_code == 303
    ended(path)
    page = console.get(path).text
    counts = dict(re.findall(r'<th scope="row">(\w+)</th><td class="number">(\d+)', page))
    assert counts == {"new": "1", "changed": "1", "same": "0", "suppressed": "2", "bad": "1"}
    assert "Import 4 rows" in page
    assert "=cmd|nobody" in page
    rejected = console.get(f"{path}/rejected/0")
    assert rejected.headers["content-disposition"] == 'attachment; filename="rejected-0.csv"'
    assert '"\'=cmd|nobody"' in rejected.text
    for number in (1, 2**64):
        assert console.get(f"{path}/rejected/{number}").status_code == 404
    assert not pressroom.subscriptions_of("new@reader.example")
    assert "signed at the fair" in console.get(f"{path}?again=1").text

    console.post(f"{path}/carry")
    ended(path)
    page = console.get(path).text
    assert "What it did" in page
    assert "Delete what is kept of it" in page
    assert set(pressroom.subscriptions_of("new@reader.example")) == {"daily"}
    assert pressroom.now_of(held[ANA]).subscriber.name == "Ana K."
    assert pressroom.now_of(held[BO]).state == "unsubscribed"
    with pressroom.app.store.read() as connection:
        new = pressroom.subscriptions_of("new@reader.example")["daily"].subscriber.id
        assert "signed at the fair" in consents.of_subscriber(connection, new)[0].source
        assert "began an import" in [one.act for one in audit.newest(connection, limit=5)]
    console.post(f"{path}/drop")
    assert console.get(path).status_code == 404
    assert "gente.csv" not in console.get(IMPORT).text.partition("</form>")[2]


def test_who_left_or_is_banned_comes_back_with_a_reason(pressroom: Pressroom) -> None:
    held, console = fill(pressroom, 0), Console(pressroom)
    path = send(console, f"email\n{CY}\n")
    assert '<option value="email" selected' in console.get(path).text
    said(console, path, **{"column-1": "", "revive": "asked by telephone"})
    ended(path)
    console.post(f"{path}/carry")
    ended(path)
    assert "revived" in console.get(path).text
    with pressroom.app.store.read() as connection:
        assert suppressions.of_address(connection, CY) is None
    assert pressroom.now_of(held[CY]).state == "active"


def test_what_is_under_way_is_told_and_stopped(pressroom: Pressroom) -> None:
    console = Console(pressroom)
    path = send(console, "email\nnew@reader.example\n")
    said(console, path)
    ended(path)
    uploads, key = Uploads.of(pressroom.app.settings), path.rpartition("/")[2]
    taken = uploads.take(key)
    assert "<progress" in console.get(path).text
    headers = {"HX-Request": "true", "Cookie": f"{COOKIE}={console.key}"}
    assert pressroom.client.get(path, headers=headers).text.lstrip().startswith("<div hx-get")
    assert console.post(f"{path}/carry").status_code == 409
    assert console.post(f"{path}/drop").status_code == 409
    console.post(f"{path}/stop")
    assert taken.should_stop
    taken.give_back()
    assert pressroom.client.get(path, headers=headers).headers["hx-redirect"] == path
    one = uploads.get(key)
    uploads.note(replace(one, stage=Stage.IMPORTING))
    page = console.get(path).text
    assert "It stopped" in page
    assert "1 rows were dealt with" in page
    console.post(f"{path}/carry")
    ended(path)
    assert uploads.get(key).stage is Stage.IMPORTED


def test_what_is_no_file_of_subscribers_and_who_may_send_one(
    pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    console = Console(pressroom)
    console.get(IMPORT)
    for files in ({}, {"file": ("", b"", "text/csv")}):
        assert console.post(IMPORT, files=files).status_code == 422
    assert not (tmp_path / "imports").exists()
    path = send(console, "\0\0", "../../<script>.csv")
    page = console.get(path).text
    assert "it is not CSV text" in page
    assert "<script>." not in page
    for hostile in ("x" * 16, "..%2f..%2fetc", "0" * 16):
        assert console.get(f"{IMPORT}/{hostile}").status_code == 404
    editor = Console(pressroom, Role.EDITOR)
    assert editor.get(path).status_code == 403
    assert editor.post(IMPORT, files={"file": ("a.csv", b"email\n", "text/csv")}).status_code == 403
    monkeypatch.setattr(importing, "LARGEST", 10)
    assert console.post(IMPORT, files={"file": ("a.csv", b"email\n" * 3, "text/csv")}).status_code == 422


@pytest.mark.parametrize("width", [390])
def test_an_operator_imports_a_file(pressroom: Pressroom, browser: Browser, tmp_path: Path, width: int) -> None:
    fill(pressroom, 0)
    (tmp_path / "gente.csv").write_text(FILE)
    context = browser.new_context(viewport={"width": width, "height": 844})
    Console(pressroom).enter(context)
    page = context.new_page()
    page.goto(f"{pressroom.client.base_url}{HOME}")
    page.get_by_role("link", name="Import").click()
    page.get_by_label("A file of subscribers").set_input_files(tmp_path / "gente.csv")
    look(page, "begin")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Correo").select_option("email")
    page.get_by_label("The Daily Brief").check()
    page.get_by_label("How its people agreed").fill("signed at the fair")
    look(page, "columns")
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.get_by_role("heading", name="What it would change")).to_be_visible()
    look(page, "diff")
    page.get_by_role("button", name="Import 4 rows").click()
    expect(page.get_by_role("heading", name="What it did")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, "done")
    page.goto(f"{pressroom.client.base_url}{IMPORT}")
    look(page, "all imports")
    assert set(pressroom.subscriptions_of("new@reader.example")) == {"daily"}
    context.close()
