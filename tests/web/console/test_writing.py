"""Articles written by hand: seen, kept, published into a source's folder, and picked up."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from syndicate.model import Role
from syndicate.store import articles, audit
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom

HOME = "/console/articles"
TYPED: dict[str, str | list[str]] = {
    "source": "newsroom",
    "title": "The ferry",
    "text": "It *sails*.\r\n\r\n<script>x()</script>",
    "tags": "lake, boats",
    "author": "Eva",
}


def print_in(page: str) -> str:
    return str(re.findall(r'name="print" value="(\w+)"', page)[0])


def folder_of(room: Pressroom) -> Path:
    folder = room.app.settings.directory / "articles"
    folder.mkdir()
    return folder


def test_an_article_is_written_seen_kept_and_published(pressroom: Pressroom) -> None:
    folder = folder_of(pressroom)
    viewer, editor = Console(pressroom, Role.VIEWER), Console(pressroom, Role.EDITOR)
    assert "/console/articles/new" not in viewer.get(HOME).text
    assert viewer.get(f"{HOME}/new").status_code == viewer.post(f"{HOME}/new", TYPED).status_code == 403
    assert "/console/articles/new" in editor.get(HOME).text

    assert 'value="editor"' in editor.get(f"{HOME}/new").text
    seen = editor.post(f"{HOME}/seen", TYPED)
    assert "<p>It <em>sails</em>.</p>" in seen.text
    assert "x()" not in seen.text
    assert seen.headers["content-security-policy"] == "default-src 'none'"
    assert "What you write" in editor.post(f"{HOME}/seen", {"author": "Eva"}).text
    looked = editor.post(f"{HOME}/new", TYPED | {"act": "look"})
    assert "<p>It <em>sails</em>.</p>" in looked.text
    assert "\nIt *sails*.\n\n&lt;script&gt;" in looked.text
    assert list(folder.iterdir()) == []

    kept = editor.post(f"{HOME}/new", TYPED | {"act": "keep"})
    path = kept.headers["location"]
    assert path == f"{HOME}/manuscripts/newsroom/the-ferry"
    assert "The ferry" in editor.get(f"{HOME}/manuscripts").text
    first = print_in(editor.get(path).text)
    assert editor.post(path, TYPED | {"act": "keep", "print": first, "title": "The boat"}).status_code == 303
    conflict = editor.post(path, TYPED | {"act": "publish", "print": first, "title": "Mine"})
    assert conflict.status_code == 409
    assert 'value="Mine"' in conflict.text
    now = print_in(editor.get(path).text)
    wrong = editor.post(path, TYPED | {"act": "publish", "print": now, "image": "nowhere"})
    assert wrong.status_code == 422
    assert "image: found" in wrong.text
    published = editor.post(path, TYPED | {"act": "publish", "print": now, "title": "The boat"})
    assert published.status_code == 303
    page = editor.get(published.headers["location"]).text
    assert "<h1>The boat</h1>" in page
    assert "Published: the-boat.md in newsroom." in page
    assert "author: Eva" in (folder / "the-boat.md").read_text()
    assert editor.get(path).status_code == 404
    with pressroom.app.store.read() as connection:
        acts = [(one.act, one.about) for one in audit.newest(connection, limit=9) if one.about]
    assert acts == [
        ("published", "manuscript newsroom/the-boat.md"),
        ("kept", "manuscript newsroom/the-ferry"),
        ("kept", "manuscript newsroom/the-ferry"),
    ]


def test_what_can_not_be_written_keeps_what_was_typed(pressroom: Pressroom) -> None:
    editor = Console(pressroom, Role.EDITOR)
    assert "there is no folder" in editor.get(f"{HOME}/new").text
    refused = editor.post(f"{HOME}/new", TYPED | {"act": "keep"})
    assert refused.status_code == 409
    assert "\nIt *sails*." in refused.text
    long = editor.post(f"{HOME}/new", TYPED | {"act": "keep", "text": "x" * 1_100_000})
    assert long.status_code == 409
    folder_of(pressroom)
    assert editor.post(f"{HOME}/new", TYPED | {"act": "keep", "title": " "}).status_code == 422
    assert editor.post(f"{HOME}/new", TYPED | {"act": "keep", "source": "wire"}).status_code == 404
    for name in ("none", "..%2f..%2fsyndicate", "A"):
        assert editor.get(f"{HOME}/manuscripts/newsroom/{name}").status_code == 404
    path = editor.post(f"{HOME}/new", TYPED | {"act": "keep"}).headers["location"]
    now = print_in(editor.get(path).text)
    assert editor.post(path, {"act": "discard", "print": now}).status_code == 303
    assert "thrown away" in editor.get(f"{HOME}/manuscripts").text


def test_the_text_of_a_folders_article_is_changed(pressroom: Pressroom) -> None:
    folder = folder_of(pressroom)
    file = folder / "ice.md"
    file.write_text("---\ntitle: Ice # mine\n---\nIt is *cold*.\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    app = pressroom.app
    asyncio.run(app.jobs.pick_up(["newsroom"], app.jobs.clock(), even_if_not_due=True))
    with app.store.read() as connection:
        before = articles.of_guid(connection, "newsroom", "ice.md")
    assert before is not None
    path = f"{HOME}/{before.id}/text"
    assert Console(pressroom, Role.VIEWER).get(path).status_code == 403
    editor = Console(pressroom, Role.EDITOR)
    assert f'href="{path}"' in editor.get(f"{HOME}/{before.id}").text
    page = editor.get(path).text
    assert "title: Ice # mine" in page
    typed: dict[str, str | list[str]] = {
        "print": print_in(page),
        "text": "---\r\ntitle: Ice # mine\r\n---\r\nIt *melts*.",
    }
    assert "<em>melts</em>" in editor.post(f"{path}/seen", typed).text
    assert "<em>melts</em>" in editor.post(path, typed | {"act": "look"}).text
    assert editor.post(path, typed | {"text": ""}).status_code == 422
    assert "cold" in file.read_text()
    assert editor.post(path, typed).status_code == 303
    assert "<em>melts</em>" in editor.get(f"{HOME}/{before.id}/cleaned").text
    assert "# mine" in file.read_text()
    assert file.stat().st_mtime == 1_700_000_000
    assert "cold" in (folder / "ice.md.~1~").read_text()
    conflict = editor.post(path, typed | {"text": "Mine"})
    assert conflict.status_code == 409
    assert "\nMine</textarea>" in conflict.text
    file.write_bytes(b"\xff")
    assert "not in UTF-8" in editor.get(path).text
    file.unlink()
    file.symlink_to(pressroom.app.settings.directory / "syndicate.db")
    assert "lies elsewhere" in editor.get(path).text
    number = pressroom.newsroom.add(1, source="wire")
    assert "does not come from a folder" in editor.get(f"{HOME}/{number}/text").text
    escaping = pressroom.newsroom.add(2, guid="../syndicate.toml")
    assert editor.get(f"{HOME}/{escaping}/text").status_code == 409
