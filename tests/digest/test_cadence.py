"""When a cadence is due: as cron says, once a slot, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.digest.cadence import instant_slot, latest_slot, manual_slot, next_slot, slots_by_zone, zone_of

EXPRESSIONS = ("0 7 * * *", "30 2 * * *", "*/20 * * * *", "0 7 * * mon", "15 6 1 * *", "0 0 29 2 *", "5 4 13 * fri")
BELGRADE = ZoneInfo("Europe/Belgrade")
ZONES = ("UTC", "Europe/Belgrade", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


@pytest.mark.parametrize("zone", ["Europe/Belgrade", "America/New_York"])
@pytest.mark.parametrize(("year", "month"), [(2026, 3), (2026, 10), (2026, 11)])
def test_half_past_two_comes_once_a_day(zone: str, year: int, month: int) -> None:
    """Asked every ten minutes through the months in which the clocks change, each day has one slot."""
    where = ZoneInfo(zone)
    now = datetime(year, month, 2, 12, tzinfo=where)
    slots = []
    while now < datetime(year, month, 2, 12, tzinfo=where) + timedelta(days=29):
        slot = latest_slot("30 2 * * *", where, now)
        if slot not in slots:
            slots.append(slot)
        now = (now.astimezone(UTC) + timedelta(minutes=10)).astimezone(where)
    days = [slot.due_at.astimezone(where).date() for slot in slots]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len({slot.name for slot in slots}) == len(slots)


def test_the_skipped_time_comes_right_after_the_gap() -> None:
    belgrade = ZoneInfo("Europe/Belgrade")
    before = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    assert latest_slot("30 2 * * *", belgrade, before).due_at == datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    after = before + timedelta(seconds=1)
    assert latest_slot("30 2 * * *", belgrade, after).due_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("sunday", ["0", "7", "sun"])
def test_sunday_has_two_numbers(sunday: str) -> None:
    slot = next_slot(f"0 7 * * {sunday}", ZoneInfo("UTC"), datetime(2026, 3, 2, tzinfo=UTC))
    assert slot.due_at == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_day_of_month_or_day_of_week() -> None:
    now, days = datetime(2026, 3, 1, tzinfo=UTC), []
    for _ in range(5):
        now = next_slot("0 0 13 * fri", ZoneInfo("UTC"), now).due_at
        days.append(now.day)
    assert days == [6, 13, 20, 27, 3]


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2034, 1, 1)),  # noqa: DTZ001
)
@settings(deadline=None, max_examples=150)
def test_next_and_latest_agree(expression: str, zone: str, moment: datetime) -> None:
    where, now = ZoneInfo(zone), moment.replace(tzinfo=UTC)
    following = next_slot(expression, where, now)
    assert following.due_at > now
    assert latest_slot(expression, where, following.due_at) == following
    latest = latest_slot(expression, where, now)
    assert latest.due_at <= now
    assert next_slot(expression, where, latest.due_at).due_at == following.due_at or latest.due_at < now
    assert latest_slot(expression, where, following.due_at - timedelta(seconds=1)) == latest


def test_names_of_slots() -> None:
    now = datetime(2026, 3, 2, 7, 0, 0, 500, tzinfo=UTC)
    assert latest_slot("0 7 * * *", ZoneInfo("UTC"), now).name == "2026-03-02T07:00:00Z"
    assert instant_slot(17, now) == ("article:17", now)
    assert manual_slot(now) == ("2026-03-02T07:00:00Z", now)


def everywhere(
    expression: str, now: datetime, *zones: str, since: datetime = datetime(2000, 1, 1, tzinfo=UTC)
) -> dict[str, str]:
    """Zone → local time and date of its newest slot."""
    found = slots_by_zone(expression, BELGRADE, dict.fromkeys(zones, since), now)
    return {
        name: slot.due_at.astimezone(zone_of(name, BELGRADE)).isoformat()[:16]
        for slot, names in found.items()
        for name in names
    }


def test_each_zone_has_its_own_seven_oclock() -> None:
    now = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    assert everywhere("0 7 * * *", now, "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Gone/Nowhere") == {
        "": "2026-03-02T07:00",
        "Asia/Tokyo": "2026-03-02T07:00",
        "America/New_York": "2026-03-02T07:00",
        "Europe/Berlin": "2026-03-02T07:00",
        "Gone/Nowhere": "2026-03-02T07:00",
    }
    slots = slots_by_zone(
        "0 7 * * *", BELGRADE, dict.fromkeys(["Europe/Berlin", "Asia/Tokyo"], now - timedelta(days=9)), now
    )
    assert sorted(slots.values()) == [("", "Europe/Berlin"), ("Asia/Tokyo",)]


def test_zones_part_and_meet_when_clocks_change() -> None:
    """New York changes three weeks before Belgrade: Johannesburg and Belgrade are at one in summer only."""
    joined = [
        len(slots_by_zone("0 7 * * *", BELGRADE, {"Africa/Johannesburg": datetime(2026, 1, 1, tzinfo=UTC)}, now))
        for now in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC))
    ]
    assert joined == [2, 1]


@pytest.mark.parametrize(
    ("day", "local"),
    [
        (datetime(2026, 3, 29, 12, tzinfo=UTC), "2026-03-29T03:00"),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), "2026-10-25T02:30"),
    ],
)
def test_both_edges_of_summer_time_where_the_reader_lives(day: datetime, local: str) -> None:
    found = slots_by_zone("30 2 * * *", ZoneInfo("UTC"), {"Europe/Belgrade": datetime(2026, 1, 1, tzinfo=UTC)}, day)
    [slot] = [slot for slot, names in found.items() if "Europe/Belgrade" in names]
    assert slot.due_at.astimezone(BELGRADE).isoformat()[:16] == local


def test_a_slot_from_before_a_reader_came_is_nobodys() -> None:
    now = datetime(2026, 3, 2, 5, tzinfo=UTC)  # 14:00 in Tokyo
    came = now - timedelta(hours=1)
    assert "Asia/Tokyo" not in everywhere("0 7 * * *", now, "Asia/Tokyo", since=came)
    assert "Asia/Tokyo" in everywhere("0 7 * * *", now + timedelta(days=1), "Asia/Tokyo", since=came)


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(datetime(2020, 1, 1), datetime(2034, 1, 1)),  # noqa: DTZ001
)
@settings(deadline=None, max_examples=60)
def test_a_zones_slot_is_what_cron_says_there(expression: str, zone: str, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    found = slots_by_zone(expression, BELGRADE, {zone: datetime(1999, 1, 1, tzinfo=UTC)}, now)
    [slot] = [slot for slot, names in found.items() if zone in names]
    assert slot == latest_slot(expression, ZoneInfo(zone), now)
    assert sum(names.count("") for names in found.values()) == 1
