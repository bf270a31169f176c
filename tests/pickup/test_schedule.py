"""When a source is looked at next, and why then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.pickup.schedule import Next, Rhythm, after_failure, after_success, rhythm_of, span

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
H, M = timedelta(hours=1), timedelta(minutes=1)


def after(**given: Any) -> tuple[timedelta, str]:
    defaults = {"rhythm": None, "floor": 15 * M, "ceiling": 6 * H, "max_age": None, "asks_every": None}
    found = after_success(now=NOW, **(defaults | given))
    assert found.at
    return found.at - NOW, found.why


def rhythm(gap: timedelta, silence: timedelta = timedelta(0)) -> Rhythm:
    return Rhythm(gap=gap, newest=NOW - silence)


@pytest.mark.parametrize(
    ("given", "every", "why"),
    [
        ({}, 15 * M, "nothing tells how often it posts"),
        ({"rhythm": rhythm(4 * H)}, H, "it posts about every 4h"),
        ({"rhythm": rhythm(M)}, 15 * M, "it posts about every 1m; looks are 15m to 6h apart"),
        ({"rhythm": rhythm(200 * H)}, 6 * H, "it posts about every 8d 8h; looks are 15m to 6h apart"),
        ({"rhythm": rhythm(2 * H, 12 * H)}, 3 * H, "its newest article is 12h old"),
        ({"rhythm": rhythm(M), "floor": 12 * H}, 12 * H, "it posts about every 1m; looks are 12h to 12h apart"),
        ({"max_age": H}, H, "its server asks for that (Cache-Control)"),
        ({"max_age": 10 * M, "rhythm": rhythm(4 * H)}, H, "it posts about every 4h"),
        ({"asks_every": 2 * H, "max_age": H}, 2 * H, "the feed itself asks for that"),
        ({"asks_every": 9999 * H}, 24 * H, "the feed itself asks for that"),
    ],
)
def test_after_a_look_that_went_well(given: dict[str, Any], every: timedelta, why: str) -> None:
    assert after(**given) == (every, why)


def test_after_failures() -> None:
    def wait(failures: int, retry_after: timedelta | None = None) -> Next:
        return after_failure(now=NOW, floor=10 * M, failures=failures, retry_after=retry_after)

    assert wait(1) == Next(NOW + 10 * M, "it failed once")
    assert wait(3) == Next(NOW + 40 * M, "it failed 3 times in a row")
    assert wait(10_000).at == NOW + 12 * H
    assert wait(5, H) == Next(NOW + H, "its server asked to be left alone so long")
    assert (wait(1, M).at, wait(1, 999 * H).at) == (NOW + 10 * M, NOW + 24 * H)


def test_the_rhythm_is_the_usual_gap_of_late() -> None:
    dates = [NOW - n * H for n in range(20)] + [NOW - 5000 * H, None, NOW + 90 * H]
    assert rhythm_of(dates, NOW) == Rhythm(gap=H, newest=NOW)
    assert rhythm_of([NOW, None, NOW + H], NOW) is None


def test_spans_as_people_say_them() -> None:
    assert [span(timedelta(seconds=s)) for s in (0, 59, 90, 3600, 90061)] == ["0s", "59s", "1m 30s", "1h", "1d 1h"]
