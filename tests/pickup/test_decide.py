"""Deciding: each case, and that every content stands in exactly one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.model import ArticleState, Content
from syndicate.pickup.decide import Decision, Known, decide, fingerprints

DAY = datetime(2025, 1, 1, tzinfo=UTC)
LONG = " ".join(f"word{n}" for n in range(60))


def content(guid: str, day: int | None = None, **values: Any) -> Content:
    text = values.pop("text", f"Text of {guid}.")
    published_at = None if day is None else DAY + timedelta(days=day)
    values = {
        "title": f"Title of {guid}",
        "html": f"<p>{text}</p>",
        "text": text,
        "published_at": published_at,
    } | values
    return Content(guid=guid, **values)


def known(article_id: int, shown: Content, state: ArticleState = ArticleState.CURRENT) -> Known:
    return Known(id=article_id, guid=shown.guid, state=state, content_hash=shown.content_hash)


def decided(contents: list[Content], stored: list[Known] | None = None, **values: Any) -> Decision:
    options: dict[str, Any] = {"first": False, "first_pickup": 2, "hold_over": 3, "complete": True}
    return decide(contents, stored or [], values.pop("seen", {}), **(options | values))


A, B, C, D = content("a", 1), content("b", 2), content("c", 3), content("d", 4)


def test_new_ones_come_oldest_first_and_undated_before_all() -> None:
    undated = content("u")
    assert decided([C, undated, A]).new == (undated, A, C)


def test_first_pickup_numbers_the_newest_only() -> None:
    decision = decided([D, A, C, B], first=True)
    assert (decision.new, decision.remembered, decision.held) == ((C, D), (A, B), ())
    assert decided([A, B], first=True, first_pickup=0).remembered == (A, B)


def test_flood_is_held() -> None:
    assert decided([A, B, C]).new == (A, B, C)
    decision = decided([D, A, B, C])
    assert (decision.new, decision.held) == ((), (A, B, C, D))


def test_unchanged_when_only_dates_moved() -> None:
    decision = decided([replace(A, published_at=DAY, updated_at=DAY)], [known(1, A)])
    assert decision == Decision(unchanged=1)


@pytest.mark.parametrize("state", [ArticleState.CURRENT, ArticleState.HELD, ArticleState.DUPLICATE])
def test_changed_keeps_its_id(state: ArticleState) -> None:
    after = replace(A, html="<p>other</p>")
    assert decided([after], [known(1, A, state)]) == Decision(changed=((1, after),))


def test_what_is_gone_is_withdrawn_once() -> None:
    assert decided([], [known(1, A), known(2, B, ArticleState.WITHDRAWN)]).withdrawn == (1,)


def test_feeds_roll_off() -> None:
    assert decided([], [known(1, A)], complete=False) == Decision()


def test_what_is_there_but_not_readable_is_not_withdrawn() -> None:
    assert decided([], [known(1, A)], present=["a"]) == Decision()


def test_returned() -> None:
    assert decided([A], [known(1, A, ArticleState.WITHDRAWN)]) == Decision(returned=((1, A),))


@pytest.mark.parametrize("state", [ArticleState.CURRENT, ArticleState.WITHDRAWN])
def test_renamed_file_keeps_its_id(state: ArticleState) -> None:
    renamed = replace(A, guid="folder/a")
    assert decided([renamed], [known(1, A, state)]) == Decision(moved=((1, renamed),))


def test_copy_of_a_file_that_is_still_there_is_not_a_move() -> None:
    copy = replace(A, guid="copy")
    decision = decided([A, copy], [known(1, A)])
    assert (decision.moved, decision.unchanged, decision.new) == ((), 1, (copy,))


def test_duplicate_of_another_source() -> None:
    there = content("x", url="http://www.news.example/story/?utm_source=rss")
    here = content("y", url="https://news.example/story#top", text=LONG)
    seen = dict.fromkeys(fingerprints(there), 7)
    assert decided([here], seen=seen) == Decision(duplicates=((here, 7),))


def test_duplicate_in_the_same_pickup_first_one_wins() -> None:
    older = content("x", 1, title="The Title", text=LONG)
    newer = content("y", 2, title="the title!", text=LONG.upper())
    assert decided([newer, older]) == Decision(new=(older,), duplicates=((newer, "x"),))


def test_duplicates_do_not_make_a_flood() -> None:
    copies = [content(f"copy{n}", 5, url="https://news.example/a") for n in range(9)]
    decision = decided([A, *copies])
    assert (len(decision.new), len(decision.duplicates), decision.held) == (2, 8, ())


def test_short_texts_are_compared_by_link_only() -> None:
    assert fingerprints(content("x", text="Photo of the day")) == ()
    assert len(fingerprints(content("x", text=LONG, url="https://x.example/a"))) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://x.example/a", "http://www.x.example/a/", True),
        ("https://x.example/a?b=1&utm_medium=x", "https://X.example/a?b=1", True),
        ("https://x.example/a?b=1&c=2", "https://x.example/a?c=2&b=1", True),
        ("https://x.example/a?b=1", "https://x.example/a?b=2", False),
        ("https://x.example/a", "https://x.example/A", False),
    ],
)
def test_links_that_are_the_same(one: str, other: str, same: bool) -> None:
    assert (fingerprints(content("a", url=one)) == fingerprints(content("b", url=other))) is same


GUIDS = st.sampled_from("abcdefgh")
CONTENTS = st.lists(
    st.builds(
        lambda guid, day, words, url: content(guid, day, text=words, url=url, title="t"),
        GUIDS,
        st.none() | st.integers(0, 5),
        st.sampled_from(["one", "two", LONG]),
        st.sampled_from([None, "https://x.example/1", "https://x.example/2"]),
    ),
    unique_by=lambda one: one.guid,
)


@settings(deadline=None, max_examples=150)
@given(
    contents=CONTENTS,
    before=CONTENTS,
    states=st.lists(st.sampled_from(ArticleState), min_size=8, max_size=8),
    first=st.booleans(),
    complete=st.booleans(),
    present=st.sets(GUIDS),
    seen=st.sampled_from([{}, dict.fromkeys(fingerprints(content("z", url="https://x.example/1")), 99)]),
)
def test_every_content_stands_in_exactly_one_place(
    contents: list[Content],
    before: list[Content],
    states: list[ArticleState],
    first: bool,
    complete: bool,
    present: set[str],
    seen: dict[str, int],
) -> None:
    stored = [known(n, one, state) for n, (one, state) in enumerate(zip(before, states, strict=False))]
    decision = decided(contents, stored, first=first, complete=complete, present=present, seen=seen)
    placed = [
        *decision.new,
        *decision.remembered,
        *decision.held,
        *(one for one, _ in decision.duplicates),
        *(one for _, one in (*decision.changed, *decision.moved, *decision.returned)),
    ]
    guids = [one.guid for one in placed]
    assert len(guids) == len(set(guids))
    assert set(guids) <= {one.guid for one in contents}
    assert len(guids) + decision.unchanged == len(contents)
    touched = [number for number, _ in (*decision.changed, *decision.moved, *decision.returned)]
    assert len(set(touched) | set(decision.withdrawn)) == len(touched) + len(decision.withdrawn)
    assert not {stored[number].guid for number in decision.withdrawn} & {*present, *(one.guid for one in contents)}
    assert complete or not (decision.withdrawn or decision.moved)
    assert not (decision.new and decision.held)
