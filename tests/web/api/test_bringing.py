"""The API for programs: articles are brought, changed and taken back, once however often it is asked; and Ghost's."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from syndicate.desk.tokens import Scope
from syndicate.model import ArticleState
from syndicate.render.tokens import webhook_key
from syndicate.store import articles, audit
from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.pressroom import Pressroom, serve

FERRY = {"id": "42", "title": "Ferry", "content_markdown": "It **is** back.", "url": "https://cms.example/ferry"}
SOURCES = [{"name": "cms", "kind": "api"}, {"name": "desk", "kind": "folder", "path": "articles"}]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Pressroom]:
    with serve(tmp_path, lambda: NOON, sources=SOURCES) as opened:
        yield opened


class Cms(Program):
    """A program that brings articles."""

    def __init__(self, room: Pressroom) -> None:
        super().__init__(room, Scope.ARTICLES_WRITE)

    def bring(self, body: Any, kind: str = "application/json", query: str = "", **headers: str) -> httpx2.Response:
        return self.post(f"/articles{query}", body, **({"Content-Type": kind} | headers))

    def delete(self, query: str) -> httpx2.Response:
        return self.ask("DELETE", f"/articles?{query}")


def titles(room: Pressroom, state: ArticleState = ArticleState.CURRENT) -> dict[str, int | None]:
    with room.app.store.read() as connection:
        found = articles.latest(connection, ["cms", "desk"], (), 100, state=state)
    return {one.title: one.sequence for one in found}


def test_an_article_is_brought_changed_and_taken_back(room: Pressroom) -> None:
    rung: list[str] = []
    room.app.jobs.fresh.listen(lambda: rung.append("ding"))
    program = Cms(room)
    first = program.bring(FERRY)
    assert (first.status_code, first.json()["became"], first.json()["guid"]) == (201, "new", "42")
    assert program.bring(FERRY).json()["became"] == "unchanged"
    changed = program.bring(FERRY | {"title": "Ferry returns", "content_markdown": "*Today*<script>x</script>"})
    assert (changed.status_code, changed.json()["became"]) == (200, "changed")
    assert rung
    assert titles(room) == {"Ferry returns": 1}
    with room.app.store.read() as connection:
        [article] = articles.by_ids(connection, [first.json()["id"]])
        acts = [(one.who, one.act) for one in audit.newest(connection, limit=9)]
    assert article.html == "<p><em>Today</em></p>"
    assert acts[0] == ("token importer", "brought (changed)")
    assert program.delete("guid=42").json()["became"] == "withdrawn"
    assert titles(room) == {}
    assert program.delete("guid=nosuch").status_code == 404
    assert program.bring(FERRY).json()["became"] == "changed"
    assert titles(room) == {"Ferry": 1}


def test_markdown_with_front_matter_and_text(room: Pressroom) -> None:
    program = Cms(room)
    text = "---\nid: a1\ntitle: Market\ntags: [town]\n---\n\nThere *is* one.\n"
    assert program.bring(text, "text/markdown; charset=utf-8").json() == {"guid": "a1", "id": 1, "became": "new"}
    assert program.bring({"id": "a2", "content_text": "One < two.\n\nThree."}).status_code == 201
    with room.app.store.read() as connection:
        market, plain = articles.by_ids(connection, [1, 2])
    assert (market.html, market.tags) == ("<p>There <em>is</em> one.</p>", ("town",))
    assert plain.html == "<p>One &lt; two.</p>\n<p>Three.</p>"


def test_a_key_makes_a_repeat_harmless(room: Pressroom) -> None:
    program = Cms(room)
    body = {"title": "No identity of its own", "content_text": "Some words of it."}
    first, again = (program.bring(body, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert program.bring(body | {"title": "Else"}, **{"Idempotency-Key": "k1"}).status_code == 422
    assert program.bring(body | {"title": "Else"}, **{"Idempotency-Key": "k2"}).status_code == 201
    assert program.bring(body, **{"Idempotency-Key": "k" * 201}).status_code == 422
    assert titles(room) == {"No identity of its own": 1, "Else": 2}


def test_what_is_wrong_is_said(room: Pressroom) -> None:
    program = Cms(room)
    for body, words in (
        ("{", "the body: Invalid JSON"),
        (
            {"titel": "x", "tags": "y", "date_published": "2026-03-02T07:00:00"},
            "titel: Extra inputs are not permitted",
        ),
        ({"title": "x", "date_published": "2026-03-02T07:00:00"}, "date_published: Input should have timezone info"),
        ({"content_html": "x", "content_text": "y"}, "one of content_html, content_text and content_markdown"),
        ({"title": "x", "image": "javascript:x"}, "image: an address that begins with https://"),
        ({"id": "1"}, "has neither a title nor a text"),
    ):
        answer = program.bring(body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert words in answer.json()["detail"]
    assert "Content-Type: one of application/json, text/markdown" in program.bring("x", "text/html").json()["detail"]
    assert "needs an `id`" in program.bring("---\ntitle: x\n---\ny", "text/markdown").json()["detail"]
    assert program.bring(FERRY, query="?source=desk").status_code == 404
    assert program.bring("x" * 2_000_001).status_code == 413
    program.token = "syndicate_wrong"
    refused = program.bring(FERRY)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert titles(room) == {}


def ghost(room: Pressroom, post: dict[str, Any], at: datetime = NOON, key: str = "") -> httpx2.Response:
    body = json.dumps({"post": {"current": post, "previous": {"id": "g1"}}})
    stamp = str(int(at.timestamp() * 1000))
    key = key or webhook_key(room.app.settings.site.secret.get_secret_value(), "cms")
    mac = hmac.new(key.encode(), (body + stamp).encode(), sha256).hexdigest()
    headers = {"X-Ghost-Signature": f"sha256={mac}, t={stamp}", "Content-Type": "application/json"}
    return room.client.post("/api/v1/ghost/cms", content=body, headers=headers)


def test_ghost_tells_of_its_posts(room: Pressroom) -> None:
    post = {
        "id": "g1",
        "title": "From Ghost",
        "html": "<p>Hello <a href='/x'>there</a></p>",
        "url": "https://blog.example/from-ghost/",
        "status": "published",
        "visibility": "public",
        "tags": [{"name": "Lake"}, {"name": "#internal"}],
        "authors": [{"name": "Ana"}],
        "published_at": "2026-03-02T06:00:00.000Z",
    }
    assert ghost(room, post).json() == {"guid": "g1", "id": 1, "became": "new"}
    with room.app.store.read() as connection:
        [article] = articles.by_ids(connection, [1])
    assert article.html == '<p>Hello <a href="https://blog.example/x">there</a></p>'
    assert (article.tags, article.authors) == (("Lake",), ("Ana",))
    for hidden in ({"visibility": "members"}, {"status": "draft"}):
        assert ghost(room, post | hidden).json()["became"] in ("withdrawn", "unchanged")
    assert titles(room) == {}
    assert ghost(room, post).json()["became"] == "changed"
    assert ghost(room, {}).json()["became"] == "withdrawn"
    assert ghost(room, post, key="wrong").status_code == 403
    assert ghost(room, post, at=NOON - timedelta(minutes=6)).status_code == 403
    assert room.client.post("/api/v1/ghost/cms", content="{}").status_code == 403
    assert room.client.post("/api/v1/ghost/desk", content="{}").status_code == 404
