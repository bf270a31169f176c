"""Words as search knows them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.store.words import LONGEST_QUERY, MOST_WORDS, Query, fold, parse, words, written_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Čačak", "cacak"),
        ("САЈАМ", "sajam"),
        ("Đorđe", "Ђорђе"),
        ("C\u030cac\u030cak", "Čačak"),
        ("Straße", "STRASSE"),
        ("ﬁne Ｆｕｌｌ", "fine full"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Łódź", "lodz"),
        ("Њујорк", "Njujork"),
    ],
)
def test_what_readers_type_for_each_other_is_one(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_scripts_without_spaces_are_found_by_any_part() -> None:
    assert words("東京tower 新しい") == ["東", "京", "tower", "新", "し", "い"]


def test_phrases_and_words_and_an_open_end() -> None:
    assert parse('ferry  "Winter Harbour" co') == Query((("ferry",), ("winter", "harbour"), ("co",)), is_open=True)
    assert parse("„zimska luka“") == Query((("zimska", "luka"),))
    assert parse('"left open') == Query((("left", "open"),))
    assert parse("covid-19") == Query((("covid", "19"),), is_open=True)
    assert parse("plan b") == Query((("plan",), ("b",)))
    assert not parse(' "" * -- ')


def test_a_query_is_read_only_so_far() -> None:
    assert sum(map(len, parse("a " * 5000).phrases)) <= MOST_WORDS
    assert len(parse("x" * 10_000).phrases[0][0]) <= LONGEST_QUERY


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80))
def test_words_hold_nothing_but_letters_and_digits(text: str) -> None:
    query = parse(text)
    for word in [*words(text), *(word for phrase in query.phrases for word in phrase)]:
        assert word.isalnum()
        assert not set(word) & set("\"'*\\: \0")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_written_words_are_where_they_stand(text: str) -> None:
    last = 0
    for word, start, stop in written_words(text):
        assert last <= start < stop <= len(text)
        assert word in words(text[start:stop])
        last = start
