"""Growth week by week: what was kept of each day, summed; and its page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from syndicate.store import growth
from syndicate.store.growth import Day
from syndicate.web.console.subscribers.growth import Week, drawn, weeks
from syndicate.web.console.subscribers.pages import HOME
from tests.web.console.deskroom import Console
from tests.web.pressroom import Pressroom

MONDAY = date(2026, 3, 2)


def day(after: int, readers: int, joined: int = 0, left: int = 0, newsletter: str = "daily") -> Day:
    return Day(newsletter, MONDAY + timedelta(days=after), readers, joined, left)


def test_days_are_summed_by_weeks_and_none_is_left_out() -> None:
    kept = [day(2, 10, 10), day(6, 9, 0, 1), day(6, 4, 4, 0, "harbour"), day(15, 12, 5, 2)]
    assert weeks(kept, MONDAY + timedelta(days=22)) == [
        Week(MONDAY, 14, 1, 13),
        Week(MONDAY + timedelta(weeks=1), 0, 0, 13),
        Week(MONDAY + timedelta(weeks=2), 5, 2, 16),
        Week(MONDAY + timedelta(weeks=3), 0, 0, 16),
    ]
    assert weeks([], MONDAY) == []


@given(
    st.lists(
        st.builds(day, st.integers(0, 400), *[st.integers(0, 10**6)] * 3, st.sampled_from(["daily", "harbour"])),
        max_size=30,
    )
)
def test_nobody_is_lost_or_counted_twice(days: list[Day]) -> None:
    kept = sorted(days, key=lambda one: (one.day, one.newsletter))
    found = weeks(kept, MONDAY + timedelta(days=500))
    assert sum(one.joined for one in found) == sum(one.joined for one in days)
    assert sum(one.left for one in found) == sum(one.left for one in days)
    assert all(later.monday - one.monday == timedelta(weeks=1) for one, later in pairwise(found))
    assert not found or "nan" not in "".join(one.svg for one in drawn(found)).lower()


def test_the_page_shows_one_newsletter_or_all(pressroom: Pressroom) -> None:
    console = Console(pressroom)
    assert "Nothing was counted yet" in console.get(f"{HOME}/growth").text
    today = datetime.now(UTC).date()
    kept = [Day("daily", today, 120, 30, 4), Day("harbour", today, 7, 2, 0), Day("gone", today, 500, 1, 1)]
    with pressroom.app.store.write() as connection:
        growth.save(connection, kept)
    page = console.get(f"{HOME}/growth").text
    assert [f'<td class="number">{number}</td>' in page for number in (32, 4, 127)] == [True] * 3
    assert "+28" in page
    assert page.count("<svg") == 2
    page = console.get(f"{HOME}/growth?newsletter=harbour").text
    assert '<td class="number">7</td>' in page
    assert "+28" in console.get(f"{HOME}/growth?newsletter=%00<x>").text
    assert f"{HOME}/growth" in console.get(HOME).text
