"""How much soft bounces weigh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.audience.returns import weigh

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("days_ago", "weight"), [([], 0), ([0], 1), ([0, 0, 0], 1), ([0, 15], 1.5), ([30], 0), ([31, 400], 0), ([-1], 1)]
)
def test_weights(days_ago: list[int], weight: float) -> None:
    assert weigh([NOW - timedelta(days=one) for one in days_ago], MONTH, NOW) == pytest.approx(weight)


@given(st.lists(st.floats(0, 60), max_size=30), st.floats(0, 60))
def test_it_only_ever_falls_and_is_at_most_the_days(days_ago: list[float], later: float) -> None:
    came = [NOW - timedelta(days=one) for one in days_ago]
    now = weigh(came, MONTH, NOW)
    assert 0 <= weigh(came, MONTH, NOW + timedelta(days=later)) <= now <= len({one.date() for one in came})
