from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicate.audience.merge import Standing, person_after, standing_after
from syndicate.audience.row import Row
from syndicate.model import Subscriber, SubscriptionState

_WORD = st.sampled_from(["", "one", "two"])
_ROWS = st.builds(
    Row,
    st.just("a@example.org"),
    _WORD,
    st.just(("brief",)),
    _WORD,
    _WORD,
    st.none() | st.sampled_from(["en", "de"]),
    st.none() | st.just("UTC"),
    st.sampled_from(SubscriptionState),
)
_PEOPLE = st.builds(
    Subscriber,
    id=st.just(1),
    email=st.just("a@example.org"),
    name=_WORD,
    language=st.none() | st.sampled_from(["en", "fr"]),
    timezone=st.none() | st.just("Europe/Rome"),
)
_STANDINGS = st.builds(
    Standing,
    st.just(1),
    st.sampled_from([state.value for state in SubscriptionState]),
    st.sampled_from(["daily", "weekly"]),
    _WORD,
    st.just(5),
)


def _read(person: Subscriber, standing: Standing, rows: list[Row]) -> tuple[Subscriber, Standing]:
    for number, row in enumerate(rows):
        person = person_after(person, row, first=number == 0)
        standing = standing_after(standing, row, first=number == 0)
    return person, standing


@given(_PEOPLE, _STANDINGS, st.lists(_ROWS, max_size=4))
def test_reading_the_same_rows_again_changes_nothing(person: Subscriber, standing: Standing, rows: list[Row]) -> None:
    once = _read(person, standing, rows)
    assert _read(*once, rows) == once


@given(_PEOPLE, _STANDINGS, st.lists(_ROWS, max_size=4))
def test_nothing_known_is_lost_and_nobody_is_brought_back(
    person: Subscriber, standing: Standing, rows: list[Row]
) -> None:
    after, then = _read(person, standing, rows)
    assert (bool(after.name), after.language is None) >= (bool(person.name), False)
    assert then.state in (standing.state, "unsubscribed")
    assert (then.id, then.watermark) == (1, 5)
    if standing.state == "unsubscribed":
        assert then == standing


@given(_PEOPLE, _ROWS)
def test_the_first_row_decides(person: Subscriber, row: Row) -> None:
    assert person_after(person, row, first=True).name == (row.name or person.name)
    assert person_after(person, row, first=False).name == (person.name or row.name)
