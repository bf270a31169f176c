from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience.row import COLUMNS, RowReader
from syndicate.errors import SyndicateError
from syndicate.model import SubscriptionState
from syndicate.settings import Newsletter

BRIEF, SPORT = (
    Newsletter(slug=slug, title=slug, sender="n@example.org", cadences=cadences)
    for slug, cadences in {
        "brief": {"daily": "0 7 * * *", "weekly": "0 7 * * mon"},
        "sport": {"weekly": "0 7 * * mon", "instant": "instant"},
    }.items()
)
READER = RowReader([BRIEF, SPORT], {name: place for place, name in enumerate(COLUMNS)})


def test_every_cell_says_something() -> None:
    row = READER.read(["A@Example.org", " Ana ", "Sport; brief", "Weekly", "b;A", "de_AT", "UTC", "Paused"])
    assert (row.email, row.name, row.newsletters) == ("A@example.org", "Ana", ("sport", "brief"))
    assert (row.cadence, row.topics, row.language, row.timezone) == ("weekly", "a\nb", "de-AT", "UTC")
    assert row.state is SubscriptionState.PAUSED


@pytest.mark.parametrize(
    ("state", "until"),
    [
        ("paused", None),
        ("Paused until 2026-03-22T08:00:00+01:00", datetime(2026, 3, 22, 7, tzinfo=UTC)),
        ("paused until 2026-03-22", datetime(2026, 3, 22, tzinfo=UTC)),
    ],
)
def test_a_pause_may_say_when_it_ends(state: str, until: datetime | None) -> None:
    row = READER.read(["a@example.org", "", "brief", "", "", "", "", state])
    assert (row.state, row.resume_at) == (SubscriptionState.PAUSED, until)


@pytest.mark.parametrize("state", ["paused until", "paused until soon", "active until 2026-03-22", "until 2026-03-22"])
def test_states_that_there_are_not(state: str) -> None:
    with pytest.raises(SyndicateError):
        READER.read(["a@example.org", "", "brief", "", "", "", "", state])


def test_empty_cells_say_nothing() -> None:
    row = READER.read(["a@example.org", "", "brief", " ", "", "", "", ""])
    assert (row.name, row.cadence, row.topics, row.language, row.timezone) == ("", "", "", None, None)
    assert row.state is SubscriptionState.ACTIVE


def test_columns_that_are_not_there_say_nothing() -> None:
    assert RowReader([BRIEF], {"email": 1}).read(["7", "a@example.org"]).newsletters == ("brief",)


@pytest.mark.parametrize(
    ("newsletters", "cadence", "reason"),
    [
        ("brief;sport", "daily", "no sport cadence 'daily'; there is: weekly, instant"),
        ("brief", "hourly", "no brief cadence 'hourly'; there is: daily, weekly"),
        ("brief;spor", "", "no newsletter 'spor'; there is: brief, sport"),
        ("", "", "name a newsletter: brief, sport"),
    ],
)
def test_reasons_say_what_is_allowed(newsletters: str, cadence: str, reason: str) -> None:
    with pytest.raises(SyndicateError) as refused:
        READER.read(["a@example.org", "", newsletters, cadence, "", "", "", ""])
    assert str(refused.value) == reason


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.text(max_size=12) | st.just("x" * 9000) | st.sampled_from(["a@example.org", "brief", "daily", "en"]),
        min_size=8,
        max_size=8,
    )
)
def test_any_cells_are_a_row_or_a_reason(cells: list[str]) -> None:
    try:
        assert READER.read(cells).newsletters
    except SyndicateError as error:
        reason = str(error)
    else:
        reason = ""
    assert len(reason.splitlines()) <= 1
    assert len(reason) < 500
