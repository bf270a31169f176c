"""Articles in the console: found, seen, released."""

from __future__ import annotations

import re

import pytest

from syndicate.model import ArticleState, DigestState, Role, SourceState, SourceStatus
from syndicate.store import articles, audit, sources
from syndicate.web.console.articles import listing
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
    framed = console.get(f"{HOME}/{number}/cleaned")
    assert "<p>It <em>sails</em>.</p>" in framed.text
    policy = framed.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    for path in (f"{HOME}/{number + 1}", f"{HOME}/{number + 1}/cleaned", f"{HOME}/{2**70}"):
        assert console.get(path).status_code == 404


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
        acts = [(one.who, one.act, one.about) for one in audit.newest(connection, limit=2)]
    assert acts == [("editor", "released", "source newsroom"), ("editor", "released", f"article {held[0]}")]
