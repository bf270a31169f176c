"""What of a text answers a query."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.store.words import parse
from syndicate.web.excerpt import LENGTH, excerpt, marked


def test_what_fits_is_marked_as_it_is_written() -> None:
    text = "Сајам књига: <b>Čačak</b> & Winter-Harbour"
    assert marked(text, parse("cac sajam")) == "<mark>Сајам</mark> књига: &lt;b&gt;Čačak&lt;/b&gt; &amp; Winter-Harbour"
    assert "<mark>Čačak</mark>" in marked(text, parse("sajam cac"))
    assert "<mark>Winter-Harbour</mark>" in marked(text, parse('"winter harbour"'))
    assert marked("東京の市場", parse("京の")) == "東<mark>京の</mark>市場"


def test_an_excerpt_is_around_the_first_place() -> None:
    found = excerpt(f"{'before ' * 100} the ferry, {'after ' * 100}", parse("ferry"))
    assert found is not None
    assert found.startswith("…before ")
    assert "the <mark>ferry</mark>, after" in found
    assert len(re.sub("<.*?>", "", found)) <= LENGTH + 1
    assert excerpt("nothing of it", parse("ferry")) is None


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("aČ<>&\"' \n\u030cж東"), max_size=400), st.text(alphabet='acž東" ', max_size=8))
def test_nothing_but_marks_is_markup_and_no_text_is_lost(text: str, query: str) -> None:
    line = " ".join(text.split())
    assert unescape(re.sub("</?mark>", "", marked(text, parse(query)))) == line
    shown = excerpt(text, parse(query))
    if shown is not None:
        assert not re.search("<(?!/?mark>)", shown)
        bare = unescape(re.sub("</?mark>", "", shown)).removeprefix("…").removesuffix("…")
        assert bare in line
