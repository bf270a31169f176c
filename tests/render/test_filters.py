from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.render.filters import clip, direction, host, underline, wrap


def test_small_words() -> None:
    assert host("https://www.lakeside.example:8080/a") == "lakeside.example"
    assert [direction(one) for one in ("ar", "he-IL", "en", None)] == ["rtl", "rtl", "ltr", "ltr"]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("short", "short"),
        ("one two, three", "one two…"),
        ("abcdefghijklmnop", "abcdefghij…"),
        ("  on one\nline ", "on one line"),
    ],
)
def test_clip_cuts_at_a_word(text: str, cut: str) -> None:
    assert clip(text, 11) == cut


@settings(deadline=None)
@given(st.text(), st.integers(min_value=5, max_value=90))
def test_clip_keeps_its_length(text: str, length: int) -> None:
    assert len(clip(text, length)) <= length


def test_underline_is_as_long_as_the_title() -> None:
    assert underline("A title", "=") == "A title\n======="
    assert underline("word " * 20).split("\n")[-1] == "-" * 69


def test_wrap_hangs_under_bullets_and_keeps_addresses_whole() -> None:
    address = "https://news.lakeside.example/" + "a-" * 40
    assert wrap(f"  * one two three {address}", 20) == f"  * one two three\n    {address}"
    assert wrap("    quoted words here", 16) == "    quoted words\n    here"
    assert wrap("10. one two three", 12) == "10. one two\n    three"


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=20), max_size=60))
def test_wrap_loses_no_word(words: list[str]) -> None:
    wrapped = wrap(" ".join(words))
    assert wrapped.split() == words
    assert all(len(line) <= 72 for line in wrapped.split("\n"))
