"""Words of editors with variables in them: whatever they write, it is either shown or refused, and never runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import WordingError
from syndicate.pickup.clean import clean
from syndicate.pickup.markdown import to_html
from syndicate.render.environment import open_templates
from syndicate.render.wording import fragment, say

ENV = open_templates()
VALUES = {"title": 'a <b> "c" *d*', "articles": [{"title": "first"}]}


def shown(text: str) -> str:
    return say(ENV, fragment(to_html, text), "intro", VALUES, html=True)


def test_a_value_stands_where_it_was_written_and_says_nothing_else() -> None:
    escaped = "a &lt;b&gt; &#34;c&#34; *d*"
    assert shown("**{{ title }}**, {{ articles[0].title | upper }}") == f"<p><strong>{escaped}</strong>, FIRST</p>"
    assert shown('<a href="{{ title }}">x</a> <!-- {{ nobody }} --> {{ title }}') == f"<p>x  {escaped}</p>"
    assert shown("[x](https://a.example/{{articles[0].title}})") == '<p><a href="https://a.example/first">x</a></p>'
    assert shown("{% if title %}yes{% else %}no{% endif %}") == "<p>yes</p>"


@pytest.mark.parametrize("text", ["&#123;&#123; nobody &#125;&#125;", "{% if title %}", "{{ title.__class__ }}"])
def test_what_can_not_be_shown_is_refused(text: str) -> None:
    with pytest.raises(WordingError, match="the intro"):
        shown(text)


PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "title", "if", "endif", "<script>", "<a href=", '"', "*", "_", "[x](", ")"]
)


@settings(max_examples=60)
@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map(" ".join))
def test_nothing_that_is_written_runs(text: str) -> None:
    try:
        html = shown(text)
    except WordingError:
        return
    assert "<script" not in html.lower()
    assert clean(html, None).count("<") == html.count("<")
