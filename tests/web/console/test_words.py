"""Spans, instants and speeds in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.web.console.words import distance, lasting, speed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under a minute"),
        (29, "under a minute"),
        (31, "1 min"),
        (3569, "59 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (47 * 3600, "47 h"),
        (100 * 3600, "4 days"),
    ],
)
def test_spans(seconds: int, said: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == said


def test_distances_go_both_ways() -> None:
    assert [distance(NOW + timedelta(minutes=m), NOW) for m in (-90, 0, 180)] == ["1 h 30 min ago", "now", "in 3 h"]


def test_speeds() -> None:
    assert [speed(one) for one in (1234.4, 9.94, 0.2, 0.001)] == [
        "1,234 a second",
        "9.9 a second",
        "12 a minute",
        "less than one a minute",
    ]
