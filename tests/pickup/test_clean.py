"""Cleaning: what stays, what goes, and what can never be left over."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.pickup.clean import absolute_url, clean, cut_at_word, first_paragraph, plain, summarise

BASE = "https://news.example/2025/story"


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Head</h2><p>a <strong>b</strong> <em>c</em> <code>d</code></p>",
        '<ol start="3"><li>a</li></ol><ul><li>b</li></ul><dl><dt>t</dt><dd>d</dd></dl>',
        '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td colspan="2">b</td></tr></tbody></table>',
        '<figure><img src="https://news.example/a.jpg" alt="A &amp; B" width="600"><figcaption>c</figcaption></figure>',
        "<blockquote><p>q</p></blockquote><pre><code>x\n  y</code></pre><hr>",
        '<p><a href="mailto:desk@news.example">write</a> “typographic” ’quotes’ — stay…</p>',
    ],
)
def test_what_an_article_is_made_of_stays(html: str) -> None:
    assert clean(html, None) == html


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ('<p onclick="x()" class="y" style="color:red" id="z">a</p>', "<p>a</p>"),
        ("a<script>alert(1)</script><style>p{}</style><iframe src='https://x.example'>i</iframe>b", "ab"),
        ('<a href="javascript:alert(1)">a</a>', "a"),
        ('<a href=" java\tscript:alert(1)">a</a>', "a"),
        ('<a href="data:text/html,x">a</a><img src="data:image/png;base64,AA">', "a"),
        ('<a name="top">a</a>', "a"),
        ('<p><a>a <a href="https://x.example/">b</a></a></p>', '<p>a <a href="https://x.example/">b</a></p>'),
        ("<p>a\x00b\x07c&#1;d\ud800e\ufffff</p>", "<p>abcdef</p>"),
        ("<!-- hidden --><p>a</p>", "<p>a</p>"),
        ("<center><font color=red>a</font></center>", "a"),
        ("<p>unclosed <b>bold", "<p>unclosed <b>bold</b></p>"),
    ],
)
def test_what_runs_or_leads_nowhere_goes(html: str, cleaned: str) -> None:
    assert clean(html, None) == cleaned


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ('<a href="/a b">x</a>', '<a href="https://news.example/a%20b">x</a>'),
        ('<a href="#note">x</a>', f'<a href="{BASE}#note">x</a>'),
        ('<a href="//cdn.example/x?a=1&amp;b=2">x</a>', '<a href="https://cdn.example/x?a=1&amp;b=2">x</a>'),
        ('<img src="pic.jpg">', '<img src="https://news.example/2025/pic.jpg">'),
        (
            '<img src="data:image/gif;base64,R0" data-src="/real.jpg" alt="r">',
            '<img src="https://news.example/real.jpg" alt="r">',
        ),
        ('<a href="https://пример.example/é">x</a>', '<a href="https://пример.example/%C3%A9">x</a>'),
        ('<a href="http://[bad">x</a>', "x"),
        ('<a href="http://a|b/">x</a>', "x"),
    ],
)
def test_links_become_absolute(html: str, cleaned: str) -> None:
    assert clean(html, BASE) == cleaned


def test_links_that_stay_relative_are_unwrapped() -> None:
    assert clean('<p><a href="/a"><em>x</em></a><img src="b.jpg"></p>', None) == "<p><em>x</em></p>"


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://x.example/a.jpg" width="1" height="1">',
        '<img src="https://x.example/a.jpg" height="0">',
        '<img src="https://x.example/a.jpg" style="width: 1px; height: 1px">',
        '<img src="https://x.example/a.jpg" style="display: none !important">',
        '<img src="https://pixel.wp.com/b.gif?host=x">',
        '<img src="https://sub.doubleclick.net/ad">',
        '<img src="https://www.facebook.com/tr?id=1">',
        '<img src="http://feeds.feedburner.com/~r/news/~4/abc">',
        '<img src="https://mail.example/track/open.php?u=1">',
        '<img src="/pixel.gif">',
    ],
)
def test_tracking_pixels_go(image: str) -> None:
    assert clean(f"<p>a{image}b</p>", BASE) == "<p>ab</p>"


@pytest.mark.parametrize(
    "image", ['width="100"', 'style="max-width: 100%"', 'style="width:10px"', 'height="15"', 'style="border-width:1px"']
)
def test_pictures_stay(image: str) -> None:
    assert "<img" in clean(f'<img src="https://x.example/openness.jpg" {image}>', None)


PIECES = st.sampled_from(
    [
        *("<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg/onload=x>", "<math><mtext>", "</p>", "<p>"),
        *(
            '<a href="javascript:x">',
            "<a href=jAvAsCrIpT&colon;x>",
            "</a>",
            "<table>",
            "<td>",
            "<style>",
            "<!--",
            "-->",
        ),
        *(
            "<noscript>",
            '<p title="</noscript><img src=x onerror=1>">',
            "<iframe srcdoc='<script>'>",
            "<b",
            "&lt;",
            '"',
        ),
        *("<img src='vbscript:x'>", "<a href='/x' onmouseover='y'>", "<template>", "<textarea>", "]]>", "<![CDATA["),
    ]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(PIECES | st.text(max_size=10), max_size=12).map("".join))
def test_nothing_that_runs_is_ever_left(html: str) -> None:
    cleaned = clean(html, BASE)
    for tag in re.findall(r"<[^>]*>", cleaned):
        assert re.match(r"</?[a-z][a-z0-9]*(?: [a-z]+=\"[^\"]*\")*>", tag), tag
        assert not re.match(r"</?(script|style|iframe|svg|math|object|template|textarea)", tag)
        assert not re.search(r' (?:on\w+|style|srcdoc|data-src)="', tag)
        assert all(
            value.startswith(("http://", "https://", "mailto:")) for value in re.findall(r'(?:href|src)="(.*?)"', tag)
        )
    assert clean(cleaned, BASE).count("<img") == cleaned.count("<img")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=400), st.integers(5, 300))
def test_summary_is_on_one_line_and_within_its_limit(text: str, limit: int) -> None:
    summary = summarise(text, limit)
    assert len(summary) <= limit
    assert summary == " ".join(summary.split())


def test_summary_is_cut_at_a_word() -> None:
    assert summarise("one two, three four", 12) == "one two…"
    assert summarise("one two", 7) == "one two"
    assert cut_at_word("abcdefgh", 3) == "abc"


def test_little_html_as_text() -> None:
    assert plain("A &amp; B <i>c</i>\n d") == "A & B c d"
    assert first_paragraph("<h2>x</h2><p> </p><p>a <b>b</b></p>") == "a b"
    assert first_paragraph("") == ""


@pytest.mark.parametrize("url", [None, "", "ftp://x.example", "urn:1", "http://", "http://[", "mailto:a@b.example"])
def test_not_a_web_address(url: str | None) -> None:
    assert absolute_url(url, None) is None
