"""What editors type as title, summary and tags."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicate.desk.words import LONGEST_TAG, print_of, read
from syndicate.store.edits import Words


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_becomes_lines_that_can_be_kept(title: str, summary: str, tags: str) -> None:
    words, problems = read(title, summary, tags)
    for one in (words.title, words.summary, *words.tags):
        assert one == " ".join(one.split())
        one.encode()
        assert "\0" not in one
    assert "" not in words.tags
    assert read(words.title, words.summary, ", ".join(words.tags))[0] == words
    assert bool(words.title) or "title" in problems
    assert print_of(words, words)


def test_what_is_too_much_is_told_by_field() -> None:
    words, problems = read(" A\n b ", "s" * 3000, f"x, y ,x,,{'z' * (LONGEST_TAG + 1)}")
    assert words == Words("A b", "s" * 3000, ("x", "y", "z" * (LONGEST_TAG + 1)))
    assert set(problems) == {"summary", "tags"}
    assert set(read("t" * 301, "", ",".join(map(str, range(31))))[1]) == {"title", "tags"}
    assert print_of(words, words) != print_of(Words("A c", words.summary, words.tags), words)
