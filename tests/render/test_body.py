from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.render.body import COLUMN, adapt, underline_headings


@pytest.mark.parametrize(
    ("fragment", "adapted"),
    [
        ("<h1>A</h1><h2>B</h2><h6>C</h6>", "<h3>A</h3><h4>B</h4><h6>C</h6>"),
        ("<h2>A</h2><h3>B</h3>", "<h3>A</h3><h4>B</h4>"),
        ("<h4>A</h4>", "<h3>A</h3>"),
        ("<table><tr><td>1</td></tr></table>", '<div class="scroll"><table><tr><td>1</td></tr></table></div>'),
        ("a &lt;b&gt; &amp; “c”<br>d<hr/>", "a &lt;b&gt; &amp; “c”<br>d<hr>"),
        ('<a href="https://x.example/?a=1&amp;b=2">x</a>', '<a href="https://x.example/?a=1&amp;b=2">x</a>'),
    ],
)
def test_a_body_is_made_to_stand_in_a_mail(fragment: str, adapted: str) -> None:
    assert adapt(fragment) == adapted


@pytest.mark.parametrize(
    ("attributes", "width"),
    [
        ('width="300" height="200"', 300),
        ('width="2400"', COLUMN),
        ('width="120px"', 120),
        ('width="100%"', COLUMN),
        ('width="0"', COLUMN),
        ("", COLUMN),
    ],
)
def test_an_image_has_a_width_and_an_alternative(attributes: str, width: int) -> None:
    assert adapt(f'<img src="a.png" {attributes}>') == f'<img src="a.png" alt="" width="{width}">'
    assert 'alt="Quay"' in adapt(f'<img alt="Quay" src="a.png" srcset="b.png 2x" {attributes}>')


def test_headings_are_underlined_for_the_text_part() -> None:
    assert underline_headings("<h3>A &amp; <b>B</b></h3><p>c</p>") == "<h3>A &amp; <b>B</b><br>-----</h3><p>c</p>"


@settings(deadline=None)
@given(st.text(alphabet="<>/&;ahbr12 \"'=", max_size=60))
def test_text_never_becomes_markup(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert not re.search("<(?!p>|/p>)", adapt(f"<p>{escaped}</p>"))
