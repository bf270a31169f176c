from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience.formats.layout import Layout, lay_out
from syndicate.audience.formats.own import COLUMNS
from syndicate.audience.row import Row, RowReader
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
LAYOUT = lay_out(COLUMNS, {}) or Layout(places={})
READER = RowReader([BRIEF, SPORT], LAYOUT)


def _read(**cells: str) -> Row:
    given = {"email": "a@example.org", "newsletters": "brief"} | cells
    return READER.read([given.get(name, "") for name in COLUMNS])


def test_every_cell_says_something() -> None:
    row = READER.read(
        [
            "A@Example.org",
            " Ana ",
            "Sport; brief",
            "Weekly",
            "b;A",
            "de_AT",
            "UTC",
            "Paused",
            "said no",
            "VIP; b",
            '{"City":"Bar"}',
        ]
    )
    assert (row.email, row.name, row.newsletters) == ("A@example.org", "Ana", ("sport", "brief"))
    assert (row.cadence, row.topics, row.language, row.timezone) == ("weekly", "a\nb", "de-AT", "UTC")
    assert (row.state, row.ban) == (SubscriptionState.PAUSED, "said no")
    assert (row.tags, row.attributes) == ("b\nvip", (("city", "Bar"),))


@pytest.mark.parametrize(
    ("state", "until"),
    [
        ("paused", None),
        ("Paused until 2026-03-22T08:00:00+01:00", datetime(2026, 3, 22, 7, tzinfo=UTC)),
        ("paused until 2026-03-22", datetime(2026, 3, 22, tzinfo=UTC)),
    ],
)
def test_a_pause_may_say_when_it_ends(state: str, until: datetime | None) -> None:
    row = _read(state=state)
    assert (row.state, row.resume_at) == (SubscriptionState.PAUSED, until)


@pytest.mark.parametrize("state", ["paused until", "paused until soon", "active until 2026-03-22", "until 2026-03-22"])
def test_states_that_there_are_not(state: str) -> None:
    with pytest.raises(SyndicateError):
        _read(state=state)


def test_empty_cells_say_nothing() -> None:
    row = _read(cadence=" ")
    assert (row.name, row.cadence, row.topics, row.language, row.timezone) == ("", "", "", None, None)
    assert row.state is SubscriptionState.ACTIVE


def test_columns_that_are_not_there_say_nothing() -> None:
    assert RowReader([BRIEF], Layout(places={"email": (1,)})).read(["7", "a@example.org"]).newsletters == ("brief",)


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
        _read(newsletters=newsletters, cadence=cadence)
    assert str(refused.value) == reason


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.text(max_size=12) | st.just("x" * 9000) | st.sampled_from(["a@example.org", "brief", "daily", "en"]),
        min_size=len(COLUMNS),
        max_size=len(COLUMNS),
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


_CELLS = {
    "email": ["a@example.org", "B@Example.org", "no"],
    "name": ["Ana", "", "x" * 300],
    "newsletters": ["brief", "sport;brief", "nope"],
    "cadence": ["", "weekly", "never"],
    "topics": ["", "b;A"],
    "language": ["", "en", "!"],
    "timezone": ["", "UTC", "Mars"],
    "state": ["", "paused until 2026-03-22", "odd"],
    "suppressed": ["", "said no"],
    "tags": ["", "vip"],
    "attributes": ["", '{"n":1}', "no"],
}


@settings(deadline=None, max_examples=150)
@given(st.tuples(*(st.sampled_from(_CELLS[name]) for name in COLUMNS)))
def test_no_row_is_read_otherwise_for_those_before_it(cells: tuple[str, ...]) -> None:
    def said_by(reader: RowReader) -> Row | str:
        try:
            return reader.read(cells)
        except SyndicateError as error:
            return str(error)

    assert said_by(READER) == said_by(READER) == said_by(RowReader([BRIEF, SPORT], LAYOUT))
