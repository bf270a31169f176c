from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.outcome import FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT, Broken, Outcome, Reply, outcome, wait
from syndicate.model import DeliveryState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATE = NOON + GIVE_UP_AFTER
LOST = Broken("connection lost")


def after(answer: Reply | Broken, *, now: datetime = NOON, attempts: int = 0, resend: bool = True) -> Outcome:
    return outcome(answer, attempts=attempts, planned_at=NOON, now=now, chance=0.999, resend=resend)


@pytest.mark.parametrize(
    ("answer", "now", "resend", "state"),
    [
        (Reply("DATA", 250, "OK"), NOON, True, DeliveryState.ACCEPTED),
        (Reply("DATA", 250, "OK"), LATE, True, DeliveryState.ACCEPTED),
        (Reply("RCPT", 550, "nobody"), NOON, True, DeliveryState.REJECTED),
        (Reply("DATA", 554, "no"), LATE, True, DeliveryState.REJECTED),
        (Reply("RCPT", 450, "later"), NOON, True, DeliveryState.QUEUED),
        (Reply("RCPT", 450, "later"), NOON, False, DeliveryState.QUEUED),
        (Reply("RCPT", 450, "later"), LATE, True, DeliveryState.EXPIRED),
        (LOST, NOON, True, DeliveryState.QUEUED),
        (LOST, NOON, False, DeliveryState.UNCERTAIN),
        (LOST, LATE, True, DeliveryState.EXPIRED),
        (LOST, LATE, False, DeliveryState.UNCERTAIN),
    ],
)
def test_what_an_answer_makes_of_a_delivery(
    answer: Reply | Broken, now: datetime, resend: bool, state: DeliveryState
) -> None:
    became = after(answer, now=now, resend=resend)
    assert became.state is state
    assert (became.next_at > now) == (state is DeliveryState.QUEUED)


@pytest.mark.parametrize(
    ("reply", "about_us"),
    [
        (Reply("MAIL", 550, "sender unknown"), True),
        (Reply("MAIL", 451, "busy"), True),
        (Reply("RCPT", 421, "closing"), True),
        (Reply("RCPT", 530, "authenticate"), True),
        (Reply("DATA", 535, "authenticate"), True),
        (Reply("RCPT", 550, "nobody"), False),
        (Reply("RCPT", 450, "later"), False),
        (Reply("DATA", 250, "OK"), False),
        (Reply("MAIL", 250, "OK"), False),
    ],
)
def test_whom_an_answer_is_about(reply: Reply, about_us: bool) -> None:
    assert reply.is_about_us is about_us


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_has_bounds(attempts: int, chance: float) -> None:
    found = wait(attempts, chance)
    assert FIRST_WAIT / 2 <= found <= LONGEST_WAIT
    assert found <= wait(attempts + 1, chance)


def test_waits_grow_until_the_longest() -> None:
    longest = [wait(attempts, 1) for attempts in range(12)]
    assert longest[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert longest[-1] == LONGEST_WAIT
