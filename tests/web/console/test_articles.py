"""Articles in the console: found, seen, released."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from markupsafe import escape

from syndicate.model import ArticleState, Content, DigestState, Original, Role, SourceState, SourceStatus
from syndicate.store import articles, audit, sources
from syndicate.web.console.articles import listing
from tests.feeds.newsroom import NOON
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom
from tests.web.test_archive import keep_digest

HOME = "/console/articles"


def rows(page: str) -> list[str]:
    return re.findall(r'<a class="title" href="[^"]*">(.*?)</a>', page)


def test_articles_are_listed_and_found(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ON_A_PAGE", 2)
    add = pressroom.newsroom.add
    first = add(1, title="A <b> ferry", tags=("Harbour", "R&D"))
    for number in (2, 3, 4):
        add(number, title=f"Part {number}", source="wire")
    add(5, title="Suspicious", state=ArticleState.HELD)
    number = keep_digest(pressroom, DigestState.REVIEW, "<p>x</p>", [first])
    console = Console(pressroom, Role.VIEWER)

    page = console.get(HOME).text
    assert rows(page) == ["Part 4", "Part 3"]
    older = re.findall(r'<a href="([^"]*)" rel="next">', page)[0].replace("&amp;", "&")
    page = console.get(HOME + older).text
    assert rows(page) == ["Part 2", "A &lt;b&gt; ferry"]
    assert f'<a href="/console/digests/{number}">The Daily Brief' in page
    assert "review</span>" in page
    assert 'rel="next"' not in page

    assert rows(console.get(f"{HOME}?source=newsroom").text) == ["A &lt;b&gt; ferry"]
    assert rows(console.get(f"{HOME}?tag=r%26d").text) == ["A &lt;b&gt; ferry"]
    assert rows(console.get(f"{HOME}?q=part+3").text) == ["Part 3"]
    assert rows(console.get(f"{HOME}?state=held").text) == ["Suspicious"]
    for odd in ("q=%00", "q=%22%22", "after=99999999999999999.1", "after=x", "state=none", "tag=%00", "q=%ff"):
        assert console.get(f"{HOME}?{odd}").status_code == 200
    assert "Nothing fits" in console.get(f"{HOME}?q=,,").text


def test_an_article_shows_what_readers_get_in_a_sandbox(pressroom: Pressroom) -> None:
    number = pressroom.newsroom.add(1, title="<i>Ferry</i>", html="<p>It <em>sails</em>.</p>", tags=("a b",))
    console = Console(pressroom, Role.VIEWER)
    page = console.get(f"{HOME}/{number}").text
    assert "<h1>&lt;i&gt;Ferry&lt;/i&gt;</h1>" in page
    assert f'<iframe class="shown" src="/console/articles/{number}/cleaned" sandbox=' in page
    assert "That was not kept" in page
    assert console.get(f"{HOME}/{number}/original").status_code == 404
    framed = console.get(f"{HOME}/{number}/cleaned")
    assert "<p>It <em>sails</em>.</p>" in framed.text
    policy = framed.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    for path in (f"{HOME}/{number + 1}", f"{HOME}/{number + 1}/cleaned", f"{HOME}/{2**70}"):
        assert console.get(path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "text", "seen"),
    [
        ("html", "<p onclick=x()>It <em>sails</em>.</p><script>x()</script>", "<script>x()</script>"),
        ("markdown", "---\ntitle: T\n---\nIt *sails*.", "<p>It <em>sails</em>.</p>"),
        ("markdown", "---\na: [\n---\n<b>x", "<b>x"),
        ("text", "It <sails>.", "<pre>It &lt;sails&gt;.</pre>"),
    ],
)
def test_an_original_is_shown_beside_and_can_do_nothing(
    pressroom: Pressroom, kind: Literal["html", "markdown", "text"], text: str, seen: str
) -> None:
    content = Content(guid="a", title="T", html="<p>It <em>sails</em>.</p>", text="", original=Original.of(text, kind))
    with pressroom.app.store.write() as connection:
        number = articles.add(connection, "wire", content, now=NOON)
    viewer = Console(pressroom, Role.VIEWER)
    page = viewer.get(f"{HOME}/{number}").text
    assert str(escape(text)) in page
    assert "<script>x" not in page
    if kind == "html":
        assert "<del>-&lt;script&gt;x()&lt;/script&gt;</del>" in page
    framed = viewer.get(f"{HOME}/{number}/original")
    assert seen in framed.text
    policy = framed.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'none'" in policy
    assert policy.endswith("sandbox")


def test_held_articles_are_released_one_or_all(pressroom: Pressroom) -> None:
    app = pressroom.app
    held = [pressroom.newsroom.add(number, state=ArticleState.HELD) for number in (1, 2, 3)]
    with app.store.write() as connection:
        sources.save(connection, SourceStatus(name="newsroom", state=SourceState.HELD))
    assert Console(pressroom, Role.VIEWER).post(f"{HOME}/{held[0]}/release").status_code == 403
    editor = Console(pressroom, Role.EDITOR)
    assert "Release into feeds only" in editor.get(f"{HOME}/{held[0]}").text
    assert editor.post(f"{HOME}/{held[0]}/release", {"into": "feeds"}).status_code == 303
    assert "was released into feeds only" in editor.get(f"{HOME}/{held[0]}").text
    assert editor.post(f"{HOME}/{held[0]}/release").status_code == 409
    assert editor.post(f"{HOME}/{held[1]}/release", {"all": "1", "into": "digests"}).status_code == 303
    with app.store.read() as connection:
        found = articles.by_ids(connection, held)
        assert [one.state for one in found] == [ArticleState.CURRENT] * 3
        assert [one.sequence is None for one in found] == [True, False, False]
        assert sources.status(connection, "newsroom").state is SourceState.OK
        acts = [(one.who, one.act, one.about) for one in audit.newest(connection, limit=9) if one.about]
    assert acts == [("editor", "released", "source newsroom"), ("editor", "released", f"article {held[0]}")]


def test_an_editor_puts_an_article_in_other_words_and_back(pressroom: Pressroom) -> None:
    number = pressroom.newsroom.add(1, title="A <b> ferry", tags=("Harbour",))
    path = f"{HOME}/{number}/words"
    assert Console(pressroom, Role.VIEWER).get(path).status_code == 403
    editor, other = Console(pressroom, Role.EDITOR), Console(pressroom)

    def form(console: Console) -> dict[str, str | list[str]]:
        page = console.get(path).text
        return {
            "print": re.findall(r'name="print" value="(\w+)"', page)[0],
            "summary": "Short.",
            "tags": "Harbour, sea",
        }

    rung: list[bool] = []
    pressroom.app.jobs.fresh.listen(lambda: rung.append(True))
    theirs = form(other)
    assert editor.post(path, form(editor) | {"title": "The\nboat"}).status_code == 303
    page = editor.get(f"{HOME}/{number}").text
    assert "<h1>The boat</h1>" in page
    assert "<dt>Title of the source</dt><dd>A &lt;b&gt; ferry</dd>" in page
    assert "by editor" in page
    conflict = other.post(path, theirs | {"title": "Mine <i>"})
    assert conflict.status_code == 409
    assert 'value="Mine &lt;i&gt;"' in conflict.text
    assert "Somebody else edited it" in conflict.text
    wrong = editor.post(path, form(editor) | {"title": " "})
    assert wrong.status_code == 422
    assert 'id="title-problem"' in wrong.text
    assert editor.post(path, form(editor) | {"title": "The boat"}).status_code == 303
    assert "Nothing was changed" in editor.get(HOME).text
    assert len(rung) == 1
    assert editor.post(path, form(editor) | {"back": "1"}).status_code == 303
    assert "<h1>A &lt;b&gt; ferry</h1>" in editor.get(f"{HOME}/{number}").text
    with pressroom.app.store.read() as connection:
        acts = [(one.act, one.about, one.detail) for one in audit.newest(connection, limit=9) if one.about]
    assert acts == [("edited", f"article {number}", "title, summary, tags")] * 2


def test_an_article_is_placed_in_the_next_digests(pressroom: Pressroom) -> None:
    number = pressroom.newsroom.add(1, title="A ferry", tags=("Lake",))
    pressroom.newsroom.add(2, title="Another")
    path = f"{HOME}/{number}/next"
    assert Console(pressroom, Role.VIEWER).post(path, {"act": "pin"}).status_code == 403
    editor = Console(pressroom, Role.EDITOR)

    def standings() -> list[str]:
        page = editor.get(f"{HOME}/{number}").text
        return re.findall(r'<td><span class="badge [^"]*">(.*?)</span></td>', page)

    def say(act: str, newsletter: str = "daily", cadence: str = "weekly") -> int:
        return editor.post(path, {"act": act, "newsletter": newsletter, "cadence": cadence}).status_code

    assert standings() == ["comes by itself", "comes by itself", "comes by itself", "not in it"]
    assert [say("pin"), say("add", "harbour"), say("leave-out", cadence="daily")] == [303, 303, 303]
    assert standings() == ["left out", "at the top", "comes by itself", "added"]
    assert [say("put-off"), say("undo", "harbour")] == [303, 303]
    assert standings() == ["left out", "comes next time", "comes by itself", "not in it"]
    assert [say("fly"), say("pin", "none"), say("pin", cadence="none")] == [404, 404, 404]
    pressroom.newsroom.withdraw(number)
    assert standings() == []
    assert say("pin") == 409
    with pressroom.app.store.read() as connection:
        acts = [(one.act, one.about, one.detail) for one in audit.newest(connection, limit=9) if one.about]
    assert acts[-1] == ("pinned", f"article {number}", "next digest of daily, weekly")
    assert len(acts) == 5
