"""Which articles are in which feed, and on which page of its archive."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from syndicate.feeds.selection import close_pages, current, pages, select, shadowed
from syndicate.store.articles import FeedRow
from tests.feeds.newsroom import make_settings

SETTINGS = make_settings(Path("/nowhere"))
SOURCES = [source.name for source in SETTINGS.sources]


def row(number: int, *tags: str, source: str = "newsroom", guid: str = "") -> FeedRow:
    return FeedRow(number, source, guid or f"{number}.md", f"slug-{number}", json.dumps(tags), f"v{number}")


def test_an_article_is_in_the_feeds_of_its_newsletters_and_tags() -> None:
    rows = [row(3, "HARBOUR"), row(2, "harbour", "Ships", source="wire"), row(1)]
    found = select(rows, [row(4, "Ships")], SETTINGS.newsletters, SOURCES)
    assert {folder: [one.id for one in chosen.rows] for folder, chosen in found.items()} == {
        "all": [3, 2, 1],
        "all/tags/harbour": [3, 2],
        "all/tags/ships": [2],
        "daily": [3, 2, 1],
        "daily/tags/harbour": [3, 2],
        "daily/tags/ships": [2],
        "harbour": [3],
        "harbour/tags/harbour": [3],
    }
    assert found["daily/tags/harbour"].tag == "HARBOUR"
    assert [one.id for one in found["daily/tags/ships"].gone] == [4]
    assert found["harbour"].gone == []


def test_a_tag_of_no_letter_has_no_feed_and_two_that_are_one_are_in_it_once() -> None:
    found = select([row(1, "!!!", "A b", "a-B")], [], SETTINGS.newsletters, SOURCES)
    assert [one.id for one in found["daily/tags/a-b"].rows] == [1]
    assert sorted(found) == ["all", "all/tags/a-b", "daily", "daily/tags/a-b", "harbour"]


def test_what_no_newsletter_takes_is_nowhere() -> None:
    few = [SETTINGS.newsletters[1]]
    assert all(not one.rows for one in select([row(1, "other")], [], few, SOURCES).values())


def test_an_id_belongs_to_who_had_it_first() -> None:
    rows = [
        row(5, guid="https://a.example/1", source="wire"),
        row(2, guid="https://a.example/1"),
        row(3, guid="https://a.example/3"),
    ]
    assert shadowed(rows) == {5}


@given(steps=st.lists(st.lists(st.integers(1, 40), unique=True, max_size=8), max_size=12), size=st.integers(1, 4))
@hypothesis_settings(max_examples=60, deadline=None)
def test_pages_never_change_and_with_the_feed_have_everything(steps: list[list[int]], size: int) -> None:
    """Articles come with any dates: the place in ``dated`` is by date, the id by pick-up."""
    dated: list[FeedRow] = []
    ends: list[int] = []
    kept: dict[int, list[int]] = {}
    number = 0
    for step in steps:
        for place in step:
            number += 1
            dated.insert(place % (len(dated) + 1), row(number))
        ends += close_pages(dated, ends, size)
        shared = pages(dated, ends)
        for page, ids in kept.items():
            assert [one.id for one in shared[page]] == ids
        kept = {page: [one.id for one in shared[page]] for page in range(1, len(ends) + 1)}
        assert all(len(ids) == size for ids in kept.values())
        feed = current(dated, shared[0], size)
        assert feed[:size] == dated[:size]
        assert len(feed) <= 2 * size
        assert {one.id for one in feed} | {one for ids in kept.values() for one in ids} == {one.id for one in dated}


def test_a_page_is_closed_when_the_feed_has_no_room_for_its_articles() -> None:
    rows = [row(number) for number in (9, 7, 5, 3)]
    assert close_pages(rows, [], 4) == []
    assert close_pages(rows, [], 3) == [7]
    assert close_pages(rows, [3], 3) == []
    assert close_pages(rows, [], 1) == [3, 5, 7]
