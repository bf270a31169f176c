"""HTML pages: where the title, the article and its data are found."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ParseError
from syndicate.model import Content
from syndicate.pickup.htmlfile import declared_charset, parse_html

NOW = datetime(2025, 1, 2, tzinfo=UTC)


def parse(body: str, head: str = "") -> Content:
    return parse_html(f"<html><head>{head}</head><body>{body}</body></html>", "a.html", NOW)


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ('<title>T | Site</title><meta property="og:title" content="O">', "<h1>H</h1>", "O"),
        ("<title>The title | Site</title>", "<h1>The title</h1>", "The title"),
        ("<title>The title</title>", "<h1>Another</h1>", "The title"),
        ("", "<h1>H <em>e</em></h1>", "H e"),
        ("", "<p>The lead says it all. More.</p>", "The lead says it all. More"),
    ],
)
def test_title(head: str, body: str, title: str) -> None:
    assert parse(body, head).title == title


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("<nav>n</nav><article><p>a</p></article><article>b</article>", "<p>a</p>"),
        ("<p>x</p><main><p>a</p><aside>s</aside></main>", "<p>a</p>s"),
        ("<header>h</header><p>a</p><footer>f</footer>", "<p>a</p>"),
        ("<article>bare &lt; text<nav>n</nav><p>a</p></article>", "bare &lt; text<p>a</p>"),
    ],
)
def test_article_is_found(body: str, html: str) -> None:
    assert parse(body, "<title>T</title>").html == html


def test_relative_links_hang_from_base_then_canonical() -> None:
    canonical = '<title>T</title><link rel="canonical" href="https://x.example/a/b">'
    assert parse('<a href="c">l</a>', canonical).html == '<a href="https://x.example/a/c">l</a>'
    assert parse('<a href="c">l</a>', canonical + '<base href="/z/">').html == '<a href="https://x.example/z/c">l</a>'


def test_time_in_the_article_is_its_date_when_the_head_has_none() -> None:
    body = '<article><time datetime="2025-03-01T10:00+01:00">1 March</time><p>a</p></article>'
    assert parse(body, '<meta name="date" content="yesterday">').published_at == datetime(2025, 3, 1, 9, tzinfo=UTC)
    assert parse("<p>a</p>").published_at == NOW


@pytest.mark.parametrize("text", ["", "  ", "<!-- x -->", "<html><body></body></html>"])
def test_nothing_to_read(text: str) -> None:
    with pytest.raises(ParseError, match=r"^a\.html: "):
        parse_html(text, "a.html", NOW)


def test_declared_charset() -> None:
    assert declared_charset(b'<META http-equiv=x content="text/html; charset=ISO-8859-2">') == "ISO-8859-2"
    assert declared_charset(b"<meta charset='koi8-r'>") == "koi8-r"
    assert declared_charset(b"<p>charset=x") is None


PIECES = st.sampled_from(
    [
        "<article>",
        "<h1>",
        "</h1>",
        "<title>",
        "<base href='http://['>",
        "<?xml version='1.0' encoding='x'?>",
        "<frameset>",
        "\0",
    ]
)


@settings(deadline=None, max_examples=80)
@given(st.lists(PIECES | st.text(max_size=20), max_size=8).map("".join))
def test_any_text_is_an_article_or_a_parse_error(text: str) -> None:
    with suppress(ParseError):
        assert parse_html(text, "a.html", NOW).title


def test_deep_nesting_is_survived() -> None:
    assert parse("<div>" * 20_000 + "<p>deep</p>", "<title>T</title>").title == "T"
