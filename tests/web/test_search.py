"""Search, asked over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.model import ArticleState, DigestState
from syndicate.web import search
from tests.web.pressroom import Pressroom, serve
from tests.web.test_archive import keep_digest


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many searches as a test wants."""
    monkeypatch.setattr(search, "PER_MINUTE", 100_000)


def test_articles_are_found_with_what_fits_marked_and_their_digest(pressroom: Pressroom) -> None:
    ferry = pressroom.newsroom.add(1, title="Čačak & the <ferry>", text="It sails from the winter harbour.")
    pressroom.newsroom.add(2, url="https://lakeside.example/two", text="A cacak of words.")
    number = keep_digest(pressroom, DigestState.SENT, "<p>x</p>", [ferry])
    pressroom.newsroom.add(3, text="čačak", state=ArticleState.HELD)
    page = pressroom.client.get("/search", params={"q": "cacak"}).text
    assert '<a href="/articles/ferry-1"><mark>Čačak</mark> &amp; the &lt;ferry&gt;</a>' in page
    assert "It sails" in page or "The ferry left" in page
    assert f'<a href="/archive/daily/{number}">Ferries &amp; &lt;fees&gt;</a>' in page
    assert '<a href="https://lakeside.example/two">' in page
    assert "A <mark>cacak</mark> of words." in page
    assert "2 articles" in page
    assert 'value="cacak"' in page


def test_a_newsletter_is_searched_in_its_sources_and_tags(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, title="Ferry one", tags=("harbour",))
    pressroom.newsroom.add(2, title="Ferry two")
    pressroom.newsroom.add(3, title="Ferry three", tags=("Harbour",), source="wire")
    page = pressroom.client.get("/search?q=ferry&newsletter=harbour").text
    assert "1 article<" in page
    assert "<mark>Ferry</mark> one" in page
    assert '<option value="harbour" selected>' in page
    assert "3 articles" in pressroom.client.get("/search?q=ferry&newsletter=none").text


def test_results_are_paged(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "ON_A_PAGE", 2)
    for number in range(1, 6):
        pressroom.newsroom.add(number, title=f"Ferry {number}")
    seen = [pressroom.client.get(f"/search?q=ferry&page={page}").text for page in (1, 2, 3, 9)]
    assert [page.count("<mark>Ferry</mark> ") for page in seen] == [2, 2, 1, 1]
    assert '<link rel="next" href="/search?q=ferry&amp;page=2">' in seen[0]
    assert '<link rel="prev" href="/search?q=ferry&amp;page=2">' in seen[2]
    assert 'rel="next"' not in seen[2]


def test_no_search_engine_keeps_results(pressroom: Pressroom) -> None:
    responses = [pressroom.client.get(path) for path in ("/search", "/search?q=ferry")]
    for response in responses:
        assert response.headers["x-robots-tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in response.text
        assert '<link rel="canonical" href="https://news.lakeside.example/search">' in response.text
    assert "Nothing fits." in responses[1].text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.text(max_size=5))
def test_whatever_is_typed_is_answered(pressroom: Pressroom, query: str, page: str) -> None:
    response = pressroom.client.get("/search", params={"q": query.encode("utf-8", "replace"), "page": page})
    assert response.status_code == 200


def test_hostile_queries_are_only_words(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, title="<script>alert(1)</script>")
    for query in ('"' * 10_000, "a" * 10_000, "%00", "%ff%fe", "a%00b", "<script>alert(1)</script>", "script"):
        response = pressroom.client.get(f"/search?q={query}")
        assert response.status_code == 200
        assert "<script>" not in response.text


def test_too_many_searches_wait_and_looking_at_the_form_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PER_MINUTE", 2)
    with serve(tmp_path) as room:
        responses = [room.client.get(f"/search?q={query}") for query in ("", "ferry", "", "bread", "boat", "")]
    assert [one.status_code for one in responses] == [200, 200, 200, 200, 429, 200]
    assert responses[4].headers["retry-after"] == "60"
