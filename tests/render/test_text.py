"""HTML to text: what a reader of the text part sees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.render.text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<!-- nothing -->", ""),
        ("<h2>Head</h2><p>a &lt; b &amp; “c”</p><p>d</p>", "Head\n\na < b & “c”\n\nd"),
        ("<p>a<br>b</p><hr><p>c</p>", "a\nb\n\nc"),
        ("<p>See <a href='https://x.example/a?b=1'>this</a>, now</p>", "See this <https://x.example/a?b=1>, now"),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        ("<a href='https://x.example/a'>https://x.example/a</a>", "https://x.example/a"),
        ("<a href='mailto:a@x.example'>write</a>", "write <a@x.example>"),
        ("<a href='#note'>note</a>", "note"),
        ("<a href='https://x.example'><img src='i' alt='A picture'></a>", "A picture <https://x.example>"),
        ("<p>a</p><ul><li>b</li><li>c<ul><li>d</li></ul></li></ul><p>e</p>", "a\n\n  * b\n  * c\n      + d\n\ne"),
        ("<ol start=3><li>a</li><li>b</li></ol>", " 3. a\n 4. b"),
        ("<p>a</p><blockquote><p>b</p></blockquote>", "a\n\n    b"),
        ("<pre>x = 1\n  y</pre>", "x = 1\n  y"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>22</td></tr></table>", "a  b\n1  22"),
    ],
)
def test_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


def test_deep_nesting_is_survived() -> None:
    assert isinstance(html_to_text("<div>" * 5000 + "deep"), str)


PIECES = st.sampled_from(
    ["<p>", "<ul>", "<li>", "<ol start=x>", "<a href='https://x.example'>", "</a>", "<pre>", "<td>", "\n\n\n"]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(PIECES | st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=10).map("".join))
def test_any_html_gives_tidy_text(html: str) -> None:
    text = html_to_text(html)
    assert "\n\n\n" not in text
    assert text == text.strip("\n")
    assert all(line == line.rstrip() for line in text.split("\n"))
