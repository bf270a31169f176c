"""Articles' pages, asked over HTTP."""

from __future__ import annotations

import re

from syndicate.model import ArticleState, DigestState, Enclosure
from tests.web.pressroom import Pressroom
from tests.web.test_archive import keep_digest


def test_an_article_says_who_wrote_it_when_and_about_what(pressroom: Pressroom) -> None:
    pressroom.newsroom.add(1, authors=("Ana <Hoxha>", "Bo Li"), tags=("Harbour & quay", "Čačak"), language="sr")
    page = pressroom.client.get("/articles/ferry-1").text
    assert '<span itemprop="name">Ana &lt;Hoxha&gt;</span>' in page
    assert '<time itemprop="datePublished" datetime="2026-03-03T12:00:00+00:00">3 March 2026</time>' in page
    assert '<article lang="sr" dir="ltr"' in page
    assert '<a href="/search?q=%22Harbour%20%26%20quay%22" itemprop="keywords">Harbour &amp; quay</a>' in page
    assert '<meta property="article:published_time" content="2026-03-03T12:00:00+00:00">' in page
    assert '<meta property="article:tag" content="Čačak">' in page
    assert "1 article<" in pressroom.client.get("/search?q=%22Harbour%20%26%20quay%22").text


def test_sounds_and_films_are_played_and_other_files_are_linked(pressroom: Pressroom) -> None:
    files = (
        Enclosure("https://lakeside.example/the%20bell.mp3?x=1", "audio/mpeg", 3_456_789),
        Enclosure("https://lakeside.example/ferry.mp4", "Video/mp4"),
        Enclosure("https://lakeside.example/", "application/pdf"),
    )
    pressroom.newsroom.add(1, enclosures=files)
    response = pressroom.client.get("/articles/ferry-1")
    assert '<audio controls preload="none" src="https://lakeside.example/the%20bell.mp3?x=1"' in response.text
    assert '<video controls preload="none" src="https://lakeside.example/ferry.mp4"' in response.text
    assert ">the bell.mp3</a>" in response.text
    assert "audio/mpeg · 3.5 MB" in response.text
    assert ">https://lakeside.example/</a>" in response.text
    assert "media-src https: http:" in response.headers["content-security-policy"]


def test_an_article_leads_to_its_digests_that_went_out(pressroom: Pressroom) -> None:
    ferry = pressroom.newsroom.add(1)
    numbers = [keep_digest(pressroom, DigestState.SENT, "<p>x</p>", [ferry]) for _ in range(4)]
    waiting = keep_digest(pressroom, DigestState.REVIEW, "<p>x</p>", [ferry])
    keep_digest(pressroom, DigestState.SENT, "<p>x</p>", [ferry + 1])
    page = pressroom.client.get("/articles/ferry-1").text
    assert re.findall('<a href="/archive/daily/([0-9]+)">', page) == [str(one) for one in numbers[:0:-1]]
    assert str(waiting) not in re.findall(
        '<a href="/archive/daily/([0-9]+)">', pressroom.client.get("/search?q=ferry").text
    )


def test_an_article_leads_to_those_before_and_after_that_have_a_page(pressroom: Pressroom) -> None:
    for number in (1, 2, 3, 4, 5):
        url = "https://lakeside.example/two" if number == 2 else None
        state = ArticleState.HELD if number == 4 else ArticleState.CURRENT
        pressroom.newsroom.add(number, url=url, state=state)
    page = pressroom.client.get("/articles/ferry-3").text
    assert '<link rel="prev" href="/articles/ferry-1">' in page
    assert '<link rel="next" href="/articles/ferry-5">' in page
    assert 'rel="prev"' not in pressroom.client.get("/articles/ferry-1").text
